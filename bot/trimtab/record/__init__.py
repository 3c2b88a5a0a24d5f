"""The ledger: entries, chain, verification."""

"""The ledger: append-only, hash-chained, on a branch of its own."""

from trimtab.record.chain import Broken
from trimtab.record.clone import BRANCH, Clone, clone_at
from trimtab.record.codec import document, lines
from trimtab.record.ledger import Ledger
from trimtab.record.verify import Verified, verify

__all__ = ["BRANCH", "Broken", "Clone", "Ledger", "Verified", "clone_at", "document", "lines", "verify"]

"""The ledger: append-only, hash-chained, on a branch of its own."""

from trimtab.record.chain import Broken
from trimtab.record.codec import document
from trimtab.record.ledger import BRANCH, Ledger
from trimtab.record.verify import Verified, verify

__all__ = ["BRANCH", "Broken", "Ledger", "Verified", "document", "verify"]

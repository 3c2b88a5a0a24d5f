"""How a cache is cut into blocks: what a block takes, and how many a request needs."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Layers that share a table of blocks.

    Attributes:
        count: How many such groups there are.
        block_size: Tokens of one of its blocks; 0 where it holds states.
        fixed: Blocks of a request whatever its length: states, and the one by which a window may stand off.
        most: Tokens that it keeps of a request at most; 0 for no bound.
        ranks: Ranks over which a request's tokens are dealt out.
    """

    count: int
    block_size: int
    fixed: int = 0
    most: int = 0
    ranks: int = 1

    def blocks_of(self, tokens: int) -> int:
        """Return the blocks that one request of this length needs in one group."""
        if not self.block_size:
            return self.fixed
        kept = min(tokens, self.most) if self.most else -(-tokens // self.ranks)
        return self.fixed + -(-kept // self.block_size)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the cache of one rank is cut into blocks.

    Attributes:
        block_size: Tokens of a block; of several sizes the smallest.
        block_bytes: Bytes of one block id over the layers of a group.
        groups: In order.
        blocks: The number of blocks where it is set; 0 otherwise.
    """

    block_size: int
    block_bytes: int
    groups: tuple[Group, ...]
    blocks: int = 0

    @property
    def tables(self) -> int:
        """Block tables of one request."""
        return sum(group.count for group in self.groups)

    def blocks_of(self, tokens: int) -> int:
        """Return the blocks that one request of this length needs."""
        return sum(group.count * group.blocks_of(tokens) for group in self.groups)

    def blocks_in(self, kv_bytes: float) -> int:
        """Return how many blocks a cache has."""
        return self.blocks or max(0, math.floor(kv_bytes / self.block_bytes))

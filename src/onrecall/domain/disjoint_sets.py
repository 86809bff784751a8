"""Disjoint sets: items that are united, directly or through others, share one root (union–find)."""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class DisjointSets(Generic[Item]):
    """Each item is in a set of its own until it is united with another."""

    def __init__(self) -> None:
        self._parents: dict[Item, Item] = {}

    def __iter__(self) -> Iterator[Item]:
        """Yield the items that were united or asked for, in that order."""
        return iter(self._parents)

    def root(self, item: Item) -> Item:
        """Return the item that stands for the whole set of this one."""
        while self._parents.setdefault(item, item) != item:
            self._parents[item] = self._parents[self._parents[item]]
            item = self._parents[item]
        return item

    def unite(self, remaining: Item, absorbed: Item) -> None:
        """Unite two sets; the root of the first one remains."""
        self._parents[self.root(absorbed)] = self.root(remaining)

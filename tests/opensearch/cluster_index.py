"""Indexes in a cluster for tests, each under a name of its own."""

import itertools
import os
from collections.abc import Callable, Sequence

from onrecall.retrieval.index import Index
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.opensearch import ClusterAddress, OpenSearchIndex
from onrecall.retrieval.opensearch.generations import IndexTarget
from onrecall.retrieval.postgres_index import PostgresIndex
from onrecall.storage import Storage
from opensearch.real_node import RealNode

NUMBERS = itertools.count(1)


def new_name() -> str:
    """A beginning of index names that nobody else uses."""
    return f"test-{os.getpid()}-{next(NUMBERS)}"


def words_in(store: Storage) -> Callable[[], Index]:
    """What stands in for the cluster: words in the database."""
    if store.dialect == "postgresql":
        return lambda: PostgresIndex(store.search(None, 0))
    return lambda: LocalIndex(store.passages, None)


def in_cluster(
    node: RealNode,
    store: Storage,
    model: str | None,
    dimensions: int,
    name: str | None = None,
    more_nodes: Sequence[RealNode] = (),
    **parts,
) -> OpenSearchIndex:
    """An index on a node that follows a store."""
    urls = tuple(each.url for each in (node, *more_nodes))
    target = IndexTarget(name or new_name(), model, dimensions)
    return OpenSearchIndex(store.passages, ClusterAddress(urls, timeout=20), target, words_in(store), **parts)

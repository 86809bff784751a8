"""Wires the search index in OpenSearch: its address, what stands in for it, and its status."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from onrecall.bootstrap.status import ComponentStatus
from onrecall.domain.errors import Invalid
from onrecall.domain.extras import missing_extra
from onrecall.retrieval.embeddings import Embedder
from onrecall.retrieval.index import Index
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.postgres_index import PostgresIndex
from onrecall.settings import Settings
from onrecall.storage import Storage

if TYPE_CHECKING:
    from onrecall.retrieval.opensearch import ClusterAddress, OpenSearchIndex

CHECK_INTERVAL_SECONDS = 10.0
"""Interval of checks, because probes ask for the status often."""


@contextmanager
def open_search_index(store: Storage, model: Embedder | None, chosen: Settings) -> "Iterator[OpenSearchIndex | None]":
    """Open the index in OpenSearch; None where none is configured. No node is called before the first question."""
    address = cluster_address(chosen)
    if address is None:
        yield None
        return
    from onrecall.retrieval.opensearch import IndexTarget, OpenSearchIndex  # noqa: PLC0415 - an optional part

    target = IndexTarget(
        chosen.opensearch_index,
        model.name if model else None,
        model.dimensions if model else 0,
        chosen.opensearch_shards,
    )
    with closing(OpenSearchIndex(store, address, target, lambda: words_alone(store))) as index:
        yield index


def cluster_address(chosen: Settings) -> "ClusterAddress | None":
    """Read where the cluster is, and how to log in; None where none is configured. Raises Invalid."""
    if not chosen.opensearch_url:
        return None
    try:
        from onrecall.retrieval.opensearch import ClusterAddress  # noqa: PLC0415 - an optional part
    except ModuleNotFoundError as error:
        raise Invalid(
            f"ONRECALL_OPENSEARCH_URL: {missing_extra('OpenSearch', 'opensearch')}", "opensearch_url"
        ) from error
    user, password, ca = chosen.opensearch_user, chosen.opensearch_password, chosen.opensearch_ca
    if bool(user) != bool(password):
        missing = "PASSWORD" if user else "USER"
        raise Invalid(
            f"ONRECALL_OPENSEARCH_{missing}: a login has a user and a password; set it, or leave both out",
            f"opensearch_{missing.lower()}",
        )
    if ca and not ca.is_file():
        raise Invalid(f"ONRECALL_OPENSEARCH_CA: {ca} is not a file", "opensearch_ca")
    return ClusterAddress(
        chosen.opensearch_nodes,
        user,
        password.get_secret_value() if password else None,
        ca,
        chosen.opensearch_timeout,
    )


def words_alone(store: Storage) -> Index:
    """Return what answers by words while the cluster is away: PostgreSQL itself, or an index in memory."""
    return PostgresIndex(store.search(None, 0)) if store.dialect == "postgresql" else LocalIndex(store, None)


class SearchIndexStatus:
    """Checks at intervals whether the cluster answers and is up to date."""

    def __init__(self, index: "OpenSearchIndex") -> None:
        self._index = index
        self._lock = threading.Lock()
        self._checked_at: float | None = None
        self._status = ComponentStatus(name="opensearch", state="degraded", detail="not looked at yet")

    def __call__(self) -> ComponentStatus:
        """The part of the status. A cluster that does not answer degrades OnRecall and never takes it down."""
        with self._lock:
            due = self._checked_at is None or time.monotonic() - self._checked_at > CHECK_INTERVAL_SECONDS
            if due or self._index.is_away:
                state = self._index.state()
                self._status = ComponentStatus(name="opensearch", state=state.state, detail=state.detail)
                self._checked_at = time.monotonic()
            return self._status


def status_checks(index: "OpenSearchIndex | None") -> list[Callable[[], ComponentStatus]]:
    """Return the status check of OpenSearch, if it is configured."""
    return [SearchIndexStatus(index)] if index else []

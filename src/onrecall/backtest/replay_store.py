"""In-memory store and batching embedder, so that replaying ten thousand incidents takes minutes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import UTC, datetime
from heapq import nlargest
from itertools import islice
from typing import ParamSpec, TypeVar

import numpy as np

from onrecall.domain.document import Document
from onrecall.domain.errors import NotFound
from onrecall.domain.evidence import StepExecution, TrackRecord
from onrecall.domain.incident import Incident, IncidentLink, Resolution
from onrecall.domain.passage import Owner, Passage
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.suggestion import Suggestion
from onrecall.retrieval import tokenizer as terms
from onrecall.retrieval.embeddings import Embedder, Vectors, model_form
from onrecall.retrieval.model_folder import PLAIN_FORM, ModelForm
from onrecall.storage import PassageFeatures, PassageLogEntry, PassageText, StoredTermStatistics
from onrecall.storage.examples import ExampleRecords
from onrecall.storage.records import DocumentState

P = ParamSpec("P")
T = TypeVar("T")
NOTHING_OF_THE_FUTURE = "a replayed memory holds nothing of the future"


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


class ReplayPassages:
    """Passages in memory by their owners, with their features and the log of their changes."""

    def __init__(self) -> None:
        self.records: dict[Owner, Incident | Document] = {}
        self._by_owner: dict[Owner, dict[int, Passage]] = {}
        self._by_number: dict[int, Passage] = {}
        self._features: dict[Owner, list[PassageFeatures]] = {}
        self._document_frequency: Counter[int] = Counter()
        self._length = 0
        self._numbers = 0
        self._log: dict[int, int] = {}
        """Passage number by sequence number of its last change, in order."""
        self._logged: dict[int, int] = {}
        """Sequence number of the last change of each passage."""
        self._seq = 0

    def replace(self, owner: Owner, record: Incident | Document, passages: Sequence[Passage]) -> None:
        """Store a record and replace its passages; unchanged passages keep their numbers."""
        kind, name = owner
        requested = [
            replace(passage, owner=name, kind=kind, known_from=_utc(passage.known_from)) for passage in passages
        ]
        current = self._by_owner.get(owner, {})
        unchanged = set(requested) & set(current.values())
        removed = [number for number, passage in current.items() if passage not in unchanged]
        new = [passage for passage in requested if passage not in unchanged]
        numbers = range(self._numbers + 1, self._numbers + 1 + len(new))
        self._numbers += len(new)
        added = dict(zip(numbers, new, strict=True))
        self.records[owner] = record
        self._by_owner[owner] = {number: passage for number, passage in current.items() if passage in unchanged} | added
        self._features[owner] = [
            PassageFeatures(number, passage.terms, passage.vector, passage.model)
            for number, passage in self._by_owner[owner].items()
        ]
        self._recount(removed, added)
        self._log_changes((*removed, *numbers))

    def _recount(self, removed: Iterable[int], added: Mapping[int, Passage]) -> None:
        for number in removed:
            self._count(self._by_number.pop(number), -1)
            self._log.pop(self._logged[number])
        self._by_number |= added
        for passage in added.values():
            self._count(passage, 1)

    def _log_changes(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._seq += 1
            self._log[self._seq] = number
            self._logged[number] = self._seq

    def _count(self, passage: Passage, sign: int) -> None:
        numbers, counts = terms.unpack(passage.terms)
        for number in numbers.tolist():
            self._document_frequency[number] += sign
        self._length += sign * int(counts.sum(dtype=np.int64))

    def get(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Return passages by number."""
        return {number: self._by_number[number] for number in numbers if number in self._by_number}

    def texts(self, numbers: Sequence[int]) -> dict[int, PassageText]:
        """Return the texts of passages."""
        return {
            number: PassageText(passage.text, passage.line, passage.heading)
            for number, passage in self.get(numbers).items()
        }

    def of_owners(
        self, owners: Sequence[Owner], as_of: datetime | None = None
    ) -> dict[Owner, list[tuple[int, Passage]]]:
        """Return all passages of owners."""
        assert as_of is None, NOTHING_OF_THE_FUTURE
        return {owner: list(stored.items()) for owner in owners if (stored := self._by_owner.get(owner))}

    def features(self, numbers: Sequence[int], as_of: datetime | None = None) -> dict[Owner, list[PassageFeatures]]:
        """Return the features of all passages of the owners of these passages."""
        assert as_of is None, NOTHING_OF_THE_FUTURE
        owners = dict.fromkeys((passage.kind, passage.owner) for passage in self.get(numbers).values())
        return {owner: self._features[owner] for owner in owners}

    def term_statistics(self, term_hashes: Sequence[int]) -> StoredTermStatistics:
        """Return document frequencies of terms."""
        frequencies = {
            number: self._document_frequency[number] for number in term_hashes if self._document_frequency[number]
        }
        return StoredTermStatistics(len(self._by_number), self._length, frequencies)

    def last_seq(self) -> int:
        """Return the sequence number of the newest change."""
        return self._seq

    def changes(self, after: int, limit: int) -> list[PassageLogEntry]:
        """Return the changes after a sequence number, in order."""
        places = (seq for seq in range(after + 1, self._seq + 1) if seq in self._log)
        return [self._change(seq, self._log[seq]) for seq in islice(places, limit)]

    def _change(self, seq: int, number: int) -> PassageLogEntry:
        passage = self._by_number.get(number)
        if passage is None:
            return PassageLogEntry(seq, "remove", number, None, None, {})
        record = self.records[passage.kind, passage.owner]
        return PassageLogEntry(seq, "add", number, passage, record.service, record.labels)


class ReplayRecords:
    """Incidents and documents in memory."""

    def __init__(self, passages: ReplayPassages) -> None:
        self._passages = passages

    def get(self, ids: Iterable[Owner], as_of: datetime | None = None) -> dict[Owner, Incident | Document | Suggestion]:
        """Return incidents and documents."""
        assert as_of is None, NOTHING_OF_THE_FUTURE
        return {owner: self._passages.records[owner] for owner in ids if owner in self._passages.records}

    def named(self, names: Sequence[str], as_of: datetime | None = None) -> dict[str, Owner]:
        """Return which of these names are ids of incidents or documents; a replay holds no keys of other tools."""
        assert as_of is None, NOTHING_OF_THE_FUTURE
        owners: list[tuple[str, Owner]] = [(name, (kind, name)) for kind in ("document", "incident") for name in names]
        return {name: owner for name, owner in owners if owner in self._passages.records}


class ReplayIncidents:
    """Incidents in memory, by id, by cause and by the document that describes them."""

    def __init__(self, passages: ReplayPassages, step_executions: "ReplayStepExecutions") -> None:
        self._passages, self._step_executions = passages, step_executions
        self._by_cause: dict[str, list[str]] = {}
        """Ids of the resolved incidents by cause label, in the order in which they were resolved."""
        self._by_service: dict[str, set[str]] = {}
        """Ids of the incidents of each service."""
        self._by_document: dict[str, set[str]] = {}
        """Ids of the incidents that each document describes."""

    def open(self, incident: Incident, passages: Sequence[Passage], now: datetime) -> tuple[Incident, bool]:  # noqa: ARG002
        """Store a new incident."""
        stored = replace(incident, started_at=incident.started_at.astimezone(UTC))
        self._put(stored, passages)
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
        stored = self.get(incident_id)
        resolved = stored.resolve(replace(resolution, at=resolution.at.astimezone(UTC)))
        linked = replace(resolved, links=tuple(dict.fromkeys((*stored.links, *links))))
        self._step_executions.add(performed)
        if resolution.cause and resolution.confirmed:
            self._by_cause.setdefault(resolution.cause, []).append(incident_id)
        self._put(linked, passages)
        return linked

    def close(self, incident_id: str) -> None:
        """Mark an incident as over that nobody wrote a resolution for; from now on it is a precedent."""
        self._passages.records["incident", incident_id] = replace(self.get(incident_id), status="resolved")

    def _put(self, incident: Incident, passages: Sequence[Passage]) -> None:
        self._passages.replace(("incident", incident.id), incident, passages)
        if incident.service:
            self._by_service.setdefault(incident.service, set()).add(incident.id)
        if incident.document:
            self._by_document.setdefault(incident.document, set()).add(incident.id)

    def get(self, incident_id: str, as_of: datetime | None = None) -> Incident:
        """Return one incident. Raises NotFound."""
        assert as_of is None, NOTHING_OF_THE_FUTURE
        stored = self._passages.records.get(("incident", incident_id))
        if not isinstance(stored, Incident):
            raise NotFound(f"there is no incident {incident_id}")
        return stored

    def of_causes(
        self, causes: Iterable[str], limit: int, as_of: datetime | None = None
    ) -> Mapping[str, tuple[Incident, ...]]:
        """Return by cause label the newest resolved incidents of that cause."""
        newest = {cause: self._by_cause.get(cause, [])[: -limit - 1 : -1] for cause in causes}
        return {cause: tuple(self.get(name, as_of) for name in names) for cause, names in newest.items()}

    def newest_of_services(
        self, services: Sequence[str], limit: int, as_of: datetime | None = None
    ) -> tuple[Incident, ...]:
        """Return the newest incidents of these services, at most so many."""
        assert as_of is None, NOTHING_OF_THE_FUTURE
        incidents = (
            self.get(name) for service in dict.fromkeys(services) for name in self._by_service.get(service, ())
        )
        return tuple(nlargest(limit, incidents, key=lambda incident: (incident.started_at, incident.id)))

    def described_in(self, documents: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the ids of the incidents that each document describes."""
        requested = set(documents)
        return {name: tuple(sorted(ids)) for name, ids in self._by_document.items() if name in requested}


class ReplayDocuments:
    """Documents in memory."""

    def __init__(self, passages: ReplayPassages) -> None:
        self._passages = passages

    def put(
        self,
        document: Document,
        passages: Sequence[Passage],
        now: datetime,  # noqa: ARG002
    ) -> DocumentState:
        """Store a document."""
        stored = replace(document, dated=_utc(document.dated))
        self._passages.replace(("document", stored.id), stored, passages)
        return "created"


class ReplayStepExecutions:
    """What came of the steps of resolutions."""

    def __init__(self) -> None:
        self._tried: dict[str, list[tuple[bool, datetime]]] = {}

    def add(self, executions: Iterable[StepExecution]) -> None:
        """Count executions; the same step with the same outcome at the same time counts once."""
        for key, outcome, at in dict.fromkeys(
            (execution.key, execution.outcome, execution.at.astimezone(UTC)) for execution in executions
        ):
            self._tried.setdefault(key, []).append((outcome == "worked", at))

    def track_records(self, step_keys: Iterable[str], as_of: datetime | None = None) -> Mapping[str, TrackRecord]:
        """Return the track records of steps."""
        assert as_of is None, NOTHING_OF_THE_FUTURE
        return {key: _record(self._tried[key]) for key in sorted(set(step_keys)) if key in self._tried}


class NothingStored:
    """What a replay never stores: ratings, answers, suggestions, and a mark on example records."""

    def track_records(self, evidence: Iterable[str], as_of: datetime | None = None) -> Mapping[str, TrackRecord]:  # noqa: ARG002
        """Return none: nothing is rated in a replay."""
        return {}

    def of_incident(self, incident: str) -> tuple[Recommendation, ...]:  # noqa: ARG002
        """Return none: answers are not stored."""
        return ()

    def any_pending(self) -> bool:
        """Return False: there are no suggestions in a replay."""
        return False

    def pending(self, *incident_ids: str) -> tuple[Suggestion, ...]:  # noqa: ARG002
        """Return none."""
        return ()

    def stored(self) -> ExampleRecords:
        """Return none: a replay treats example records like any others."""
        return ExampleRecords(frozenset(), alone=True)


class ReplayStore:
    """The `MemoryStore` of a replay: in memory, with nothing of the future, and without answers.

    A test ensures that it behaves like the real store.
    """

    def __init__(self) -> None:
        self.passages = ReplayPassages()
        self.records = ReplayRecords(self.passages)
        self.step_executions = ReplayStepExecutions()
        self.incidents = ReplayIncidents(self.passages, self.step_executions)
        self.documents = ReplayDocuments(self.passages)
        self.outcomes = self.recommendations = self.suggestions = self.examples = NothingStored()


def _record(tries: Sequence[tuple[bool, datetime]]) -> TrackRecord:
    worked = sum(right for right, _ in tries)
    return TrackRecord(len(tries), worked, len(tries) - worked, max(at for _, at in tries))


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None

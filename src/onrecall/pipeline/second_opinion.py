"""Second opinions: what a Hindsight bank finds for the same question, shown beside our evidence but never part of it.

The bank is queried in parallel with our own answer, with a timeout. After a failure it is not queried again for
`BACKOFF_SECONDS`.
"""

import concurrent.futures
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from onrecall.domain.errors import OnRecallError
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.situation import Situation
from onrecall.hindsight import BankMatch
from onrecall.notifications.hindsight import PREFIX
from onrecall.redaction import redact
from onrecall.storage import Storage

SOURCE = "hindsight"
TOO_LATE = "it did not answer in time, so the answer went out without it"
MAX_SHOWN = 5
MAX_REQUESTED = 25
"""Number of documents requested; later or open incidents among them are not counted as precedents."""
BACKOFF_SECONDS = 30.0
"""After a failure the server is not queried for this long."""
MAX_REMEMBERED = 500
"""Number of answers whose opinion is cached."""
MAX_TITLE_LENGTH = 200


class BankSource(Protocol):
    """The bank that is queried."""

    @property
    def name(self) -> str:
        """Name of the bank."""

    def recall(self, question: str, limit: int) -> "concurrent.futures.Future[tuple[BankMatch, ...]]":
        """Start a query."""


@dataclass(frozen=True, slots=True)
class OpinionSource:
    """The bank that is queried, and the timeout."""

    bank: BankSource
    seconds: float


@dataclass(frozen=True, slots=True)
class OpinionMatch:
    """A document that the bank considers similar to the question."""

    document_id: str
    incident: str | None
    """The incident it names, if any."""
    title: str | None
    semantic: float
    """Cosine similarity as reported by Hindsight: neither our match score nor a probability."""


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """The bank's matches, or why there are none."""

    source: str
    bank: str
    state: Literal["ok", "unavailable"]
    detail: str | None
    matches: tuple[OpinionMatch, ...]
    agrees: bool | None
    """Whether its first incident equals the first of our evidence; None if either has none."""
    latency_ms: float


Reply = tuple[BankMatch, ...] | OnRecallError
"""The matches, or the error."""


class Pending:
    """A running query."""

    def __init__(
        self, reply: Callable[[], Reply] | None, conclude: Callable[[Reply, Sequence[Evidence]], SecondOpinion]
    ) -> None:
        self._reply, self._conclude = reply, conclude

    def result(self, evidence: Sequence[Evidence]) -> SecondOpinion | None:
        """Wait for the opinion within the timeout; None if no bank is configured."""
        return self._conclude(self._reply(), evidence) if self._reply else None


class SecondOpinions:
    """Queries one bank; without a source there are no opinions."""

    def __init__(self, source: OpinionSource | None, store: Storage, *, personal: bool = False) -> None:
        self._source, self._store, self._personal = source, store, personal
        self._lock = threading.Lock()
        self._backoff_until, self._last_error = 0.0, ""
        self._remembered: OrderedDict[str, SecondOpinion] = OrderedDict()

    def ask(self, situation: Situation) -> Pending:
        """Start querying the bank, with secrets removed from the question."""
        source, started = self._source, time.monotonic()

        def conclude(reply: Reply, evidence: Sequence[Evidence]) -> SecondOpinion:
            milliseconds = round((time.monotonic() - started) * 1000, 2)
            return self._opinion(source.bank.name if source else "", situation, reply, evidence, milliseconds)

        return Pending(self._begin(source, situation, started) if source else None, conclude)

    def beside(self, answer: Recommendation, situation: Situation) -> SecondOpinion | None:
        """Return the opinion for a stored answer, cached per answer."""
        with self._lock:
            if cached := self._remembered.get(answer.id):
                return cached
        opinion = self.ask(situation).result(answer.evidence)
        if opinion is not None and opinion.state == "ok":
            with self._lock:
                self._remembered[answer.id] = opinion
                if len(self._remembered) > MAX_REMEMBERED:
                    self._remembered.popitem(last=False)
        return opinion

    def _begin(self, source: OpinionSource, situation: Situation, started: float) -> Callable[[], Reply]:
        """Start the query and return a function that waits for the reply."""
        if started < self._backoff_until:
            resting = OnRecallError(self._last_error)
            return lambda: resting
        future = source.bank.recall(redact(situation.text, personal=self._personal).text, MAX_REQUESTED)
        return lambda: self._wait(future, source.seconds)

    def _wait(self, future: "concurrent.futures.Future[tuple[BankMatch, ...]]", seconds: float) -> Reply:
        try:
            return future.result(seconds)
        except OnRecallError as error:
            self._back_off(str(error))
            return error
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            self._back_off(TOO_LATE)
            return OnRecallError(TOO_LATE)

    def _back_off(self, error: str) -> None:
        self._backoff_until, self._last_error = time.monotonic() + BACKOFF_SECONDS, error

    def _opinion(
        self, bank: str, situation: Situation, reply: Reply, evidence: Sequence[Evidence], milliseconds: float
    ) -> SecondOpinion:
        if isinstance(reply, OnRecallError):
            return SecondOpinion(SOURCE, bank, "unavailable", str(reply), (), None, milliseconds)
        matches = match_precedents(self._store, reply, situation.exclude, situation.as_of)[:MAX_SHOWN]
        return SecondOpinion(SOURCE, bank, "ok", None, matches, _agrees(matches, evidence), milliseconds)


def match_precedents(
    store: Storage, matches: Sequence[BankMatch], exclude: frozenset[str], as_of: datetime | None
) -> tuple[OpinionMatch, ...]:
    """Return the matches that may be precedents: known incidents only if they were resolved by then."""
    incident_ids = {match.document_id: named_incident(match.document_id, match.metadata) for match in matches}
    owners: list[Owner] = [("incident", name) for name in incident_ids.values() if name]
    incidents = store.records.get(owners, as_of)
    stored_now = incidents if as_of is None else store.records.get(owners)
    opinions = []
    for match in matches:
        name = incident_ids[match.document_id]
        incident = incidents.get(("incident", name)) if name else None
        if name in exclude or (incident is None and name and ("incident", name) in stored_now):
            continue
        if isinstance(incident, Incident):
            if incident.resolution is not None:
                opinions.append(OpinionMatch(match.document_id, name, incident.title, match.semantic))
        elif as_of is None:
            opinions.append(OpinionMatch(match.document_id, name, _title(match), match.semantic))
    return tuple(opinions)


def named_incident(document_id: str, metadata: Mapping[str, str]) -> str | None:
    """Return the incident that a document names in its metadata or its id, if any."""
    incident_id = metadata.get("incident_id", "").strip()
    if incident_id:
        return incident_id
    return document_id.removeprefix(PREFIX).strip() or None if document_id.startswith(PREFIX) else None


def _title(match: BankMatch) -> str | None:
    title = match.metadata.get("title")
    return redact(title).text[:MAX_TITLE_LENGTH] if title else None


def _agrees(matches: Sequence[OpinionMatch], evidence: Sequence[Evidence]) -> bool | None:
    theirs = next((match.incident for match in matches if match.incident), None)
    ours = next((item for item in evidence if item.resolution is not None), None)
    return None if theirs is None or ours is None else theirs in (ours.id, *ours.family)

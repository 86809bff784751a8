"""How often a second opinion would have named the right incident, by querying a bank about each opening.

The bank contains later incidents as well, so only those resolved before the opening are counted.
"""

import concurrent.futures
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from onrecall.backtest.chronology import History, as_opened
from onrecall.backtest.evaluation import BacktestReport, HitRates
from onrecall.backtest.evaluation_cases import Case, rank_of_first_hit
from onrecall.backtest.run import truth_of
from onrecall.domain.errors import OnRecallError
from onrecall.domain.incident import Incident
from onrecall.hindsight import BankMatch
from onrecall.pipeline.recommend import situation_of
from onrecall.pipeline.second_opinion import SOURCE, named_incident
from onrecall.redaction import redact

MAX_REQUESTED = 200
MAX_TOKENS = 200_000
"""Maximum size of a reply; much of it lies in the future and is not counted."""
CONCURRENT_QUESTIONS = 4
MAX_SHOWN = 5
MISSING = "no incident had a predecessor to find"


class OpinionBank(Protocol):
    """The bank that is queried."""

    @property
    def name(self) -> str:
        """Name of the bank."""

    def recall(
        self, question: str, limit: int, max_tokens: int = ...
    ) -> "concurrent.futures.Future[tuple[BankMatch, ...]]":
        """Start a query."""


@dataclass(frozen=True, slots=True)
class OpinionRate:
    """Hit rates of a bank and of OnRecall on the same openings."""

    bank: str
    hits: HitRates
    ours: HitRates
    missing: str | None = None
    """Why there are no rates."""

    def to_json(self) -> dict[str, Any]:
        """Return JSON-compatible data."""
        return {
            "source": SOURCE,
            "bank": self.bank,
            "asked": self.hits.hit_at_1.n,
            **{name: asdict(getattr(self.hits, name)) for name in ("hit_at_1", "hit_at_3", "hit_at_5")},
            "ours": {name: asdict(getattr(self.ours, name)) for name in ("hit_at_1", "hit_at_3", "hit_at_5")},
            "not_measured": self.missing,
        }


def measure_opinions(
    bank: OpinionBank, history: History, report: BacktestReport, progress: Callable[[str, int, int], None] | None = None
) -> OpinionRate:
    """Query the bank about every opening that had an earlier incident to find; on failure, return the reason."""
    truths = truth_of(history)
    incidents = {incident.id: incident for incident in history.incidents}
    answerable = [case for case in report.cases if case.truth.known and case.answer.incident in incidents]
    places: list[int | None] = []
    try:
        for case, matches in _replies(bank, answerable, incidents):
            names = _known_then(matches, incidents, case.answer.incident, case.answer.at)
            places.append(rank_of_first_hit(case.answer.incident, [(name,) for name in names[:MAX_SHOWN]], truths))
            if progress:
                progress("second opinion", len(places), len(answerable))
    except OnRecallError as error:
        return OpinionRate(bank.name, HitRates.of([]), HitRates.of([]), str(error))
    ours = HitRates.of([case.place for case in answerable])
    return OpinionRate(bank.name, HitRates.of(places), ours, None if answerable else MISSING)


def _replies(
    bank: OpinionBank, answerable: Sequence[Case], incidents: dict[str, Incident]
) -> Iterator[tuple[Case, tuple[BankMatch, ...]]]:
    """Yield the bank's matches for each opening, a few questions at a time."""
    for start in range(0, len(answerable), CONCURRENT_QUESTIONS):
        part = answerable[start : start + CONCURRENT_QUESTIONS]
        questions = [redact(situation_of(as_opened(incidents[case.answer.incident])).text).text for case in part]
        futures = [bank.recall(question, MAX_REQUESTED, MAX_TOKENS) for question in questions]
        yield from ((case, future.result()) for case, future in zip(part, futures, strict=True))


def _known_then(
    matches: Sequence[BankMatch], incidents: dict[str, Incident], opened: str, at: datetime
) -> tuple[str, ...]:
    """Return the distinct matched incidents that were resolved by a time, most similar first."""
    names = dict.fromkeys(named_incident(match.document_id, match.metadata) for match in matches)
    return tuple(
        name for name in names if name and name != opened and name in incidents and _is_over(incidents[name], at)
    )


def _is_over(incident: Incident, at: datetime) -> bool:
    return incident.resolution is not None and incident.resolution.at <= at

"""How often a second opinion would have named the right incident: a bank asked about each opening of a history.

A bank knows today what it did not know then, so only incidents that were over when the opening was asked count.
"""

import concurrent.futures
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from onrecall.backtest.chronology import History, as_opened
from onrecall.backtest.evaluation import BacktestReport, HitRates
from onrecall.backtest.evaluation_cases import Case, rank_of_first_hit
from onrecall.backtest.ground_truth import GroundTruth
from onrecall.domain.errors import OnRecallError
from onrecall.domain.incident import Incident
from onrecall.hindsight import BankMatch
from onrecall.pipeline.recommend import situation_of
from onrecall.pipeline.second_opinion import SOURCE, named_incident
from onrecall.redaction import redact

MAX_REQUESTED = 200
MAX_TOKENS = 200_000
"""What a reply may hold: much of it is of the future, and is not counted."""
CONCURRENT_QUESTIONS = 4
MAX_SHOWN = 5
MISSING = "no incident had an earlier one to find"


class OpinionBank(Protocol):
    """Who is asked."""

    @property
    def name(self) -> str:
        """The bank."""

    def recall(
        self, question: str, limit: int, max_tokens: int = ...
    ) -> "concurrent.futures.Future[tuple[BankMatch, ...]]":
        """Begin to look."""


@dataclass(frozen=True, slots=True)
class OpinionRate:
    """How often a bank was right, beside us on the same openings."""

    bank: str
    hits: HitRates
    ours: HitRates
    missing: str | None = None
    """Why there is no rate."""

    def plain(self) -> dict[str, Any]:
        """As JSON."""
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
    """Ask the bank about every opening that had an earlier incident to find; where it fails, the reason is all."""
    truths = GroundTruth(history.incidents, history.judged)
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
    return OpinionRate(
        bank.name, HitRates.of(places), HitRates.of([case.place for case in answerable]), None if answerable else MISSING
    )


def _replies(
    bank: OpinionBank, answerable: Sequence[Case], incidents: dict[str, Incident]
) -> Iterator[tuple[Case, tuple[BankMatch, ...]]]:
    """What the bank finds for each opening, a few questions at a time."""
    for start in range(0, len(answerable), CONCURRENT_QUESTIONS):
        part = answerable[start : start + CONCURRENT_QUESTIONS]
        questions = [redact(situation_of(as_opened(incidents[case.answer.incident])).text).text for case in part]
        futures = [bank.recall(question, MAX_REQUESTED, MAX_TOKENS) for question in questions]
        yield from ((case, future.result()) for case, future in zip(part, futures, strict=True))


def _known_then(
    matches: Sequence[BankMatch], incidents: dict[str, Incident], opened: str, at: datetime
) -> tuple[str, ...]:
    """The incidents among the matches that were over at a time, the most similar first, each once."""
    names = dict.fromkeys(named_incident(match.document_id, match.metadata) for match in matches)
    return tuple(name for name in names if name and name != opened and name in incidents and _is_over(incidents[name], at))


def _is_over(incident: Incident, at: datetime) -> bool:
    return incident.resolution is not None and incident.resolution.at <= at

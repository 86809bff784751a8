"""Answers whose correctness is known; all confidence is measured on them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from onrecall.domain.incident import CauseOrigin
from onrecall.domain.recommendation import Verdict

Basis = Literal["backtest", "outcomes"]

JudgedBy = Literal["link", "label", "wording", "rating"]
"""`wording`: the causes are equal or different texts, with neither a label nor a link to go by."""


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """One answer and what became of it."""

    at: datetime
    """When the answer was given."""
    features: Mapping[str, float]
    """What its evidence looked like then, as `features.of` gives it."""
    right: bool
    """Whether the cause that it named was the right one."""
    known: bool | None
    """Whether an earlier incident of the same cause was on record at that time; None where nobody can tell."""
    verdict: Verdict
    basis: Basis
    """Replayed from history, or said by people about a live answer."""
    incident: str
    service: str | None
    place: int | None = None
    """Where the first incident of the same cause stood among those shown, from 1; 0: it was not shown; None: there was
    none to find, or nobody knows."""
    origin: CauseOrigin | None = None
    """Whether the person who said what it was wrote the cause or took over the answer's; None: nobody knows."""
    judged_by: JudgedBy | None = None
    """What the judgement of a live answer's cause rests on; None if replayed, without a cause, or unknown."""


def latest_per_incident(judged: Iterable[LabelledAnswer]) -> list[LabelledAnswer]:
    """Return one answer per incident in time order; human outcomes take precedence over replays, newer over older."""
    chosen: dict[str, LabelledAnswer] = {}
    for answer in sorted(judged, key=lambda answer: (answer.basis == "outcomes", answer.at)):
        chosen[answer.incident] = answer
    return sorted(chosen.values(), key=lambda answer: (answer.at, answer.incident))

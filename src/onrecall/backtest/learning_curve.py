"""Learning curve: the same openings, answered by memories that stopped learning at different points."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from onrecall.backtest.chronology import HistoryEvent
from onrecall.backtest.ground_truth import GroundTruth
from onrecall.backtest.replay_result import ReplayResult, ShownIncidents
from onrecall.calibration.metrics import Estimate, mean, share

MAX_OPENINGS = 200
"""Maximum number of openings asked at each stop."""
MIN_OPENINGS = 5
STOP_DIVISORS = (16, 8, 4, 2, 1)
"""Stops after 1/16, 1/8, … and all of the lessons before the first of those openings."""
Unit = Literal["resolutions", "openings"]


@dataclass(frozen=True, slots=True)
class LearningPlan:
    """The openings to ask, and after how many lessons to ask them."""

    questions: tuple[str, ...]
    stops: tuple[int, ...]
    unit: Unit


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """hit@1 of a memory that stopped learning after a number of lessons."""

    after: int | None
    """Number of lessons; None if it never stopped learning."""
    hit_at_1: Estimate


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """The points, and the gain of continued learning over the memory that stopped last."""

    unit: Unit
    points: tuple[LearningPoint, ...]
    gain: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-compatible data."""
        return {"unit": self.unit, "points": [asdict(point) for point in self.points], "gain": asdict(self.gain)}

    @classmethod
    def of_plain(cls, data: Mapping[str, Any]) -> "LearningCurve":
        """Restore a curve from the data of `to_json`."""
        points = tuple(LearningPoint(point["after"], Estimate(**point["hit_at_1"])) for point in data["points"])
        return cls(data["unit"], points, Estimate(**data["gain"]))


def plan_stops(events: Sequence[HistoryEvent], truths: GroundTruth) -> LearningPlan | None:
    """Plan openings of the later half that have something to find, and stops before them; None if too few."""
    openings = [event for event in events if event.kind == "opened"]
    later = [opening for opening in openings[len(openings) // 2 :] if truths.of(opening.id).known]
    if len(later) < MIN_OPENINGS:
        return None
    resolved, opened = ([event.at for event in events if event.kind == kind] for kind in ("resolved", "opened"))
    unit: Unit = "resolutions" if bisect_left(resolved, later[0].at) else "openings"
    lessons = bisect_left(resolved if unit == "resolutions" else opened, later[0].at)
    stops = sorted({max(1, lessons // part) for part in STOP_DIVISORS}) if lessons else []
    step = len(later) / min(len(later), MAX_OPENINGS)
    selected = tuple(later[int(n * step)].id for n in range(min(len(later), MAX_OPENINGS)))
    return LearningPlan(selected, tuple(stops), unit)


def measure_learning(plan: LearningPlan, run: ReplayResult, truths: GroundTruth) -> LearningCurve:
    """Compute the learning curve."""
    live = {answer.incident: answer.shown for answer in run.answers}
    at_last = _first_hits(plan.questions, live, truths)
    points = [LearningPoint(stop, share(_first_hits(plan.questions, run.frozen[stop], truths))) for stop in plan.stops]
    before = _first_hits(plan.questions, run.frozen[plan.stops[-1]], truths) if plan.stops else [False] * len(at_last)
    gain = mean([float(now) - float(then) for now, then in zip(at_last, before, strict=True)])
    return LearningCurve(plan.unit, (*points, LearningPoint(None, share(at_last))), gain)


def _first_hits(openings: Sequence[str], ranked: Mapping[str, ShownIncidents], truths: GroundTruth) -> list[bool]:
    return [
        any(truths.hit(opening, member) for first in ranked[opening][:1] for member in first) for opening in openings
    ]

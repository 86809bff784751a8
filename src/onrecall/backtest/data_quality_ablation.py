"""Data quality ablation: what flaws of the history cost, by answering the same openings with and without them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from onrecall.backtest.evaluation_cases import Case
from onrecall.calibration.metrics import Estimate, mean

Treatment = Literal["left out", "taken from as many others"]
TREATMENTS: Mapping[str, Treatment] = {
    "no_resolution": "taken from as many others",
    "no_cause": "taken from as many others",
    "no_steps": "taken from as many others",
    "one_word_fix": "left out",
    "duplicate": "left out",
    "contradicting_times": "left out",
}
"""Superfluous data is left out. Missing data can't be made up, so it is removed from as many other incidents."""


@dataclass(frozen=True, slots=True)
class HistoryFlaw:
    """A kind of flaw and the incidents that have it."""

    name: str
    meaning: str
    incidents: tuple[str, ...]

    @property
    def how(self) -> Treatment:
        """How its cost is measured."""
        return TREATMENTS[self.name]


@dataclass(frozen=True, slots=True)
class FlawEffect:
    """What fixing a flaw is worth: rates without minus rates with the flaw, on the same openings."""

    flaw: HistoryFlaw
    changed: int
    """Number of incidents left out, or stripped of what the flawed ones lack."""
    hit_at_3: Estimate
    cause_match: Estimate


def select_treated(flaw: HistoryFlaw, flawless: Sequence[str]) -> tuple[str, ...]:
    """Return the treated incidents: the flawed ones, or as many flawless ones spread evenly over the history."""
    if flaw.how == "left out":
        return flaw.incidents
    count = min(len(flaw.incidents), len(flawless) // 2)
    return tuple(flawless[n * len(flawless) // count] for n in range(count))


def measure_effect(
    flaw: HistoryFlaw, treated: Sequence[str], before: Sequence[Case], after: Sequence[Case]
) -> FlawEffect:
    """Return the paired difference over untreated openings that have something to find."""
    later = {case.answer.incident: case for case in after}
    treated_ids = set(treated)
    pairs = [
        (case, later[case.answer.incident])
        for case in before
        if case.truth.known and case.answer.incident not in treated_ids and case.answer.incident in later
    ]
    # Where something was taken away, the mended history is the one before.
    sign = 1 if flaw.how == "left out" else -1
    return FlawEffect(
        flaw,
        len(treated_ids),
        mean([sign * (float(_is_hit_at_3(new)) - float(_is_hit_at_3(old))) for old, new in pairs]),
        mean([sign * (float(bool(new.right)) - float(bool(old.right))) for old, new in pairs]),
    )


def _is_hit_at_3(case: Case) -> bool:
    return case.place is not None and case.place <= 3

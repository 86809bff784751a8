"""Never seen: where the verdict changes, and how often it is wrong there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from onrecall.calibration.judged import Judged, in_time
from onrecall.calibration.metrics import NOTHING, Estimate, share
from onrecall.calibration.reliability import auroc

FALSE_RECALL = 0.1
"""At most this share of incidents that are truly new may be answered as if they had been seen."""
WORST_MISS = 0.5
"""Holding to that may cost at most this share of what was seen before; otherwise both errors are balanced."""
SAME = 0.9
"""From the score on at which this share of answers was right, an incident is the same as an earlier one."""
NEEDED = 20
"""Incidents of each kind, seen before and new, before a threshold is chosen."""
EARLIER = 0.6
"""The share of history that a threshold is chosen on; its errors are measured on the rest."""


@dataclass(frozen=True, slots=True)
class Novelty:
    """Two thresholds on the match score, how they were chosen, and their errors on later incidents."""

    similar: float
    """From here on something like it was seen; below, never."""
    known: float
    """From here on it is the same."""
    rule: str
    """A sentence on how they were chosen."""
    measured: bool
    """Whether they were chosen on this history; otherwise they are the ones that were handed in."""
    auroc: Estimate
    """How often an incident that was seen before matches better than a new one, over all of the history."""
    false_recall: Estimate
    """The share of new incidents that are answered as if they had been seen."""
    miss: Estimate
    """The share of incidents seen before that are called never seen."""
    right_when_known: Estimate
    """The share of answers at `known` or above that were right."""


def thresholds(judged: Iterable[Judged], similar: float, known: float) -> Novelty:
    """Thresholds chosen on the earlier part of a history, measured on the later; too little, and those given stand."""
    told = in_time(one for one in judged if one.known is not None and "match" in one.features)
    cut = round(EARLIER * len(told))
    earlier, later = told[:cut], told[cut:]
    short = _short(told, earlier)
    if short:
        return _measured(told, told, similar, known, f"the thresholds handed in stand: {short}", measured=False)
    chosen, rule = _similar(earlier)
    same, why = _known(earlier, chosen, known)
    return _measured(told, later, chosen, same, f"{rule}; {why}", measured=True)


def _short(told: Sequence[Judged], earlier: Sequence[Judged]) -> str:
    for kind, name in ((True, "seen before"), (False, "new")):
        n = sum(one.known is kind for one in told)
        if n < NEEDED:
            return f"{n} incident{'' if n == 1 else 's'} known to be {name}, {NEEDED} needed"
        if sum(one.known is kind for one in earlier) < NEEDED // 2:
            return f"too few of the earlier incidents are {name}"
    return ""


def _similar(earlier: Sequence[Judged]) -> tuple[float, str]:
    """The lowest threshold that holds false recalls down; where that costs too many misses, the best balance."""
    new = sorted((_match(one) for one in earlier if not one.known), reverse=True)
    seen = sorted(_match(one) for one in earlier if one.known)
    allowed = int(FALSE_RECALL * (len(new) + 1)) - 1
    if allowed >= 0:
        strict = _above(new[allowed])
        if _below(seen, strict) <= WORST_MISS * len(seen):
            return strict, f"chosen so that at most {FALSE_RECALL:.0%} of new incidents are answered as if seen"
    balanced = max(
        (_above(score) for score in {0.0, *new}),
        key=lambda at: (_below(new, at) / len(new) - _below(seen, at) / len(seen), -at),
    )
    return balanced, (
        f"chosen to balance both errors, for at {FALSE_RECALL:.0%} false recalls more than {WORST_MISS:.0%} "
        "of what was seen before would be missed"
    )


def _known(earlier: Sequence[Judged], similar: float, given: float) -> tuple[float, str]:
    """The lowest score from which on enough answers were right."""
    answers = sorted((one for one in earlier if _match(one) >= similar), key=_match, reverse=True)
    right, chosen = 0, None
    for n, one in enumerate(answers, start=1):
        right += one.right
        parted = n == len(answers) or _match(answers[n]) < _match(one)
        if n >= NEEDED // 2 and parted and right >= SAME * n:
            chosen = _match(one)
    if chosen is None:
        return max(similar, given), f"from no score on were {SAME:.0%} of answers right, so “known” stays where it was"
    return max(similar, int(chosen * 1000) / 1000), f"“known” where {SAME:.0%} of answers were right"


def _measured(
    told: Sequence[Judged], later: Sequence[Judged], similar: float, known: float, rule: str, *, measured: bool
) -> Novelty:
    return Novelty(
        similar=similar,
        known=known,
        rule=rule,
        measured=measured,
        auroc=auroc([_match(one) for one in told], [bool(one.known) for one in told]) if told else NOTHING,
        false_recall=share([_match(one) >= similar for one in later if not one.known]),
        miss=share([_match(one) < similar for one in later if one.known]),
        right_when_known=share([one.right for one in later if _match(one) >= known]),
    )


def _match(one: Judged) -> float:
    return one.features["match"]


def _above(score: float) -> float:
    """The next thousandth above a score: thresholds are read by people."""
    return (int(score * 1000) + 1) / 1000


def _below(scores: Sequence[float], at: float) -> int:
    return sum(score < at for score in scores)

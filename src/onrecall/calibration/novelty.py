"""Never seen: where the verdict changes, and how often it is wrong there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from onrecall.calibration.judged import Judged, in_time
from onrecall.calibration.metrics import NOTHING, Estimate, Z, share
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


Score = Literal["match", "apart"]


@dataclass(frozen=True, slots=True)
class Novelty:
    """Where the verdict changes, how that was chosen, and how often it is wrong there on later incidents."""

    similar: float
    """Match from which on something like it was seen; below, never."""
    known: float
    """Match from which on it is the same."""
    apart: float
    """How far the best has to stand out from the rest, besides; 0: that is not asked."""
    score: Score
    """Which of the two parts new from known here."""
    rule: str
    """A sentence on how they were chosen."""
    measured: bool
    """Whether they were chosen on this history; otherwise they are the ones that were handed in."""
    auroc: Estimate
    """How often an incident that was seen before scores above a new one; over all of the history by match, which is
    given; over its later part where the score was chosen."""
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
    if _stands_out(earlier):
        chosen, rule = _threshold(earlier, "apart")
        rule = f"by how far the best stands out from the rest, which parts new from known better here; {rule}"
        return _measured(later, later, similar, known, f"{rule}; the match scores stay", apart=chosen)
    chosen, rule = _threshold(earlier, "match")
    same, why = _known(earlier, chosen, known)
    return _measured(told, later, chosen, same, f"{rule}; {why}")


def _short(told: Sequence[Judged], earlier: Sequence[Judged]) -> str:
    for kind, name in ((True, "seen before"), (False, "new")):
        n = sum(one.known is kind for one in told)
        if n < NEEDED:
            return f"{n} incident{'' if n == 1 else 's'} known to be {name}, {NEEDED} needed"
        if sum(one.known is kind for one in earlier) < NEEDED // 2:
            return f"too few of the earlier incidents are {name}"
    return ""


def _stands_out(earlier: Sequence[Judged]) -> bool:
    """Whether new and known are parted better by how far the best stands out, by more than a standard error."""
    if not all("apart" in one.features for one in earlier):
        return False
    known = [bool(one.known) for one in earlier]
    match, apart = (auroc([one.features[score] for one in earlier], known) for score in ("match", "apart"))
    if match.value is None or apart.value is None or apart.low is None:
        return False
    return apart.value - match.value > (apart.value - apart.low) / Z


def _threshold(earlier: Sequence[Judged], score: Score) -> tuple[float, str]:
    """The lowest threshold that holds false recalls down; where that costs too many misses, the best balance."""
    new = sorted((one.features[score] for one in earlier if not one.known), reverse=True)
    seen = sorted(one.features[score] for one in earlier if one.known)
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
    told: Sequence[Judged],
    later: Sequence[Judged],
    similar: float,
    known: float,
    rule: str,
    *,
    apart: float = 0.0,
    measured: bool = True,
) -> Novelty:
    score: Score = "apart" if apart else "match"

    def seen(one: Judged) -> bool:
        return _match(one) >= similar and (not apart or one.features["apart"] >= apart)

    return Novelty(
        similar=similar,
        known=known,
        apart=apart,
        score=score,
        rule=rule,
        measured=measured,
        auroc=auroc([one.features[score] for one in told], [bool(one.known) for one in told]) if told else NOTHING,
        false_recall=share([seen(one) for one in later if not one.known]),
        miss=share([not seen(one) for one in later if one.known]),
        right_when_known=share([one.right for one in later if seen(one) and _match(one) >= known]),
    )


def _match(one: Judged) -> float:
    return one.features["match"]


def _above(score: float) -> float:
    """The next thousandth above a score: thresholds are read by people."""
    return (int(score * 1000) + 1) / 1000


def _below(scores: Sequence[float], at: float) -> int:
    return sum(score < at for score in scores)

"""Never seen: where the verdict changes, and how often it is wrong there."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from onrecall.calibration.labelled_answers import LabelledAnswer, in_time
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
STRETCHES = (0.6, 0.7, 0.8, 0.9, 1.0)
"""Errors are counted on the later part of history, stretch by stretch, by thresholds chosen on all before each."""
TRIALS = (0.4, 0.6, 0.8)
"""Split points for choosing, by walk-forward validation, which score the threshold applies to."""


Score = Literal["match", "apart"]


@dataclass(frozen=True, slots=True)
class Novelty:
    """Where the verdict changes, how that was chosen, and how often it is wrong there on later incidents."""

    similar: float
    """Match from which on something like it was seen; below, never."""
    known: float
    """Match from which on it is the same."""
    apart: float
    """Required margin of the best match over the rest; 0 disables the check."""
    score: Score
    """Which of the two scores separates new from known incidents here."""
    rule: str
    """A sentence on how they were chosen."""
    measured: bool
    """Whether they were chosen on this history; otherwise they are the ones that were handed in."""
    auroc: Estimate
    """How often an incident that was seen before scores above a new one, over all of the history."""
    false_recall: Estimate
    """The share of new incidents that are answered as if they had been seen."""
    miss: Estimate
    """The share of incidents seen before that are called never seen."""
    right_when_known: Estimate
    """The share of answers at `known` or above that were right."""


@dataclass(frozen=True, slots=True)
class VerdictThreshold:
    """Where the verdict changes, as chosen on some history."""

    similar: float
    known: float
    apart: float
    rule: str

    def seen(self, one: LabelledAnswer) -> bool:
        """Whether it answers this as seen before."""
        return _match(one) >= self.similar and (not self.apart or one.features["apart"] >= self.apart)


def thresholds(judged: Iterable[LabelledAnswer], similar: float, known: float) -> Novelty:
    """Thresholds chosen on a history; their errors are of the same choosing, done before what they are counted on.

    With too little to choose by, those given stand.
    """
    told = in_time(one for one in judged if one.known is not None and "match" in one.features)
    ends = [round(share * len(told)) for share in STRETCHES]
    if short := _short(told, told[: ends[0]]):
        given = VerdictThreshold(similar, known, 0.0, f"the thresholds handed in stand: {short}")
        return _measured(told, given, [(given, told)], measured=False)
    tried = [(_cut(told[:start], similar, known), told[start:end]) for start, end in itertools.pairwise(ends)]
    return _measured(told, _cut(told, similar, known), tried, measured=True)


def _cut(past: Sequence[LabelledAnswer], similar: float, known: float) -> VerdictThreshold:
    if _stands_out(past):
        chosen, rule = _threshold(past, "apart")
        rule = f"by how far the best stands out from the rest, which parts new from known better here; {rule}"
        return VerdictThreshold(similar, known, chosen, f"{rule}; the match scores stay as handed in")
    chosen, rule = _threshold(past, "match")
    same, why = _known(past, chosen, known)
    return VerdictThreshold(chosen, same, 0.0, f"{rule}; {why}")


def _short(told: Sequence[LabelledAnswer], earlier: Sequence[LabelledAnswer]) -> str:
    for kind, name in ((True, "seen before"), (False, "new")):
        n = sum(one.known is kind for one in told)
        if n < NEEDED:
            return f"{n} incident{'' if n == 1 else 's'} known to be {name}, {NEEDED} needed"
        if sum(one.known is kind for one in earlier) < NEEDED // 2:
            return f"too few of the earlier incidents are {name}"
    return ""


def _stands_out(earlier: Sequence[LabelledAnswer]) -> bool:
    """Whether going by how far the best stands out makes fewer errors, by more than a standard error of them.

    The best match of something new grows with what is on record; how far it stands out does not. Only errors on what
    came after a threshold was chosen show that, so each score is tried on one stretch after the other.
    """
    match, apart = _tried(earlier, "match"), _tried(earlier, "apart")
    return match is not None and apart is not None and match[0] - apart[0] > apart[1]


def _tried(earlier: Sequence[LabelledAnswer], score: Score) -> tuple[float, float] | None:
    """Both error rates on later stretches, summed, and their standard error; None: too little to try it on."""
    if not all(score in one.features for one in earlier):
        return None
    recalled: list[bool] = []
    missed: list[bool] = []
    ends = [round(share * len(earlier)) for share in TRIALS]
    for end, until in zip(ends, [*ends[1:], len(earlier)], strict=True):
        past = earlier[:end]
        if min(sum(one.known is kind for one in past) for kind in (True, False)) >= NEEDED // 4:
            at, _ = _threshold(past, score)
            recalled += [one.features[score] >= at for one in earlier[end:until] if not one.known]
            missed += [one.features[score] < at for one in earlier[end:until] if one.known]
    if min(len(recalled), len(missed)) < NEEDED // 4:
        return None
    rates = [(sum(errors) / len(errors), len(errors)) for errors in (recalled, missed)]
    return sum(rate for rate, _ in rates), math.sqrt(sum(rate * (1 - rate) / n for rate, n in rates))


def _threshold(earlier: Sequence[LabelledAnswer], score: Score) -> tuple[float, str]:
    """The lowest threshold that holds false recalls down; where that costs too many misses, the best balance."""
    new = sorted((one.features[score] for one in earlier if not one.known), reverse=True)
    seen = sorted(one.features[score] for one in earlier if one.known)
    allowed = int(FALSE_RECALL * (len(new) + 1)) - 1
    if allowed >= 0:
        strict = _above(new[allowed])
        if _below(seen, strict) <= WORST_MISS * len(seen):
            return strict, f"chosen so that at most {FALSE_RECALL:.0%} of new incidents are answered as if seen"
    scores = [0.0, *(_above(score) for score in new)]
    kept = np.searchsorted(new[::-1], scores) / len(new) - np.searchsorted(seen, scores) / len(seen)
    balanced = min(at for at, gain in zip(scores, kept, strict=True) if gain == kept.max())
    return balanced, (
        f"chosen to balance both errors, for at {FALSE_RECALL:.0%} false recalls more than {WORST_MISS:.0%} "
        "of what was seen before would be missed"
    )


def _known(earlier: Sequence[LabelledAnswer], similar: float, given: float) -> tuple[float, str]:
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
    told: Sequence[LabelledAnswer],
    cut: VerdictThreshold,
    tried: Sequence[tuple[VerdictThreshold, Sequence[LabelledAnswer]]],
    *,
    measured: bool,
) -> Novelty:
    score: Score = "apart" if cut.apart else "match"
    later = [(then, one) for then, stretch in tried for one in stretch]
    return Novelty(
        similar=cut.similar,
        known=cut.known,
        apart=cut.apart,
        score=score,
        rule=cut.rule,
        measured=measured,
        auroc=auroc([one.features[score] for one in told], [bool(one.known) for one in told]) if told else NOTHING,
        false_recall=share([then.seen(one) for then, one in later if not one.known]),
        miss=share([not then.seen(one) for then, one in later if one.known]),
        right_when_known=share([one.right for then, one in later if then.seen(one) and _match(one) >= then.known]),
    )


def _match(one: LabelledAnswer) -> float:
    return one.features["match"]


def _above(score: float) -> float:
    """The next thousandth above a score: thresholds are read by people."""
    return (int(score * 1000) + 1) / 1000


def _below(scores: Sequence[float], at: float) -> int:
    return sum(score < at for score in scores)

"""Choose the verdict thresholds for novelty, and measure how often they are wrong."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from onrecall.calibration.labelled_answers import LabelledAnswer, latest_per_incident
from onrecall.calibration.metrics import NO_ESTIMATE, Estimate, share
from onrecall.calibration.reliability import auroc

MAX_FALSE_RECALL = 0.1
"""Maximum share of truly new incidents that may be answered as seen before."""
MAX_MISS = 0.5
"""Maximum share of misses that limit may cost; beyond it, both errors are balanced instead."""
MIN_SHARE_RIGHT = 0.9
"""From the score on at which this share of answers was right, an incident is the same as an earlier one."""
MIN_PER_KIND = 20
"""Incidents of each kind, seen before and new, before a threshold is chosen."""
TEST_SPLITS = (0.6, 0.7, 0.8, 0.9, 1.0)
"""Errors are counted on the later part of history, stretch by stretch, by thresholds chosen on all before each."""
SELECTION_SPLITS = (0.4, 0.6, 0.8)
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

    def is_seen(self, answer: LabelledAnswer) -> bool:
        """Return whether this threshold calls the answer's incident seen before."""
        return _match_score(answer) >= self.similar and (not self.apart or answer.features["apart"] >= self.apart)


def choose_thresholds(judged: Iterable[LabelledAnswer], similar: float, known_match: float) -> Novelty:
    """Thresholds chosen on a history; their errors are of the same choosing, done before what they are counted on.

    With too little data the given thresholds are kept.
    """
    answers = latest_per_incident(
        answer for answer in judged if answer.known is not None and "match" in answer.features
    )
    ends = [round(share * len(answers)) for share in TEST_SPLITS]
    if shortage := _describe_shortage(answers, answers[: ends[0]]):
        fallback = VerdictThreshold(similar, known_match, 0.0, f"the thresholds stay as they are: {shortage}")
        return _measure_errors(answers, fallback, [(fallback, answers)], measured=False)
    tried = [
        (_choose_threshold(answers[:start], similar, known_match), answers[start:end])
        for start, end in itertools.pairwise(ends)
    ]
    return _measure_errors(answers, _choose_threshold(answers, similar, known_match), tried, measured=True)


def _choose_threshold(past: Sequence[LabelledAnswer], similar: float, known_match: float) -> VerdictThreshold:
    if _margin_separates_better(past):
        chosen, rule = _lowest_threshold(past, "apart")
        rule = f"by the lead of the best match over the rest, which separates new from known better here; {rule}"
        return VerdictThreshold(similar, known_match, chosen, f"{rule}; the match thresholds stay as they are")
    chosen, rule = _lowest_threshold(past, "match")
    calibrated_known, why = _known_threshold(past, chosen, known_match)
    return VerdictThreshold(chosen, calibrated_known, 0.0, f"{rule}; {why}")


def _describe_shortage(answers: Sequence[LabelledAnswer], earlier: Sequence[LabelledAnswer]) -> str:
    for kind, name in ((True, "seen before"), (False, "new")):
        n = sum(answer.known is kind for answer in answers)
        if n < MIN_PER_KIND:
            return f"{n} incident{'' if n == 1 else 's'} known to be {name}, {MIN_PER_KIND} needed"
        if sum(answer.known is kind for answer in earlier) < MIN_PER_KIND // 2:
            return f"too few of the earlier incidents are {name}"
    return ""


def _margin_separates_better(earlier: Sequence[LabelledAnswer]) -> bool:
    """Whether going by how far the best stands out makes fewer errors, by more than a standard error of them.

    The best match of something new grows with what is on record; how far it stands out does not. Only errors on what
    came after a threshold was chosen show that, so each score is tried on one stretch after the other.
    """
    match, apart = _walk_forward_errors(earlier, "match"), _walk_forward_errors(earlier, "apart")
    return match is not None and apart is not None and match[0] - apart[0] > apart[1]


def _walk_forward_errors(earlier: Sequence[LabelledAnswer], score: Score) -> tuple[float, float] | None:
    """Both error rates on later stretches, summed, and their standard error; None: too little to try it on."""
    if not all(score in answer.features for answer in earlier):
        return None
    recalled: list[bool] = []
    missed: list[bool] = []
    ends = [round(share * len(earlier)) for share in SELECTION_SPLITS]
    for end, until in zip(ends, [*ends[1:], len(earlier)], strict=True):
        past = earlier[:end]
        if min(sum(answer.known is kind for answer in past) for kind in (True, False)) >= MIN_PER_KIND // 4:
            at, _ = _lowest_threshold(past, score)
            recalled += [answer.features[score] >= at for answer in earlier[end:until] if not answer.known]
            missed += [answer.features[score] < at for answer in earlier[end:until] if answer.known]
    if min(len(recalled), len(missed)) < MIN_PER_KIND // 4:
        return None
    rates = [(sum(errors) / len(errors), len(errors)) for errors in (recalled, missed)]
    return sum(rate for rate, _ in rates), math.sqrt(sum(rate * (1 - rate) / n for rate, n in rates))


def _lowest_threshold(earlier: Sequence[LabelledAnswer], score: Score) -> tuple[float, str]:
    """The lowest threshold that holds false recalls down; where that costs too many misses, the best balance."""
    new_scores = sorted((answer.features[score] for answer in earlier if not answer.known), reverse=True)
    known_scores = sorted(answer.features[score] for answer in earlier if answer.known)
    allowed = int(MAX_FALSE_RECALL * (len(new_scores) + 1)) - 1
    if allowed >= 0:
        strict = _next_thousandth(new_scores[allowed])
        if _count_below(known_scores, strict) <= MAX_MISS * len(known_scores):
            return strict, f"chosen so that at most {MAX_FALSE_RECALL:.0%} of new incidents are answered as if seen"
    scores = [0.0, *(_next_thousandth(score) for score in new_scores)]
    gains = np.searchsorted(new_scores[::-1], scores) / len(new_scores) - np.searchsorted(known_scores, scores) / len(
        known_scores
    )
    balanced = min(at for at, gain in zip(scores, gains, strict=True) if gain == gains.max())
    return balanced, (
        f"chosen to balance both errors, because at {MAX_FALSE_RECALL:.0%} false recalls more than {MAX_MISS:.0%} "
        "of what was seen before would be missed"
    )


def _known_threshold(earlier: Sequence[LabelledAnswer], similar: float, fallback: float) -> tuple[float, str]:
    """The lowest score from which on enough answers were right."""
    answers = sorted((answer for answer in earlier if _match_score(answer) >= similar), key=_match_score, reverse=True)
    right, chosen = 0, None
    for n, answer in enumerate(answers, start=1):
        right += answer.right
        parted = n == len(answers) or _match_score(answers[n]) < _match_score(answer)
        if n >= MIN_PER_KIND // 2 and parted and right >= MIN_SHARE_RIGHT * n:
            chosen = _match_score(answer)
    if chosen is None:
        return max(
            similar, fallback
        ), f"from no score on were {MIN_SHARE_RIGHT:.0%} of answers right, so “known” stays where it was"
    return max(similar, int(chosen * 1000) / 1000), f"“known” where {MIN_SHARE_RIGHT:.0%} of answers were right"


def _measure_errors(
    answers: Sequence[LabelledAnswer],
    chosen: VerdictThreshold,
    tried: Sequence[tuple[VerdictThreshold, Sequence[LabelledAnswer]]],
    *,
    measured: bool,
) -> Novelty:
    score: Score = "apart" if chosen.apart else "match"
    later = [(threshold, answer) for threshold, stretch in tried for answer in stretch]
    return Novelty(
        similar=chosen.similar,
        known=chosen.known,
        apart=chosen.apart,
        score=score,
        rule=chosen.rule,
        measured=measured,
        auroc=auroc([answer.features[score] for answer in answers], [bool(answer.known) for answer in answers])
        if answers
        else NO_ESTIMATE,
        false_recall=share([threshold.is_seen(answer) for threshold, answer in later if not answer.known]),
        miss=share([not threshold.is_seen(answer) for threshold, answer in later if answer.known]),
        right_when_known=share(
            [
                answer.right
                for threshold, answer in later
                if threshold.is_seen(answer) and _match_score(answer) >= threshold.known
            ]
        ),
    )


def _match_score(answer: LabelledAnswer) -> float:
    return answer.features["match"]


def _next_thousandth(score: float) -> float:
    """The next thousandth above a score: thresholds are read by people."""
    return (int(score * 1000) + 1) / 1000


def _count_below(scores: Sequence[float], at: float) -> int:
    return sum(score < at for score in scores)

"""Judged answers: the rank of the first hit, and whether the cause and a step were right."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from onrecall.backtest.ground_truth import CauseTruth, GroundTruth
from onrecall.backtest.replay_result import ReplayedAnswer, ReplayResult
from onrecall.calibration.labelled_answers import LabelledAnswer
from onrecall.domain.cause_label import normalize_label


@dataclass(frozen=True, slots=True)
class Case:
    """One opening with its answer and the truth."""

    answer: ReplayedAnswer
    truth: CauseTruth
    place: int | None
    """Rank of the first hit among the shown incidents, counted from 1; None if there was none."""
    right: bool | None
    """Whether the answer's cause was right; None if it claimed nothing or the truth is unknown."""
    step: bool | None
    """Whether a shown step is one that worked; None if the history does not say what worked."""
    step_before: bool | None
    """Whether a step that worked had worked in an earlier incident; only then can it be shown."""

    @property
    def judged(self) -> LabelledAnswer | None:
        """The labelled answer for calibration; None if the truth is unknown."""
        if self.truth.known is None:
            return None
        answer = self.answer
        return LabelledAnswer(
            at=answer.at,
            features=answer.features,
            right=bool(self.right),
            known=self.truth.known,
            verdict=answer.verdict,
            basis="backtest",
            incident=answer.incident,
            service=answer.service,
            place=(self.place or 0) if self.truth.known else None,
        )


def judge_answers(run: ReplayResult, truths: GroundTruth) -> tuple[Case, ...]:
    """Judge every answer, in order."""
    worked_steps: set[str] = set()
    judged_cases = []
    for answer in run.answers:
        judged_cases.append(_judge_answer(answer, truths, run, worked_steps))
        worked_steps |= run.worked.get(answer.incident, frozenset())
    return tuple(judged_cases)


def rank_of_first_hit(incident: str, ranked: Iterable[Sequence[str]], truths: GroundTruth) -> int | None:
    """Return the rank of the first hit, counted from 1; showing any member of its family counts."""
    hits = (any(truths.hit(incident, member) for member in family) for family in ranked)
    return next((n for n, hit in enumerate(hits, start=1) if hit), None)


def _judge_answer(
    answer: ReplayedAnswer, truths: GroundTruth, run: ReplayResult, worked_before: AbstractSet[str]
) -> Case:
    truth = truths.of(answer.incident)
    worked = run.worked.get(answer.incident)
    return Case(
        answer=answer,
        truth=truth,
        place=rank_of_first_hit(answer.incident, answer.shown, truths),
        right=_is_right(answer, truth, truths) if answer.claims_seen and truth.known is not None else None,
        step=bool(worked.intersection(answer.steps)) if worked else None,
        step_before=bool(worked & worked_before) if worked else None,
    )


def _is_right(answer: ReplayedAnswer, truth: CauseTruth, truths: GroundTruth) -> bool:
    """Compare by cause label; if either has none, by the incident that the answer rests on."""
    if answer.cause and truth.cause:
        return normalize_label(answer.cause) == truth.cause
    return answer.leader is not None and truths.hit(answer.incident, answer.leader)

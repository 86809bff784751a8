"""An answer beside the truth: where the first hit stood, and whether the cause and a step were right."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from onrecall.backtest.ground_truth import CauseTruth, GroundTruth, normalize_label
from onrecall.backtest.replay_result import ReplayedAnswer, ReplayResult
from onrecall.calibration.labelled_answers import LabelledAnswer


@dataclass(frozen=True, slots=True)
class Case:
    """One opening, what was answered, and what is known of it today."""

    answer: ReplayedAnswer
    truth: CauseTruth
    place: int | None
    """Where the first hit stood among the incidents shown, counted from 1; None: none was shown."""
    right: bool | None
    """Whether the cause that the answer rests on was the right one; None where nothing was claimed or nobody knows."""
    step: bool | None
    """Whether a step shown is one that worked in the end; None where the history does not tell what worked."""
    step_before: bool | None
    """Whether a step that worked in the end had worked in an earlier incident: only then can it be shown."""

    @property
    def judged(self) -> LabelledAnswer | None:
        """What trust is measured on; None where nobody knows the truth."""
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
    """Every answer beside its truth, in the order of the answers."""
    worked_before: set[str] = set()
    judged_cases = []
    for answer in run.answers:
        judged_cases.append(_judge_answer(answer, truths, run, worked_before))
        worked_before |= run.worked.get(answer.incident, frozenset())
    return tuple(judged_cases)


def rank_of_first_hit(incident: str, ranked: Iterable[Sequence[str]], truths: GroundTruth) -> int | None:
    """Where the first hit stands, counted from 1; a hit is shown when one of its family is."""
    hits = (any(truths.hit(incident, member) for member in family) for family in ranked)
    return next((n for n, hit in enumerate(hits, start=1) if hit), None)


def _judge_answer(answer: ReplayedAnswer, truths: GroundTruth, run: ReplayResult, worked_before: AbstractSet[str]) -> Case:
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
    """By the cause's label; where one of the two has none, by the incident that the answer rests on."""
    if answer.cause and truth.cause:
        return normalize_label(answer.cause) == truth.cause
    return answer.leader is not None and truths.hit(answer.incident, answer.leader)

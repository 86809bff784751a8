"""An answer beside the truth: where the first hit stood, and whether the cause and a step were right."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from onrecall.backtest.ground_truth import CauseTruth, GroundTruth, squash
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
        one = self.answer
        return LabelledAnswer(
            at=one.at,
            features=one.features,
            right=bool(self.right),
            known=self.truth.known,
            verdict=one.verdict,
            basis="backtest",
            incident=one.incident,
            service=one.service,
            place=(self.place or 0) if self.truth.known else None,
        )


def cases(run: ReplayResult, truths: GroundTruth) -> tuple[Case, ...]:
    """Every answer beside its truth, in the order of the answers."""
    done: set[str] = set()
    found = []
    for answer in run.answers:
        found.append(_case(answer, truths, run, done))
        done |= run.worked.get(answer.incident, frozenset())
    return tuple(found)


def place(incident: str, shown: Iterable[Sequence[str]], truths: GroundTruth) -> int | None:
    """Where the first hit stands, counted from 1; a hit is shown when one of its family is."""
    hits = (any(truths.hit(incident, other) for other in family) for family in shown)
    return next((n for n, hit in enumerate(hits, start=1) if hit), None)


def _case(answer: ReplayedAnswer, truths: GroundTruth, run: ReplayResult, done: AbstractSet[str]) -> Case:
    truth = truths.of(answer.incident)
    worked = run.worked.get(answer.incident)
    return Case(
        answer=answer,
        truth=truth,
        place=place(answer.incident, answer.shown, truths),
        right=_right(answer, truth, truths) if answer.given and truth.known is not None else None,
        step=bool(worked.intersection(answer.steps)) if worked else None,
        step_before=bool(worked & done) if worked else None,
    )


def _right(answer: ReplayedAnswer, truth: CauseTruth, truths: GroundTruth) -> bool:
    """By the cause's label; where one of the two has none, by the incident that the answer rests on."""
    if answer.cause and truth.cause:
        return squash(answer.cause) == truth.cause
    return answer.leader is not None and truths.hit(answer.incident, answer.leader)

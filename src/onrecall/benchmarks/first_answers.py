"""How good first answers are: their probability, and whether what was never seen is told from what was."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onrecall.benchmarks.prior import PublicAnswer
from onrecall.calibration import reliability
from onrecall.calibration.metrics import Floats
from onrecall.recommendation.thresholds import Thresholds
from onrecall.recommendation.verdict import question_length

Answers = Sequence[PublicAnswer]


@dataclass(frozen=True, slots=True)
class AnswerQuality:
    """Figures of the first answers to some questions, each asked with its right documents and without them.

    Shares are 0 to 1. A figure is None where there is nothing to count it on.
    """

    questions: int
    right: float | None
    """How often the first is right, as asked."""
    auroc: float | None
    """How often a right first answer has the higher probability of a right and a wrong one."""
    brier: float | None
    brier_base: float | None
    """The Brier score of whoever knows only the share of right ones."""
    ece: float | None
    """Calibration error. For this and the three above a fixed quarter of the questions has no right documents."""
    ece_by_chance: float | None
    """The calibration error that a perfect probability would show on as few."""
    novelty_by_match: float | None
    """How often a question scores above one whose right documents are taken out."""
    novelty_by_probability: float | None
    known: float | None
    """How often the first answer counts as known, as asked."""
    known_right: float | None
    """How often those are right."""
    missed: float | None
    """Of right first answers, the share that counts as never seen."""
    removed_similar: float | None
    """Without right documents, the share that still counts as similar or known."""
    removed_known: float | None


@dataclass(frozen=True, slots=True)
class ForeignQuality:
    """What becomes of questions about systems that the memory knows nothing of."""

    questions: int
    similar: float
    """The share that counts as similar or known: the out-of-domain false recall."""
    known: float


def measure_answers(answers: Answers, chances: Floats, thresholds: Thresholds | None = None) -> AnswerQuality:
    """The figures, with the thresholds that ship where none are named; one chance for each answer."""
    limits = thresholds or Thresholds()
    as_asked = np.array([not answer.removed for answer in answers], bool)
    right = np.array([answer.right for answer in answers], bool)
    match = np.array([answer.match for answer in answers], float)
    counted = np.array([answer.counted for answer in answers], bool)
    similar, known_answers = _verdicts(answers, chances, limits)
    claims, truths = chances[counted].tolist(), right[counted].tolist()
    error = reliability.ece(claims, truths)
    return AnswerQuality(
        questions=int(as_asked.sum()),
        right=_share(right[as_asked]),
        auroc=reliability.auroc(claims, truths).value,
        brier=reliability.brier(claims, truths),
        brier_base=reliability.brier_baseline(truths),
        ece=error.value if error else None,
        ece_by_chance=error.by_chance if error else None,
        novelty_by_match=reliability.auroc(match.tolist(), as_asked.tolist()).value,
        novelty_by_probability=reliability.auroc(chances.tolist(), as_asked.tolist()).value,
        known=_share(known_answers[as_asked]),
        known_right=_share(right[as_asked & known_answers]),
        missed=_share(~similar[as_asked & right]),
        removed_similar=_share(similar[~as_asked]),
        removed_known=_share(known_answers[~as_asked]),
    )


def measure_foreign(
    answers: Answers, chances: Floats, questions: int, thresholds: Thresholds | None = None
) -> ForeignQuality | None:
    """The same for foreign questions; None where none were asked. For some of them nothing at all may be recalled."""
    if not questions:
        return None
    similar, known_answers = _verdicts(answers, chances, thresholds or Thresholds())
    return ForeignQuality(questions, float(similar.sum()) / questions, float(known_answers.sum()) / questions)


def _verdicts(answers: Answers, chances: Floats, limits: Thresholds) -> tuple[np.ndarray, np.ndarray]:
    pairs = list(zip(answers, chances.tolist(), strict=True))
    similar = [limits.serves(answer.match, chance, question_length(answer.ranking)) for answer, chance in pairs]
    return np.array(similar, bool), np.array([limits.knows(answer.match, chance) for answer, chance in pairs], bool)


def _share(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None

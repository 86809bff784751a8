"""Fit the shipped prior on public tasks, and measure it on tasks that it was not fitted on.

Every question is asked twice: of a memory that holds its right documents, and of one from which they are taken out. The
second is what an incident looks like whose cause was never seen before.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from onrecall.benchmarks.beir import Task
from onrecall.benchmarks.public_tasks import SMALL_SUFFIX, read_tasks, small_memories
from onrecall.benchmarks.public_text import read_public_text
from onrecall.benchmarks.task_memory import Progress, ignore_progress, task_memory
from onrecall.benchmarks.task_pairs import PublicTask
from onrecall.benchmarks.verdict_thresholds import LabelledChances, ThresholdChoice
from onrecall.calibration import isotonic_bins, logistic, reliability
from onrecall.calibration.metrics import Floats
from onrecall.calibration.prior import FEATURES, FOREIGN_ANSWERS, MEANING_FEATURES, Prior, PriorModel
from onrecall.domain.situation import Situation
from onrecall.recommendation.runbook import is_for_alert
from onrecall.recommendation.verdict import question_length
from onrecall.retrieval.embeddings import Embedder
from onrecall.retrieval.retriever import Retriever

NEW_SHARE = 0.25
"""The share of questions without a right document that the prior is fitted for: of 653 published incidents about a
quarter had causes never seen before. No data says what it is in yours."""
NEW_SHARE_SMALL = 0.5
"""The same for small memories: a young one has seen less."""
SMALL_WEIGHT = 0.3
"""Questions of small memories together weigh this share of those of their whole task."""
RIDGE = 3.0
FOREIGN_SOURCE = "foreign"
RUNBOOK_SOURCE = "runbooks"
FOREIGN_CORPUS = "noname"
"""Questions of foreign systems are asked of the memory of the task whose name ends so."""
FOREIGN_MASS = 10.0
"""All foreign questions together weigh as much as a task of a hundred questions."""
Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """One question of a public task, how its first precedent stood among the others, and whether that was right."""

    task: str
    kind: str
    source: str
    question: str
    removed: bool
    """Whether the right documents were taken out."""
    ranking: Mapping[str, float]
    match: float
    right: bool
    named: bool = False
    """Whether the first is the document of the alert whose name the question begins with."""

    @property
    def counted(self) -> bool:
        """Whether it is the one of the question's two answers that is counted: removed for a fixed quarter of them."""
        share = NEW_SHARE_SMALL if self.small else NEW_SHARE
        drawn = hashlib.sha256(f"{self.task}|{self.question}".encode()).digest()[0] < 256 * share
        return drawn == self.removed

    @property
    def small(self) -> bool:
        """Whether it was asked of a small memory."""
        return self.task.endswith(SMALL_SUFFIX)


@dataclass(frozen=True, slots=True)
class PriorQuality:
    """How good the probabilities are on answers to tasks that were left out of the fit."""

    answers: str
    n: int
    right: float
    auroc: float | None
    brier: float | None
    brier_base: float | None
    ece: float | None


@dataclass(frozen=True, slots=True)
class TaskQuality:
    """One task, foretold by a prior that was fitted on the others."""

    name: str
    kind: str
    source: str
    questions: int
    right: float
    probability: float
    """The mean probability, as asked."""
    probability_removed: float
    """The mean probability where the right documents are taken out."""
    brier: float


@dataclass(frozen=True, slots=True)
class PriorReport:
    """What a fitted prior is worth."""

    leave_one_task_out: tuple[PriorQuality, ...]
    leave_one_source_out: tuple[PriorQuality, ...]
    match_auroc: float | None
    """How well the match score alone parts right from wrong, as asked."""
    novelty_auroc: float | None
    """How often a question scores above another one whose right documents are taken out."""
    tasks: tuple[TaskQuality, ...]
    thresholds: ThresholdChoice
    """Where verdicts should change, by the probabilities of tasks left out."""


def run(folder: Path, embedder: Embedder, progress: Progress = ignore_progress) -> tuple[Prior, dict[str, PriorReport]]:
    """Fit the prior on the public text in a folder, with the sentence model and by words alone; a report for each."""
    tasks = read_tasks(folder)
    reports: dict[str, PriorReport] = {}
    models: dict[str, PriorModel] = {}
    named = (0, 0)
    for name, model in (("with_meaning", embedder), ("by_words", None)):
        answers = list(label_answers(folder, tasks, model, progress))
        named = count_named(answers) if model else named
        features = (*FEATURES, *MEANING_FEATURES) if model else FEATURES
        models[name], reports[name] = fit_and_measure(answers, features)
    return Prior(models["with_meaning"], models["by_words"], named, _provenance(tasks, reports)), reports


def count_named(answers: Sequence[PublicAnswer]) -> tuple[int, int]:
    """Return how many runbooks were right that bear the name of the alert a question begins with, and of how many.

    Only runbooks count: the title of a report that another one repeats is no alert's name.
    """
    named = [answer for answer in answers if answer.named and answer.source == RUNBOOK_SOURCE and not answer.small]
    return sum(answer.right for answer in named), len(named)


def label_answers(
    folder: Path, tasks: Sequence[PublicTask], embedder: Embedder | None, progress: Progress = ignore_progress
) -> Iterator[PublicAnswer]:
    """Every question's two answers, task by task, and some of small memories; foreign questions, all answered wrong."""
    foreign = read_public_text(folder).foreign
    for number, public in enumerate(tasks, start=1):
        with task_memory(public.task, embedder, embedder, ignore_progress) as recall:
            yield from ask_twice(public, recall)
            if public.name.endswith(FOREIGN_CORPUS):
                yield from ask_foreign(foreign, recall)
        for part in small_memories(public):
            with task_memory(part.task, embedder, embedder, ignore_progress) as recall:
                yield from ask_twice(part, recall)
        progress("tasks", number, len(tasks))


def ask_foreign(foreign: Sequence[Task], recall: Retriever) -> Iterator[PublicAnswer]:
    """The answers to questions about systems that the memory knows nothing of: all wrong."""
    for task in foreign:
        for query in task.queries:
            about = (task.name, "foreign", FOREIGN_SOURCE, query.id)
            yield from _answer(recall, Situation(query.text), about, {})


def ask_twice(public: PublicTask, recall: Retriever) -> Iterator[PublicAnswer]:
    """The answers to a task's questions, each with its right documents in the memory and with these left out."""
    for query in public.task.queries:
        right = public.task.right.get(query.id, {})
        about = (public.name, public.kind, public.source, query.id)
        if right:
            yield from _answer(recall, Situation(query.text, exclude=query.exclude), about, right)
            yield from _answer(recall, Situation(query.text, exclude=query.exclude | right.keys()), about, {})


def _answer(
    recall: Retriever, situation: Situation, about: tuple[str, str, str, str], right: Mapping[str, float]
) -> Iterator[PublicAnswer]:
    """The labelled first precedent; nothing where nothing at all was recalled.

    Near duplicates share their probability: it is right if any of them is.
    """
    for first in recall.recall(situation)[:1]:
        named = first.document is not None and is_for_alert(first.document, situation)
        is_right = not right.keys().isdisjoint({first.id, *first.near_duplicates})
        yield PublicAnswer(*about, not right, first.ranking, first.score, is_right, named)


def fit_and_measure(answers: Sequence[PublicAnswer], features: tuple[str, ...]) -> tuple[PriorModel, PriorReport]:
    """The model fitted on all answers, its levels counted on tasks left out, and its figures."""
    table = AnswerTable.of(answers, features)
    by_task = table.predict_left_out([answer.task.removesuffix(SMALL_SUFFIX) for answer in answers])
    by_source = table.predict_left_out([answer.source for answer in answers])
    counted = table.counted
    levels = isotonic_bins.fit(by_task[counted], table.right[counted])
    model = PriorModel(features, table.fit(np.ones(len(answers), bool)), (replace(levels[0], above=0.0), *levels[1:]))
    own, as_asked = ~table.foreign & ~table.small, ~table.removed
    return model, PriorReport(
        leave_one_task_out=tuple(table.qualities(by_task)),
        leave_one_source_out=tuple(table.qualities(by_source)),
        match_auroc=_auroc(table.match[own & as_asked], table.right[own & as_asked]),
        novelty_auroc=_auroc(by_task[own], as_asked[own]),
        tasks=tuple(_tasks(answers, by_task)),
        thresholds=LabelledChances(
            match=table.match,
            length=np.array([question_length(answer.ranking) for answer in answers]),
            right=table.right,
            by_task=by_task,
            by_source=by_source,
            answerable=own & as_asked,
            removed=own & ~as_asked,
            foreign=table.foreign,
        ).choose(),
    )


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Labelled answers as columns."""

    columns: Floats
    right: Floats
    match: Floats
    removed: Rows
    foreign: Rows
    small: Rows
    counted: Rows
    """One answer for each question, without the foreign ones."""
    task: npt.NDArray[np.str_]

    @classmethod
    def of(cls, answers: Sequence[PublicAnswer], features: Sequence[str]) -> "AnswerTable":
        """The columns in the order of the features."""
        return cls(
            columns=np.array([[answer.ranking[name] for name in features] for answer in answers]),
            right=np.array([answer.right for answer in answers], np.float64),
            match=np.array([answer.match for answer in answers]),
            removed=np.array([answer.removed for answer in answers]),
            small=np.array([answer.small for answer in answers]),
            foreign=np.array([answer.source == FOREIGN_SOURCE for answer in answers]),
            counted=np.array([answer.counted and answer.source != FOREIGN_SOURCE for answer in answers]),
            task=np.array([answer.task for answer in answers]),
        )

    def fit(self, rows: Rows) -> logistic.Logistic:
        """The regression on some rows."""
        return logistic.fit(self.columns[rows], self.right[rows], RIDGE, self.mass()[rows])

    def mass(self) -> Floats:
        """How much each answer weighs: a task as the root of its questions, a quarter of it those asked in vain."""
        mass = np.zeros(len(self.right))
        for name in np.unique(self.task):
            rows = self.task == name
            if self.foreign[rows].all():
                mass[rows] = FOREIGN_MASS / rows.sum()
                continue
            small = str(name).endswith(SMALL_SUFFIX)
            new, weight = (NEW_SHARE_SMALL, SMALL_WEIGHT) if small else (NEW_SHARE, 1.0)
            for part, share in ((rows & ~self.removed, 1 - new), (rows & self.removed, new)):
                mass[part] = weight * share * np.sqrt(part.sum()) / max(part.sum(), 1)
        scaled: Floats = mass * (len(self.right) / 2 / mass.sum())
        return scaled

    def predict_left_out(self, groups: Sequence[str]) -> Floats:
        """Each group's probabilities by a regression fitted on all others."""
        names = np.array(groups)
        chances = np.zeros(len(names))
        for name in np.unique(names):
            held_out = names == name
            chances[held_out] = self.fit(~held_out).chances(self.columns[held_out])
        return chances

    def qualities(self, chances: Floats) -> Iterator[PriorQuality]:
        """The figures over three mixes of questions, of small memories, and of foreign questions."""
        own = ~self.foreign & ~self.small
        for name, rows in (
            ("a quarter without right documents", self.counted & ~self.small),
            ("as asked", own & ~self.removed),
            ("each with and without right documents", own),
            ("small memories, half without right documents", self.counted & self.small),
            (FOREIGN_ANSWERS, self.foreign),
        ):
            if rows.any():
                yield _quality(name, chances[rows], self.right[rows])


def _quality(name: str, chances: Floats, right: Floats) -> PriorQuality:
    claims, truths = chances.tolist(), [bool(value) for value in right]
    error = reliability.ece(claims, truths)
    return PriorQuality(
        answers=name,
        n=len(truths),
        right=float(right.mean()),
        auroc=_auroc(chances, right),
        brier=reliability.brier(claims, truths),
        brier_base=reliability.brier_baseline(truths),
        ece=error.value if error else None,
    )


def _auroc(scores: Floats, truths: Floats | Rows) -> float | None:
    return reliability.auroc(scores.tolist(), [bool(truth) for truth in truths]).value


def _tasks(answers: Sequence[PublicAnswer], chances: Floats) -> Iterator[TaskQuality]:
    by_name: dict[str, list[int]] = {}
    for place, answer in enumerate(answers):
        by_name.setdefault(answer.task, []).append(place)
    for name, places in sorted(by_name.items()):
        asked_rows = [place for place in places if not answers[place].removed]
        removed_rows = [place for place in places if answers[place].removed]
        right = np.array([answers[place].right for place in asked_rows], np.float64)
        first = answers[places[0]]
        if asked_rows:
            yield TaskQuality(
                name,
                first.kind,
                first.source,
                len(asked_rows),
                float(right.mean()),
                float(chances[asked_rows].mean()),
                float(chances[removed_rows].mean()),
                float(np.square(chances[asked_rows] - right).mean()),
            )


def _provenance(tasks: Sequence[PublicTask], reports: Mapping[str, PriorReport]) -> dict[str, Any]:
    return {
        "command": "onrecall bench prior FOLDER",
        "share_without_right_documents": NEW_SHARE,
        "ridge": RIDGE,
        "thresholds": _thresholds(reports["with_meaning"].thresholds),
        "tasks": [
            {"name": task.name, "kind": task.kind, "source": task.source, "questions": len(task.task.queries)}
            for task in tasks
        ],
        "leave_one_task_out": {
            name: [_rounded(asdict(quality)) for quality in report.leave_one_task_out]
            for name, report in reports.items()
        },
    }


def _thresholds(choice: ThresholdChoice) -> dict[str, float | None]:
    similar = choice.similar
    return {"sure": choice.sure, "doubtful": similar.doubtful, "near": similar.near, "likely": similar.likely}


def _rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}

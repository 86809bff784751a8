"""All that is bundled, measured in one run: rankings beside others, probability, novelty, foreign questions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from onrecall import examples, importers
from onrecall.backtest import report_json
from onrecall.backtest.chronology import History
from onrecall.backtest.run import backtest
from onrecall.benchmarks import ir_metrics
from onrecall.benchmarks.beir import Task
from onrecall.benchmarks.example_tasks import example_tasks
from onrecall.benchmarks.first_answers import AnswerQuality, ForeignQuality, measure_answers, measure_foreign
from onrecall.benchmarks.ir_metrics import Difference
from onrecall.benchmarks.novelty import BaselineScores, passes
from onrecall.benchmarks.prior import (
    FOREIGN_CORPUS,
    FOREIGN_SOURCE,
    AnswerTable,
    PublicAnswer,
    ask_foreign,
    ask_twice,
)
from onrecall.benchmarks.public_tasks import SMALL_SUFFIX, read_tasks, small_memories
from onrecall.benchmarks.public_text import read_public_text
from onrecall.benchmarks.recall import Ranked, best_documents
from onrecall.benchmarks.task_memory import Progress, ignore_progress, task_memory
from onrecall.benchmarks.task_pairs import PublicTask
from onrecall.calibration import prior
from onrecall.calibration.metrics import Floats
from onrecall.domain.document import Document
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.domain.situation import Situation
from onrecall.retrieval.embeddings import Embedder
from onrecall.retrieval.retriever import Retriever

OURS, BY_PROBABILITY = "onrecall", "onrecall, by probability"
LEFT_OUT, SHIPPED = "left out", "shipped"


@dataclass(frozen=True, slots=True)
class RankingQuality:
    """How well one system ranks: means over the questions of a task, or over the tasks."""

    system: str
    ndcg_at_10: float
    hit_at_1: float
    hit_at_3: float
    recall_at_10: float
    mrr: float


@dataclass(frozen=True, slots=True)
class TaskScore:
    """One task."""

    name: str
    kind: str
    source: str
    questions: int
    documents: int
    rankings: tuple[RankingQuality, ...]
    answers: AnswerQuality
    novelty: Mapping[str, float | None]
    """How often a question's best score is above that of one whose right documents are taken out, for each system."""
    prior: str
    """Which prior gave the probabilities: `left out`, fitted on the other tasks of this run, or `shipped`."""


@dataclass(frozen=True, slots=True)
class ChronologyScore:
    """A history replayed in time order; figures as `onrecall backtest --json` has them, None where not measured."""

    name: str
    incidents: int
    figures: Mapping[str, float | None]
    baselines: Mapping[str, float | None]
    """hit@3 of the simpler ways."""


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """Everything in one run."""

    tasks: tuple[TaskScore, ...]
    macro: tuple[RankingQuality, ...]
    tests: tuple[Difference, ...]
    """nDCG@10 against each other system, question by question, each task weighing the same."""
    answers: AnswerQuality
    """Over all questions of all tasks."""
    novelty: Mapping[str, float]
    """The mean of the tasks' novelty AUROC, for each system."""
    foreign: ForeignQuality | None
    foreign_at_90: Mapping[str, float]
    """The share of foreign questions above the score that nine of ten right first answers reach, for each system."""
    chronologies: tuple[ChronologyScore, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """What came out for one task, before it is counted."""

    public: PublicTask
    rankings: Mapping[str, Sequence[Ranked]]
    novelty: Mapping[str, float | None]
    answers: tuple[PublicAnswer, ...]
    foreign: Mapping[str, float]


def run(folder: Path | None, embedder: Embedder | None, progress: Progress = ignore_progress) -> Scoreboard:
    """Measure the tasks and histories of a folder, and the example history always."""
    tasks = read_tasks(folder) if folder else tuple(sorted(example_tasks(), key=lambda task: task.name))
    foreign = read_public_text(folder).foreign if folder else ()
    board = measure(tasks, foreign, embedder, progress)
    paths = [Path(next(iter(examples.__path__))), *(sorted(folder.glob("history*.jsonl")) if folder else ())]
    scores = tuple(_chronology(path, embedder, progress) for path in paths)
    return replace(board, chronologies=scores)


def measure(
    tasks: Sequence[PublicTask],
    foreign: Sequence[Task],
    embedder: Embedder | None,
    progress: Progress = ignore_progress,
) -> Scoreboard:
    """Measure retrieval tasks; foreign questions are asked of the first memory of alerts, else of the first of all."""
    host = next((task.name for task in tasks if task.name.endswith(FOREIGN_CORPUS)), tasks[0].name)
    runs: list[_Run] = []
    for number, public in enumerate(tasks, start=1):
        runs.append(_ask(public, foreign if public.name == host else (), embedder))
        progress("tasks", number, len(tasks))
    answers = [answer for task_run in runs for answer in task_run.answers]
    chances, fitted = _probabilities(answers, tasks, embedder)
    names = np.array([answer.task for answer in answers])
    strange = np.array([answer.source == FOREIGN_SOURCE for answer in answers])
    scores = tuple(
        _score(task_run, chances[names == task_run.public.name], task_run.public.name in fitted) for task_run in runs
    )
    question_count = sum(len(task.queries) for task in foreign)
    host_run = next(task_run for task_run in runs if task_run.public.name == host)
    own = ~strange & ~np.char.endswith(names, SMALL_SUFFIX)
    return Scoreboard(
        tasks=scores,
        macro=tuple(_macro(scores)),
        tests=tuple(_tests(runs)),
        answers=measure_answers(_select_answers(answers, own), chances[own]),
        novelty=_mean_novelty(scores),
        foreign=measure_foreign(_select_answers(answers, strange), chances[strange], question_count),
        foreign_at_90=_foreign_passes(host_run, answers, chances, question_count),
        chronologies=(),
    )


def _select_answers(answers: Sequence[PublicAnswer], rows: np.ndarray) -> list[PublicAnswer]:
    return [answer for answer, row in zip(answers, rows.tolist(), strict=True) if row]


def _ask(public: PublicTask, foreign: Sequence[Task], embedder: Embedder | None) -> _Run:
    with task_memory(public.task, embedder, embedder, ignore_progress) as recall:
        ours = [_ranked(recall, Situation(query.text, exclude=query.exclude)) for query in public.task.queries]
        answers = [*ask_twice(public, recall), *ask_foreign(foreign, recall)]
    for part in small_memories(public):
        with task_memory(part.task, embedder, embedder, ignore_progress) as recall:
            answers += ask_twice(part, recall)
    rivals = BaselineScores.of(public.task, embedder)
    rankings: dict[str, Sequence[Ranked]] = {OURS: ours}
    for name, table in rivals.tables().items():
        rankings[name] = [best_documents(public.task, row, scores) for row, scores in enumerate(table)]
    return _Run(public, rankings, rivals.novelty(), tuple(answers), rivals.foreign_passes(foreign, embedder))


def _ranked(recall: Retriever, situation: Situation) -> Ranked:
    return [(item.id, item.score) for item in recall.recall(situation, ir_metrics.DEPTH)]


def _probabilities(
    answers: Sequence[PublicAnswer], tasks: Sequence[PublicTask], embedder: Embedder | None
) -> tuple[Floats, frozenset[str]]:
    """A probability for each answer, and the tasks whose probabilities come from a prior that was fitted without them.

    That is so for tasks that the shipped prior was fitted on, where this run has others to fit on.
    """
    shipped = prior.load_shipped()
    model = shipped.with_meaning if embedder else shipped.by_words
    chances = np.array([model.probability(answer.ranking) for answer in answers])
    prior_tasks = {str(task["name"]) for task in shipped.provenance.get("tasks", ())}
    fitted = frozenset(task.name for task in tasks if task.name in prior_tasks)
    if len(tasks) == 1:
        return chances, frozenset()
    groups = [answer.task.removesuffix(SMALL_SUFFIX) for answer in answers]
    left_out = AnswerTable.of(answers, list(model.features)).predict_left_out(groups)
    use_left_out = np.array(
        [group in fitted or answer.source == FOREIGN_SOURCE for group, answer in zip(groups, answers, strict=True)]
    )
    return np.where(use_left_out, left_out, chances), fitted


def _score(task_run: _Run, chances: Floats, left_out: bool) -> TaskScore:
    public = task_run.public
    quality = measure_answers([answer for answer in task_run.answers if answer.task == public.name], chances)
    return TaskScore(
        name=public.name,
        kind=public.kind,
        source=public.source,
        questions=len(public.task.queries),
        documents=len(public.task.corpus),
        rankings=tuple(_ranking(public.task, name, ranked) for name, ranked in task_run.rankings.items()),
        answers=quality,
        novelty={OURS: quality.novelty_by_match, BY_PROBABILITY: quality.novelty_by_probability, **task_run.novelty},
        prior=LEFT_OUT if left_out else SHIPPED,
    )


def _judged_rankings(task: Task, ranked: Sequence[Ranked]) -> Iterator[tuple[list[str], Mapping[str, float]]]:
    for query, rows in zip(task.queries, ranked, strict=True):
        if query.id in task.right:
            yield [name for name, _ in rows], task.right[query.id]


def _ranking(task: Task, name: str, ranked: Sequence[Ranked]) -> RankingQuality:
    judged = list(_judged_rankings(task, ranked))
    hits = {within: [bool(set(rows[:within]) & right.keys()) for rows, right in judged] for within in (1, 3)}
    return RankingQuality(
        name,
        float(np.mean([ir_metrics.ndcg(*pair) for pair in judged])),
        float(np.mean(hits[1])),
        float(np.mean(hits[3])),
        float(np.mean([ir_metrics.recall_at(*pair, ir_metrics.DEPTH) for pair in judged])),
        float(np.mean([ir_metrics.reciprocal_rank(*pair) for pair in judged])),
    )


def _macro(scores: Sequence[TaskScore]) -> Iterator[RankingQuality]:
    for place, first in enumerate(scores[0].rankings):
        rows = [task.rankings[place] for task in scores]
        values = [(row.ndcg_at_10, row.hit_at_1, row.hit_at_3, row.recall_at_10, row.mrr) for row in rows]
        yield RankingQuality(first.system, *map(float, np.mean(values, axis=0)))


def _mean_novelty(scores: Sequence[TaskScore]) -> dict[str, float]:
    measured = {name: [task.novelty[name] for task in scores] for name in scores[0].novelty}
    return {
        name: float(np.mean([value for value in values if value is not None]))
        for name, values in measured.items()
        if any(value is not None for value in values)
    }


def _foreign_passes(
    host: _Run, answers: Sequence[PublicAnswer], chances: Floats, question_count: int
) -> dict[str, float]:
    if not question_count:
        return {}
    match = np.array([answer.match for answer in answers])
    strange = np.array([answer.source == FOREIGN_SOURCE for answer in answers])
    right = np.array([answer.task == host.public.name and answer.right for answer in answers])
    scales = {OURS: match, BY_PROBABILITY: chances}
    ours = {name: passes(scores[right], scores[strange], question_count) for name, scores in scales.items()}
    return {**ours, **host.foreign}


def _tests(runs: Sequence[_Run]) -> Iterator[Difference]:
    def gains(system: str) -> dict[str, list[float]]:
        return {
            task_run.public.name: [
                ir_metrics.ndcg(*pair) for pair in _judged_rankings(task_run.public.task, task_run.rankings[system])
            ]
            for task_run in runs
        }

    ours = gains(OURS)
    for system in runs[0].rankings:
        if system != OURS:
            yield ir_metrics.compare_tasks((OURS, system), ours, gains(system))


def _chronology(path: Path, embedder: Embedder | None, progress: Progress) -> ChronologyScore:
    records = (record for record in importers.read(path) if isinstance(record, Incident | Document | RejectedInput))
    report = backtest(History.of(records), embedder, progress)
    plain = report_json.report_to_json(report)
    names = ("hit_at_1", "hit_at_3", "mrr", "ece", "brier", "brier_base_then", "novelty_auroc", "confident_wrong")
    baselines = {baseline.name: baseline.hits.hit_at_3.value for baseline in report.baselines if not baseline.missing}
    return ChronologyScore(path.stem, report.incidents, {name: plain[name] for name in names}, baselines)

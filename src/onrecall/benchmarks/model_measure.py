"""What a sentence model is worth here: its speed on this machine, and its gain inside the product on the bundled tasks.

The bundled tasks are those of the example history. The product answers each question with the model and with the
shipped one; their nDCG@10 are compared question by question.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from onrecall.benchmarks import ir_metrics
from onrecall.benchmarks.beir import Task
from onrecall.benchmarks.example_tasks import example_tasks
from onrecall.benchmarks.task_memory import Progress, task_memory
from onrecall.domain.situation import Situation
from onrecall.retrieval.embeddings import Embedder, Vectors, as_passages, as_questions

SPEED_ROUNDS = 20
SCALE_TASK = "examples_title_to_description"
"""Its questions and passages are those whose cosines are compared with the shipped model's."""


def bundled_tasks() -> list[Task]:
    """Return the tasks that come with OnRecall."""
    return [public.task for public in example_tasks()]


@dataclass(frozen=True, slots=True)
class ModelSpeed:
    """How fast a model runs on this machine."""

    question_ms: float
    """Median time of one question."""
    passages_per_second: float


@dataclass(frozen=True, slots=True)
class ModelGain:
    """nDCG@10 of the product with the model, beside that with the shipped one, over all questions."""

    tasks: int
    questions: int
    ndcg_at_10: float
    shipped: float
    difference: float
    p: float
    """How often chance alone makes a difference as large."""


@dataclass(frozen=True, slots=True)
class CosineScale:
    """By which its cosines are spread as those of the shipped model: (cosine − floor) × gain."""

    floor: float
    gain: float


def measure_speed(embedder: Embedder, asking: Embedder) -> ModelSpeed:
    """Return how fast it embeds questions one by one, and passages together."""
    task = _scale_task()
    questions = as_questions(asking, [query.text for query in task.queries[: SPEED_ROUNDS + 1]])
    asking.embed(questions[:1])
    seconds = []
    for question in questions[1:]:
        started = time.perf_counter()
        asking.embed([question])
        seconds.append(time.perf_counter() - started)
    passages = as_passages(embedder, [document.text for document in task.corpus])
    started = time.perf_counter()
    embedder.embed(passages)
    return ModelSpeed(1000 * median(seconds), len(passages) / (time.perf_counter() - started))


def fit_scale(embedder: Embedder, shipped: Embedder) -> CosineScale:
    """Return what gives the model's cosines the mean and the spread of the shipped model's on the same pairs."""
    task = _scale_task()
    own, reference = _cosines(embedder, task), _cosines(shipped, task)
    gain = float(reference.std() / max(own.std(), 1e-6))
    return CosineScale(round(float(own.mean() - reference.mean() / gain), 2), round(min(max(gain, 0.05), 20.0), 2))


def measure_gain(
    model: tuple[Embedder, Embedder], shipped: tuple[Embedder, Embedder], tasks: Sequence[Task], progress: Progress
) -> ModelGain:
    """Return how much better the product finds with a model than with the shipped one, each in its own fusion.

    Of both, the embedder for what is stored and the one for what is asked.
    """
    own: list[float] = []
    reference: list[float] = []
    for number, task in enumerate(tasks, start=1):
        own += _gains(task, *model)
        reference += _gains(task, *shipped)
        progress("measuring", number, len(tasks))
    comparison = ir_metrics.compare(("model", "shipped"), own, reference)
    return ModelGain(
        len(tasks), len(own), float(np.mean(own)), float(np.mean(reference)), comparison.difference, comparison.p
    )


def _gains(task: Task, embedder: Embedder, asking: Embedder) -> list[float]:
    with task_memory(task, embedder, asking, lambda _stage, _count, _total: None) as recall:
        return [
            ir_metrics.ndcg(
                [item.id for item in recall.recall(Situation(query.text, exclude=query.exclude), ir_metrics.DEPTH)],
                task.right[query.id],
            )
            for query in task.queries
            if query.id in task.right
        ]


def _scale_task() -> Task:
    return next(task for task in bundled_tasks() if task.name == SCALE_TASK)


def _cosines(embedder: Embedder, task: Task) -> Vectors:
    questions = embedder.embed(as_questions(embedder, [query.text for query in task.queries]))
    passages = embedder.embed(as_passages(embedder, [document.text for document in task.corpus]))
    return np.asarray(questions @ passages.T, np.float32)

"""The scoreboard as a page: what, beside whom, on which data, by which command."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from onrecall.benchmarks.first_answers import AnswerQuality
from onrecall.benchmarks.scoreboard import OURS, ChronologyScore, RankingQuality, Scoreboard, TaskScore

SYSTEMS = {
    OURS: "OnRecall",
    "bm25": "BM25",
    "minilm": "MiniLM",
    "rrf": "rank fusion of both",
    "recipe": "recipe of three signals",
    "most_frequent_cause": "usual cause",
}

NOVELTY = (
    "*New in the domain*: every question is asked again with its right documents taken out; how often a question "
    "scores above such a one (AUROC, mean over the tasks). *Foreign*: questions about other systems; how many score "
    "above what nine of ten right first answers reach."
)
PROBABILITY = (
    "Over all questions. The probabilities of a task come from a prior that was fitted without it wherever the shipped "
    "one has seen it."
)


def page(board: Scoreboard, command: str, day: date) -> str:
    """The page in Markdown."""
    ranking = ("system", "nDCG@10", "hit@1", "hit@3", "recall@10", "MRR")
    replay = ("history", "openings", "hit@1", "hit@3", "hit@3 of others", "ECE", "Brier; base then", "novelty AUROC")
    columns = (f"{_name(row.system)} nDCG@10" for row in board.macro)
    parts = [
        "# Scoreboard",
        _intro(board, command, day),
        "## Ranking, macro means",
        _table(ranking, map(_ranking, board.macro)),
        _tests(board),
        "## Never seen",
        NOVELTY,
        _table(("system", "new in the domain", "foreign pass"), _novelty(board)),
        *_foreign(board),
        "## The first answer and its probability",
        PROBABILITY,
        _table(("figure", "value"), _answers(board.answers)),
        "## Histories, replayed in time order",
        _table(replay, map(_chronology, board.chronologies)),
        "## Task by task",
        _table(
            ("task", "kind", "questions", "documents", *columns, "ECE", "novelty", "prior"), map(_task, board.tasks)
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _intro(board: Scoreboard, command: str, day: date) -> str:
    question_count = sum(task.questions for task in board.tasks)
    sources = ", ".join(sorted({task.source for task in board.tasks}))
    return (
        f"Written by `{command}` on {day:%d %B %Y}: {len(board.tasks)} retrieval tasks "
        f"with {question_count:,} questions (texts: {sources}), each system on the same text in the same run. "
        "How the tasks are made and what the other systems are: [benchmarks.md](benchmarks.md). "
        "A macro mean gives every task the same weight."
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _name(system: str) -> str:
    return SYSTEMS.get(system, system.replace(OURS, SYSTEMS[OURS]))


def _figure(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1%}"


def _ranking(row: RankingQuality) -> tuple[str, ...]:
    figures = (row.ndcg_at_10, row.hit_at_1, row.hit_at_3, row.recall_at_10, row.mrr)
    return (_name(row.system), *map(_figure, figures))


def _tests(board: Scoreboard) -> str:
    lines = (
        f"- against {_name(test.than)}: {test.difference:+.4f} ({test.low:+.4f} to {test.high:+.4f}), p = {test.p:.4f}"
        for test in board.tests
    )
    return "nDCG@10 of OnRecall, paired by question, with 95 % intervals:\n\n" + "\n".join(lines)


def _novelty(board: Scoreboard) -> Iterator[tuple[str, ...]]:
    for system, value in board.novelty.items():
        yield _name(system), _figure(value), _share(board.foreign_at_90.get(system))


def _foreign(board: Scoreboard) -> Iterator[str]:
    if board.foreign is not None:
        similar_share, known_share = _share(board.foreign.similar), _share(board.foreign.known)
        yield (
            f"Of {board.foreign.questions:,} foreign questions {similar_share} are answered as similar or known "
            f"with the thresholds that ship (out-of-domain false recall), {known_share} as known."
        )


def _answers(quality: AnswerQuality) -> Iterator[tuple[str, ...]]:
    yield "questions", f"{quality.questions:,}"
    yield "first answer right, as asked", _share(quality.right)
    yield "AUROC of the probability, a quarter without right documents", _figure(quality.auroc)
    yield "Brier; of the base rate", f"{_figure(quality.brier)}; {_figure(quality.brier_base)}"
    yield "ECE; by chance alone", f"{_figure(quality.ece)}; {_figure(quality.ece_by_chance)}"
    yield "known, as asked; right of these", f"{_share(quality.known)}; {_share(quality.known_right)}"
    yield "right, but called never seen", _share(quality.missed)
    without = f"{_share(quality.removed_similar)}; {_share(quality.removed_known)}"
    yield "right documents taken out: still similar or known; known", without


def _chronology(score: ChronologyScore) -> tuple[str, ...]:
    figures = score.figures
    baselines = "; ".join(f"{_name(name)} {_share(value)}" for name, value in score.baselines.items())
    return (
        score.name,
        f"{score.incidents:,}",
        _share(figures["hit_at_1"]),
        _share(figures["hit_at_3"]),
        baselines or "not measured",
        _figure(figures["ece"]),
        f"{_figure(figures['brier'])}; {_figure(figures['brier_base_then'])}",
        _figure(figures["novelty_auroc"]),
    )


def _task(task: TaskScore) -> tuple[str, ...]:
    rankings = (_figure(row.ndcg_at_10) for row in task.rankings)
    size = (f"{task.questions:,}", f"{task.documents:,}")
    answers = task.answers
    return (
        task.name,
        task.kind,
        *size,
        *rankings,
        _figure(answers.ece),
        _figure(answers.novelty_by_probability),
        task.prior,
    )

"""The scoreboard: every system on the same questions, and what is taken out is not there for any of them."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from onrecall.benchmarks import recall
from onrecall.benchmarks.beir import BeirQuery, CorpusDocument, Task
from onrecall.benchmarks.example_tasks import example_tasks
from onrecall.benchmarks.first_answers import measure_answers, measure_foreign
from onrecall.benchmarks.novelty import BaselineScores, passes
from onrecall.benchmarks.prior import PublicAnswer
from onrecall.benchmarks.scoreboard import OURS, measure
from onrecall.benchmarks.scoreboard_page import page
from onrecall.benchmarks.task_pairs import PublicTask
from onrecall.recommendation.thresholds import Thresholds

pytestmark = pytest.mark.statistics

DAY = date(2026, 1, 31)
PARTS = ("valve", "boiler", "turbine", "pump", "duct", "filter", "sensor", "gate", "crane", "belt", "motor", "hopper")


def plant(name: str = "plant_noname") -> Task:
    corpus = tuple(
        CorpusDocument(part, part.title(), f"The {part} stopped and its {part} light went red.") for part in PARTS
    )
    queries = tuple(BeirQuery(f"q-{part}", f"red light at the {part}") for part in PARTS)
    return Task(name, corpus, queries, {f"q-{part}": {part: 1.0} for part in PARTS})


FOREIGN = Task("elsewhere", (), (BeirQuery("f1", "snow on runway two"), BeirQuery("f2", "the ferry is late")), {})


def answer(question: str, match: float, *, right: bool, removed: bool = False) -> PublicAnswer:
    return PublicAnswer("t", "alert text", "s", question, removed, {}, match, right)


def test_shares_count_what_was_asked_and_what_was_taken_out() -> None:
    answers = [
        answer("a", 0.95, right=True),
        answer("b", 0.85, right=False),
        answer("c", 0.10, right=True),
        answer("a", 0.85, right=False, removed=True),
        answer("b", 0.30, right=False, removed=True),
        answer("c", 0.05, right=False, removed=True),
    ]
    chances = np.array([0.95, 0.9, 0.3, 0.3, 0.1, 0.05])
    quality = measure_answers(answers, chances, Thresholds())
    assert (quality.questions, quality.right) == (3, pytest.approx(2 / 3))
    assert (quality.known, quality.known_right) == (pytest.approx(2 / 3), 0.5)
    assert quality.missed == 0.5
    assert (quality.removed_similar, quality.removed_known) == (pytest.approx(1 / 3), 0.0)
    assert quality.novelty_by_match == pytest.approx(6.5 / 9)


def test_a_terse_question_counts_as_the_verdict_counts_it() -> None:
    terse, longer = (replace(answer("a", 0.43, right=True), ranking={"length": length}) for length in (0.2, 0.5))
    assert measure_answers([terse, longer], np.array([0.35, 0.35])).missed == 0.5


def test_a_foreign_question_that_recalls_nothing_is_counted_all_the_same() -> None:
    assert measure_foreign([], np.zeros(0), 0) is None
    found = measure_foreign([answer("f", 0.9, right=False), answer("g", 0.1, right=False)], np.array([0.9, 0.1]), 4)
    assert found is not None
    assert (found.questions, found.similar, found.known) == (4, 0.25, 0.25)


def test_what_is_taken_out_leaves_no_gap_in_the_ranks() -> None:
    rivals = BaselineScores(
        Task("t", tuple(CorpusDocument(name, "", name) for name in "abc"), (BeirQuery("q", "?"),), {"q": {"a": 1.0}}),
        bm25=np.array([[3.0, 2.0, 1.0]], np.float32),
        minilm=np.array([[0.9, 0.8, 0.1]], np.float32),
        signals=(np.array([[3.0, 2.0, 1.0]], np.float32),) * 3,
    )
    hidden = np.array([[True, False, False]])
    table = rivals.tables(hidden)["rrf"]
    assert np.isneginf(table[0, 0])
    assert table[0, 1] == pytest.approx(2 / 61)
    assert rivals.novelty()["rrf"] == 0.5
    assert rivals.novelty()["bm25"] == 1.0
    assert rivals.tables(hidden)["recipe"][0].tolist() == pytest.approx([-np.inf, 1.0, -1.0])


def test_foreign_questions_pass_by_the_bar_that_right_ones_set() -> None:
    assert passes(np.linspace(0.5, 1.0, 11), np.array([0.2, 0.54, 0.56, 0.9]), 5) == 0.4
    assert passes(np.zeros(0), np.array([0.2]), 1) == 1.0


def test_every_system_is_asked_the_same(tmp_path: Path) -> None:
    examples = next(task for task in example_tasks() if task.name == "examples_opening_to_page")
    tasks = [PublicTask(plant(), "alert text", "plant"), examples]
    board = measure(tasks, [FOREIGN], None)
    assert [row.system for row in board.macro] == [OURS, "bm25"]
    assert board.macro[0].ndcg_at_10 == pytest.approx(np.mean([task.rankings[0].ndcg_at_10 for task in board.tasks]))
    assert [task.prior for task in board.tasks] == ["shipped", "left out"]
    assert board.tasks[0].answers.novelty_by_match is not None
    assert board.tasks[0].answers.novelty_by_match > 0.9
    assert board.foreign is not None
    assert board.foreign.questions == 2
    assert set(board.foreign_at_90) == {OURS, "onrecall, by probability", "bm25"}
    text = page(board, "onrecall bench all DIR", DAY)
    assert "| OnRecall |" in text
    assert f"| plant_noname | alert text | {len(PARTS)} |" in text


def test_one_task_says_what_its_first_answers_are_worth(tmp_path: Path) -> None:
    task = plant("plant")
    rows = {
        "corpus": [{"_id": one.id, "title": one.title, "text": one.text} for one in task.corpus],
        "queries": [{"_id": one.id, "text": one.text} for one in task.queries],
        "qrels": [{"query-id": name, "corpus-id": one, "score": 1} for name, ids in task.right.items() for one in ids],
    }
    for name, lines in rows.items():
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    report = recall.run(tmp_path, None)
    assert report.answers is not None
    assert report.answers.right == 1.0
    assert report.answers.removed_known == 0.0
    assert set(report.novelty) == {"bm25"}

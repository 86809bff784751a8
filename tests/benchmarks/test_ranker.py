"""The ranker: what may reorder candidates, and that its weights are measured on tasks that did not choose them."""

import numpy as np
import pytest

from onrecall.benchmarks.beir import BeirQuery, CorpusDocument, Task
from onrecall.benchmarks.ranker import UNRANKED, RankedQuestion, measure
from onrecall.benchmarks.task_pairs import PublicTask
from onrecall.retrieval.fusion import Ranker

LONG_QUESTION, SHORT_QUESTION = 40, 5


def question(terms: int, right: str = "brief") -> RankedQuestion:
    """A long page is nominally ahead of a brief one that says the same as the question."""
    return RankedQuestion(
        ids=("handbook", "brief"),
        terms=terms,
        strength=np.array([1.50, 1.45]),
        words=np.array([0.9, 0.8]),
        overlap=np.array([0.05, 0.4]),
        length=np.array([3.0, -1.0]),
        right={right: 1.0},
    )


def task(name: str, source: str) -> PublicTask:
    entries = (CorpusDocument("handbook", "", "all there is"), CorpusDocument("brief", "", "this alone"))
    return PublicTask(Task(name, entries, (BeirQuery("q", "what"),), {"q": {"brief": 1.0}}), "alert text", source)


def test_a_long_page_gives_way_to_what_says_the_same():
    assert question(LONG_QUESTION).ndcg(Ranker()) == 1.0
    assert question(LONG_QUESTION).ndcg(UNRANKED) < 1.0


def test_a_short_question_is_never_reordered():
    assert question(SHORT_QUESTION).ndcg(Ranker()) == question(SHORT_QUESTION).ndcg(UNRANKED)


def test_a_task_does_not_choose_the_weights_that_it_is_measured_with():
    tasks = [task("pages", "a"), task("reports", "b"), task("notes", "c")]
    asked = {name: [question(LONG_QUESTION)] for name in ("pages", "reports")}
    asked["notes"] = [question(LONG_QUESTION, right="handbook")] * 3
    report = measure(tasks, asked)
    rows = {row.name: row for row in report.tasks}
    assert rows["notes"].by_match == 1.0
    assert rows["notes"].left_task_out < 1.0
    assert rows["pages"].by_match < 1.0
    assert report.macro.by_match == pytest.approx(np.mean([row.by_match for row in report.tasks]))
    assert {test.better for test in report.tests} == {"one task left out", "one source left out"}

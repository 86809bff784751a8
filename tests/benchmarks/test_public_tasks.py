"""Tasks made from public text: who asks for whom is fixed by the text itself, and is the same every time."""

import json
from pathlib import Path

import numpy as np
import pytest

from onrecall.benchmarks import beir
from onrecall.benchmarks.beir import BeirQuery, CorpusDocument, Task
from onrecall.benchmarks.example_tasks import example_tasks
from onrecall.benchmarks.prior import NEW_SHARE, PublicAnswer, ask_twice, fit_and_measure, label_answers
from onrecall.benchmarks.public_tasks import read_tasks, write_task
from onrecall.benchmarks.public_text import parse_page, read_public_text
from onrecall.benchmarks.question_forms import bare_name, misspelt, terse
from onrecall.benchmarks.task_memory import task_memory
from onrecall.benchmarks.task_pairs import PublicTask
from onrecall.calibration.prior import FEATURES
from onrecall.domain.errors import Invalid

PARTS = ("valve", "boiler", "turbine", "pump", "duct", "filter", "sensor", "gate", "crane", "belt", "motor", "hopper")


def page(part: str) -> str:
    return (
        f"---\nweight: 3\n---\n# {part.title()}Stuck\n\n## Impact\n\nThe {part} stands still and goods pile up in front of it.\n\n"
        f"## Diagnosis\n\nLook whether the {part} draws current at all:\n\n```shell\n$ plantctl status {part} --verbose\n{part} IDLE 0 A\n```\n\n"
        f"## Mitigation\n\nSwitch the {part} off, wait a minute, and switch it on again.\n"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pages = tmp_path / "runbooks_plant" / "line"
    pages.mkdir(parents=True)
    for part in PARTS:
        (pages / f"{part}.md").write_text(page(part), "utf-8")
    rows = [
        {
            "id": f"R{n}",
            "title": f"The {part} of line {n} stopped again",
            "description": f"At noon the {part} came to rest.\nOperators heard a hum from the {part} and called for help within minutes of it.",
            **({"duplicate_of": "R0"} if n == 5 else {}),
        }
        for n, part in enumerate(PARTS)
    ]
    (tmp_path / "history_plant.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "queries.jsonl").write_text('{"_id": "f1", "text": "Snow on the runway"}\n', "utf-8")
    return tmp_path


def test_a_page_is_cut_into_sections_and_a_fence_holds_no_heading():
    found = parse_page("x", page("valve").replace("$ plantctl", "# not a heading\n$ plantctl"))
    assert found.title == "ValveStuck"
    assert set(found.sections) == {"impact", "diagnosis", "mitigation"}
    assert "# not a heading" in found.code_blocks[0]
    assert "plantctl" not in found.without_code()


def test_a_fence_of_tildes_is_code_and_one_that_nothing_closes_is_none():
    text = page("valve").replace("```shell", "~~~shell").replace("0 A\n```", "0 A\n~~~")
    assert parse_page("x", text).code_blocks == ("$ plantctl status valve --verbose\nvalve IDLE 0 A",)
    unclosed = parse_page("x", page("valve") + "```\nplantctl stop valve\n")
    assert len(unclosed.code_blocks) == 1
    assert "plantctl stop" in unclosed.without_code()


def test_sections_ask_for_sections_and_titles_for_texts(folder: Path) -> None:
    tasks = {task.name: task for task in read_tasks(folder)}
    impact = tasks["runbooks_impact_to_mitigation"].task
    assert {question.id for question in impact.queries} == set(PARTS)
    assert all("Switch" in entry.text and "pile up" not in entry.text for entry in impact.corpus)
    titles = tasks["reports_title_to_text"].task
    assert all(titles.right[question.id] == {question.id: 1.0} for question in titles.queries)
    assert len({task.kind for task in tasks.values()}) >= 6


def test_tasks_are_the_same_every_time_and_come_back_from_their_folder(folder: Path, tmp_path: Path) -> None:
    assert read_tasks(folder) == read_tasks(folder)
    for public in read_tasks(folder):
        write_task(public.task, tmp_path / "out")
        assert beir.read(tmp_path / "out" / public.name) == public.task


def test_the_example_history_alone_gives_tasks() -> None:
    tasks = example_tasks()
    assert len(tasks) >= 5
    assert all(len(public.task.queries) >= 10 for public in tasks)
    assert all(public.task.right[question.id] for public in tasks for question in public.task.queries)


def test_a_folder_without_public_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="holds neither"):
        read_public_text(tmp_path)
    with pytest.raises(Invalid, match="there is no folder"):
        read_public_text(tmp_path / "absent")


def test_questions_in_a_hurry() -> None:
    assert (
        terse("The Checkout is answering 503 to most of the customers since noon")
        == "checkout answering 503 most customers"
    )
    assert bare_name("disk of node-3 is full") == "DiskOfNode3IsFull"
    text = "several database connections are exhausted on the primary replica since yesterday"
    assert misspelt(text) != text
    assert misspelt(text) == misspelt(text)
    assert len(misspelt(text).split()) == len(text.split())


def test_every_question_is_asked_with_and_without_its_right_documents(folder: Path) -> None:
    tasks = [task for task in read_tasks(folder) if task.name == "reports_title_to_text"]
    answers = list(label_answers(folder, tasks, None))
    assert {answer.small for answer in answers} == {True, False}
    answers = [answer for answer in answers if not answer.small]
    with_right = [answer for answer in answers if not answer.removed]
    without = [answer for answer in answers if answer.removed]
    assert len(with_right) == len(PARTS)
    assert sum(answer.right for answer in with_right) >= len(PARTS) - 2
    assert not any(answer.right for answer in without)


def labelled(task: str, number: int, draw: np.random.Generator, *, removed: bool) -> PublicAnswer:
    right = not removed and draw.random() < 0.7
    ranking = dict.fromkeys(FEATURES, 0.5) | {
        "apart": draw.normal(1.0 if right else 0.2, 0.3),
        "covered": draw.normal(),
    }
    return PublicAnswer(task, "made up", task, f"q{number}", removed, ranking, 0.5, right)


def test_a_prior_learns_what_tells_and_its_figures_are_of_tasks_left_out() -> None:
    draw = np.random.default_rng(3)
    answers = [
        labelled(f"task{task}", number, draw, removed=removed)
        for task in range(6)
        for number in range(80)
        for removed in (False, True)
    ]
    model, report = fit_and_measure(answers, FEATURES)
    weights = dict(zip(model.features, model.regression.weights, strict=True))
    assert weights["apart"] > 10 * abs(weights["covered"])
    asked = {quality.answers: quality for quality in report.leave_one_task_out}
    assert asked["as asked"].auroc > 0.9
    assert asked["as asked"].brier < asked["as asked"].brier_base
    quarter = asked["a quarter without right documents"]
    assert quarter.n == 480
    assert abs(quarter.right - 0.7 * (1 - NEW_SHARE)) < 0.06
    assert quarter.ece < 0.08
    assert sum(level.of for level in model.levels) == 480


def test_reports_and_examples_are_stored_as_incidents_and_pages_are_not(folder: Path):
    given = folder / "plant_dup"
    given.mkdir()
    (given / "corpus.jsonl").write_text('{"_id": "a", "title": "Pump stuck", "text": "It hums"}\n', "utf-8")
    (given / "queries.jsonl").write_text(
        "".join(f'{{"_id": "q{n}", "text": "pump {n}"}}\n' for n in range(12)), "utf-8"
    )
    (given / "qrels.jsonl").write_text('{"query-id": "q1", "corpus-id": "a", "score": 1}\n', "utf-8")
    stored = {task.name: {entry.is_incident for entry in task.task.corpus} for task in read_tasks(folder)}
    assert stored["plant_dup"] == {True}
    assert stored["examples_opening_to_same_cause"] == {True}
    assert stored["examples_opening_to_page"] == {False}
    assert stored["runbooks_impact_to_mitigation"] == {False}


def test_of_near_duplicates_any_may_be_the_right_one():
    text = "At {} the pump of the north hall lost its pressure and the valve behind it closed"
    entries = [
        CorpusDocument(name, f"North hall pump pressure lost in line {n}", text.format(f"1{n}:31:07"), is_incident=True)
        for n, name in enumerate(("one", "two"))
    ]
    other = CorpusDocument("other", "Lights of the yard went out", "A fuse blew in the yard", is_incident=True)
    for name in ("one", "two"):
        query = BeirQuery("q", "North hall pump pressure lost, the valve closed")
        task = Task("halls", (*entries, other), (query,), {"q": {name: 1.0}})
        with task_memory(task, None, None, lambda *_: None) as recall:
            asked, removed = ask_twice(PublicTask(task, "duplicate report", "reports"), recall)
        assert (asked.right, removed.right) == (True, False)

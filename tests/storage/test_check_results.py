"""What checks showed: on the timeline once, read by what was looked at, until the incident is reopened."""

from dataclasses import replace

import pytest

from onrecall.domain.errors import NotFound
from onrecall.domain.evidence import Citation, StepExecution
from onrecall.domain.recommendation import DiagnosticCheck
from onrecall.storage import Storage

from .given import NOON, at, entry, incident, recommendation, resolution

CHECK = DiagnosticCheck(2, "Looked at the disk", Citation("X-1", "Looked at the disk", 7), "done in 1 of 1 full disk")
KEY = "run df -h"


@pytest.fixture
def answered(store: Storage) -> Storage:
    store.records.save([entry(incident("X-1")), entry(incident("X-2"))], NOON)
    store.recommendations.save(recommendation("rec-1", "X-1"), [])
    return store


def mark(store: Storage, result: str, minutes: float = 1, answer: str = "rec-1") -> bool:
    return store.check_results.mark(store.recommendations.get(answer), CHECK, KEY, result, at(minutes), "ada")


def test_a_result_is_an_event_and_the_newest_counts(answered: Storage) -> None:
    assert mark(answered, "same")
    assert not mark(answered, "same", 2), "the same again changes nothing"
    assert mark(answered, "different", 3)
    assert answered.check_results.of_incident("X-1", [KEY, "run free"]) == {KEY: "different"}
    assert answered.check_results.of_incident("X-2", [KEY]) == {}
    events = [event for event in answered.events.timeline("X-1") if event.type == "checked"]
    assert [(event.by, event.detail["check"], event.detail["result"]) for event in events] == [
        ("ada", 2, "same"),
        ("ada", 2, "different"),
    ]


def test_steps_that_were_done_count_and_reopening_begins_anew(answered: Storage) -> None:
    long_key = f"run {'x' * 5000}"
    executions = [StepExecution("run free", "did_not_help", at(5)), StepExecution(long_key, "worked", at(5))]
    mark(answered, "same")
    answered.incidents.resolve("X-1", resolution(), [], executions, [], at(61))
    assert answered.check_results.of_incident("X-1", [KEY, "run free", long_key]) == {
        KEY: "same",
        "run free": "different",
        long_key: "same",
    }
    answered.incidents.reopen("X-1", [], at(70))
    assert answered.check_results.of_incident("X-1", [KEY, "run free", long_key]) == {}


def test_a_result_for_an_incident_that_is_not_there(answered: Storage) -> None:
    answer = recommendation("rec-2", "X-9")
    with pytest.raises(NotFound, match="X-9"):
        answered.check_results.mark(answer, CHECK, KEY, "same", NOON, None)


def test_incidents_of_a_cause_are_the_newest_confirmed_ones_of_then(answered: Storage) -> None:
    for n, (provenance, minutes) in enumerate([("human", 10), ("model", 20), ("imported", 30), ("human", 40)]):
        done = replace(resolution("Logs filled the disk", minutes), cause="full-disk", provenance=provenance)
        record = incident(f"C-{n}", status="resolved", resolution=done, resolved_at=at(minutes))
        answered.records.save([entry(record)], NOON)
    labelled = {name: [i.id for i in found] for name, found in _of_causes(answered, 2).items()}
    assert labelled == {"full-disk": ["C-3", "C-2"], "unknown": []}
    assert [found.id for found in _of_causes(answered, 9, at(35))["full-disk"]] == ["C-2", "C-0"]


def _of_causes(store: Storage, limit: int, as_of=None):
    return store.incidents.of_causes(["full-disk", "unknown"], limit, as_of)

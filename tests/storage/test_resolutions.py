"""Resolutions: versions, and the credit that comes and goes with them."""

from dataclasses import replace

import pytest

from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.evidence import StepExecution, TrackRecord
from onrecall.domain.incident import IncidentLink
from onrecall.domain.recommendation import StepVerdict
from onrecall.storage import Storage

from .given import NOON, at, entry, incident, outcome, passage, recommendation, resolution

RESTART = StepExecution("restart", "worked", at(60))
SCALE = StepExecution("scale", "did_not_help", at(60))


@pytest.fixture
def opened(store: Storage) -> Storage:
    store.records.save([entry(incident("X-1"), passage("pool")), entry(incident("X-2"))], NOON)
    return store


def test_resolving_closes_and_is_recallable_at_once(opened: Storage) -> None:
    new_passages = [passage("pool"), passage("leak", "resolution", terms=(5,))]
    resolved = opened.incidents.resolve(
        "X-1", resolution(), new_passages, [RESTART], [IncidentLink("recurrence", "X-2")], at(61)
    )
    assert (resolved.status, resolved.resolved_at, resolved.resolution) == ("resolved", at(60), resolution())
    assert resolved.links == (IncidentLink("recurrence", "X-2"),)
    assert opened.incidents.get("X-1") == resolved
    assert opened.passages.changes(1, 10)[0].passage == replace(new_passages[1], owner="X-1")
    assert opened.passages.term_statistics([5]).df == {5: 1}
    assert opened.step_executions.track_records(["restart"]) == {"restart": TrackRecord(1, 1, 0, at(60))}


def test_the_same_resolution_again_changes_nothing(opened: Storage) -> None:
    first = opened.incidents.resolve("X-1", resolution(), [], [RESTART], [], at(61))
    again = opened.incidents.resolve("X-1", resolution(minutes=90, by="bob"), [passage("new")], [RESTART], [], at(91))
    assert again == first
    assert len(opened.incidents.resolutions("X-1")) == 1
    assert opened.step_executions.track_records(["restart"])["restart"].tried == 1
    assert [event.type for event in opened.events.timeline("X-1")] == ["opened", "resolved"]


def test_another_resolution_is_a_new_version_and_takes_over_the_credit(opened: Storage) -> None:
    opened.incidents.resolve("X-1", resolution("first"), [], [RESTART], [], at(61))
    corrected = opened.incidents.resolve("X-1", resolution("second", 80), [], [SCALE], [], at(81))
    assert corrected.resolved_at == at(60), "a correction does not make it last longer"
    assert [version.root_cause for version in opened.incidents.resolutions("X-1")] == ["second", "first"]
    assert opened.incidents.get("X-1").resolution == resolution("second", 80)
    assert opened.step_executions.track_records(["restart", "scale"]) == {"scale": TrackRecord(1, 0, 1, at(60))}
    assert opened.step_executions.track_records(["restart"], as_of=at(70)) == {"restart": TrackRecord(1, 1, 0, at(60))}
    assert [event.detail for event in opened.events.timeline("X-1") if event.type == "resolved"] == [
        {"version": 1},
        {"version": 2},
    ]


def test_reopening_takes_the_credit_back(opened: Storage) -> None:
    opened.recommendations.save(recommendation(about="X-1", cites="X-2"), ["a", "b"])
    opened.outcomes.save(outcome(), [StepExecution("look", "worked", at(10))], at(10))
    opened.incidents.resolve(
        "X-1", resolution(), [passage("pool"), passage("leak", "resolution")], [RESTART], [], at(61)
    )
    reopened = opened.incidents.reopen("X-1", [passage("pool")], at(70), "ann")
    assert (reopened.status, reopened.resolution, reopened.resolved_at) == ("open", None, None)
    assert opened.incidents.get("X-1") == reopened
    assert opened.step_executions.track_records(["restart", "look"]) == {}
    assert opened.outcomes.track_records(["X-2"]) == {}
    assert opened.health.counts()["outcomes"] == 0
    assert opened.step_executions.track_records(["restart", "look"], as_of=at(65)).keys() == {"restart", "look"}
    assert opened.outcomes.track_records(["X-2"], as_of=at(65)) == {"X-2": TrackRecord(1, 1, 0, at(10))}
    assert len(opened.incidents.resolutions("X-1")) == 1, "what was said stays on record"
    assert [
        stored_passage.text for _, stored_passage in opened.passages.of_owners([("incident", "X-1")])["incident", "X-1"]
    ] == ["pool"]
    assert opened.events.timeline("X-1")[-1].by == "ann"


def test_the_same_resolution_after_reopening_counts_anew(opened: Storage) -> None:
    opened.incidents.resolve("X-1", resolution(), [], [RESTART], [], at(61))
    opened.incidents.reopen("X-1", [], at(70))
    opened.incidents.resolve("X-1", resolution(minutes=80), [], [RESTART], [], at(81))
    assert len(opened.incidents.resolutions("X-1")) == 2
    assert opened.step_executions.track_records(["restart"])["restart"].worked == 1


def test_reopening_what_is_open_changes_nothing(opened: Storage) -> None:
    before = opened.passages.last_seq()
    assert opened.incidents.reopen("X-1", [], at(5)) == opened.incidents.get("X-1")
    assert opened.passages.last_seq() == before
    assert [event.type for event in opened.events.timeline("X-1")] == ["opened"]


def test_what_a_model_made_up_never_counts(opened: Storage) -> None:
    opened.incidents.resolve("X-1", resolution(provenance="model"), [], [RESTART], [], at(61))
    imported = incident("X-3", resolution=resolution(provenance="model"))
    opened.records.save([entry(imported, performed=(RESTART,))], NOON)
    assert opened.step_executions.track_records(["restart"]) == {}


def test_a_try_told_twice_of_one_incident_is_one_try(opened: Storage) -> None:
    opened.recommendations.save(recommendation(about="X-1"), [])
    opened.outcomes.save(outcome(), [StepExecution("restart", "worked", at(10))], at(10))
    opened.outcomes.save(outcome(by="bob"), [StepExecution("restart", "worked", at(11))], at(11))
    opened.incidents.resolve("X-1", resolution(), [], [RESTART, SCALE], [], at(61))
    opened.incidents.resolve("X-2", resolution(), [], [replace(SCALE, outcome="made_it_worse")], [], at(61))
    assert opened.step_executions.track_records(["restart", "scale", "never"]) == {
        "restart": TrackRecord(1, 1, 0, at(60)),
        "scale": TrackRecord(2, 0, 2, at(60)),
    }


def test_imports_bring_tries_too(store: Storage) -> None:
    store.records.save([entry(incident("X-1", resolution=resolution()), performed=(RESTART,))], NOON)
    assert store.step_executions.track_records(["restart"])["restart"].worked == 1
    changed = incident("X-1", resolution=resolution("other", 90))
    store.records.save([entry(changed, performed=(SCALE,))], NOON)
    assert store.step_executions.track_records(["restart", "scale"]).keys() == {"scale"}
    assert len(store.incidents.resolutions("X-1")) == 2


def test_long_keys_are_told_apart(opened: Storage) -> None:
    long_key, longer_key = "a" * 5000, "a" * 5000 + "b"
    opened.incidents.resolve("X-1", resolution(), [], [StepExecution(long_key, "worked", at(60))], [], at(61))
    assert opened.step_executions.track_records([long_key, longer_key]).keys() == {long_key}


def test_a_failed_resolution_leaves_nothing_behind(opened: Storage) -> None:
    before = list(opened.archive.dump())
    with pytest.raises(NotFound, match="X-9"):
        opened.incidents.resolve(
            "X-1", resolution(), [passage("leak")], [RESTART], [IncidentLink("recurrence", "X-9")], at(61)
        )
    with pytest.raises(Invalid, match="before it started"):
        opened.incidents.resolve("X-1", resolution(minutes=-1), [], [], [], at(61))
    with pytest.raises(Invalid, match="NUL"):
        opened.incidents.resolve("X-1", resolution(cause="a\0"), [], [], [], at(61))
    with pytest.raises(Invalid, match="NUL"):
        opened.incidents.resolve("X-1", resolution(), [passage("a\0")], [], [], at(61))
    assert list(opened.archive.dump()) == before


def test_a_step_without_credit_for_others(opened: Storage) -> None:
    """Two people may disagree; each person's last word counts."""
    opened.recommendations.save(recommendation(about="X-1", cites="X-2"), [])
    opened.outcomes.save(outcome("helped", 10), [StepExecution("look", "worked", at(10))], at(10))
    opened.outcomes.save(outcome("did_not_help", 20, steps=(StepVerdict(1, "did_not_help"),)), [], at(20))
    assert opened.outcomes.track_records(["X-2"]) == {"X-2": TrackRecord(1, 0, 1, at(20))}
    assert opened.step_executions.track_records(["look"]) == {}
    opened.outcomes.save(outcome("helped", 30, by="bob"), [], at(30))
    assert opened.outcomes.track_records(["X-2"]) == {"X-2": TrackRecord(2, 1, 1, at(30))}

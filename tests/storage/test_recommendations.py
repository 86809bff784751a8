"""Recommendations and what came of them."""

from dataclasses import replace

import pytest

from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.evidence import StepExecution, TrackRecord
from onrecall.domain.recommendation import StepVerdict
from onrecall.storage import Storage

from .given import NOON, at, entry, incident, outcome, recommendation, resolution


def test_an_answer_comes_back_exactly(store: Storage) -> None:
    answer = recommendation()
    assert store.recommendations.save(answer, ["a", "b"]) == answer
    assert store.recommendations.get("rec-1") == answer


def test_an_answer_to_nothing_known_comes_back_too(store: Storage) -> None:
    answer = replace(
        recommendation(),
        evidence=(),
        steps=(),
        verdict="never_seen",
        cause=None,
        confidence=None,
        confidence_reason="new",
    )
    store.recommendations.save(answer, [])
    assert store.recommendations.get("rec-1") == answer


def test_the_newest_answer_is_the_one_given_last(store: Storage) -> None:
    store.incidents.open(incident("X-1"), [], NOON)
    first, second = recommendation("rec-a", "X-1"), recommendation("rec-b", "X-1")
    store.recommendations.save(first, [])
    assert store.recommendations.newest("X-1") == first
    assert store.incidents.due(10) == ()
    store.recommendations.save(second, [])
    assert store.recommendations.newest("X-1") == second
    again = replace(first, created_at=at(99))
    assert store.recommendations.save(again, []) == first, "what was given is never changed"
    assert store.recommendations.newest("X-1") == first
    assert store.recommendations.of_incident("X-1") == (first, second)


def test_the_first_answer_is_the_one_given_first_and_of_two_at_once_the_one_repeated_last(store: Storage) -> None:
    for name in ("X-1", "X-2", "X-3"):
        store.incidents.open(incident(name), [], NOON)
    later = replace(recommendation("rec-a", "X-1"), created_at=at(9))
    first, same_time = recommendation("rec-b", "X-1"), recommendation("rec-c", "X-1")
    other = recommendation("rec-d", "X-2")
    for answer in (first, same_time, later, other):
        store.recommendations.save(answer, [])
    names = ("X-1", "X-2", "X-3", "X-4", "no\0name")
    assert store.recommendations.first_of_incidents(names) == {"X-1": same_time, "X-2": other}
    store.recommendations.save(first, [])
    assert store.recommendations.first_of_incidents(names)["X-1"] == first


def test_the_newest_answer_again_changes_nothing(store: Storage) -> None:
    store.incidents.open(incident("X-1"), [], NOON)
    answer = recommendation(about="X-1")
    store.recommendations.save(answer, [])
    before = list(store.archive.dump())
    assert store.recommendations.save(replace(answer, latency_ms=replace(answer.latency_ms, total=9.9)), []) == answer
    assert list(store.archive.dump()) == before


def test_an_answer_needs_its_incident(store: Storage) -> None:
    with pytest.raises(NotFound, match="X-1"):
        store.recommendations.save(recommendation(about="X-1"), [])
    with pytest.raises(NotFound, match="rec-1"):
        store.recommendations.get("rec-1")


def test_a_number_that_is_none_is_refused(store: Storage) -> None:
    answer = recommendation()
    nonsense = replace(answer, latency_ms=replace(answer.latency_ms, total=float("nan")))
    with pytest.raises(Invalid, match=r"latency_ms\.total is nan"):
        store.recommendations.save(nonsense, [])


def test_outcomes_count_for_what_an_answer_rests_on(store: Storage) -> None:
    store.recommendations.save(recommendation(), ["look", "restart"])
    store.outcomes.save(outcome(), [StepExecution("look", "worked", at(10))], at(10))
    helped = TrackRecord(1, 1, 0, at(10))
    assert store.outcomes.track_records(["INC-9", "INC-8", "run/pool.md", "INC-3"]) == {
        "INC-9": helped,
        "INC-8": helped,
    }
    assert store.step_executions.track_records(["look"]) == {"look": helped}
    assert store.outcomes.track_records(["INC-9"], as_of=at(9)) == {}
    assert store.step_executions.track_records(["look"], as_of=at(9)) == {}
    assert store.outcomes.of_recommendation("rec-1") == (outcome(),)
    assert store.health.counts()["outcomes"] == 1


def test_the_same_person_saying_the_same_changes_nothing(store: Storage) -> None:
    store.incidents.open(incident("X-1"), [], NOON)
    store.recommendations.save(recommendation(about="X-1"), [])
    store.outcomes.save(outcome(), [StepExecution("look", "worked", at(10))], at(10))
    before = list(store.archive.dump())
    store.outcomes.save(outcome(minutes=20), [StepExecution("look", "worked", at(20))], at(20))
    assert list(store.archive.dump()) == before


def test_a_persons_newer_word_takes_the_place_of_the_older(store: Storage) -> None:
    store.recommendations.save(recommendation(), [])
    worse = (StepVerdict(1, "made_it_worse"),)
    store.outcomes.save(outcome(), [StepExecution("look", "worked", at(10))], at(10))
    store.outcomes.save(
        outcome("did_not_help", 20, steps=worse), [StepExecution("look", "made_it_worse", at(20))], at(20)
    )
    assert store.outcomes.track_records(["INC-9"]) == {"INC-9": TrackRecord(1, 0, 1, at(20))}
    assert store.step_executions.track_records(["look"]) == {"look": TrackRecord(1, 0, 1, at(20))}
    assert store.step_executions.track_records(["look"], as_of=at(15)) == {"look": TrackRecord(1, 1, 0, at(10))}
    store.outcomes.save(outcome(minutes=15, note="late to arrive"), [], at(30))
    assert [rated.verdict for rated in store.outcomes.of_recommendation("rec-1")] == ["did_not_help"], (
        "an older word does not undo a newer one"
    )


def test_people_are_told_apart_and_nobody_is_one_of_them(store: Storage) -> None:
    store.recommendations.save(recommendation(), [])
    for by in ("ann", "bob", None):
        store.outcomes.save(outcome(by=by, note="n"), [], at(10))
    assert {rated.by for rated in store.outcomes.of_recommendation("rec-1")} == {"ann", "bob", None}
    assert store.outcomes.track_records(["INC-9"])["INC-9"].tried == 3


def test_one_person_moves_a_record_only_so_far(store: Storage) -> None:
    def rated(n: int, by: str | None) -> None:
        store.incidents.open(incident(f"X-{n}", n), [], at(n))
        store.recommendations.save(recommendation(f"rec-{n}", f"X-{n}"), [])
        rating = outcome(recommendation=f"rec-{n}", by=by, minutes=10 + n)
        store.outcomes.save(rating, [StepExecution("look", "worked", at(10 + n))], at(10 + n))

    for n in range(8):
        rated(n, "ann")
    assert store.outcomes.track_records(["INC-9"])["INC-9"] == TrackRecord(5, 5, 0, at(17))
    assert store.step_executions.track_records(["look"])["look"] == TrackRecord(5, 5, 0, at(17))
    rated(8, "bob")
    assert store.outcomes.track_records(["INC-9"])["INC-9"].worked == 6
    assert store.step_executions.track_records(["look"])["look"].worked == 6
    for n in range(8):
        fixed = resolution(minutes=60)
        store.incidents.resolve(f"X-{n}", fixed, [], [StepExecution("look", "worked", fixed.at)], [], at(60))
    assert store.step_executions.track_records(["look"])["look"].worked == 9, (
        "a resolution is a fact, and nobody's word"
    )


def test_an_outcome_needs_its_recommendation(store: Storage) -> None:
    with pytest.raises(NotFound, match="rec-1"):
        store.outcomes.save(outcome(), [], at(10))


def test_the_feed_goes_on_where_it_ended(store: Storage) -> None:
    store.incidents.open(incident("X-1", -5), [], NOON)
    store.records.save([entry(incident("X-2", -9))], NOON)
    store.recommendations.save(recommendation(about="X-1"), [])
    store.outcomes.save(outcome(), [], at(11))
    first = store.events.feed(limit=3)
    assert [(event.incident, event.type) for event in first] == [
        ("X-1", "opened"),
        ("X-2", "opened"),
        ("X-1", "recommended"),
    ]
    (rated,) = store.events.feed(after=first[-1].seq)
    assert (rated.type, rated.at, rated.recorded_at, rated.by) == ("rated", at(10), at(11), "ann")
    assert rated.detail == {"recommendation": "rec-1", "verdict": "helped"}
    assert store.events.feed(after=rated.seq) == ()
    assert [dict(event.detail) for event in first[:2]] == [{}, {"imported": True}]
    assert [event.type for event in store.events.timeline("X-1")] == ["opened", "recommended", "rated"]

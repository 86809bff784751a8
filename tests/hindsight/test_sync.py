"""Push and pull: as often as you like, only what differs moves, and no id is made up."""

from datetime import UTC, datetime

import pytest

from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.pipeline import hindsight
from onrecall.pipeline.hindsight import HindsightPeer

LONG_AGO = datetime(2025, 5, 6, 7, 8, tzinfo=UTC)


@pytest.fixture
def peer(bank):
    return HindsightPeer(bank)


@pytest.fixture
def memory(memory_for, bank):
    return memory_for(bank)


def history(count):
    for number in range(count):
        steps = (ResolutionStep(f"Turned valve {number}"), ResolutionStep("Waited", outcome="did_not_help"))
        resolution = Resolution(f"Cause {number}", LONG_AGO, steps=steps, provenance="imported")
        yield Incident(
            id=f"H-{number}", title=f"Pressure drops in pipe {number}", description="A gauge\nshows it", service="water",
            severity="high", started_at=LONG_AGO, source="excel", source_id=str(number), resolution=resolution,
        )  # fmt: skip


def test_push_sends_each_incident_once(memory, peer, twin):
    memory.import_history(history(23))
    first = hindsight.push(memory, peer)
    assert (first.sent, first.unchanged) == (23, 0)
    again = hindsight.push(memory, peer)
    assert (again.sent, again.unchanged) == (0, 23)
    assert max(twin.retained_at_once) <= hindsight.SEND_BATCH
    memory.reopen("H-7")
    assert hindsight.push(memory, peer).sent == 1


def test_push_takes_away_what_is_gone(memory, peer, twin):
    memory.import_history(history(3))
    hindsight.push(memory, peer)
    memory.store.memory_banks.remove("none", (), ["H-1"])
    twin.store("team", "note-of-somebody", "not ours")
    assert hindsight.push(memory, peer).deleted == 1
    assert set(twin.banks["team"]) == {"inc:H-0", "inc:H-2", "note-of-somebody"}


def test_what_was_pushed_comes_back_whole(memory, memory_for, peer, twin, tmp_path):
    memory.import_history(history(3))
    hindsight.push(memory, peer)
    original = memory.store.incidents.get("H-2")
    memory.store.memory_banks.remove("none", (), ["H-0", "H-1", "H-2"])
    pulled = hindsight.pull(memory, peer)
    assert (pulled.fetched, pulled.brought.created, pulled.skipped) == (3, 3, 0)
    back = memory.store.incidents.get("H-2")
    fields = ("id", "title", "description", "service", "severity", "started_at", "status", "resolved_at")
    assert [getattr(back, name) for name in fields] == [getattr(original, name) for name in fields]
    assert back.resolution.root_cause == original.resolution.root_cause
    assert [(step.text, step.outcome) for step in back.resolution.steps] == [
        ("Turned valve 2", "worked"), ("Waited", "did_not_help"),
    ]  # fmt: skip


def test_pulling_ten_times_is_pulling_once(memory, peer, twin):
    facts(twin)
    results = [hindsight.pull(memory, peer) for _ in range(10)]
    assert results[0].brought.created == 2
    assert [(result.brought.created, result.brought.updated) for result in results[1:]] == [(0, 0)] * 9
    assert memory.store.health.counts()["incidents"] == 2
    events = len(memory.store.events.feed(limit=200))
    hindsight.pull(memory, peer)
    assert len(memory.store.events.feed(limit=200)) == events


def facts(twin):
    """What another program keeps: several facts of an incident, and some that name none."""
    twin.store(
        "team",
        "f-1",
        "Incident: Lift stops between floors\nDoors stay shut",
        {"incident_id": "LIFT-3"},
        "2026-01-02T03:00:00Z",
    )
    twin.store(
        "team",
        "f-2",
        "Resolved.",
        {"incident_id": "LIFT-3", "root_cause": "Worn relay", "mitigation_steps": "Swap relay; Test doors"},
        "2026-01-02T05:00:00Z",
    )
    twin.store("team", "inc:LIFT-4", "Lift hums\nall night", {"severity": "low"}, "2026-01-03T03:00:00Z")
    twin.store("team", "weather", "It rains on Mondays", None, "2026-01-03T03:00:00Z")
    twin.store("team", "chat", "somebody likes tea", {"user": "x"})


def test_facts_of_one_incident_are_one_incident_and_the_rest_is_counted(memory, peer, twin):
    facts(twin)
    pulled = hindsight.pull(memory, peer)
    assert (pulled.fetched, pulled.skipped, pulled.examples) == (5, 2, ["weather", "chat"])
    lift = memory.store.incidents.get("LIFT-3")
    assert (lift.title, lift.description) == ("Lift stops between floors", "Doors stay shut\n\nResolved.")
    assert lift.resolution.root_cause == "Worn relay"
    assert [step.text for step in lift.resolution.steps] == ["Swap relay", "Test doors"]
    assert lift.resolution.provenance == "imported"
    assert lift.resolved_at == datetime(2026, 1, 2, 5, tzinfo=UTC)
    assert memory.store.incidents.get("LIFT-4").status == "open"


def test_what_we_know_better_stands(memory, peer, twin, clock):
    facts(twin)
    memory.open(Incident(id="LIFT-4", title="Our own words", started_at=LONG_AGO))
    hindsight.pull(memory, peer)
    memory.resolve("LIFT-3", Resolution("Rust in the relay", clock(), by="ann"))
    twin.store(
        "team", "f-3", "Once more.", {"incident_id": "LIFT-3", "root_cause": "A canned cause"}, "2026-01-05T05:00:00Z"
    )
    pulled = hindsight.pull(memory, peer)
    assert pulled.known_here == 4
    assert memory.store.incidents.get("LIFT-3").resolution.root_cause == "Rust in the relay"
    assert memory.store.incidents.get("LIFT-4").title == "Our own words"


def test_without_a_date_an_incident_is_left_out_until_somebody_says_when(memory, peer, twin):
    twin.store("team", "inc:D-1", "Door ajar")
    pulled = hindsight.pull(memory, peer)
    (left_out,) = pulled.brought.rejected
    assert (left_out.where, left_out.field) == ("D-1", "started_at")
    assert hindsight.pull(memory, peer, undated=LONG_AGO, dry_run=True).brought.created == 1
    assert memory.store.health.counts()["incidents"] == 0
    hindsight.pull(memory, peer, stored_at=True)
    assert memory.store.incidents.get("D-1").started_at == datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["x" * 500, "nul\0byte", "line\nbreak", "half\ud800"])
def test_an_id_that_cannot_be_one_is_refused_and_costs_only_itself(memory, peer, twin, name):
    twin.store("team", "odd", "Odd", {"incident_id": name}, "2026-01-02T03:00:00Z")
    twin.store("team", "inc:FINE-1", "Fine", {}, "2026-01-02T03:00:00Z")
    pulled = hindsight.pull(memory, peer)
    assert pulled.brought.created == 1
    assert len(pulled.brought.rejected) == 1


def test_secrets_of_a_bank_are_not_brought_in(memory, peer, twin):
    secret = "ghp_" + "a1B2" * 9
    twin.store(
        "team", "inc:S-1", f"Token leaked\nit was {secret}", {"root_cause": f"pasted {secret}"}, "2026-01-02T03:00:00Z"
    )
    hindsight.pull(memory, peer)
    assert secret not in repr(memory.store.incidents.get("S-1"))

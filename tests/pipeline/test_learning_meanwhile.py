"""What is learned while an incident is open reaches it, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.pipeline import IncidentService
from onrecall.storage.incident_rows import RECENT_WINDOW

TITLE, LOG = "orders-db refuses connections", "FATAL: remaining connection slots are reserved (SQLSTATE 53300)"


def opened(memory: IncidentService, clock, **changes: object) -> str:
    given = Incident("", TITLE, clock(), description=LOG, service="checkout", source="test")
    name = memory.open(replace(given, **changes))[0].id
    work(memory)
    return name


def work(memory: IncidentService) -> None:
    while memory.work():
        pass


def fixed(clock) -> Resolution:
    step = ResolutionStep("Stopped the job", "kubectl scale deploy/report-job --replicas=0")
    return Resolution("A job leaked connections.", clock(), cause="connection-pool-exhaustion", steps=(step,))


def by_resolution(memory: IncidentService, clock) -> None:
    """An incident that began earlier is resolved; one that began later would be no precedent."""
    other = opened(memory, clock, title=f"{TITLE} on checkout", started_at=clock() - timedelta(hours=1))
    memory.resolve(other, fixed(clock))


def by_import(memory: IncidentService, clock) -> None:
    past = Incident("OLD-1", TITLE, clock() - timedelta(days=30), description=LOG, status="resolved")
    memory.import_history(
        [replace(past, resolved_at=past.started_at, resolution=replace(fixed(clock), at=past.started_at))]
    )


def by_document(memory: IncidentService, clock) -> None:
    text = f"# {TITLE}\n\n{LOG}\n\n1. Stop the job: `kubectl scale deploy/report-job --replicas=0`\n"
    memory.put_document(Document("runbooks/orders-db.md", TITLE, text, "runbook", source="test"))


@pytest.mark.parametrize("learn", [by_resolution, by_import, by_document])
def test_an_open_incident_is_answered_anew_in_its_pace_when_memory_has_grown(
    memory: IncidentService, clock, learn
) -> None:
    name = opened(memory, clock)
    assert memory.store.recommendations.newest(name).verdict == "never_seen"
    clock.forward(seconds=1)
    learn(memory, clock)
    work(memory)
    assert memory.store.recommendations.newest(name).verdict == "never_seen", "one answer a minute is enough"
    clock.forward(minutes=2)
    work(memory)
    answer = memory.store.recommendations.newest(name)
    assert answer.verdict in ("known", "similar")
    assert answer.steps[0].command == "kubectl scale deploy/report-job --replicas=0"


def test_the_same_answer_is_not_given_twice_and_old_ones_are_left_alone(memory: IncidentService, clock) -> None:
    old = opened(memory, clock)
    clock.at += RECENT_WINDOW
    name = opened(memory, clock, title="certificate of the gateway expired", description="", service="gateway")
    clock.forward(minutes=2)
    by_import(memory, clock)
    work(memory)
    for each in (old, name):
        assert [one.type for one in memory.store.events.timeline(each)].count("recommended") == 1
    assert memory.store.recommendations.newest(old).verdict == "never_seen"

"""An incident that is reported in the same words is the same incident, for clients that report by searching."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from onrecall.domain.incident import EXAMPLE, Incident, Resolution


def report(clock, title="Mail queue grows", description="Relay answers 451"):
    return Incident(id="", title=title, description=description, started_at=clock())


def test_the_same_words_are_the_same_incident(memory, clock):
    first, new = memory.open_once(report(clock))
    clock.forward(minutes=3)
    again, new_again = memory.open_once(report(clock, "MAIL queue grows", "relay answers 451"))
    assert (new, new_again) == (True, False)
    assert (again.id, again.started_at, again.title) == (first.id, first.started_at, "Mail queue grows")
    other, new_other = memory.open_once(report(clock, description="Relay answers 550"))
    assert new_other
    assert other.id != first.id


def test_one_that_is_resolved_stays_so_and_is_found(memory, clock):
    opened, _ = memory.open_once(report(clock))
    memory.resolve(opened.id, Resolution("The relay was full", clock.forward(minutes=5)))
    again, new = memory.open_once(report(clock))
    assert (again.id, again.status, new) == (opened.id, "resolved", False)


def test_of_several_the_one_that_is_not_over_is_meant(memory, clock):
    over = Incident(
        "M-1",
        "Mail queue grows",
        clock(),
        "Relay answers 451",
        resolution=Resolution("Full", clock()),
        source="incidentos",
    )
    still = replace(over, id="M-2", resolution=None, started_at=clock() - timedelta(days=3))
    memory.import_history([over, still])
    assert memory.open_once(report(clock))[0].id == "M-2"


@pytest.mark.parametrize("source", [EXAMPLE, "alerts", "recallops"])
def test_what_nobody_reported_here_is_another_incident(memory, clock, source):
    memory.import_history([replace(report(clock), id="INC-900", source=source)])
    opened, new = memory.open_once(report(clock))
    assert new
    assert opened.id != "INC-900"


def test_a_secret_in_the_words_is_the_same_secret_redacted(memory, clock):
    said = report(clock, description="login with password=hunter2secret failed")
    first, _ = memory.open_once(said)
    assert "hunter2secret" not in first.description
    assert memory.open_once(said)[0].id == first.id


def test_many_at_once_are_one(memory, clock):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: memory.open_once(report(clock)), range(16)))
    assert len({incident.id for incident, _ in found}) == 1
    assert [new for _, new in found].count(True) == 1

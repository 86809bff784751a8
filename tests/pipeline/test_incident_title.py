"""Which alert names an incident: the most severe, of equals the earliest."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from onrecall.domain.alert import Alert
from onrecall.grouping import ServiceGraph
from onrecall.pipeline.incident_from_alerts import build_incident
from onrecall.storage import StoredAlert

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
NOTHING_DECLARED = ServiceGraph()


def stored(title: str, severity: str, minute: int = 0, service: str = "till") -> StoredAlert:
    at = NOON + timedelta(minutes=minute)
    alert = Alert("alertmanager", title, title, at, description=f"{title} text", service=service, severity=severity)
    return StoredAlert(minute, alert, None, at, at, waiting=False, joined=None, hash=title)


SLOW, DOWN, GONE = stored("Slow", "medium"), stored("Down", "critical", 1), stored("Gone", "critical", 2)


def test_the_most_severe_alert_names_it_and_of_equals_the_earliest() -> None:
    incident = build_incident(None, [GONE, SLOW, DOWN], NOTHING_DECLARED)
    assert (incident.title, incident.started_at) == ("Down", NOON)
    assert incident.description.startswith("Down text")
    assert "- Slow" in incident.description


def test_a_worse_alert_renames_it_and_a_milder_one_does_not() -> None:
    before = build_incident(None, [SLOW], NOTHING_DECLARED)
    assert before.title == "Slow"
    after = build_incident(before, [SLOW, DOWN], NOTHING_DECLARED)
    assert after.title == "Down"
    assert build_incident(after, [SLOW, DOWN, stored("Odd", "low", 3)], NOTHING_DECLARED).title == "Down"


def test_a_title_that_a_person_wrote_stays() -> None:
    before = replace(build_incident(None, [SLOW], NOTHING_DECLARED), title="Tills are slow", edited=("title",))
    assert build_incident(before, [SLOW, DOWN], NOTHING_DECLARED).title == "Tills are slow"


def test_of_declared_dependencies_the_cause_names_it() -> None:
    graph = ServiceGraph.of({"shop": ["till"]})
    shop = stored("Shop down", "critical", 1, service="shop")
    assert build_incident(None, [SLOW, shop], graph).title == "Slow"


def test_the_worst_alert_keeps_the_name_while_only_others_are_given() -> None:
    before = build_incident(None, [SLOW, DOWN], NOTHING_DECLARED)
    after = build_incident(before, [SLOW, stored("Odd", "low", 9)], NOTHING_DECLARED, complete=False)
    assert after.title == "Down"
    assert after.description.startswith("Down text")
    assert "- Slow" in after.description
    assert "- Odd" in after.description


def test_words_of_an_alert_heard_of_only_as_ended_describe_no_incident_that_fired() -> None:
    fired = stored("Lathe hot", "high", 1)
    at = NOON - timedelta(minutes=1)
    only_end = replace(
        fired.alert, starts_at=at, status="resolved", severity="critical", title="Lathe is fine", description="38 °C"
    )
    earlier = replace(fired, id=7, alert=only_end, received_at=at, hash="end")
    incident = build_incident(None, [earlier, fired], NOTHING_DECLARED)
    assert (incident.title, incident.description) == ("Lathe hot", "Lathe hot text")
    assert build_incident(None, [earlier], NOTHING_DECLARED).title == "Lathe is fine"

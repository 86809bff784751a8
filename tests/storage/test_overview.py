"""What there is at a glance, on both databases."""

from datetime import UTC, datetime, timedelta

from onrecall.domain.alert import ChangeEvent
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.recommendation import Latency, Recommendation
from onrecall.sources import SOURCES, WebhookRequest
from onrecall.storage import IngestBatch, Storage
from onrecall.storage.incident_rows import IncidentFilter
from sent_statements import counting_statements

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def answer(name: str, incident: str | None = None) -> Recommendation:
    latency = Latency(recall=1, compose=1, total=2)
    return Recommendation(
        name, incident, "never_seen", "new", None, None, "new", (), latency, NOW, NOW, name, asked="what?"
    )


def anomaly(store: Storage, kind: str) -> None:
    body = f'{{"error_type": "{kind}", "spike_percentage": 100}}'.encode()
    signals = SOURCES["anomaly"].parse(WebhookRequest(body, {}), NOW).signals
    store.ingest.store([IngestBatch("anomaly", signals)], NOW)


def test_lists_go_on_after_a_place_and_tell_each_thing_once(store: Storage) -> None:
    overview = store.overview
    for name in ("A-1", "A-2"):
        store.incidents.open(Incident(name, "down", NOW), (), NOW)
    store.incidents.acknowledge("A-2", NOW)
    assert overview.statuses() == {"open": 1, "acknowledged": 1}

    before = overview.places()
    for saved in (answer("rec-1"), answer("rec-2", "A-1"), answer("rec-3"), answer("rec-1")):
        store.recommendations.save(saved, [])
    anomaly(store, "memory_leak")
    anomaly(store, "memory_leak")
    anomaly(store, "dns_failure")

    answers = overview.asked_after(before.answer, 10)
    assert [asked_answer.id for _, asked_answer in answers] == ["rec-3", "rec-1"], (
        "what is asked again is the newest again"
    )
    assert [asked_answer.id for _, asked_answer in overview.asked_after(answers[0][0], 10)] == ["rec-1"]
    assert [
        stored_alert.alert.labels["error_type"] for stored_alert in overview.alerts_after("anomaly", before.alert, 10)
    ] == [
        "memory_leak",
        "dns_failure",
    ]
    assert overview.alerts_after("grafana", before.alert, 10) == ()
    assert overview.places().alert > before.alert


def test_a_list_shows_the_last_answer_the_alerts_and_the_last_event_of_each(store: Storage) -> None:
    for n, name in enumerate(("A-1", "A-2", "A-3")):
        store.incidents.open(Incident(name, "down", NOW + timedelta(minutes=n)), (), NOW)
    for saved in (answer("rec-1", "A-1"), answer("rec-2", "A-1"), answer("rec-3", "A-2")):
        store.recommendations.save(saved, [])
    store.incidents.acknowledge("A-2", NOW)
    store.incidents.resolve("A-3", Resolution("it was the disk", NOW + timedelta(minutes=9)), (), (), (), NOW)

    page = store.overview.summaries(IncidentFilter("unresolved"), None, 1)
    (newest,) = page.items
    assert (newest.incident.id, newest.answer and newest.answer.id, newest.alerts) == ("A-2", "rec-3", 0)
    assert newest.last
    assert newest.last.type == "acknowledged"
    (older,) = store.overview.summaries(IncidentFilter("unresolved"), page.next_cursor, 1).items
    assert (older.incident.id, older.answer and older.answer.id) == ("A-1", "rec-2")
    assert [summary.incident.id for summary in store.overview.summaries(IncidentFilter("resolved"), None, 9).items] == [
        "A-3"
    ]
    assert store.overview.summaries(IncidentFilter("resolved"), None, 9).items[0].answer is None


def test_the_newest_change_just_before_each_incident_is_read_for_all_of_them_at_once(store: Storage) -> None:
    def deployed(key: str, minutes: float, service: str | None) -> ChangeEvent:
        return ChangeEvent("ci", key, f"release {key}", NOW + timedelta(minutes=minutes), "deployment", service=service)

    changes = (
        deployed("early", -121, "mail"),  # too long before
        deployed("older", -30, "mail"),
        deployed("newer", -5, "mail"),
        deployed("general", -4, None),
        deployed("same-time", -4, "search"),
        deployed("after", 1, "mail"),
        deployed("other", -1, "billing"),
    )
    store.ingest.store([IngestBatch("ci", changes)], NOW)
    begins = {"M": ("mail", 0), "O": ("mail", -10), "E": ("mail", -125), "S": ("search", 0), "N": (None, 0)}
    newest = {"M": "general", "O": "older", "S": "general", "N": "other"}
    for name, (service, minutes) in begins.items():
        at = NOW + timedelta(minutes=minutes)
        store.incidents.open(Incident(name, "down", at, service=service), (), NOW)
    with counting_statements(store) as statements:
        shown = store.overview.summaries(IncidentFilter(), None, 50).items
    assert {summary.incident.id: summary.change.key for summary in shown if summary.change} == newest
    for summary in shown:
        alone = store.change_events.near(summary.incident.service, summary.incident.started_at)
        assert summary.change == next(iter(alone), None)
    with counting_statements(store) as fewer_statements:
        store.overview.summaries(IncidentFilter(), None, 1)
    assert len(statements) == len(fewer_statements)

"""What there is at a glance, on both databases."""

from datetime import UTC, datetime

from onrecall.alerts import SOURCES, Delivery
from onrecall.incident import Incident, Latency, Recommendation
from onrecall.store import Arrival, Store

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def answer(name: str, incident: str | None = None) -> Recommendation:
    latency = Latency(recall=1, compose=1, total=2)
    return Recommendation(
        name, incident, "never_seen", "new", None, None, "new", (), latency, NOW, NOW, name, asked="what?"
    )


def anomaly(store: Store, kind: str) -> None:
    body = f'{{"error_type": "{kind}", "spike_percentage": 100}}'.encode()
    signals = SOURCES["anomaly"].parse(Delivery(body, {}), NOW).signals
    store.receive([Arrival("anomaly", signals)], NOW)


def test_lists_go_on_after_a_place_and_tell_each_thing_once(store: Store) -> None:
    overview = store.overview
    for name in ("A-1", "A-2"):
        store.open_incident(Incident(name, "down", NOW), (), NOW)
    store.acknowledge("A-2", NOW)
    assert overview.statuses() == {"open": 1, "acknowledged": 1}

    before = overview.places()
    for one in (answer("rec-1"), answer("rec-2", "A-1"), answer("rec-3"), answer("rec-1")):
        store.save_recommendation(one, [])
    anomaly(store, "memory_leak")
    anomaly(store, "memory_leak")
    anomaly(store, "dns_failure")

    asked = overview.asked_after(before.answer, 10)
    assert [one.id for _, one in asked] == ["rec-1", "rec-3"]
    assert [one.id for _, one in overview.asked_after(asked[0][0], 10)] == ["rec-3"]
    assert [one.alert.labels["error_type"] for one in overview.alerts_after("anomaly", before.alert, 10)] == [
        "memory_leak",
        "dns_failure",
    ]
    assert overview.alerts_after("grafana", before.alert, 10) == ()
    total, newest = overview.answers(2)
    assert (total, [one.id for one in newest]) == (3, ["rec-3", "rec-2"])
    assert [one.id for one in overview.answers(2, skip=2)[1]] == ["rec-1"]
    assert newest[0].asked == "what?"
    assert overview.places().alert > before.alert

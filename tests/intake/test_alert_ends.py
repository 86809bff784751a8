"""An end finds its alert, by start, key or what it is about, and never a stranger; what nobody ends expires."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from onrecall.domain.alert import Alert
from onrecall.sources import alertmanager
from onrecall.sources.webhook import WebhookRequest
from onrecall.storage import IngestBatch, Storage, StoredAlert

SEVEN = datetime(2026, 4, 2, 7, tzinfo=UTC)
ENDED_WITH_IT = "its sender reported that the alert ended"


def at(minutes: float) -> datetime:
    return SEVEN + timedelta(minutes=minutes)


def alert(key: str, minutes: float, **more: object) -> Alert:
    fields = {"title": f"{key} is full", "starts_at": at(minutes), "told_at": at(minutes)} | more
    return Alert(source="silo", key=key, **fields)


def over(key: str, minutes: float, **more: object) -> Alert:
    return alert(key, minutes, **({"status": "resolved", "ends_at": at(minutes)} | more))


def report(store: Storage, minutes: float, *alerts: Alert) -> tuple[int, int]:
    (received,) = store.ingest.store([IngestBatch("silo", alerts)], at(minutes))
    return received.accepted, received.duplicate


def stored(store: Storage) -> list[StoredAlert]:
    return sorted(store.alerts.waiting(50), key=lambda stored_alert: stored_alert.id)


def states(store: Storage) -> list[tuple[str, str]]:
    return [(stored_alert.alert.key, stored_alert.alert.status) for stored_alert in stored(store)]


def test_an_end_that_tells_no_start_ends_the_alert_of_its_key(store: Storage):
    report(store, 0, alert("a", 0), alert("b", 0))
    report(store, 9, over("a", 9, starts_known=False, title="a"))
    assert states(store) == [("a", "resolved"), ("b", "firing")]
    ended = stored(store)[0].alert
    assert (ended.title, ended.ends_at, ended.starts_at) == ("a is full", at(9), at(0))


def test_an_end_that_tells_the_start_ends_the_alert_of_which_none_was_told(store: Storage):
    report(store, 2, alert("a", 2, starts_known=False))
    report(store, 9, over("a", 9, starts_at=at(1)))
    assert states(store) == [("a", "resolved")]


def test_an_end_that_tells_another_start_is_another_episode(store: Storage):
    report(store, 2, alert("a", 2))
    report(store, 9, over("a", 9, starts_at=at(1)))
    assert states(store) == [("a", "firing"), ("a", "resolved")]


def test_a_start_that_is_told_later_joins_the_alert_that_is_open(store: Storage):
    report(store, 5, alert("a", 5, starts_known=False))
    report(store, 6, alert("a", 4, told_at=at(6)))
    report(store, 7, alert("a", 7))
    assert [(stored_alert.alert.starts_at, stored_alert.alert.status) for stored_alert in stored(store)] == [
        (at(5), "firing"),
        (at(7), "firing"),
    ]


def test_an_end_without_a_start_ends_earlier_episodes_too(store: Storage):
    report(store, 0, alert("a", 0))
    report(store, 5, alert("a", 5))
    report(store, 9, over("a", 9, starts_known=False))
    assert states(store) == [("a", "resolved"), ("a", "resolved")]
    assert ENDED_WITH_IT in {stored_alert.alert.end_reason for stored_alert in stored(store)}


def test_an_end_under_another_key_ends_what_it_is_about(store: Storage):
    report(store, 0, alert("event-1", 0, identity="silo/north"), alert("event-2", 0, identity="silo/south"))
    report(store, 9, over("event-3", 9, identity="silo/north", starts_known=False))
    assert states(store) == [("event-1", "resolved"), ("event-2", "firing")]


def test_an_end_never_guesses_between_two_and_ends_no_stranger(store: Storage):
    report(store, 0, alert("event-1", 0, identity="silo/north"), alert("event-2", 1, identity="silo/north"))
    report(store, 9, over("event-3", 9, identity="silo/north", starts_known=False))
    report(
        store,
        10,
        over("event-4", 10, identity="silo/west", starts_known=False),
        over("event-5", 10, starts_known=False),
    )
    firing = [key for key, status in states(store) if status == "firing"]
    assert firing == ["event-1", "event-2"]


def test_an_end_of_another_source_ends_nothing(store: Storage):
    report(store, 0, alert("a", 0, identity="silo/north"))
    store.ingest.store([IngestBatch("barn", (replace(over("a", 9, identity="silo/north"), source="barn"),))], at(9))
    assert states(store)[0] == ("a", "firing")


def test_in_one_delivery_begin_and_end_meet_too(store: Storage):
    assert report(
        store,
        9,
        alert("event-1", 0, identity="silo/north"),
        over("event-2", 9, identity="silo/north", starts_known=False),
    ) == (2, 0)
    assert states(store) == [("event-1", "resolved")]


def test_what_nobody_ends_expires_and_each_message_puts_that_off(store: Storage):
    lasting = alert("a", 0, expires_after=timedelta(minutes=30))
    report(store, 0, lasting)
    assert stored(store)[0].expires_at == at(30)
    report(store, 20, replace(lasting, told_at=at(20)))
    assert store.alerts.expired(at(40), 10) == ()
    assert stored(store)[0].expires_at == at(50)
    (due,) = store.alerts.expired(at(50), 10)
    store.grouping.end_expired({due.id: "expired: nothing for 30 minutes"}, at(50))
    (ended,) = stored(store)
    assert (ended.alert.status, ended.alert.end_reason) == ("resolved", "expired: nothing for 30 minutes")
    assert store.alerts.expired(at(500), 10) == ()


def test_what_was_heard_meanwhile_does_not_expire(store: Storage):
    lasting = alert("a", 0, expires_after=timedelta(minutes=30))
    report(store, 0, lasting)
    (due,) = store.alerts.expired(at(31), 10)
    report(store, 31, replace(lasting, told_at=at(31)))
    store.grouping.end_expired({due.id: "expired"}, at(32))
    assert states(store) == [("a", "firing")]


def test_an_end_leaves_nothing_to_expire(store: Storage):
    report(store, 0, alert("a", 0, starts_known=False, expires_after=timedelta(minutes=30)))
    report(store, 9, over("a", 9, starts_known=False))
    assert stored(store)[0].expires_at is None
    assert store.alerts.expired(at(900), 10) == ()


def test_twice_and_shuffled_it_is_the_same(store: Storage):
    messages = [
        alert("event-1", 0, identity="silo/north"),
        over("event-2", 9, identity="silo/north", starts_known=False),
        alert("b", 3, starts_known=False, expires_after=timedelta(minutes=30)),
        over("b", 8, starts_known=False),
    ]
    for _ in range(2):
        for message in messages:
            report(store, 10, message)
    assert states(store) == [("event-1", "resolved"), ("b", "resolved")]


def test_an_end_changes_neither_title_severity_nor_purpose(store: Storage):
    report(store, 0, alert("a", 0, title="Silo 2 is too warm", severity="critical"))
    fine = {"title": "Silo 2 is fine", "severity": "info", "purpose": "informational", "purpose_reason": "good news"}
    report(store, 9, over("a", 9, starts_known=False, **fine))
    report(store, 10, over("a", 10, starts_known=False, **fine))
    (ended,) = stored(store)
    assert (ended.alert.status, ended.alert.title) == ("resolved", "Silo 2 is too warm")
    assert (ended.alert.severity, ended.alert.purpose) == ("critical", "incident")


def test_an_end_that_came_before_its_beginning_takes_title_and_severity_from_it(store: Storage):
    report(store, 9, over("a", 9, title="Silo 2 is fine", severity="info", starts_at=at(0)))
    report(store, 10, alert("a", 0, title="Silo 2 is too warm", severity="high"))
    (ended,) = stored(store)
    assert (ended.alert.status, ended.alert.title, ended.alert.severity) == ("resolved", "Silo 2 is too warm", "high")


def notification(*alerts: dict[str, str]) -> WebhookRequest:
    """A notification of Alertmanager, version 4, as its webhook sends it."""
    labels = {"alertname": "HighLatency", "job": "api", "severity": "critical"}
    body = {
        "version": "4",
        "groupKey": '{}:{alertname="HighLatency"}',
        "truncatedAlerts": 0,
        "status": "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved",
        "receiver": "onrecall",
        "groupLabels": {"alertname": "HighLatency"},
        "commonLabels": labels,
        "commonAnnotations": {"summary": "p99 is above 2 s"},
        "externalURL": "http://alertmanager:9093",
        "alerts": [
            {"labels": labels, "annotations": {"summary": "p99 is above 2 s"}, "fingerprint": "c6eadffa33fcdf37"}
            | {"generatorURL": "http://prometheus:9090/graph?g0.expr=x"}
            | alert
            for alert in alerts
        ],
    }
    return WebhookRequest(json.dumps(body).encode(), {})


def notice(status: str, starts: float, ends: float | None = None) -> dict[str, str]:
    """An alert of a notification; its end is the zero time of Go while it fires."""
    end = "0001-01-01T00:00:00Z" if ends is None else at(ends).isoformat()
    return {"status": status, "startsAt": at(starts).isoformat(), "endsAt": end}


def notify(store: Storage, minutes: float, *alerts: dict[str, str]) -> tuple[int, int]:
    parsed = alertmanager.parse(notification(*alerts), at(minutes))
    (received,) = store.ingest.store([IngestBatch("alertmanager", parsed.signals)], at(minutes))
    return received.accepted, received.duplicate


def episodes(store: Storage) -> list[tuple[datetime, str, datetime | None, bool]]:
    """Start, status and end of each episode, and whether another one superseded it."""
    return [
        (kept.alert.starts_at, kept.alert.status, kept.alert.ends_at, "later start" in kept.alert.end_reason)
        for kept in sorted(stored(store), key=lambda kept: kept.alert.starts_at)
    ]


def test_a_later_start_of_an_alertmanager_fingerprint_ends_the_episode_before_without_inventing_when(store: Storage):
    notify(store, 1, notice("firing", 0))
    assert notify(store, 31, notice("firing", 30)) == (1, 0)
    assert episodes(store) == [(at(0), "resolved", None, True), (at(30), "firing", None, False)]
    notify(store, 41, notice("resolved", 30, 40))
    assert episodes(store) == [(at(0), "resolved", None, True), (at(30), "resolved", at(40), False)]
    assert notify(store, 41, notice("resolved", 30, 40)) == (0, 1)


def test_an_end_of_an_episode_that_was_never_heard_firing_ends_the_one_before(store: Storage):
    notify(store, 1, notice("firing", 0))
    notify(store, 41, notice("resolved", 30, 40))
    assert episodes(store) == [(at(0), "resolved", None, True), (at(30), "resolved", at(40), False)]


def test_the_episodes_of_a_fingerprint_come_out_the_same_in_any_order(store: Storage):
    notify(store, 31, notice("firing", 30))
    notify(store, 32, notice("firing", 0))
    assert episodes(store) == [(at(0), "resolved", None, True), (at(30), "firing", None, False)]
    assert notify(store, 90, notice("firing", 0)) == (0, 1)
    notify(store, 91, notice("resolved", 30, 90), notice("firing", 0))
    assert [status for _, status, _, _ in episodes(store)] == ["resolved", "resolved"]


def test_its_own_end_still_tells_when_a_superseded_episode_ended(store: Storage):
    notify(store, 1, notice("firing", 0))
    notify(store, 31, notice("firing", 30))
    notify(store, 32, notice("resolved", 0, 25))
    assert episodes(store) == [(at(0), "resolved", at(25), False), (at(30), "firing", None, False)]


def test_an_earlier_start_that_is_repeated_after_the_later_one_ended_fires(store: Storage):
    """Two Prometheus servers with the same labels: the end of one does not hide that the other reports."""
    notify(store, 1, notice("firing", 0))
    notify(store, 2, notice("firing", 1))
    notify(store, 9, notice("resolved", 1, 9))
    notify(store, 12, notice("firing", 0))
    assert [status for _, status, _, _ in episodes(store)] == ["firing", "resolved"]


def test_other_senders_may_have_two_episodes_of_one_key(store: Storage):
    report(store, 2, alert("a", 1), alert("a", 2))
    assert states(store) == [("a", "firing"), ("a", "firing")]

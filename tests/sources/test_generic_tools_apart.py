"""Plain `generic`, where several tools post: their ids, and messages that say little."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.alert import Alert
from onrecall.sources import SOURCES, WebhookRequest
from onrecall.storage.episodes import merge_update

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)


def read(body: dict, source: str = "generic", agent: str = "") -> Alert:
    request = WebhookRequest(json.dumps(body).encode(), {"user-agent": agent} if agent else {})
    (alert,) = SOURCES.find(source).parse(request, NOW).signals
    assert isinstance(alert, Alert)
    return alert


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (({"id": 4, "title": "Mill stands", "status": "open"}, ""), ({"id": 4, "name": "Silo", "state": "bad"}, "")),
        (({"id": 4, "title": "Mill"}, "milld/1.2"), ({"id": 4, "title": "Silo"}, "silo-watch/9")),
        (({"alert_id": "4", "title": "A", "host": "mill-1"}, ""), ({"alert_id": "4", "title": "B", "host": "s-2"}, "")),
    ],
)
def test_equal_small_ids_of_two_tools_are_two_alerts(first: tuple, second: tuple) -> None:
    alerts = [read(body, agent=agent) for body, agent in (first, second)]
    assert alerts[0].key != alerts[1].key


def test_an_update_of_the_tool_keeps_the_key() -> None:
    body = {"id": 4, "title": "Mill stands", "status": "open"}
    assert read(body, agent="milld/1.2").key == read({**body, "title": "Mill stood"}, agent="milld/1.3").key


def test_an_end_that_has_only_the_small_id_is_about_the_same() -> None:
    begun = read({"id": 4, "title": "Mill stands"}, agent="milld/1")
    ended = read({"id": 4, "status": "resolved"}, agent="milld/1")
    assert ended.status == "resolved"
    assert ended.identity == begun.identity is not None
    assert read({"id": 5, "status": "resolved"}, agent="milld/1").identity != begun.identity


def test_under_a_name_of_its_own_a_small_id_is_the_key() -> None:
    assert read({"id": 4, "title": "Mill"}, "generic/mill").key == "4"


def test_an_end_that_has_only_the_id_of_the_event_keeps_the_title() -> None:
    begun = read({"event_id": "ev-81", "title": "Crane stuck", "status": "open"})
    ended = read({"event_id": "ev-81", "status": "resolved"})
    assert (ended.status, ended.identity) == ("resolved", begun.identity)
    assert merge_update(begun, ended, timedelta(minutes=5)).title == "Crane stuck"
    assert merge_update(replace(begun, key="k"), ended, timedelta(minutes=5)).title == "Crane stuck"


@pytest.mark.parametrize(
    ("body", "title", "status"),
    [
        ({"job": "trim", "host": "b-2", "exit_code": 2}, "trim on b-2", "firing"),
        ({"job": "trim", "host": "b-2", "exit_code": "0"}, "trim on b-2", "resolved"),
        ({"pipeline": "bake", "result": "failed"}, "bake", "firing"),
        ({"sensor": "door", "device": "gate-3", "alarm": True}, "door on gate-3", "firing"),
        ({"sensor": "door", "device": "gate-3", "alarm": False}, "door on gate-3", "resolved"),
        ({"event": "check.down", "check": {"url": "https://tide.example"}}, "https://tide.example", "firing"),
        ({"ServiceName": "Spooler", "Status": "Stopped", "Message": "Spooler hangs"}, "Spooler hangs", "firing"),
        ({"title": "Mill", "event": "alarm.stopped"}, "Mill", "resolved"),
        ({"check_name": "Tide", "text": "Tide (https://tide.example) is UP"}, "Tide", "resolved"),
    ],
)
def test_what_reports_a_state_needs_no_title(body: dict, title: str, status: str) -> None:
    alert = read(body, "generic/shed")
    assert (alert.title, alert.status) == (title, status)


def test_a_reading_without_a_state_is_no_alert() -> None:
    parsed = SOURCES.find("generic/shed").parse(WebhookRequest(b'{"device": "scale-1", "value": 4}'), NOW)
    assert not parsed.signals
    assert parsed.malformed[0].field == "title"


@pytest.mark.parametrize(
    "time",
    [
        {"at": {"$date": "2026-11-21T09:00:00Z"}},
        {"when": {"$date": {"$numberLong": "1795251600000"}}},
        {"TimeGenerated": "/Date(1795251600000)/"},
        {"at": 1795251600},
    ],
)
def test_times_in_other_wrappings(time: dict) -> None:
    assert read({"title": "Mill", **time}).starts_at == NINE


def test_a_place_under_a_name_of_times_is_no_problem() -> None:
    assert not read({"title": "Mill", "at": "the north gate"}).problems


def test_alerts_of_one_rule_about_two_things_are_two() -> None:
    rows = [{"ruleName": "slow", "name": name, "alarmMessage": f"{name} is slow"} for name in ("seats", "fares")]
    parsed = SOURCES.find("generic/apm").parse(WebhookRequest(json.dumps(rows).encode()), NOW)
    assert len({signal.key for signal in parsed.signals}) == 2


def test_an_event_of_the_kind_test_is_a_test() -> None:
    assert read({"type": "test", "title": "Hello"}, "generic/shed").purpose == "test"
    assert read({"type": "test failed", "title": "Hello"}, "generic/shed").purpose == "incident"

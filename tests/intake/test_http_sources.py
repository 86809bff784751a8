"""Over HTTP: bodies of every kind go in, what can't be read leaves a trace, and a rehearsal writes nothing."""

import gzip
import json
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from onrecall.sources import SOURCES
from onrecall.storage import alerts, tables

FERRY = {
    "id": "f-9",
    "title": "Ferry 9 does not answer",
    "state": "down",
    "service": "harbour",
    "since": "2026-05-01T04:05:06Z",
}
GENERIC = "/api/v1/alerts/generic/harbour"
BOMB = gzip.compress(b" " * 50_000_000, 1)


def stored_alerts(memory):
    """Every alert that is stored, whether the worker has looked at it or not."""
    with memory.store._database.read() as connection:
        return [stored_alert.alert for stored_alert in alerts.fetch(connection, select(tables.alerts))]


def rejected(memory):
    return memory.store.rejected.page(None, 100).items


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps(FERRY), "application/json"),
        (json.dumps(FERRY), "text/plain"),
        (urlencode(FERRY), "application/x-www-form-urlencoded"),
        (urlencode({"payload": json.dumps(FERRY)}), "application/x-www-form-urlencoded"),
        (json.dumps({"message": json.dumps(FERRY)}), "application/json"),
        ("\ufeff" + json.dumps(FERRY, indent=1), "application/json; charset=utf-8"),
    ],
)
def test_the_same_alert_in_many_wraps(client, memory, body, kind):
    answer = client.post(GENERIC, content=body.encode(), headers={"content-type": kind})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    (alert,) = stored_alerts(memory)
    assert (alert.source, alert.key, alert.title, alert.service) == (
        "generic/harbour",
        "f-9",
        "Ferry 9 does not answer",
        "harbour",
    )
    assert alert.starts_known


def test_lines_of_json_raw_line_breaks_and_latin_1(client, memory):
    lines = "\n".join(json.dumps(FERRY | {"id": f"f-{n}"}) for n in range(3))
    assert client.post(GENERIC, content=lines.encode()).json()["accepted"] == 3
    raw = b'{"id": "f-7", "title": "Ferry 7 lost a rope", "description": "first line\nsecond line"}'
    assert client.post(GENERIC, content=raw).json()["accepted"] == 1
    latin = '{"id": "f-8", "title": "Fähre 8 hält nicht"}'.encode("latin-1")
    assert client.post(GENERIC, content=latin).json()["accepted"] == 1
    titles = {alert.title: alert.description for alert in stored_alerts(memory)}
    assert titles["Ferry 7 lost a rope"] == "first line\nsecond line"
    assert "Fähre 8 hält nicht" in titles


def test_tools_under_generic_are_kept_apart(client, memory):
    for name in ("harbour", "airport"):
        client.post(f"/api/v1/alerts/generic/{name}", json=FERRY)
    assert sorted(alert.source for alert in stored_alerts(memory)) == ["generic/airport", "generic/harbour"]
    senders = {sender["name"]: sender for sender in client.get("/api/v1/senders").json()["items"]}
    assert senders["generic/airport"]["alerts"] == 1
    assert client.post("/api/v1/alerts/generic/no%20name%21", json=FERRY).status_code == 404


def test_a_time_that_is_none_is_told_and_never_taken_for_now_without_a_word(client, memory):
    answer = client.post(GENERIC, json=FERRY | {"since": "when the tide came"})
    assert answer.status_code == 202
    (problem,) = answer.json()["problems"]
    assert "`since`" in problem
    (alert,) = stored_alerts(memory)
    assert alert.starts_known is False
    assert alert.problems == (problem,)


@pytest.mark.parametrize(
    ("address", "body", "headers", "status"),
    [
        ("/api/v1/alerts/zabbix", b"<zabbix/>", {}, 422),
        ("/api/v1/alerts/pingdom", b"", {}, 422),
        ("/api/v1/alerts/generic/harbour", b"[" * 5_000, {}, 422),
        ("/api/v1/alerts/alertmanager", b'{"version": "4"}', {}, 422),
        ("/api/v1/alerts/generic/harbour", b"no gzip", {"content-encoding": "gzip"}, 422),
        ("/api/v1/alerts/generic/harbour", b"\x00", {"content-encoding": "br"}, 415),
        pytest.param(GENERIC, BOMB, {"content-encoding": "gzip"}, 413, id="a bomb"),  # whose bytes hold the time
        ("/api/v2/alerts", b'"text"', {}, 422),
        ("/v2/enqueue", b'{"event_action": "trigger"}', {}, 400),
        ("/generic/2010-04-15/create_event.json", b'{"event_type": "resolve"}', {}, 400),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_can_not_be_read_is_kept_with_the_reason(client, memory, address, body, headers, status):
    answer = client.post(address, content=body, headers=headers)
    assert answer.status_code == status
    (part,) = rejected(memory)
    assert part.message
    assert stored_alerts(memory) == []
    assert client.post(address, content=body, headers=headers).status_code == status
    assert len(rejected(memory)) == 1, "the same again is one"


def test_pagerduty_s_first_api_is_answered_as_it_answers(client, memory):
    event = {
        "service_key": "0123456789abcdef0123456789abcdef",
        "event_type": "trigger",
        "incident_key": "ferry/9",
        "description": "Ferry 9 does not answer",
    }
    answer = client.post("/generic/2010-04-15/create_event.json", json=event)
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "success", "message": "Event processed", "incident_key": "ferry/9"},
    )
    (alert,) = stored_alerts(memory)
    assert "0123456789abcdef" not in repr(alert)


def test_the_first_api_of_alertmanager_is_taken(client, memory):
    alert = {
        "labels": {"alertname": "FerryLost", "service": "harbour"},
        "annotations": {},
        "startsAt": "2026-05-01T04:05:06Z",
        "generatorURL": "http://p/graph",
    }
    assert client.post("/api/v1/alerts", json=[alert]).json()["accepted"] == 1
    assert [stored_alert.source for stored_alert in stored_alerts(memory)] == ["prometheus"]


def test_a_rehearsal_shows_what_would_come_of_it_and_writes_nothing(client, memory):
    secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
    answer = client.post(
        "/api/v1/sources/generic/harbour/try", json=FERRY | {"note": f"token={secret}", "description": f"use {secret}"}
    )
    assert answer.status_code == 200
    reply = answer.json()
    assert reply["source"] == "generic/harbour"
    fields = {field["name"]: field for field in reply["parts"][0]["fields"]}
    assert fields["title"] == {"name": "title", "value": "Ferry 9 does not answer", "place": "title"}
    assert secret not in answer.text
    assert reply["definition"].startswith("# harbour.yaml")
    bad = client.post("/api/v1/sources/zabbix/try", content=b"<zabbix/>")
    assert (bad.status_code, bad.json()["parts"]) == (200, [])
    assert bad.json()["refusal"]
    assert client.post("/api/v1/sources/zabix/try", json=FERRY).status_code == 404
    assert (stored_alerts(memory), rejected(memory)) == ([], ())
    assert "zabbix" not in memory.store.source_activity.all()


def test_every_source_says_how_it_is_set_up(client):
    items = client.get("/api/v1/sources").json()["items"]
    assert {item["name"] for item in items} == set(SOURCES) - {"generic"}
    for name in ("zabbix", "Uptime Kuma", "generic", "generic/harbour"):
        detail = client.get(f"/api/v1/sources/{name}", params={"url": "https://memory.harbour.example"}).json()
        assert "https://memory.harbour.example/api/v1/alerts/" in detail["setup"]
    assert "http://127.0.0.1/api/v1/alerts/zabbix" in client.get("/api/v1/sources/zabbix").json()["setup"]
    assert client.get("/api/v1/sources/zabix").status_code == 404
    assert client.get("/api/v1/sources/zabbix", params={"url": "javascript:alert(1)"}).status_code == 422


def test_tests_that_were_received_are_seen(client, memory):
    client.post("/api/v1/alerts/generic/harbour", json={"title": "This is a test alert"})
    memory.grouping.run()
    (test_alert,) = client.get("/api/v1/alerts", params={"purpose": "test"}).json()["items"]
    assert (test_alert["purpose"], test_alert["incident"], test_alert["source"]) == ("test", None, "generic/harbour")
    assert test_alert["purpose_reason"]
    assert client.get("/api/v1/alerts", params={"purpose": "planned"}).json()["items"] == []
    assert client.get("/api/v1/alerts", params={"purpose": "prank"}).status_code == 422
    senders = {sender["name"]: sender for sender in client.get("/api/v1/senders").json()["items"]}
    assert senders["generic/harbour"]["set_aside"]["test"]["count"] == 1


def test_links_are_told_with_the_alert_and_its_incident(client, memory):
    client.post(
        GENERIC,
        json=FERRY
        | {
            "runbook": "https://wiki.harbour.example/ferry",
            "url": "https://user:pass@harbour.example/",
            "link": "file:///etc/passwd",
        },
    )
    memory.work()
    (incident,) = client.get("/api/v1/incidents").json()["items"]
    fetched = client.get(f"/api/v1/incidents/{incident['id']}").json()
    assert fetched["alert_links"] == [{"url": "https://wiki.harbour.example/ferry", "kind": "runbook"}]
    (alert,) = client.get(f"/api/v1/incidents/{incident['id']}/alerts").json()["items"]
    assert alert["links"] == ["https://wiki.harbour.example/ferry"]
    assert alert["link_kinds"] == {"https://wiki.harbour.example/ferry": "runbook"}

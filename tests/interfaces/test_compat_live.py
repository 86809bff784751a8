"""RAG of Fire's WebSockets and notifications: a welcome first, everything told once, and no date left out."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from compat_twins import moment, number, ok, text, whole
from guarded import Doors
from starlette.testclient import TestClient, WebSocketTestSession

from onrecall.bootstrap.app import AppContext
from onrecall.domain.incident import Resolution
from onrecall.http.compat import ragoffire_live
from onrecall.storage import Storage

BASE = "ws://127.0.0.1:8000"
LAG = {
    "error_type": "kafka_consumer_lag",
    "spike_percentage": 320,
    "tenant_id": "metering",
    "service_name": "event_processing",
    "metric_name": "lag",
}
RCA = {
    "incident_id": "INC-2025-002",
    "title": "Consumer lag of metering events",
    "summary": "kafka_consumer_lag on event_processing, the group kept rebalancing",
    "root_cause": "One tenant replayed a year of events",
    "mitigation_metric": "Throttle consumers of the tenant to 45%",
    "mitigation_effectiveness": 88,
    "error_type": "kafka_consumer_lag",
    "affected_tenant": "metering",
    "affected_service": "event_processing",
    "incident_date": "2026-01-05T10:00:00Z",
}


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store)


@pytest.fixture
def api(doors: Doors) -> Iterator[TestClient]:
    with doors.client() as opened:
        ok(opened.post("/api/v1/documents/rcas", json=RCA))
        yield opened


@contextmanager
def listening(client: TestClient, path: str = "/ws/incidents") -> Iterator[WebSocketTestSession]:
    """A client that has had its welcome."""
    with client.websocket_connect(f"{BASE}{path}") as socket:
        welcome = socket.receive_json()
        assert welcome["type"] == "connected"
        assert text(welcome["client_id"])
        assert text(welcome["message"])
        moment(welcome["timestamp"])
        yield socket


def next_of(socket: WebSocketTestSession, kind: str) -> Mapping[str, Any]:
    """The next message of a kind."""
    while True:
        message = socket.receive_json()
        if message["type"] == kind:
            return message  # type: ignore[no-any-return]


def test_a_welcome_comes_first_and_each_client_has_an_id(api: TestClient) -> None:
    with listening(api) as one, listening(api, "/ws/dashboard") as other:
        one.send_json({"type": "subscribe", "tenant_id": "acme"})
        subscribed = one.receive_json()
        assert (subscribed["type"], subscribed["tenant_id"]) == ("subscribed", "acme")
        one.send_json({"type": "unsubscribe"})
        assert one.receive_json()["type"] == "unsubscribed"
        one.send_json({"type": "ping"})
        pong = one.receive_json()
        assert pong["type"] == "pong"
        moment(pong["timestamp"])
        status = other.receive_json()
        assert (status["type"], status["data"]["status"]) == ("system_status", "operational")
        stats = ok(api.get("/ws/stats"))
        assert whole(stats["active_connections"]) == stats["connected_clients"] == 2
        assert len(set(stats["client_ids"])) == 2
        assert (stats["slack_enabled"], stats["slack"]["status"]) == (False, "disabled")
        assert "ONRECALL_SLACK_WEBHOOK_URL" in stats["slack"]["detail"]
        moment(stats["last_update"])
        moment(stats["timestamp"])
    assert ok(api.get("/ws/stats"))["active_connections"] == 0


def test_a_dashboard_is_told_that_its_connection_stands(doors: Doors, api: TestClient) -> None:
    doors.app.state.browsers.heartbeat_seconds = 0.01
    with listening(api, "/ws/dashboard") as socket:
        moment(next_of(socket, "heartbeat")["timestamp"])


def test_a_decision_is_told_with_all_that_a_front_end_shows(api: TestClient) -> None:
    with listening(api) as socket:
        decided = ok(api.post("/api/v1/decisions/analyze", json=LAG))
        data = next_of(socket, "decision")["data"]
        assert data == {name: decided[name] for name in data}
        assert (data["matched_incident"], data["tenant_id"], data["service_name"]) == (
            "INC-2025-002",
            "metering",
            "event_processing",
        )
        assert data["recommended_action"].startswith("Throttle consumers of the tenant to 45%")
        assert 0 < number(data["confidence_score"]) < 1
        assert all(isinstance(line, str) for line in data["citations"])
        assert whole(data["latency_ms"]) >= 1
        moment(data["generated_at"])


def test_a_decision_that_is_asked_for_again_is_told_again(api: TestClient) -> None:
    first = ok(api.post("/api/v1/decisions/analyze", json=LAG))
    with listening(api) as socket:
        again = ok(api.post("/api/v1/decisions/analyze", json=LAG))
        assert next_of(socket, "decision")["data"]["id"] == again["id"] == first["id"]


def test_each_anomaly_is_told_and_followed_by_a_decision(client: TestClient) -> None:
    with listening(client) as socket:
        heard = []
        for _ in range(2):
            streamed = ok(client.post("/api/v1/decisions/stream-anomaly", json=LAG))
            anomaly = next_of(socket, "anomaly")
            for said in (anomaly, anomaly["data"]):
                assert (said["error_type"], said["id"]) == ("kafka_consumer_lag", streamed["id"])
                assert number(said["spike_percentage"]) == 320.0
                assert (said["tenant_id"], said["service_name"], said["metric_name"]) == (
                    "metering",
                    "event_processing",
                    "lag",
                )
            moment(anomaly["timestamp"])
            heard.append(next_of(socket, "decision")["data"])
        assert heard[0]["matched_incident"] == "INC-2025-002"
        assert heard[0]["incident_id"] == heard[1]["incident_id"], "one incident takes both"


def test_an_alert_of_another_sender_that_joins_is_no_reason_to_tell_the_decision_again(
    home: AppContext, client: TestClient
) -> None:
    with listening(client) as socket:
        ok(client.post("/api/v1/decisions/stream-anomaly", json=LAG))
        incident = next_of(socket, "decision")["data"]["incident_id"]
        same = {"title": "kafka_consumer_lag", "service": "event_processing", "key": "other", "group": "x"}
        assert client.post("/api/v1/alerts/generic", json=[same]).status_code in (200, 202)
        while len(home.memory.store.alerts.of_incident(incident)) < 2:
            home.memory.work()
        ok(client.post("/notifications", json={"type": "in_app", "title": "The end", "message": "of this test"}))
        heard = [socket.receive_json()]
        while heard[-1]["type"] != "notification":
            heard.append(socket.receive_json())
        assert "decision" not in [message["type"] for message in heard]


def test_turns_of_incidents_are_told_with_their_time(doors: Doors, api: TestClient) -> None:
    opened = ok(api.post("/incident/new", json={"title": "Cooling of rack 7 fails", "description": "43 degrees"}))
    with listening(api) as socket:
        doors.memory.resolve(opened["incident_id"], Resolution("A fan", doors.clock()))
        told = next_of(socket, "system")
        assert (told["data"]["event"], told["data"]["incident"]) == ("resolved", opened["incident_id"])
        assert opened["incident_id"] in told["message"]
        moment(told["timestamp"])


def test_a_notification_is_kept_told_and_honest_about_where_it_went(api: TestClient) -> None:
    decided = ok(api.post("/api/v1/decisions/analyze", json=LAG))
    body = {
        "type": "in_app",
        "target": "ops",
        "title": "Look at the lag",
        "message": "Consumers fall behind",
        "decision_id": decided["id"],
        "metadata": {"by": "ann"},
        "priority": "high",
    }
    with listening(api) as socket:
        posted = ok(api.post("/notifications", json=body))
        assert next_of(socket, "notification")["data"]["notification_id"] == posted["notification_id"]
    assert (posted["status"], posted["type"], posted["target"], posted["ignored"]) == (
        "sent",
        "in_app",
        "ops",
        ["priority"],
    )
    moment(posted["sent_at"])
    assert [one["id"] for one in ok(api.get("/notifications"))] == [posted["id"]]
    assert [one["id"] for one in ok(api.get("/api/v1/notifications"))] == [posted["id"]]
    assert ok(api.get(f"/notifications/{posted['id']}"))["message"] == "Consumers fall behind"
    assert [one["id"] for one in ok(api.get(f"/notifications/decision/{decided['id']}"))] == [posted["id"]]
    assert api.get("/notifications/decision/rec-0").status_code == 404
    assert api.get("/notifications/ntf-0").status_code == 404


def test_a_notification_without_a_channel_says_what_to_set(api: TestClient) -> None:
    posted = ok(api.post("/notifications", json={"type": "slack", "title": "Lag", "message": "45%"}))
    assert posted["status"] == "failed"
    assert "ONRECALL_SLACK_WEBHOOK_URL" in posted["failed_reason"]
    refused = api.post("/notifications", json={"type": "pigeon", "title": "Lag", "message": "45%"})
    assert refused.status_code == 400
    assert "in_app" in refused.json()["detail"]
    unknown = api.post("/notifications", json={"type": "in_app", "title": "x", "message": "y", "decision_id": "rec-0"})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "decision_id")


def test_health_says_how_every_part_is(api: TestClient) -> None:
    health = ok(api.get("/health"))
    assert (health["status"], health["app_name"], health["database"]) == ("healthy", "OnRecall", "connected")
    assert health["services"]["vector_db"] == "healthy"
    vector = ok(api.get("/health/vector-db"))
    assert (vector["status"], whole(vector["collections"]["historical_rcas"])) == ("healthy", 1)
    model = ok(api.get("/health/llm"))
    assert (model["status"], model["provider"], model["enabled"]) == ("healthy", "extractive", False)
    for part in (health, vector, model):
        moment(part["timestamp"])


class Talkative:
    """A client that sends without a pause: its next message is always there."""

    async def receive(self) -> Mapping[str, str]:
        await asyncio.sleep(0)
        return {"type": "websocket.receive", "text": '{"type": "ping"}'}


def test_who_sends_without_a_pause_and_reads_nothing_is_let_go(doors: Doors) -> None:
    async def until_it_ends() -> tuple[int, str] | None:
        async with asyncio.timeout(60):
            return await ragoffire_live._hear(Talkative(), ragoffire_live.LiveClient(), doors.memory)

    assert asyncio.run(until_it_ends()) == ragoffire_live.FELL_BEHIND

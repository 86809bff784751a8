"""The snippets of clients of the three systems, unchanged, against a real server."""

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from processes import served
from websockets.sync.client import ClientConnection, connect

OLD = [
    {
        "id": "INC-001",
        "title": "API gateway 503: connection pool exhaustion in auth service",
        "service": "auth-service",
        "severity": "critical",
        "error_logs": "HikariPool-1 - Connection is not available\n503 Service Unavailable POST /login",
        "root_cause": "The connection pool of the auth service was exhausted by a leak",
        "fix": "1. Raised the pool limit from 10 to 50\n2. Restarted the auth service: `kubectl rollout restart deployment/auth`",
        "resolution_time_minutes": 45,
    },
    {
        "id": "INC-014",
        "title": "Slow report query: missing index on orders.created_at",
        "service": "reports",
        "severity": "high",
        "error_logs": "duration: 48211 ms  statement: SELECT * FROM orders",
        "root_cause": "The index was dropped by a migration",
        "fix": "Created the index again",
        "resolution_time_minutes": 20,
    },
]
RCA = {
    "incident_id": "INC-2025-002",
    "title": "Kafka consumer lag on order events",
    "summary": "Consumers fell behind by 80,000 records and the group rebalanced without end",
    "root_cause": "Too many records a poll, so that each poll ran into its timeout",
    "impact": "Notifications 20 minutes late",
    "resolution_action": "Throttled consumers to 45 % and raised the poll interval",
    "mitigation_metric": "consumer_lag",
    "mitigation_effectiveness": 92,
    "error_type": "kafka_consumer_lag",
    "affected_tenant": "tenant-b",
    "affected_service": "notifications",
    "severity": "high",
    "incident_date": "2025-02-11T15:08:00Z",
    "recovery_seconds": 1800,
    "tags": ["kafka", "lag"],
}


pytestmark = [pytest.mark.xdist_group("dialect clients"), pytest.mark.process]  # one server serves all of them


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("clients")) as at:
        yield at


@pytest.fixture
def api(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


def received(socket: ClientConnection, kind: str, seconds: float = 60) -> dict[str, object]:
    while True:
        message = json.loads(socket.recv(timeout=seconds))
        if message["type"] == kind:
            return message


def test_recallops_seeds_and_queries(api: httpx.Client) -> None:
    for _ in range(2):
        seeded = api.post("/api/seed", json={"incidents": OLD}).json()
        assert seeded == {"total": 2, "success": 2, "failed": []}
    answer = api.post("/api/query", json={"query": "auth service returning 503 errors users cant login"}).json()
    assert answer["similar_incidents"][0]["id"] == "INC-001"
    assert 0 < answer["similar_incidents"][0]["similarity"] <= 1
    assert "INC-001" in answer["response"]
    assert (answer["model_used"], answer["cost"]) == ("extractive", 0.0)
    assert answer["routing_reason"]
    assert [one["step"] for one in answer["audit_logs"]] == ["recall", "route", "compose"]

    learned = {
        "id": "OPS-77",
        "title": "CDN serves stale assets",
        "root_cause": "purge hook failed",
        "fix": "Purged by hand",
    }
    assert api.post("/api/incidents", json=learned).json()["status"] == "resolved"
    found = api.post("/api/query", json={"query": "CDN serves stale assets after deploy"}).json()
    assert found["similar_incidents"][0]["id"] == "OPS-77"
    assert any(one["incident"] == "OPS-77" for one in api.get("/api/audit").json()["audit_logs"])
    assert api.get("/api/costs").json()["total_cost"] == 0.0


def test_incidentos_opens_resolves_and_says_how_it_is(api: httpx.Client) -> None:
    title, description = "DB connection pool at 95%", "API p99 latency at 6.2s, auth service returning 503s"
    opened = api.post("/incident/new", json={"title": title, "description": description}).json()
    name = opened["incident_id"]
    assert (opened["status"], opened["title"]) == ("open", title)
    assert isinstance(opened["ai_analysis"], str)
    assert isinstance(opened["suggested_actions"], list)
    assert api.post(f"/incident/{name}/postmortem").status_code == 400

    told = {"incident_id": name, "root_cause": "A leak of connections", "mitigation_steps": "1. Restarted the pods"}
    resolved = api.post("/incident/resolve", json=told).json()
    assert (resolved["status"], resolved["memory_stored"], resolved["mitigation_steps"]) == (
        "resolved",
        True,
        "1. Restarted the pods",
    )
    assert api.post("/incident/resolve", json=told).json() == resolved
    assert api.get(f"/incident/{name}").json()["root_cause"] == "A leak of connections"
    listed = api.get("/incidents/all").json()
    assert listed["total"] == listed["resolved"] + listed["open"]
    assert name in {one["incident_id"] for one in listed["incidents"]}
    postmortem = api.post(f"/incident/{name}/postmortem").json()
    assert (postmortem["incident_id"], postmortem["markdown"][:12]) == (name, "# Postmortem")
    for path in ("/sync", "/deduplicate"):
        assert api.post(path).json()["removed"] == 0
    assert {"insights"} == set(api.get("/incidents/insights").json())
    status = api.get("/status").json()
    assert (status["status"], status["hindsight"]) == ("online", False)
    assert api.get("/incidents/all").json() == listed


def test_rag_of_fire_streams_an_anomaly_and_listens(api: httpx.Client, address: str) -> None:
    assert api.post("/api/v1/documents/rcas/import-bulk", json=[RCA]).json()["created"] == 1
    with (
        connect(f"{address.replace('http', 'ws')}/ws/incidents") as first,
        connect(f"{address.replace('http', 'ws')}/ws/incidents") as second,
    ):
        assert received(first, "connected")["client_id"] != received(second, "connected")["client_id"]
        first.send(json.dumps({"type": "ping"}))
        assert json.loads(first.recv(timeout=60))["type"] == "pong"
        anomaly = {
            "error_type": "kafka_consumer_lag",
            "spike_percentage": 320,
            "service_name": "orders",
            "raw_payload": {"group": "push"},
        }
        accepted = api.post("/api/v1/decisions/stream-anomaly", json=anomaly)
        assert accepted.status_code == 200
        assert {"id", "detected_at", "error_type"} <= set(accepted.json())
        for socket in (first, second):
            told = received(socket, "anomaly")["data"]
            assert (told["error_type"], told["spike_percentage"], told["id"]) == (
                "kafka_consumer_lag",
                320,
                accepted.json()["id"],
            )
            decision = received(socket, "decision")["data"]
            assert {"id", "matched_incident", "symptom", "recommended_action", "confidence_score", "latency_ms"} <= set(
                decision
            )
            assert decision["matched_incident"] == "INC-2025-002"
            assert 0 < decision["confidence_score"] < 1
            kept = api.get(f"/api/v1/decisions/{decision['id']}").json()
            assert kept["recommended_action"] == decision["recommended_action"]
        assert "45 %" in decision["recommended_action"]


def test_rag_of_fire_analyzes_and_looks_up(api: httpx.Client) -> None:
    api.post("/api/v1/documents/rcas", json=RCA)
    body = {
        "error_type": "kafka_consumer_lag",
        "spike_percentage": 300,
        "tenant_id": "tenant-b",
        "service_name": "notifications",
        "metric_name": "consumer_lag",
        "window_minutes": 5,
        "top_k": 3,
        "include_context": True,
    }
    decision = api.post("/api/v1/decisions/analyze", json=body).json()
    found = decision["retrieved_documents"][0]
    assert (decision["matched_incident"], found["incident_id"], found["affected_tenant"]) == (
        "INC-2025-002",
        "INC-2025-002",
        "tenant-b",
    )
    assert (found["mitigation_effectiveness"], found["resolution_confidence"]) == (92.0, 0.0)
    assert found["not_on_record"] == ["resolution_confidence"]
    assert 0 < decision["confidence_score"] < 1
    assert "not measured on your incidents yet" in decision["confidence_reason"]
    assert decision["citation_details"][0]["incident_id"] == "INC-2025-002"
    assert api.get("/api/v1/decisions/history").json()["items"][0]["id"] == decision["id"]
    assert api.get("/api/v1/decisions", params={"limit": 1}).json()[0]["id"] == decision["id"]
    assert 0 < api.get("/api/v1/decisions/stats").json()["average_confidence"] < 1
    searched = api.get(
        "/api/v1/documents/rcas/search",
        params={"query": "consumer lag", "error_type": "kafka_consumer_lag", "top_k": 2},
    ).json()
    assert [one["incident_id"] for one in searched["results"]] == ["INC-2025-002"]
    kept = api.post("/api/v1/documents", json={"title": "Lag", "content": "# Lag\nLook at the group first."}).json()
    again = api.post(
        "/api/v1/documents/documents", json={"title": "Lag", "content": "# Lag\nLook at the group first."}
    ).json()
    assert (kept["status"], again["status"], again["id"]) == ("created", "unchanged", kept["id"])
    assert kept["id"] in {
        one["id"] for one in api.post("/api/v1/documents/search", json={"query": "consumer lag"}).json()["results"]
    }
    wrong = [("spike_percentage", -1), ("window_minutes", 0), ("top_k", 0), ("top_k", 21)]
    for name, value in wrong:
        refused = api.post("/api/v1/decisions/analyze", json=body | {name: value})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, name)


def test_what_is_no_text_is_answered_and_the_browser_stays(address: str) -> None:
    with connect(f"{address.replace('http', 'ws')}/ws/incidents") as socket:
        socket.send(b"\x00\xff")
        assert received(socket, "system")["data"]["event"] == "error"
        socket.send('{"type": "ping"}')
        assert received(socket, "pong")


def test_two_hundred_browsers_of_two_processes_hear_each_decision_once(tmp_path: Path) -> None:
    with served(tmp_path) as one, served(tmp_path) as other, ExitStack() as listening:
        assert httpx.post(f"{one}/api/v1/documents/rcas", json=RCA, timeout=30).status_code == 200
        addresses = [f"{at.replace('http', 'ws')}/ws/incidents" for at in (one, other) for _ in range(100)]
        sockets = [listening.enter_context(connect(at)) for at in addresses]
        decided: list[str] = []
        for n in range(5):
            body = {"error_type": "kafka_consumer_lag", "spike_percentage": 100 + n, "service_name": f"orders-{n}"}
            decided.append(
                httpx.post(f"{(one, other)[n % 2]}/api/v1/decisions/analyze", json=body, timeout=30).json()["id"]
            )
        assert len(set(decided)) == 5
        told: list[list[str]] = [[] for _ in sockets]

        def listen(n: int) -> None:
            with contextlib.suppress(TimeoutError):
                while True:
                    message = json.loads(sockets[n].recv(timeout=10 if len(told[n]) < 5 else 1))
                    if message["type"] == "decision":
                        told[n].append(message["data"]["id"])

        threads = [threading.Thread(target=listen, args=(n,)) for n in range(len(sockets))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {tuple(one) for one in told} == {tuple(decided)}

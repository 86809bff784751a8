"""What the three systems' own clients demand, on both databases, with whatever the memory is filled with."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compat_seeds import FILE, INCIDENTS, RCAS, SCENARIOS
from compat_twins import FireTester, incident_page, moment, number, ok, percentages, recall_page, text, whole
from starlette.testclient import TestClient

from onrecall.bootstrap.app import AppContext, open_app
from onrecall.cli.import_history import ImportLocation, import_paths
from onrecall.http import create
from onrecall.settings import Settings
from onrecall.worker.worker import Worker

pytestmark = pytest.mark.model

FILLINGS = ("examples", "own", "both", "empty")
LOOPBACK = "http://127.0.0.1:8000"
DATABASES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


@pytest.fixture(scope="module", params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=[pytest.param(one, marks=pytest.mark.xdist_group(one)) for one in FILLINGS])
def filling(request: pytest.FixtureRequest) -> str:
    """What the memory holds before the clients come: one application serves all tests of a filling."""
    return str(request.param)


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest, database: str, filling: str) -> Iterator[str | None]:
    """The URL of a PostgreSQL store for this filling alone; none for SQLite, which lies in the data folder."""
    if database == "sqlite":
        yield None
        return
    with request.getfixturevalue("new_postgres_store")() as made:
        yield made


@pytest.fixture(scope="module")
def home(
    request: pytest.FixtureRequest, url: str | None, filling: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppContext]:
    folder = tmp_path_factory.mktemp("contract")
    has_examples = filling in ("examples", "both")
    if has_examples:
        shutil.copytree(request.getfixturevalue("example_data"), folder, dirs_exist_ok=True)
    if url and has_examples:
        with (
            open_app(Settings(data_dir=folder)) as ours,
            open_app(Settings(data_dir=folder, database_url=url)) as theirs,
        ):
            theirs.memory.store.archive.load(ours.memory.store.archive.dump())
    chosen = {"data_dir": folder, "group_wait_seconds": 0} | ({"database_url": url} if url else {})
    with open_app(Settings(**chosen)) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(home: AppContext, filling: str) -> Iterator[TestClient]:
    worker = Worker(home.memory)
    app = create(home.memory, worker, lambda: home.status(worker))
    with TestClient(app, LOOPBACK, client=("127.0.0.1", 50000)) as opened:
        if filling in ("own", "both"):
            seed(opened)
        yield opened


def seed(client: TestClient) -> None:
    """Seed what two of the systems seed, as they do; twice, and the second time it changes nothing."""
    for created in (len(RCAS), 0):
        rcas = ok(client.post("/api/v1/documents/rcas/import-bulk", json={"rcas": RCAS}))
        assert (rcas["total"], rcas["imported"], rcas["failed"], rcas["errors"]) == (len(RCAS), len(RCAS), 0, [])
        assert (rcas["created"], rcas["unchanged"]) == (created, len(RCAS) - created)
        seeded = ok(client.post("/api/seed", json={"incidents": INCIDENTS}))
        assert seeded == {"total": len(INCIDENTS), "success": len(INCIDENTS), "failed": []}


def settle(home: AppContext) -> None:
    """Group and answer all that waits, so that nothing comes into memory while a test compares."""
    store = home.memory.store
    while store.alerts.waiting(1) or store.incidents.due(1):
        home.memory.work()


def analyze_scenarios(tester: FireTester, filling: str) -> None:
    """Each of the three repeats its incident, and the first thing that is said is its own throttle."""
    for kind, spike, service, metric, incident, throttle in SCENARIOS:
        found = tester.analyze(kind, spike, service, metric)
        if filling == "empty":
            assert found["matched_incident"] is None
            assert "never seen" in found["llm_response"].casefold()
            assert found["recommended_action"].startswith("No action is recommended")
            continue
        assert text(found["matched_incident"]) == incident
        assert f"{throttle}" in found["recommended_action"], found["printed"]
        assert found["recommended_action"].startswith("Throttle"), found["printed"]
        assert incident in [document["incident_id"] for document in found["retrieved_documents"]]
        assert found["citations"][0].startswith(f"{incident}, line ")
        assert f"{throttle}" in found["citations"][0]
        assert 0 < found["confidence_score"] < 1
        assert found["confidence_basis"] == "public"


def test_the_program_of_rag_of_fire_runs_from_its_first_call_to_its_last(
    home: AppContext, client: TestClient, filling: str
) -> None:
    tester = FireTester(client.request)
    assert tester.health().endswith("HEALTHY")
    analyze_scenarios(tester, filling)
    streamed = [tester.stream("database_timeout", 450) for _ in range(2)]
    assert streamed[0]["id"] != streamed[1]["id"]
    settle(home)
    (one,) = {alert.incident for alert in home.memory.store.overview.alerts_after("anomaly", 0, 9)}
    assert one is not None, "both are one incident"
    if filling != "empty":  # there the anomaly itself is known by now, and nobody has resolved it
        analyze_scenarios(tester, filling)
    searched = tester.search("database latency timeout", "database_timeout")
    assert ("INC-2025-001" in [result["incident_id"] for result in searched["results"]]) == (filling != "empty")
    rcas, documents, total = tester.stats()
    assert rcas + documents == total
    assert (rcas > 0) == (filling != "empty")


def test_the_page_of_recallops_shows_three_that_are_alike(client: TestClient, filling: str) -> None:
    answer = ok(client.post("/api/query", json={"query": "auth service returning 503 errors users cant login"}))
    assert list(recall_page(answer))
    assert 0 <= number(answer["confidence"]) <= 1
    similar = answer["similar_incidents"]
    if filling == "empty":
        assert similar == []
        assert "never seen" in answer["response"].casefold()
        return
    assert similar[0]["id"] == "INC-001"
    assert "INC-001" in answer["response"]
    assert 1 <= len(similar) <= 3
    assert all(number(one["similarity_score"]) >= 0.05 for one in similar)


def test_lists_and_figures_of_decisions(home: AppContext, client: TestClient) -> None:
    kind = "memory_leak"
    settle(home)
    tester = FireTester(client.request)
    ok(client.delete("/api/v1/decisions"))
    ids = [str(tester.analyze(kind, spike, "sessions", "heap_gb")["id"]) for spike in (110, 120, 130)]
    bare = [decision for decision in ok(client.get("/api/v1/decisions")) if decision["error_type"] == kind]
    assert [decision["id"] for decision in bare] == ids[::-1]
    page = ok(client.get("/api/v1/decisions/history", params={"limit": 2, "offset": 1, "error_type": kind}))
    assert [decision["id"] for decision in page["items"]] == [ids[1], ids[0]]
    assert [whole(page[name]) for name in ("total", "limit", "offset")] == [3, 2, 1]
    stats = ok(client.get("/api/v1/decisions/stats"))
    assert stats["incidents_by_type"][kind] == 3
    assert moment(stats["last_updated"]) >= moment(bare[0]["generated_at"])
    assert whole(stats["total_decisions"]) >= 3
    assert 0 <= number(stats["average_confidence"]) <= 1
    assert number(stats["average_latency_ms"]) > 0

    tester.analyze(kind, 110, "sessions", "heap_gb")
    again = ok(client.get("/api/v1/decisions", params={"error_type": kind}))
    assert [decision["id"] for decision in again] == [ids[0], ids[2], ids[1]], "what is asked again is the newest"
    assert ok(client.delete("/api/v1/decisions"))["status"] == "success"
    assert ok(client.get("/api/v1/decisions", params={"error_type": kind})) == []
    assert client.get(f"/api/v1/decisions/{ids[0]}").status_code == 404
    cleared = ok(client.get("/api/v1/decisions/stats"))
    assert kind not in cleared["incidents_by_type"]
    assert 0 <= number(cleared["average_confidence"]) <= 1
    moment(cleared["last_updated"])


def test_a_decision_is_the_same_wherever_it_is_read(client: TestClient) -> None:
    decided = FireTester(client.request).analyze(*SCENARIOS[1][:4])
    del decided["printed"]  # type: ignore[attr-defined]
    listed = ok(client.get("/api/v1/decisions"))[0]
    assert listed == ok(client.get(f"/api/v1/decisions/{decided['id']}")) == decided
    assert (listed["tenant_id"], listed["service_name"], listed["error_type"]) == (
        "acme",
        "event_processing",
        "kafka_consumer_lag",
    )


def test_the_pages_of_incidentos_show_one_honest_number(client: TestClient, filling: str) -> None:
    said = {
        "title": "DB connection pool at 95%",
        "description": "API p99 latency at 6.2s, auth service returning 503s, 100 % CPU",
    }
    opened = ok(client.post("/incident/new", json=said))
    lines = list(incident_page(opened))
    if opened["verdict"] != "never_seen":
        assert len(percentages(opened["ai_analysis"])) == 1, opened["ai_analysis"]
        assert lines[1] == f"confidence {round(opened['confidence'] * 100)}%"
    else:
        assert filling == "empty"
        assert (lines[1], percentages(opened["ai_analysis"])) == ("confidence unknown", [])
        assert "Never seen" in opened["ai_analysis"]
    assert len(opened["suggested_actions"]) <= 4
    assert bool(opened["suggested_actions"]) == (filling != "empty")
    assert len(opened["similar_past_incidents"]) <= 3
    again = ok(client.post("/incident/new", json={name: f" {value} " for name, value in said.items()}))
    assert (again["incident_id"], again["created_at"]) == (opened["incident_id"], opened["created_at"])
    counts = ok(client.get("/incidents/all"))
    assert counts["total"] == counts["resolved"] + counts["open"]

    resolution = {
        "incident_id": opened["incident_id"],
        "root_cause": "A leak held 97% of the pool",
        "mitigation_steps": "Raised the pool limit; Restarted the pods; Fixed the leak",
    }
    resolved = ok(client.post("/incident/resolve", json=resolution))
    assert (resolved["status"], resolved["memory_stored"]) == ("resolved", True)
    steps = client.get(f"/api/v1/incidents/{opened['incident_id']}").json()["resolution"]["steps"]
    assert [step["text"] for step in steps] == ["Raised the pool limit", "Restarted the pods", "Fixed the leak"]
    after = ok(client.get(f"/incident/{opened['incident_id']}"))
    assert after["status"] == "resolved"
    assert len(percentages(after["ai_analysis"])) == len(percentages(opened["ai_analysis"]))
    assert ok(client.post("/incident/new", json=said))["incident_id"] == opened["incident_id"]
    assert text(ok(client.post(f"/incident/{opened['incident_id']}/postmortem"))["markdown"])


def test_chores_of_incidentos_count_honestly(client: TestClient) -> None:
    total = ok(client.get("/incidents/all"))["total"]
    synced = ok(client.post("/sync"))
    assert synced["ok"] is True
    assert [whole(synced[name]) for name in ("fetched", "added", "updated", "total")] == [0, 0, 0, total]
    cleaned = ok(client.post("/deduplicate"))
    assert cleaned["ok"] is True
    assert [whole(cleaned[name]) for name in ("before", "after", "removed")] == [total, total, 0]
    status = ok(client.get("/status"))
    assert (status["status"], status["hindsight"]) == ("online", False)
    assert ok(client.get("/incidents/all"))["total"] == total


def test_documents_come_back_whole(client: TestClient) -> None:
    body = {
        "title": "Runbook: consumer lag",
        "content": "# Consumer lag\n\nLook at the group first.\n",
        "metadata": {"team": "streams", "pages": 3, "authors": ["ann"]},
        "chunking_strategy": "sentences",
    }
    first = ok(client.post("/api/v1/documents", json=body))
    assert (first["title"], first["content"], first["status"]) == (body["title"], body["content"].strip(), "created")
    assert whole(first["chunks_count"]) >= 1
    assert first["metadata"] == {"team": "streams", "pages": "3"}
    assert first["ignored"] == ["chunking_strategy", "metadata.authors"]
    uploaded = moment(first["uploaded_at"])
    again = ok(client.post("/api/v1/documents/documents", json=body))
    assert (again["id"], again["status"], moment(again["uploaded_at"])) == (first["id"], "unchanged", uploaded)
    found = ok(client.post("/api/v1/documents/search", json={"query": "consumer lag runbook", "top_k": 20}))
    assert whole(found["result_count"]) == found["count"] == found["total"] == len(found["results"])
    assert first["id"] in [result["id"] for result in found["results"]]
    assert all(number(result["similarity_score"]) >= 0.05 for result in found["results"])


def test_own_effects_come_back_as_they_were_handed_in(client: TestClient) -> None:
    ok(client.post("/api/v1/documents/rcas/import-bulk", json=RCAS))
    found = ok(client.get("/api/v1/documents/rcas/INC-2025-001"))
    assert found["incident_id"] == "INC-2025-001"
    said = RCAS[0]
    for name in ("title", "summary", "root_cause", "impact", "mitigation_metric", "error_type", "affected_tenant"):
        assert found["rca"][name] == said[name], name
    for name in ("mitigation_effectiveness", "resolution_confidence", "detection_seconds", "recovery_seconds"):
        assert number(found["rca"][name]) == said[name], name
    assert found["rca"]["tags"] == ["database", "prod"]
    assert found["rca"]["metadata"] == {"tags": ["database", "prod"], "region": "eu-1"}
    assert found["rca"]["not_on_record"] == []
    again = ok(client.post("/api/v1/documents/rcas", json=said))
    assert (again["id"], again["import_state"], again["ignored"]) == ("INC-2025-001", "unchanged", [])
    assert found["rca"].items() <= again.items()
    moment(again["documented_at"])
    assert client.get("/api/v1/documents/rcas/INC-2025-999").status_code == 404


def test_every_name_of_fix_and_logs_is_read(client: TestClient) -> None:
    ok(client.post("/api/seed", json={"incidents": INCIDENTS}))
    for name, fix, log in (
        ("INC-002", "Renewed the certificate by hand", "x509: certificate has expired or is not yet valid"),
        ("INC-003", "Added the domain to the list of allowed origins", "'Access-Control-Allow-Origin' header"),
    ):
        kept = client.get(f"/api/v1/incidents/{name}").json()
        assert fix in kept["resolution"]["summary"]
        assert log in kept["description"]
        assert kept["source"] == "recallops"


def test_the_file_of_incidentos_goes_in_beside_everything(home: AppContext, client: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "incident_memory.json"
    path.write_text(json.dumps(FILE))
    for created in (1, 0):
        brought = import_paths(home.memory, ImportLocation((path,)))
        assert (brought.created, brought.rejected) == (created, [])
    found = ok(client.get("/incident/INC-3F2A91"))
    assert found["mitigation_steps"]
    assert len(percentages(found["ai_analysis"])) <= 1
    assert "92" not in found["ai_analysis"]


def test_what_has_no_place_is_named(client: TestClient) -> None:
    odd: dict[str, Any] = {"id": "OPS-41", "title": "Odd", "fix": "Mended", "colour": "blue", "nested": {"a": 1}}
    seeded = ok(client.post("/api/seed", json={"incidents": [odd], "dry": True}))
    assert seeded["ignored"] == ["colour", "dry", "nested"]
    saved = ok(client.post("/api/incidents", json=odd | {"id": "OPS-42"}))
    assert saved["ignored"] == ["colour", "nested"]
    asked = ok(client.post("/api/query", json={"query": "odd", "user": "ann"}))
    assert asked["ignored"] == ["user"]
    opened = ok(client.post("/incident/new", json={"title": "Odd", "description": "odd", "priority": 1}))
    assert opened["ignored"] == ["priority"]
    body = {"error_type": "x_failure", "spike_percentage": 1, "shade": "green"}
    assert ok(client.post("/api/v1/decisions/analyze", json=body))["ignored"] == ["shade"]
    streamed = ok(client.post("/api/v1/decisions/stream-anomaly", json=body | {"severity": "high"}))
    assert streamed["ignored"] == ["shade"]
    rca = {
        "incident_id": "R-9",
        "title": "Odd",
        "resolution_action": "Mended",
        "metadata": {"deep": {"a": [1]}},
        "owner": "x",
    }
    assert ok(client.post("/api/v1/documents/rcas", json=rca))["ignored"] == ["metadata.deep", "owner"]
    searched = ok(client.get("/api/v1/documents/rcas/search", params={"query": "odd", "colour": "red"}))
    assert searched["ignored"] == ["colour"]

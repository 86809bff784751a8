"""What clients of IncidentOS and of RAG of Fire see of Hindsight: sync, status and health."""

from datetime import datetime

import pytest
from starlette.testclient import TestClient

from hindsight.serving import served
from onrecall.bootstrap.status import ComponentStatus, StatusReport
from onrecall.http import create
from onrecall.pipeline.hindsight import HindsightPeer
from onrecall.worker.worker import Worker


@pytest.fixture
def memory(memory_for, bank):
    return memory_for(bank)


@pytest.fixture
def answers():
    return {"hindsight": "ok"}


@pytest.fixture
def client(memory, bank, answers):
    def status():
        parts = [
            ComponentStatus(name="store", state="ok", detail=""),
            ComponentStatus(name="hindsight", state=answers["hindsight"], detail=""),
        ]
        return StatusReport(version="9", state="ok", parts=parts, counts={})

    app = create(memory, Worker(memory), status, hindsight=HindsightPeer(bank))
    with TestClient(app, "http://127.0.0.1", client=("127.0.0.1", 50000)) as opened:
        yield opened


def test_sync_brings_facts_in_once_and_counts_them(client, twin):
    twin.store(
        "team",
        "f",
        "Router reboots\nevery hour",
        {"incident_id": "R-1", "root_cause": "Heat", "mitigation_steps": "Add a fan; Clean it"},
    )
    twin.store("team", "g", "Nobody knows what this is about")
    first, again = client.post("/sync").json(), client.post("/sync").json()
    assert {name: first[name] for name in ("ok", "fetched", "added", "updated", "total", "skipped")} == {
        "ok": True, "fetched": 2, "added": 1, "updated": 0, "total": 1, "skipped": 1,
    }  # fmt: skip
    assert (again["added"], again["updated"], again["total"]) == (0, 0, 1)
    listed = client.get("/incidents/all").json()["incidents"]
    assert [(listed_incident["incident_id"], listed_incident["root_cause"]) for listed_incident in listed] == [
        ("R-1", "Heat")
    ]


def test_sync_while_the_server_is_away_is_try_again_later(client, twin):
    twin.status = 503
    refused = client.post("/sync")
    assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
    assert client.get("/incidents/all").status_code == 200


def test_status_says_whether_a_hindsight_answers(client, answers):
    assert client.get("/status").json()["hindsight"] is True
    answers["hindsight"] = "degraded"
    assert client.get("/status").json()["hindsight"] is False


def test_health_serves_both_kinds_of_clients(client, memory):
    from hindsight_client import Hindsight  # noqa: PLC0415 - only who runs these tests waits for it

    health = client.get("/health").json()
    assert (health["status"], health["database"]) == ("healthy", "connected")
    assert (health["app_name"], health["version"], health["services"]["store"]) == ("OnRecall", "9", "healthy")
    assert datetime.fromisoformat(health["timestamp"]).tzinfo
    with served(memory) as address, Hindsight(base_url=address) as theirs:
        assert theirs.get_version().features.store_document_text is True

"""Storms through the doors: alerts posted as Alertmanager posts them, merged and split by hand, a worker of its own."""

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from onrecall.bootstrap.app import AppContext, open_app
from onrecall.cli import main as cli
from onrecall.domain.alert import Alert, Note
from onrecall.http import create
from onrecall.settings import Settings
from onrecall.storage import IngestBatch
from onrecall.worker.worker import Worker

LOOPBACK = "http://127.0.0.1"
LOCAL = ("127.0.0.1", 50000)
PATIENCE = 60


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    needs = tmp_path / "needs.yaml"
    needs.write_text("orders: [database]\ncart: [database]\n")
    return Settings(
        data_dir=tmp_path / "data",
        group_wait_seconds=0.2,
        group_interval_seconds=0,
        resolve_timeout_seconds=1,
        dependencies=needs,
    )


@pytest.fixture
def home(chosen: Settings) -> Iterator[AppContext]:
    with open_app(chosen) as opened:
        yield opened


@pytest.fixture
def client(home: AppContext) -> Iterator[TestClient]:
    worker = Worker(home.memory)
    app = create(home.memory, worker, lambda: home.status(worker))
    with TestClient(app, LOOPBACK, raise_server_exceptions=False, client=LOCAL) as opened:
        yield opened


def post(client: TestClient, *services: str, status: str = "firing", name: str = "Slow", at: datetime | None = None):
    begun = (at or datetime.now(UTC)).isoformat()
    over = datetime.now(UTC).isoformat() if status == "resolved" else "0001-01-01T00:00:00Z"
    alerts = [
        {
            "status": status,
            "labels": {"alertname": name, "service": service, "severity": "critical"},
            "annotations": {"summary": f"{service} is slow"},
            "startsAt": begun,
            "endsAt": over,
            "fingerprint": f"{name}-{service}",
        }
        for service in services
    ]
    payload = {"version": "4", "groupKey": f"{name}", "status": status, "receiver": "onrecall", "alerts": alerts}
    answer = client.post("/api/v1/alerts/alertmanager", json=payload)
    assert answer.status_code == 202, answer.text


def until(found, seconds: float = PATIENCE):
    deadline = time.monotonic() + seconds
    while not (here := found()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
    return here


def listed(client: TestClient) -> list[dict]:
    return client.get("/api/v1/incidents").json()["items"]


def test_a_storm_posted_is_one_incident_that_is_answered_and_ends(client):
    at = datetime.now(UTC)
    post(client, "database", "orders", "cart", at=at)
    (found,) = until(lambda: listed(client))
    assert found["severity"] == "critical"
    assert found["title"] == "database is slow"
    answer = client.get(f"/api/v1/incidents/{found['id']}/recommendation", params={"wait": PATIENCE})
    assert answer.json()["verdict"] == "never_seen"
    alerts = client.get(f"/api/v1/incidents/{found['id']}/alerts").json()["items"]
    assert {one["service"] for one in alerts} == {"database", "orders", "cart"}
    assert all(one["joined"]["how"] for one in alerts)
    post(client, "database", "orders", "cart", status="resolved", at=at)
    until(lambda: listed(client)[0]["status"] == "resolved")
    assert listed(client)[0]["resolution"] is None
    timeline = client.get(f"/api/v1/incidents/{found['id']}/timeline").json()["items"]
    assert [one["type"] for one in timeline if one["type"] != "recommended"] == ["opened", "alerted", "resolved"]


def test_merge_and_split_over_http(client):
    post(client, "database")
    post(client, "billing", name="JobLate")
    one, two = until(lambda: len(found := listed(client)) == 2 and found)
    merged = client.post(f"/api/v1/incidents/{one['id']}/merge", json={"into": two["id"]})
    assert merged.json()["id"] == two["id"]
    gone = client.get(f"/api/v1/incidents/{one['id']}").json()
    assert gone["links"] == [{"kind": "merged", "incident": two["id"]}]
    alerts = client.get(f"/api/v1/incidents/{two['id']}/alerts").json()["items"]
    assert len(alerts) == 2
    refused = client.post(f"/api/v1/incidents/{one['id']}/merge", json={"into": one["id"]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "into")
    back = client.post(f"/api/v1/incidents/{two['id']}/split", json={"merged": one["id"]})
    assert back.json()["id"] == one["id"]
    assert client.post(f"/api/v1/incidents/{two['id']}/split", json={"alerts": [1], "merged": "x"}).status_code == 422
    assert client.post(f"/api/v1/incidents/{two['id']}/split", json={}).status_code == 422
    assert client.post("/api/v1/incidents/NO/merge", json={"into": two["id"]}).status_code == 404


def test_split_off_alerts_over_http(client):
    post(client, "database", "orders")
    (found,) = until(lambda: listed(client))
    alerts = client.get(f"/api/v1/incidents/{found['id']}/alerts").json()["items"]
    number = next(one["id"] for one in alerts if one["service"] == "orders")
    part = client.post(f"/api/v1/incidents/{found['id']}/split", json={"alerts": [number]}).json()
    assert (part["title"], part["service"]) == ("orders is slow", "orders")
    assert len(client.get(f"/api/v1/incidents/{found['id']}/alerts").json()["items"]) == 1


def test_the_last_note_is_suggested_while_nobody_said_the_cause(client, home):
    at = datetime.now(UTC)
    post(client, "database", at=at)
    (found,) = until(lambda: listed(client))
    note = Note("alertmanager", "Slow-database", "n1", "is it the backup?", datetime.now(UTC), "ada")
    home.memory.store.ingest.store([IngestBatch("alertmanager", (note,))], datetime.now(UTC))
    path = f"/api/v1/incidents/{found['id']}/notes"
    assert until(lambda: client.get(path).json()["items"])[0]["by"] == "ada"
    assert client.get(path).json()["suggested_cause"] is None
    post(client, "database", status="resolved", at=at)
    until(lambda: listed(client)[0]["status"] == "resolved")
    assert client.get(path).json()["suggested_cause"]["text"] == "is it the backup?"
    client.post(f"/api/v1/incidents/{found['id']}/resolution", json={"root_cause": "the backup"})
    assert client.get(path).json()["suggested_cause"] is None


def test_merge_and_split_on_the_command_line(client, home, chosen):
    post(client, "database", "orders")
    post(client, "billing", name="JobLate")
    two, one = until(lambda: len(found := listed(client)) == 2 and found)
    settings = {
        f"ONRECALL_{name.upper()}": str(value) for name, value in chosen.model_dump().items() if value is not None
    }
    settings |= {"ONRECALL_DATA_DIR": str(chosen.data_dir)}

    def run(*arguments: str) -> dict:
        done = CliRunner().invoke(cli.app, [*arguments, "--json"], env={**os.environ, **settings})
        assert done.exception is None, done.exception
        return json.loads(done.stdout)

    assert run("merge", two["id"], one["id"], "--by", "ada")["id"] == one["id"]
    assert run("split", one["id"], "--merged", two["id"])["id"] == two["id"]
    shop = next(found for found in (one, two) if "slow" in found["title"] and "billing" not in found["title"])
    number = home.memory.store.alerts.of_incident(shop["id"])[0].id
    assert run("split", shop["id"], "--alert", str(number))["id"] not in (one["id"], two["id"])


def test_the_worker_goes_on_when_the_database_could_not_be_used(tmp_path, caplog):
    """Another process holds SQLite's lock for longer than this one waits; then it lets go."""
    url = f"sqlite:///{tmp_path / 'onrecall.db'}?timeout=0.2"
    with open_app(Settings(data_dir=tmp_path, database_url=url, group_wait_seconds=0)) as home:
        at = datetime.now(UTC) - timedelta(seconds=1)
        post_to(home, at)
        other = sqlite3.connect(tmp_path / "onrecall.db", isolation_level=None, check_same_thread=False)
        other.execute("begin immediate")
        worker = Worker(home.memory)
        with caplog.at_level(logging.WARNING):
            worker.start()
            until(lambda: "tries again" in caplog.text)
            assert worker.alive
            threading.Timer(0.2, other.execute, ["rollback"]).start()
            until(lambda: home.memory.store.incidents.page().items)
            assert until(
                lambda: home.memory.store.recommendations.newest(home.memory.store.incidents.page().items[0].id)
            )
        worker.stop()
        other.close()


def post_to(home: AppContext, at: datetime) -> None:
    home.memory.store.ingest.store([IngestBatch("am", (Alert("am", "a", "disk full", at),))], at)


def test_what_began_together_over_http(client):
    assert isinstance(client.get("/api/v1/together").json()["items"], list)
    opened = [client.post("/api/v1/incidents", json={"title": f"Lock {n} leaks"}).json()["id"] for n in (1, 2)]
    kept = client.post("/api/v1/together", json={"incidents": opened, "together": False})
    assert (kept.status_code, kept.json()["id"]) == (200, opened[0])
    merged = client.post("/api/v1/together", json={"incidents": opened})
    assert (merged.status_code, merged.json()["id"]) == (200, opened[0])
    assert client.post("/api/v1/together", json={"incidents": ["INC-404404", opened[0]]}).status_code == 404

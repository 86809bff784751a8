"""Maintenance windows and heartbeats from the command line and over HTTP."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from onrecall.bootstrap.app import open_app
from onrecall.cli import main
from onrecall.sources.webhook import WebhookRequest

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["onrecall", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def test_a_window_is_added_listed_and_ended_on_the_command_line(run: Run) -> None:
    code, out, _ = run(
        "maintenance", "add", "--service", "kiln", "--label", "site=2", "--until", "90m", "--reason", "bricks", "--json"
    )
    assert code == 0
    made = json.loads(out)
    assert (made["state"], made["scope"], made["reason"]) == ("active", "kiln, site=2", "bricks")
    assert made["id"] in run("maintenance", "list")[1]
    assert json.loads(run("maintenance", "end", made["id"], "--by", "ida", "--json")[1])["ended_by"] == "ida"
    assert json.loads(run("maintenance", "list", "--json")[1]) == {"items": []}
    assert len(json.loads(run("maintenance", "list", "--past", "--json")[1])["items"]) == 1
    assert run("maintenance", "end", made["id"])[0] == 1
    assert "no heartbeat" in run("heartbeats", "list")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--until", "2h"),
        ("--service", "kiln", "--until", "soon"),
        ("--service", "kiln", "--until", "2020-01-01T00:00:00Z"),
    ],
)
def test_what_makes_no_window_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("maintenance", "add", *arguments)[0] == 2
    assert json.loads(run("maintenance", "list", "--past", "--json")[1]) == {"items": []}


def test_a_window_over_http(client: TestClient) -> None:
    ends_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    made = client.post("/api/v1/maintenance", json={"service": "kiln", "ends_at": ends_at})
    assert made.status_code == 201
    assert [one["id"] for one in client.get("/api/v1/maintenance").json()["items"]] == [made.json()["id"]]
    assert client.post(f"/api/v1/maintenance/{made.json()['id']}/end").json()["state"] == "over"
    assert client.post(f"/api/v1/maintenance/{made.json()['id']}/end").status_code == 409
    refused = client.post("/api/v1/maintenance", json={"ends_at": ends_at})
    assert refused.status_code == 422
    assert "name a service" in refused.text


def test_a_heartbeat_is_forgotten_on_the_command_line(run: Run) -> None:
    alert = {"status": "firing", "labels": {"alertname": "Watchdog"}, "startsAt": "2026-06-01T07:00:00Z"}
    with open_app() as context:
        ingester = context.memory.ingester
        message = WebhookRequest(json.dumps({"version": "4", "alerts": [alert]}).encode())
        ingester.store_batches([ingester.read("alertmanager", message)])
    (heartbeat,) = json.loads(run("heartbeats", "list", "--json")[1])["items"]
    code, out, _ = run("heartbeats", "forget", heartbeat["source"], heartbeat["key"], "--json")
    assert (code, json.loads(out)["title"]) == (0, "Watchdog")
    assert json.loads(run("heartbeats", "list", "--json")[1]) == {"items": []}
    assert run("heartbeats", "forget", heartbeat["source"], heartbeat["key"])[0] == 1


def test_heartbeats_over_http(client: TestClient) -> None:
    alert = {"status": "firing", "labels": {"alertname": "Watchdog"}, "startsAt": "2026-06-01T07:00:00Z"}
    client.post("/api/v1/alerts/alertmanager", json={"version": "4", "alerts": [alert]})
    (heartbeat,) = client.get("/api/v1/heartbeats").json()["items"]
    assert (heartbeat["title"], heartbeat["beats"], heartbeat["missing_since"]) == ("Watchdog", 1, None)
    named = {name: heartbeat[name] for name in ("source", "key")}
    assert client.post("/api/v1/heartbeats/forget", json=named).status_code == 200
    assert client.get("/api/v1/heartbeats").json() == {"items": []}
    assert client.post("/api/v1/heartbeats/forget", json=named).status_code == 404

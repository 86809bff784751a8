"""Suggestions over HTTP and on the command line: what one ingest key can bring about, and who may decide on it."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from onrecall.bootstrap.app import AppContext, open_app
from onrecall.cli import main as cli
from onrecall.domain.access import Role
from onrecall.http import create
from onrecall.pipeline.keys import Keys
from onrecall.settings import Settings
from onrecall.worker.worker import Worker

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))
from note_attacks import ATTACKS, AUTHOR, generic

PATIENCE = 60


@pytest.fixture
def home(tmp_path: Path) -> Iterator[AppContext]:
    chosen = Settings(
        data_dir=tmp_path / "data", group_wait_seconds=0.1, group_interval_seconds=0, resolve_timeout_seconds=0.2
    )
    with open_app(chosen) as opened:
        yield opened


@pytest.fixture
def client(home: AppContext) -> Iterator[TestClient]:
    worker = Worker(home.memory)
    app = create(home.memory, worker, lambda: home.status(worker))
    with TestClient(app, "http://127.0.0.1", raise_server_exceptions=False, client=("127.0.0.1", 50000)) as opened:
        yield opened


@pytest.fixture
def key(home: AppContext) -> Callable[[Role], dict[str, str]]:
    """A key of a role, as headers; its holder has the role's name."""
    keys = Keys(home.memory.store, home.memory.now)

    def made(role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {keys.create(role, role).token}"}

    return made


def until(found: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def attack(client: TestClient, source: str, ingest: dict[str, str], viewer: dict[str, str]) -> list[dict]:
    """Send what a holder of an ingest key can send; the suggestions once the incident is over."""
    for delivery in ATTACKS.get(source) or generic():
        headers = {**ingest, **delivery.headers}
        answer = client.post(f"/api/v1/alerts/{source}", content=delivery.body, headers=headers)
        assert answer.status_code == 202, answer.text
    over = "/api/v1/incidents?status=resolved"
    until(lambda: client.get(over, headers=viewer).json()["items"])
    if source != "generic":
        until(lambda: client.get("/api/v1/suggestions", headers=viewer).json()["items"])
    return client.get("/api/v1/suggestions", headers=viewer).json()["items"]


@pytest.mark.parametrize("source", [*ATTACKS, "generic"])
def test_one_ingest_key_brings_about_a_suggestion_and_nothing_else(client: TestClient, key, source: str) -> None:
    ingest, viewer = key("ingest"), key("viewer")
    found = attack(client, source, ingest, viewer)
    (incident,) = client.get("/api/v1/incidents", headers=viewer).json()["items"]
    assert incident["resolution"] is None
    text = f"{incident['title']}\n{incident['description']}"
    answer = client.post("/api/v1/ask", json={"text": text, "service": incident["service"]}, headers=viewer).json()
    assert (answer["steps"], answer["tried_before"], answer["cause"], answer["first_safe_step"]) == ([], [], None, None)
    for one in found:
        assert one["state"] == "pending"
        assert one["by"] in (f"{source}: {AUTHOR}", "ingest")
        for decision in ("confirm", "dismiss"):
            path = f"/api/v1/suggestions/{one['id']}/{decision}"
            assert client.post(path, headers=ingest).status_code == 403
            assert client.post(path, headers=viewer).status_code == 403


@pytest.mark.parametrize("role", ["ingest", "viewer", "responder"])
def test_only_an_admin_keeps_and_deletes_documents(client: TestClient, key, role: Role) -> None:
    admin, other = key("admin"), key(role)
    document = {"title": "Orders", "text": "# Orders\n"}
    assert client.put("/api/v1/documents/RB-1", json=document, headers=admin).status_code == 201
    assert client.put("/api/v1/documents/RB-1", json=document | {"text": "x"}, headers=other).status_code == 403
    assert client.delete("/api/v1/documents/RB-1", headers=other).status_code == 403
    assert client.post("/api/v1/documents", json={"title": "t", "content": "c"}, headers=other).status_code == 403
    assert client.get("/api/v1/documents/RB-1", headers=admin).json()["text"] == "# Orders"


def test_a_responder_confirms_in_his_own_name(client: TestClient, key) -> None:
    responder, viewer = key("responder"), key("viewer")
    (found,) = attack(client, "pagerduty", key("ingest"), viewer)
    path = f"/api/v1/suggestions/{found['id']}/confirm"
    assert client.post(path, json={"by": "somebody else"}, headers=responder).status_code == 403
    assert client.post(path, json={"root_cause": ""}, headers=responder).status_code == 422
    confirmed = client.post(path, json={"root_cause": "Bad rows", "cause": "bad-rows"}, headers=responder).json()
    assert (confirmed["state"], confirmed["decided_by"]) == ("confirmed", "responder")
    resolution = client.get(f"/api/v1/incidents/{found['incident']}", headers=viewer).json()["resolution"]
    assert (resolution["root_cause"], resolution["by"], resolution["provenance"]) == ("Bad rows", "responder", "human")
    assert client.post(path, headers=responder).json() == confirmed
    dismissed = client.post(f"/api/v1/suggestions/{found['id']}/dismiss", headers=responder)
    assert dismissed.status_code == 409
    assert client.get("/api/v1/suggestions", headers=viewer).json()["items"] == []
    (listed,) = client.get("/api/v1/suggestions?state=confirmed", headers=viewer).json()["items"]
    assert listed == confirmed


def test_what_names_no_author_is_in_the_name_of_the_key(client: TestClient, key) -> None:
    viewer, ingest = key("viewer"), key("ingest")
    first, note, last = ATTACKS["pagerduty"]
    body = json.loads(note.body)
    body["event"]["agent"] = None
    for content in (first.body, json.dumps(body), last.body):
        assert client.post("/api/v1/alerts/pagerduty", content=content, headers=ingest).status_code == 202
    until(lambda: client.get("/api/v1/suggestions", headers=viewer).json()["items"])
    (found,) = client.get("/api/v1/suggestions", headers=viewer).json()["items"]
    assert found["by"] == "ingest"


def test_a_suggestion_has_a_page_and_unknown_ones_are_404(client: TestClient, key) -> None:
    viewer = key("viewer")
    (found,) = attack(client, "pagerduty", key("ingest"), viewer)
    page = client.get(f"/api/v1/pages/{found['id']}", headers=viewer).json()
    assert (page["kind"], page["lines"][0]["text"]) == ("suggestion", found["text"].splitlines()[0])
    assert client.get(f"/api/v1/suggestions/{found['id']}", headers=viewer).json() == found
    for path in ("/api/v1/suggestions/sug-none", "/api/v1/suggestions/%00"):
        assert client.get(path, headers=viewer).status_code == 404
    assert client.get("/api/v1/suggestions?cursor=x", headers=viewer).status_code == 422


def test_an_outcome_is_refused_for_another_incident(client: TestClient) -> None:
    names = [client.post("/api/v1/incidents", json={"title": "checkout slow"}).json()["id"] for _ in range(2)]
    until(lambda: client.get(f"/api/v1/incidents/{names[0]}/recommendation").status_code == 200)
    answer = client.get(f"/api/v1/incidents/{names[0]}/recommendation").json()
    path = f"/api/v1/recommendations/{answer['id']}/outcome"
    refused = client.post(path, json={"verdict": "helped", "incident": names[1]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "incident")
    assert client.post(path, json={"verdict": "helped", "incident": names[0]}).status_code == 200


# the command line


@pytest.fixture
def suggested(home: AppContext, client: TestClient) -> str:
    (found,) = attack(client, "pagerduty", {}, {})
    return found["id"]


def run(home: AppContext, monkeypatch: pytest.MonkeyPatch, *words: str, **more: str):
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(home.settings.data_dir))
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(cli.app, [*words])


def test_the_command_line_lists_confirms_and_dismisses(home: AppContext, suggested: str, monkeypatch) -> None:
    listed = run(home, monkeypatch, "suggestions", "list")
    assert suggested in listed.stdout
    assert f"pagerduty: {AUTHOR}" in listed.stdout
    until(lambda: "suggested, not confirmed" in run(home, monkeypatch, "ask", "A little bump in the road").stdout)
    confirmed = run(home, monkeypatch, "suggestions", "confirm", suggested, "--by", "kim", "--json")
    assert json.loads(confirmed.stdout)["decided_by"] == "kim"
    assert run(home, monkeypatch, "suggestions", "dismiss", suggested).exit_code == 1
    assert "nothing is suggested" in run(home, monkeypatch, "suggestions", "list").stdout
    assert run(home, monkeypatch, "suggestions", "confirm", "sug-none").exit_code == 1


def test_doctor_warns_of_every_trusted_sender(home: AppContext, monkeypatch) -> None:
    trusting = {"ONRECALL_TRUSTED_SOURCES": "pagerduty,rootly"}
    said = run(home, monkeypatch, "doctor", **trusting)
    assert said.exit_code == 0
    assert said.output.count("WARNING: ONRECALL_TRUSTED_SOURCES") == 2
    plain = json.loads(run(home, monkeypatch, "doctor", "--json", **trusting).stdout)
    assert [warning.split(" of ")[1].split(" ")[0] for warning in plain["warnings"]] == ["pagerduty", "rootly"]
    unknown = run(home, monkeypatch, "doctor", ONRECALL_TRUSTED_SOURCES="pagerdooty")
    assert unknown.exit_code != 0

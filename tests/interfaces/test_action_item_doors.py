"""Action items over HTTP and on the command line."""

import json

import pytest
from typer.testing import CliRunner

from onrecall.cli.main import app


@pytest.fixture
def path(client):
    body = {"title": "Ledger export stalls", "service": "ledger"}
    return f"/api/v1/incidents/{client.post('/api/v1/incidents', json=body).json()['id']}/actions"


def test_an_item_is_added_once_changed_by_what_is_named_and_listed(client, home, path):
    body = {"text": "Page earlier", "owner": "Noor", "due": "2020-02-29", "url": "https://tracker.example/7"}
    before = client.get("/api/v1/actions").json()
    added = client.post(path, json=body | {"by": "Dana"})
    assert added.status_code == 201
    assert added.json() == added.json() | body | {"number": 1, "overdue": True, "state": "open", "created_by": "Dana"}
    assert client.post(path, json={"text": "page  EARLIER"}).status_code == 200
    changed = client.patch(f"{path}/1", json={"due": None, "url": None}).json()
    assert (changed["due"], changed["url"], changed["overdue"], changed["owner"]) == (None, None, False, "Noor")
    assert client.patch(f"{path}/1", json={}).json() == changed
    listed = client.get("/api/v1/actions", params={"owner": "Noor"}).json()
    assert listed["items"] == client.get(path).json()["items"] == [changed]
    assert (listed["open"], listed["overdue"], listed["next"]) == (before["open"] + 1, before["overdue"], None)
    assert "Noor" in listed["owners"]
    client.patch(f"{path}/1", json={"state": "done"})
    assert client.get("/api/v1/actions?owner=Noor").json()["items"] == []
    assert [item["number"] for item in client.get("/api/v1/actions?state=all&owner=Noor").json()["items"]] == [1]
    rows = home.memory.store.audit.page(action="incident changed").items
    by_people = [row.detail["events"] for row in rows if row.detail["events"] != {"recommended": 1}]
    assert by_people[:2] == [{"action_changed": 1}, {"action_changed": 1}]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": None}, "text"),
        ({"state": None}, "state"),
        ({"state": "paused"}, "state"),
        ({"due": "soon"}, "due"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"color": "red"}, "color"),
    ],
)
def test_what_can_not_be_set_is_refused_with_its_field(client, path, body, field):
    before = client.post(path, json={"text": "Page earlier"}).json()
    answer = client.patch(f"{path}/1", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert client.get(path).json()["items"] == [before]
    assert client.patch(f"{path}/2", json={"state": "done"}).status_code == 404


def test_the_command_line_adds_lists_changes_and_closes(tmp_path, monkeypatch):
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ONRECALL_ISSUE_FORM_URL", "https://tracker.example/new?t={title}&b={body}")

    def run(*arguments):
        result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    incident = json.loads(run("open", "Basket loses items", "--json"))["incident"]["id"]
    run("actions", "add", incident, "Page\x1b[31m earlier", "--owner", "Noor", "--due", "2020-01-31")
    shown = run("actions", "list", "--overdue")
    assert "overdue" in shown
    assert "due 2020-01-31" in shown
    assert "\x1b" not in shown
    assert "https://tracker.example/new?t=Page" in shown
    run("actions", "edit", incident, "1", "--due", "", "--url", "https://tracker.example/7", "--by", "Dana")
    assert "no action item matches" in run("actions", "list", "--overdue")
    assert json.loads(run("actions", "done", incident, "1", "--json"))["state"] == "done"
    assert "done" in run("actions", "list", "--incident", incident)
    run("actions", "drop", incident, "1")
    assert "action item changed" in run("incidents", "show", incident)

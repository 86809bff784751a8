"""A team shares a runbook with another: a marked copy that follows it and can be taken back."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from guarded import LOOPBACK, Doors, bearer
from starlette.testclient import TestClient
from typer.testing import CliRunner

from onrecall.bootstrap import teams
from onrecall.bootstrap.access import Access
from onrecall.cli.main import app
from onrecall.domain.document import Document
from onrecall.domain.errors import NotFound
from onrecall.http.teams import TeamDispatcher
from onrecall.pipeline.document_copies import DocumentSharing
from onrecall.storage import Storage
from onrecall.storage.document_shares import DocumentShare

COPY = "/api/v1/documents/shared/payments/failover"


class Server:
    """Two teams, and an admin's key of each."""

    def __init__(self, doors: dict[str, Doors]) -> None:
        self.sharing: DocumentSharing
        self.doors = doors
        self.admin = {name: bearer(door.keys.create(f"{name} admin", "admin").token) for name, door in doors.items()}
        self.client = TestClient(
            TeamDispatcher(doors["default"].app, {name: doors[name].app for name in ("payments", "search")}),
            LOOPBACK,
            client=("127.0.0.1", 50000),
        )
        self.sharing = doors["default"].app.state.sharing

    def put(self, text: str, kind: str = "runbook") -> None:
        body = {"title": "Failover", "text": text, "kind": kind, "labels": {"tier": "1"}}
        self.client.put("/api/v1/documents/failover", headers=self.admin["payments"], json=body)

    def share(self, team: str, document: str = "failover", path: str = "/api/v1/shares") -> tuple[int, bool | None]:
        answer = self.client.post(path, headers=self.admin["payments"], json={"document": document, "team": team})
        self.sharing.synchronize()
        return answer.status_code, answer.json().get("changed")


@pytest.fixture
def server() -> Iterator[Server]:
    """Not entered, so that no loop but the test's own copies anything."""
    with ExitStack() as stack:
        doors = {}
        for name in ("default", "payments", "search"):
            store = Storage.open("sqlite://")
            stack.callback(store.close)
            doors[name] = Doors(store, Access(team=None if name == "default" else name))
        yield Server(doors)


def test_a_copy_is_marked_found_and_follows_its_source_until_it_is_taken_back(server: Server) -> None:
    server.put("# Failover\npromote the standby of the ledger")
    assert server.share("search") == (200, True)
    assert server.share("search") == (200, False)
    copy = server.client.get(COPY, headers=server.admin["search"]).json()
    assert copy["labels"]["shared_from"] == "payments"
    assert copy["labels"]["tier"] == "1"
    assert copy["source"] == "shared by the team payments"
    found = server.client.post("/api/v1/recall", headers=server.admin["search"], json={"text": "promote the standby"})
    assert "shared/payments/failover" in found.text
    assert server.client.get(COPY, headers=server.admin["default"]).status_code == 404
    server.put("# Failover\nfence the old primary first")
    assert server.sharing.synchronize() == 1
    assert server.sharing.synchronize() == 0
    newer = server.client.get(COPY, headers=server.admin["search"]).json()
    assert "fence" in newer["text"]
    assert newer["labels"]["shared_version"] != copy["labels"]["shared_version"]
    assert server.share("search", path="/api/v1/shares/end") == (200, True)
    assert server.client.get(COPY, headers=server.admin["search"]).status_code == 404
    assert server.client.get("/api/v1/documents/failover", headers=server.admin["payments"]).status_code == 200


def test_a_document_of_the_other_team_is_never_replaced_by_a_copy(server: Server) -> None:
    own = {"title": "ours", "text": "our own words", "kind": "runbook"}
    server.client.put(COPY, headers=server.admin["search"], json=own)
    server.put("promote the standby")
    assert server.share("search")[0] == 409
    server.sharing.synchronize()
    assert server.client.get(COPY, headers=server.admin["search"]).json()["text"] == "our own words"


def test_one_copy_that_can_not_be_written_keeps_no_other_back(server: Server) -> None:
    long = "l" * 595
    document = {"title": "long", "text": "long", "kind": "runbook"}
    server.client.put(f"/api/v1/documents/{long}", headers=server.admin["payments"], json=document)
    assert server.share("search", long)[0] == 422
    now = server.doors["payments"].memory.now()
    server.doors["payments"].store.document_shares.add(
        DocumentShare(long, "search", now, None)
    )  # of an earlier release
    server.put("promote the standby")
    assert server.share("search") == (200, True)
    assert server.client.get(COPY, headers=server.admin["search"]).status_code == 200
    assert server.share("search", path="/api/v1/shares/end") == (200, True)
    assert server.client.get(COPY, headers=server.admin["search"]).status_code == 404


def test_what_the_other_team_does_to_a_copy_does_not_last(server: Server) -> None:
    server.put("promote the standby")
    server.share("search")
    changed = {"title": "mine", "text": "mine", "kind": "runbook"}
    server.client.put(COPY, headers=server.admin["search"], json=changed)
    server.sharing.synchronize()
    assert server.client.get(COPY, headers=server.admin["search"]).json()["text"] == "promote the standby"
    assert "mine" not in server.client.get("/api/v1/documents/failover", headers=server.admin["payments"]).text


def test_copies_of_a_team_that_was_added_since_the_start_stay_until_it_is_removed(server: Server) -> None:
    existing = {"payments", "search", "fresh"}
    door = server.doors["search"]
    door.memory.put_document(
        Document("shared/fresh/fence", "Fencing", "fence first", source="shared by the team fresh")
    )
    memories = {name: each.memory for name, each in server.doors.items()}
    sharing = DocumentSharing(memories, lambda: existing)
    assert sharing.synchronize() == 0
    assert door.store.documents.get("shared/fresh/fence").text == "fence first"
    existing.remove("fresh")
    assert sharing.synchronize() == 1
    with pytest.raises(NotFound):
        door.store.documents.get("shared/fresh/fence")


def test_a_copy_goes_with_its_source_and_a_like_named_document_of_their_own_stays(server: Server) -> None:
    server.put("promote the standby")
    server.share("search")
    own = {"title": "own", "text": "own", "kind": "runbook"}
    server.client.put("/api/v1/documents/shared/payments/own", headers=server.admin["search"], json=own)
    server.client.delete("/api/v1/documents/failover", headers=server.admin["payments"])
    server.sharing.synchronize()
    assert server.client.get(COPY, headers=server.admin["search"]).status_code == 404
    left = server.client.get("/api/v1/documents/shared/payments/own", headers=server.admin["search"])
    assert left.status_code == 200


def test_what_tells_of_an_incident_is_never_shared(server: Server) -> None:
    server.put("# Outage\nthe ledger was down", kind="postmortem")
    assert server.share("search")[0] == 422
    server.put("promote the standby")
    server.share("search")
    server.put("# Outage\nthe ledger was down", kind="postmortem")
    server.sharing.synchronize()
    assert server.client.get(COPY, headers=server.admin["search"]).status_code == 404


@pytest.mark.parametrize(
    ("team", "document", "status"), [("nobody", "failover", 404), ("payments", "failover", 404), ("search", "no", 404)]
)
def test_a_team_or_a_document_that_is_not_there_is_named(server: Server, team: str, document: str, status: int) -> None:
    server.put("promote the standby")
    assert server.share(team, document)[0] == status


def test_a_copy_is_not_shared_on(server: Server) -> None:
    server.put("promote the standby")
    server.share("search")
    onward = {"document": "shared/payments/failover", "team": "default"}
    assert server.client.post("/api/v1/shares", headers=server.admin["search"], json=onward).status_code == 409


def test_a_running_server_copies_by_itself(server: Server) -> None:
    with server.client:
        server.put("promote the standby")
        body = {"document": "failover", "team": "search"}
        server.client.post("/api/v1/shares", headers=server.admin["payments"], json=body)
        with server.client.websocket_connect("/api/v1/live", headers=server.admin["search"]):
            server.sharing.synchronize()
        assert server.client.get(COPY, headers=server.admin["search"]).status_code == 200


def test_the_commands_share_list_and_take_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path / "data"))
    for name in ("payments", "search"):
        teams.add_team(teams.installation_settings(), name)
    runbook = tmp_path / "failover.md"
    runbook.write_text("# Failover\npromote the standby of the ledger\n")
    run = CliRunner()
    assert run.invoke(app, ["import", str(runbook), "--team", "payments"]).exit_code == 0
    with closing(Storage.open(teams.team_settings(teams.installation_settings(), "payments").database)) as store:
        (document,) = store.documents.page().items
    shared = run.invoke(app, ["documents", "share", document.id, "--with", "search", "--team", "payments", "--json"])
    assert json.loads(shared.output)["changed"] is True
    listed = json.loads(run.invoke(app, ["documents", "shared", "--team", "payments", "--json"]).output)["items"]
    assert [(share["document"], share["team"]) for share in listed] == [(document.id, "search")]
    assert run.invoke(app, ["show", f"shared/payments/{document.id}", "--team", "search"]).exit_code == 0
    ended = run.invoke(app, ["documents", "unshare", document.id, "--with", "search", "--team", "payments"])
    assert ended.exit_code == 0
    assert run.invoke(app, ["show", f"shared/payments/{document.id}", "--team", "search"]).exit_code == 1

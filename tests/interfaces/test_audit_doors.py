"""The audit at the doors: whose deeds these were, whose keys were refused, and the commands."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from guarded import Doors, bearer
from sqlalchemy import text
from starlette.testclient import TestClient

from onrecall.cli.main import main
from onrecall.storage import Storage
from onrecall.storage.database import Database


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store)


@pytest.fixture
def client(doors: Doors) -> Iterator[TestClient]:
    with doors.client() as opened:
        yield opened


def rows(doors: Doors, what: str) -> list:
    return list(doors.store.audit.page(action=what, limit=200).items)


def test_deeds_are_kept_under_the_name_of_the_key(doors: Doors, client: TestClient) -> None:
    admin = bearer(doors.keys.create("ann", "admin").token)
    body = {"title": "Run", "text": "do this", "kind": "runbook"}
    assert client.put("/api/v1/documents/run", json=body, headers=admin).status_code in (200, 201)
    assert [(one.about, one.who) for one in rows(doors, "document put")] == [("run", "ann")]
    found = client.get("/api/v1/audit", params={"who": "ann", "limit": 1}, headers=admin).json()
    assert found["items"][0]["who"] == "ann"


def test_refused_keys_are_told_without_the_key_and_only_so_often(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    viewer = bearer(tokens["viewer"])
    assert client.get("/api/v1/audit", headers=viewer).status_code == 403
    for _ in range(30):
        client.get("/api/v1/status", headers=bearer(tokens["forged"]))
    found = rows(doors, "key refused")
    assert 5 <= len(found) <= 15
    assert found[-1].who == "the viewer"
    assert found[-1].detail["route"] == "GET /api/v1/audit"
    for token in tokens.values():
        assert not token or len(token) < 20 or token[13:] not in str(found)


def test_the_commands_list_and_find_what_was_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))
    main_of("keys", "create", "--role", "admin", "ann")
    main_of("keys", "create", "--role", "viewer", "bob")
    capsys.readouterr()
    main_of("audit", "list", "--json")
    listed = json.loads(capsys.readouterr().out)["items"]
    assert [one["detail"]["name"] for one in listed] == ["bob", "ann"]
    assert main_of("audit", "verify") == 0
    assert main_of("audit", "verify", "--known", f"{listed[0]['seq']}:{listed[0]['hash']}") == 0
    assert main_of("audit", "verify", "--known", f"{listed[0]['seq']}:{'0' * 64}") == 1
    assert main_of("audit", "verify", "--known", "2:nonsense") == 2
    database = Database(f"sqlite:///{tmp_path / 'onrecall.db'}")
    with database.write() as connection:
        connection.execute(text("update audit set who = 'mallory' where seq = 1"))
    database.close()
    capsys.readouterr()
    assert main_of("audit", "verify") == 1
    assert "row 1 was changed" in capsys.readouterr().out


def main_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)

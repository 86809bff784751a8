"""`onrecall sessions`, beside a server that runs."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onrecall.cli.main import app
from onrecall.domain.session import Person
from onrecall.pipeline.keys import Keys
from onrecall.pipeline.sessions import Device, Sessions
from onrecall.storage import Storage


def clock() -> datetime:
    return datetime.now(UTC)


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["sessions", *arguments])
    return done.exit_code, done.output


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))
    store = Storage.open(f"sqlite:///{tmp_path / 'onrecall.db'}")
    keys = Keys(store, clock, fresh_seconds=0)
    keys.refresh()
    signed_in = Sessions(store, keys, clock)
    for name in ("ann", "bob"):
        key = keys.create(name, "viewer").key
        for client in ("Firefox", "Phone"):
            signed_in.begin_with_key(key, Device(client))
    return signed_in


def test_it_lists_and_ends_one_a_persons_and_all(sessions: Sessions) -> None:
    code, printed = run("list", "--json")
    listed = json.loads(printed)["items"]
    assert code == 0
    assert sorted((one["name"], one["client"]) for one in listed) == [
        ("ann", "Firefox"), ("ann", "Phone"), ("bob", "Firefox"), ("bob", "Phone"),
    ]  # fmt: skip
    assert run("end", listed[0]["id"])[1].startswith(f"session {listed[0]['id']} of")
    assert len(sessions.all_active()) == 3
    assert run("end", "ann")[0] == 0
    assert {one.name for one in sessions.all_active()} == {"bob"}
    assert len(json.loads(run("end", "--all", "--json")[1])["items"]) >= 1
    assert run("list")[1].strip() == "nobody is signed in"
    assert run("end", "--all")[1].strip() == "nobody is signed in"


def test_sessions_of_a_provider_are_ended_without_its_settings(sessions: Sessions, tmp_path: Path) -> None:
    store = Storage.open(f"sqlite:///{tmp_path / 'onrecall.db'}")
    begun = Sessions(store, Keys(store, clock), clock, issuer="https://login.example")
    begun.begin_for(Person("https://login.example", "u-1", "zoe@corp.example", "viewer"), Device())
    assert "zoe@corp.example" in run("list")[1]
    assert run("end", "zoe@corp.example")[0] == 0
    assert {one.name for one in begun.all_active()} == {"ann", "bob"}
    store.close()


@pytest.mark.parametrize(
    ("arguments", "wanted"), [((), "--all"), (("ann", "--all"), "--all"), (("nobody",), "no active session nobody")]
)
def test_it_says_what_it_needs(sessions: Sessions, arguments: tuple[str, ...], wanted: str) -> None:
    done = CliRunner().invoke(app, ["sessions", "end", *arguments])
    assert done.exit_code != 0
    assert wanted in f"{done.output}{done.exception}"
    assert len(sessions.all_active()) == 4

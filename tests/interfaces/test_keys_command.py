"""`onrecall keys`, as an operator uses it."""

import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from onrecall.cli import main as cli
from onrecall.domain.access import generate_key
from onrecall.redaction import redact
from onrecall.storage import Storage

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["keys", *arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def run_command(run: Run, *arguments: str) -> Any:
    code, out, err = run(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def test_a_key_is_shown_once_and_never_again(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("create", "ann", "--role", "admin", "--expires", "90d")
    token, sentence = out.splitlines()
    assert code == 0
    assert re.fullmatch(r"onr_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}", token)
    assert "ann (admin)" in sentence
    assert "not shown again" in sentence
    for listed in (run("list")[1], run("list", "--json")[1]):
        assert "ann" in listed
        assert token not in listed
        assert token.rpartition("_")[2] not in listed
    with closing(Storage.open(f"sqlite:///{tmp_path / 'onrecall.db'}")) as store:
        (key,) = store.keys.all()
    assert key.hash not in json.dumps(run_command(run, "list"))
    assert key.matches(token)
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).days in (89, 90)


def test_the_least_role_is_the_default_and_a_name_has_one_key(run: Run) -> None:
    made = run_command(run, "create", "bob")
    assert (made["role"], made["expires_at"], made["state"]) == ("viewer", None, "active")
    assert made["key"].startswith(made["prefix"])
    code, _, err = run("create", "bob")
    assert code == 1
    assert f"onrecall keys rotate {made['id']}" in err
    assert made["key"] not in err


def test_rotating_keeps_the_role_and_the_length_of_life(run: Run) -> None:
    old = run_command(run, "create", "ann", "--role", "responder", "--expires", "30d")
    new = run_command(run, "rotate", "ann", "--overlap", "1h")
    assert (new["name"], new["role"]) == ("ann", "responder")
    assert new["expires_at"] > old["expires_at"]
    listed = {key["id"]: key for key in run_command(run, "list")["items"]}
    assert listed[old["id"]]["replaced_by"] == new["id"]
    assert listed[old["id"]]["expires_at"] < old["expires_at"]
    assert run("rotate", old["id"])[0] == 1
    assert run_command(run, "rotate", "ann", "--overlap", "0m", "--expires", "2w")["role"] == "responder"
    states = [key["state"] for key in run_command(run, "list")["items"]]
    assert states == ["active", "expired", "active"]


def test_revoking_a_name_ends_all_that_its_holder_has(run: Run) -> None:
    old = run_command(run, "create", "ann")
    new = run_command(run, "rotate", "ann")
    assert {key["id"] for key in run_command(run, "revoke", "ann")["items"]} == {old["id"], new["id"]}
    again = run_command(run, "revoke", "ann")["items"]
    assert [key["state"] for key in again] == ["revoked"]
    assert {key["state"] for key in run_command(run, "list")["items"]} == {"revoked"}


def test_a_key_that_is_found_somewhere_can_be_revoked_by_itself(run: Run) -> None:
    old = run_command(run, "create", "ann")
    new = run_command(run, "rotate", "ann")
    code, out, _ = run("revoke", old["key"])
    assert code == 0
    assert old["key"] not in out
    states = {key["id"]: key["state"] for key in run_command(run, "list")["items"]}
    assert states == {old["id"]: "revoked", new["id"]: "active"}
    for cut in (new["key"][:-1], new["key"] + "x", generate_key()):
        code, _, err = run("revoke", cut)
        assert code == 1
        assert cut not in err
        assert cut[-20:] not in err


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("create", ""), "name"),
        (("create", " ann"), "name"),
        (("create", "a" * 101), "name"),
        (("create", "a\nb"), "name"),
        (("create", "a\u202eb"), "name"),
        (("create", generate_key()), "name"),
        (("create", "ann", "--expires", "soon"), "expires"),
        (("create", "ann", "--expires", "0d"), "expired already"),
        (("create", "ann", "--expires", "2020-01-01T00:00:00Z"), "expired already"),
        (("create", "ann", "--expires", "2030-01-01T00:00:00"), "time zone"),
        (("create", "ann", "--expires", "999999w"), "expires"),
        (("create", "ann", "--role", "boss"), "role"),
        (("rotate", "ann", "--overlap", "forever"), "overlap"),
        (("rotate", "ann", "--overlap", "999999w"), "overlap"),
        (("rotate", "nobody"), "nobody"),
        (("revoke", "nobody"), "nobody"),
    ],
)
def test_bad_input_is_a_sentence(run: Run, arguments: tuple[str, ...], field: str) -> None:
    code, _, err = run(*arguments)
    assert code in (1, 2)
    assert field in err
    assert "Traceback" not in err
    assert run_command(run, "list") == {"items": []}


def test_a_key_in_a_log_line_is_redacted() -> None:
    token = generate_key()
    told = redact(f"curl -s http://onrecall:8000/api/v1/status -H 'X-Any: {token}' # {token}").text
    assert token not in told
    assert "[redacted:onrecall-key]" in told


def test_without_keys_it_says_who_gets_in(run: Run) -> None:
    assert "requests from this machine need none" in run("list")[1]

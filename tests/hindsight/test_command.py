"""`onrecall hindsight`, the settings behind it, and what the status says."""

import json

import pytest
from typer.testing import CliRunner

from hindsight.twin import KEY
from onrecall.bootstrap.app import open_app
from onrecall.cli.main import app, main
from onrecall.domain.errors import Invalid
from onrecall.settings import load


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path, twin):
    for name, value in {"URL": twin.url + "/", "KEY": KEY, "BANK": "team", "TIMEOUT": "5"}.items():
        monkeypatch.setenv(f"ONRECALL_HINDSIGHT_{name}", value)
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path / "memory"))


def run(*words):
    finished = CliRunner().invoke(app, ["hindsight", *words, "--json"])
    assert finished.exit_code == 0, finished.output
    return json.loads(finished.stdout)


def code(*words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code


def test_check_push_and_pull(twin):
    assert run("check") == {
        "url": twin.url, "bank": "team", "version": "1.1.0", "exists": False, "mode": None, "waiting": 0,
    }  # fmt: skip
    twin.store("team", "inc:C-1", "Crane stuck\nin the wind", {"root_cause": "A blown fuse"}, "2026-01-02T03:00:00Z")
    twin.store("team", "poem", "Roses are red")
    first = run("pull")
    assert (first["fetched"], first["created"], first["skipped"], first["rejected"]) == (2, 1, 1, [])
    assert [run("pull")["created"] for _ in range(3)] == [0, 0, 0]
    CliRunner().invoke(app, ["open", "Crane swings", "--id", "C-2"])
    assert run("push") == {"sent": 1, "unchanged": 1, "deleted": 0}
    assert run("push") == {"sent": 0, "unchanged": 2, "deleted": 0}


def test_words_for_people(twin):
    twin.store("team", "inc:C-1", "Crane stuck", {}, "2026-01-02T03:00:00Z")
    twin.modes["team"] = "concise"
    output = CliRunner().invoke(app, ["hindsight", "check"]).stdout
    assert "stores texts as concise" in output
    assert "set its mode to chunks" in output
    assert "1 document:" in CliRunner().invoke(app, ["hindsight", "pull"]).stdout


def test_without_a_server_the_command_names_the_setting(monkeypatch, capsys):
    monkeypatch.delenv("ONRECALL_HINDSIGHT_URL")
    assert code("hindsight", "push") == 2
    assert "ONRECALL_HINDSIGHT_URL" in capsys.readouterr().err


def test_exit_codes_tell_what_to_do(twin, monkeypatch, capsys):
    twin.status = 503
    assert code("hindsight", "pull") == 75
    twin.status = None
    monkeypatch.setenv("ONRECALL_HINDSIGHT_KEY", "another")
    assert code("hindsight", "check") == 75
    assert "ONRECALL_HINDSIGHT_KEY" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEY", '"quoted"'), ("KEY", "'quoted'"), ("KEY", "line\nbreak"), ("KEY", "trailing\n"), ("KEY", "two words"),
        ("KEY", "ключ"), ("KEY", ""), ("BANK", "a/b"), ("BANK", ""), ("URL", "localhost:8888"), ("URL", "ftp://x"),
        ("URL", "http://user:secret@host"), ("TIMEOUT", "0"), ("TIMEOUT", "soon"), ("OPINION_SECONDS", "-1"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_a_sentence_that_names_it_and_no_secret(monkeypatch, name, value):
    monkeypatch.setenv(f"ONRECALL_HINDSIGHT_{name}", value)
    with pytest.raises(Invalid, match=f"ONRECALL_HINDSIGHT_{name}") as refused:
        load()
    if name == "KEY" and value:
        assert value.strip("\"'\n") not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "fine"), [(KEY + "\n", True), (KEY + "\r\n", True), (f'"{KEY}"\n', False), (KEY + "\n\n", False)]
)
def test_the_key_may_stand_in_a_file(monkeypatch, tmp_path, text, fine):
    monkeypatch.delenv("ONRECALL_HINDSIGHT_KEY")
    file = tmp_path / "key"
    file.write_bytes(text.encode())
    monkeypatch.setenv("ONRECALL_HINDSIGHT_KEY_FILE", str(file))
    if fine:
        assert load().hindsight_key.get_secret_value() == KEY
    else:
        with pytest.raises(Invalid, match="ONRECALL_HINDSIGHT_KEY"):
            load()


def part():
    with open_app() as home:
        report = home.status()
        assert report.state != "down"
        return next(component for component in report.parts if component.name == "hindsight")


def test_the_status_tells_the_truth(twin, monkeypatch):
    monkeypatch.setattr("onrecall.bootstrap.hindsight.CHECK_SECONDS", 60.0)  # how long it waits is a test of its own
    assert part().state == "ok"
    twin.status = 500
    assert part().state == "degraded"
    twin.status = None
    monkeypatch.setenv("ONRECALL_HINDSIGHT_KEY", "wrong")
    assert (part().state, "ONRECALL_HINDSIGHT_KEY" in part().detail) == ("degraded", True)
    monkeypatch.setenv("ONRECALL_HINDSIGHT_URL", "http://127.0.0.1:1")
    assert "can't be reached" in part().detail


def test_a_slow_server_holds_the_status_up_for_a_second_and_then_not_again(twin):
    twin.hanging.clear()
    with open_app() as home:
        for _ in range(20):
            report = home.status()
        assert next(component for component in report.parts if component.name == "hindsight").state == "degraded"
    assert twin.calls.count(("GET", "/version")) == 1


def test_the_status_says_what_waits_to_be_sent(twin):
    with open_app() as home:
        home.memory.mirrors[0].run_once()
        twin.status = 503
        CliRunner().invoke(app, ["open", "Crane swings", "--id", "C-2"])
        home.memory.mirrors[0].run_once()
        (status,) = [component for component in home.status().parts if "hindsight" in component.name]
        assert "1 incident waiting to be sent" in status.detail


def test_without_a_server_there_is_no_such_part(monkeypatch):
    monkeypatch.delenv("ONRECALL_HINDSIGHT_URL")
    with open_app() as home:
        assert "hindsight" not in {component.name for component in home.status().parts}
        assert home.memory.mirrors == ()


def test_the_mirror_and_the_opinion_can_be_left_out(monkeypatch):
    monkeypatch.setenv("ONRECALL_HINDSIGHT_MIRROR", "false")
    monkeypatch.setenv("ONRECALL_HINDSIGHT_OPINION_SECONDS", "0")
    with open_app() as home:
        assert home.memory.mirrors == ()
        assert json.loads(CliRunner().invoke(app, ["recall", "x", "--json"]).stdout)["second_opinion"] is None


def test_ask_shows_the_opinion_apart(twin):
    twin.store("team", "inc:C-1", "Crane stuck", {"root_cause": "A blown fuse"}, "2026-01-02T03:00:00Z")
    run("pull")
    twin.scores["inc:C-1"] = [0.62]
    output = CliRunner().invoke(app, ["ask", "crane stuck"]).stdout
    assert "second opinion  hindsight, bank team" in output
    assert "0.62 C-1  Crane stuck" in output
    twin.status = 500
    assert "none: Hindsight at" in CliRunner().invoke(app, ["ask", "crane stuck"]).stdout

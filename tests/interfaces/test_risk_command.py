"""How dangerous a command is, asked at the command line and over HTTP."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process


def run(*arguments: str, piped: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "onrecall", "risk", *arguments],
        input=piped,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )


def test_a_command_is_told_in_a_line_with_its_reason() -> None:
    told = run("systemctl status nginx")
    assert (told.returncode, told.stdout.split(":")[0]) == (0, "read_only")
    assert run("frobnicate --all").stdout.startswith("disruptive: not understood: ")
    assert run("-", piped="ls /srv\nrm -rf /srv\n").stdout.startswith("destructive: ")


def test_lines_of_json_are_answered_line_by_line_in_their_order() -> None:
    asked = ["rm -rf /srv/data", "uptime", "Look at the queue", "line\nbreak; reboot", "naïve \u2028 \ud800", ""]
    told = run("--json", "-", piped="".join(json.dumps(text) + "\n" for text in asked))
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert [answer["command"] for answer in answers] == asked
    assert [answer["risk"] for answer in answers[:4]] == ["destructive", "read_only", "read_only", "disruptive"]
    assert all(set(answer) == {"command", "risk", "reason"} and answer["reason"] for answer in answers)


def test_a_line_that_is_no_string_is_named_and_those_before_it_are_answered() -> None:
    told = run("--json", "-", piped='"uptime"\n{"command": "uptime"}\n"ls"\n')
    assert (told.returncode, len(told.stdout.splitlines())) == (2, 1)
    assert "line 2" in told.stderr


def test_only_whether_it_is_words_or_a_command_may_change_the_label() -> None:
    text = "Check the service"
    assert run(text).stdout == run("--words", text).stdout
    assert run("--command", text).stdout.startswith("disruptive: not understood")


def test_it_starts_without_what_only_other_commands_need() -> None:
    probe = "import sys, onrecall.cli.entry as e; sys.argv = ['onrecall', 'risk', 'uptime']\ntry: e.main()\nexcept SystemExit: pass\nprint(sorted({'sqlalchemy', 'fastapi', 'onnxruntime'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", probe], text=True, capture_output=True, timeout=120, check=True)
    assert told.stdout.splitlines()[-1] == "[]"


def test_over_http_it_is_asked_and_nothing_is_stored(client) -> None:
    answer = client.post("/api/v1/risk", json={"command": " dropdb shop"})
    assert answer.json() | {"reason": ""} == {"command": " dropdb shop", "risk": "destructive", "reason": ""}
    words = client.post("/api/v1/risk", json={"command": "Read the dashboard", "kind": "words"})
    assert words.json()["risk"] == "read_only"
    empty = client.post("/api/v1/risk", json={"command": ""})
    assert (empty.status_code, empty.json()["errors"][0]["field"]) == (422, "command")

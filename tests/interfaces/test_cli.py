"""The command line as a person and as a script uses it: real processes over real files."""

import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass

import pytest

from onrecall.cli import main as cli

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ONRECALL_")}


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def onrecall(monkeypatch, capfdbinary):
    """Runs a command in this process and hands back what it said."""

    def run(data_dir, *arguments, check=0, stdin=""):
        monkeypatch.setenv("ONRECALL_DATA_DIR", str(data_dir))
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(one) for one in arguments])
        out, err = (text.decode() for text in capfdbinary.readouterr())
        done = Done(ended.value.code or 0, out, err)
        assert done.returncode == check, f"exit {done.returncode}\n{out}\n{err}"
        return done

    return run


@pytest.fixture
def printed(onrecall):
    return lambda data_dir, *arguments, **options: json.loads(
        onrecall(data_dir, *arguments, "--json", **options).stdout
    )


def process(data_dir, *arguments, seconds=120):
    """The same as a process of its own; the limit guards against hanging and measures nothing."""
    return subprocess.run(
        [sys.executable, "-m", "onrecall", *map(str, arguments)],
        env=ENVIRONMENT | {"ONRECALL_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_ask_answers_from_the_example_history(printed, data_dir):
    answer = printed(data_dir, "ask", "auth service returning 503 errors users cant login")
    assert answer["verdict"] == "known"
    assert answer["evidence"][0]["id"] == "INC-001"
    assert answer["steps"]
    assert all(step["citation"]["quote"] for step in answer["steps"])
    assert answer["confidence"]["basis"] == "public"
    assert "not measured on your incidents yet" in answer["confidence_reason"]


def test_ask_reads_as_text_too(onrecall, data_dir):
    shown = onrecall(data_dir, "ask", "auth service returning 503 errors users cant login").stdout
    assert "KNOWN" in shown
    assert "INC-001, line" in shown


def test_ask_reads_standard_input(printed, data_dir):
    assert printed(data_dir, "ask", "-", stdin="redis: OOM command not allowed when used memory > 'maxmemory'.")[
        "evidence"
    ]


def test_the_whole_story(onrecall, printed, data_dir, tmp_path):
    opened = printed(data_dir, "open", "the mail relay of the zeppelin refuses connections", "--service", "mail-relay")
    incident = opened["incident"]["id"]
    assert opened["recommendation"]["incident"] == incident
    resolved = printed(
        data_dir, "resolve", incident, "--root-cause", "The relay's disk was full of bounces.", "--cause", "disk-full-bounces",
        "--failed", "restarted the relay", "--step", "deleted old bounces",
    )  # fmt: skip
    assert resolved["status"] == "resolved"
    again = printed(data_dir, "ask", "zeppelin mail relay refuses connections again")
    assert again["evidence"][0]["id"] == incident
    assert again["verdict"] == "known"
    assert "deleted old bounces" in again["steps"][0]["text"]
    assert "restarted the relay" in again["tried_before"][0]["text"]

    onrecall(data_dir, "export", tmp_path / "out")
    loaded = printed(tmp_path / "other", "import", tmp_path / "out")
    assert loaded["created"] > 0
    there = printed(tmp_path / "other", "ask", "zeppelin mail relay refuses connections again")
    same = ("id", "verdict", "cause", "steps", "tried_before", "evidence", "inputs_hash")
    assert {key: there[key] for key in same} == {key: again[key] for key in same}
    assert printed(tmp_path / "other", "import", tmp_path / "out")["created"] == 0


def test_show_marks_the_cited_line(printed, data_dir):
    answer = printed(data_dir, "ask", "auth service returning 503 errors users cant login")
    citation = answer["steps"][0]["citation"]
    page = printed(data_dir, "show", citation["id"])["page"]
    assert citation["quote"] in page[citation["line"] - 1]


def test_import_twice_is_unchanged(printed, tmp_path):
    (tmp_path / "old.csv").write_text(
        "id,title,started_at,root_cause\nA-1,disk full,2026-01-01T00:00:00Z,\nA-2,dns broken,2026-01-02T00:00:00Z,\n",
        encoding="utf-8",
    )
    assert printed(tmp_path / "data", "import", tmp_path / "old.csv")["created"] == 2
    again = printed(tmp_path / "data", "import", tmp_path / "old.csv")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("resolve", "INC-404", "--root-cause", "x"), 1, "INC-404"),
        (("show", "nothing-like-it"), 1, "nothing-like-it"),
        (("resolve", "INC-404"), 2, "--root-cause"),
        (("ask", "  "), 2, "the text is empty"),
        (("ask", "x", "--as-of", "tomorrow"), 2, "as-of"),
        (("ask", "x", "--as-of", "2026-01-01T00:00:00"), 2, "time zone"),
        (("ask", "x", "--label", "novalue"), 2, "name=value"),
        (("import",), 2, "--example"),
        (("import", "/no/such/file"), 2, "/no/such/file"),
        (("bench", "recall", "/no/such/folder"), 2, "/no/such/folder"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_an_exit_code(onrecall, tmp_path, arguments, code, words):
    done = onrecall(tmp_path, *arguments, check=code)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_says_how_every_part_is(printed, data_dir):
    report = printed(data_dir, "doctor")
    assert report["state"] == "ok"
    assert report["problems"] == []
    assert report["settings"]["ONRECALL_DATA_DIR"] == str(data_dir)


def test_a_busy_port_is_a_sentence(onrecall, data_dir):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = onrecall(data_dir, "serve", "--port", port, check=2)
    assert f"port {port} at 127.0.0.1 is in use" in done.stderr


@pytest.mark.process
def test_serve_answers_and_survives_a_kill(data_dir):
    port = free_port()
    for attempt in range(2):
        server = subprocess.Popen(
            [sys.executable, "-m", "onrecall", "serve", "--port", str(port)],
            env=ENVIRONMENT | {"ONRECALL_DATA_DIR": str(data_dir)},
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz")
            if attempt == 0:
                post(port, "/incidents", {"id": "KILL-1", "title": "kafka consumer lag grows on orders"})
            else:
                answer = get(port, "/incidents/KILL-1/recommendation?wait=20")
                assert answer["incident"] == "KILL-1"
        finally:
            server.kill()
            server.wait()


@pytest.mark.process
def test_the_demo_tells_its_story_and_ends(data_dir):
    done = process(data_dir, "demo", "--fast", "--once", "--port", "0", seconds=280)
    assert done.returncode == 0, done.stderr
    for word in ("opened", "KNOWN", "NEVER SEEN", "resolved", "outcome", "the scenario is finished"):
        assert word in done.stdout, word
    assert "Traceback" not in done.stderr


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(url, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.status
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1{path}", timeout=30) as answer:
        return json.load(answer)


def post(port, path, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)

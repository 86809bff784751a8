"""`onrecall redact`, as people check it with."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

SECRET = "q7Wz" + "4kRt9LpX"


def run(*arguments: str, piped: bytes = b"") -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "onrecall", "redact", *arguments],
        input=piped,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_text_comes_out_without_its_secrets_and_else_as_it_was() -> None:
    piped = f"a\xff\r\nDB_PASSWORD={SECRET}\r\nlast".encode("latin-1")
    assert run(piped=piped) == piped.replace(SECRET.encode(), b"[redacted:password]")
    assert run(f"mysql -uroot -p{SECRET} -e x") == b"mysql -uroot -p[redacted:password] -e x\n"


def test_json_tells_what_was_found_and_where() -> None:
    text = f"one\nlogin ok, token: {SECRET * 2}\n"
    told = json.loads(run("--json", piped=text.encode()))
    assert told["text"] == "one\nlogin ok, token: [redacted:token]\n"
    (found,) = told["found"]
    assert (found["kind"], found["line"], found["column"]) == ("token", 2, 18)
    assert text[found["start"] : found["end"]] == SECRET * 2


def test_personal_data_go_when_asked_for() -> None:
    assert run("call anna@example.org") == b"call anna@example.org\n"
    assert run("--personal", "call anna@example.org") == b"call [redacted:email]\n"

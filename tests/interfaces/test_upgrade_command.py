"""`onrecall upgrade`, `healthcheck`, and the admin's key of a container, as an operator uses them."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from onrecall import settings
from onrecall.bootstrap.admin_key import store_admin_key
from onrecall.cli import main as cli
from onrecall.cli.healthcheck import local_address
from onrecall.domain.access import generate_key, parse_key_id
from onrecall.domain.errors import Invalid
from onrecall.pipeline.keys import Keys
from onrecall.storage import Storage

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def now() -> datetime:
    return datetime(2026, 5, 1, tzinfo=UTC)


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "onrecall.db")) as database:
        database.execute(statement)
        database.commit()


def test_an_upgrade_is_checked_then_done_once(run: Run, tmp_path: Path) -> None:
    assert run("upgrade", "--check")[0] == 0
    assert list(tmp_path.iterdir()) == [], "a check makes no store"
    code, out, _ = run("upgrade", "--json")
    assert (code, json.loads(out)["taken"][0].partition("_")[0]) == (0, "0001")
    assert json.loads(run("upgrade", "--json")[1])["taken"] == []


def test_a_pending_upgrade_has_an_exit_code_of_its_own(run: Run, tmp_path: Path) -> None:
    run("upgrade")
    change(tmp_path, "delete from migrations where number = (select max(number) from migrations)")
    code, out, _ = run("upgrade", "--check")
    assert (code, "1 migration, all or none; make a backup first" in out) == (1, True)


def test_a_newer_store_is_refused_with_the_way_out(run: Run, tmp_path: Path) -> None:
    run("upgrade")
    change(tmp_path, "insert into migrations (number, name, release) values (900, 'later', '9.1.0')")
    code, out, _ = run("upgrade", "--check")
    assert (code, "Install OnRecall 9.1.0 or newer" in out) == (2, True)
    for command in (["upgrade"], ["serve", "--port", "0"], ["keys", "list"]):
        code, _, err = run(*command)
        assert (code, "made by OnRecall 9.1.0" in err) == (2, True), command


@contextmanager
def listening(status: int, body: bytes) -> Iterator[str]:
    """A server that answers every request alike; yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_health_check_follows_readiness(run: Run) -> None:
    with listening(200, b'{"status": "ok"}') as url:
        assert run("healthcheck", "--url", f"{url}/") == (0, "ready\n", "")
    with listening(503, b'{"status": "down"}') as url:
        code, _, err = run("healthcheck", "--url", url)
        assert (code, "not ready (down)" in err) == (75, True)
    code, _, err = run("healthcheck", "--url", url)
    assert (code, "does not answer" in err) == (75, True)
    assert run("healthcheck", "--url", "no address")[0] == 75


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "http://127.0.0.1:81"), ("::", "http://[::1]:81"), ("10.1.2.3", "http://10.1.2.3:81")],
)
def test_a_health_check_asks_this_machine(host: str, address: str) -> None:
    assert local_address(settings.Settings(host=host, port=81)) == address


def test_a_generated_key_opens_once_it_is_configured(
    run: Run, store: Storage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = run("keys", "generate")[1].strip()
    assert parse_key_id(token)
    (tmp_path / "key").write_text(token + "\n")
    monkeypatch.setenv("ONRECALL_ADMIN_KEY_FILE", str(tmp_path / "key"))
    keys = Keys(store, now)
    for _ in range(2):
        store_admin_key(settings.load(), keys)
    keys.refresh()
    assert [(key.name, key.role) for key in keys.all()] == [("admin", "admin")]
    assert keys.holder(token).role == "admin"
    keys.revoke("admin")
    store_admin_key(settings.load(), keys)
    assert not any(key.state(now()) == "active" for key in keys.all()), "a revoked key stays revoked"
    (tmp_path / "key").write_text(generate_key())
    store_admin_key(settings.load(), keys)
    assert len(keys.all()) == 2


def test_a_wrong_admin_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECALL_ADMIN_KEY", "hunter2")
    with pytest.raises(Invalid, match=r"ONRECALL_ADMIN_KEY: is not a key .*keys generate") as refused:
        settings.load()
    assert "hunter2" not in str(refused.value)


def test_the_database_may_be_named_by_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ONRECALL_DATABASE_URL", raising=False)
    (tmp_path / "url").write_text("postgresql://onrecall:s3cret@db/onrecall\n")
    monkeypatch.setenv("ONRECALL_DATABASE_URL_FILE", str(tmp_path / "url"))
    chosen = settings.load()
    assert chosen.database == "postgresql://onrecall:s3cret@db/onrecall"
    assert "s3cret" not in chosen.effective_values()["ONRECALL_DATABASE_URL"]

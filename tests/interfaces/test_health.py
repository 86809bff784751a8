"""Health tells the truth: a full disk, damage, a read-only file, a dead worker and a queue that stands still."""

import json
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from guarded import LOOPBACK, Clock
from processes import COMMAND, running, surroundings
from sqlalchemy import event
from starlette.testclient import TestClient

from idle_worker import IdleWorker
from onrecall.bootstrap import store_watch
from onrecall.bootstrap.status import ComponentStatus, build_report
from onrecall.bootstrap.store_watch import StoreWatch
from onrecall.http import create
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage
from onrecall.worker.worker import Worker


@contextmanager
def server(store: Storage, worker=None) -> Iterator[TestClient]:
    """An application that watches its store as `onrecall serve` does; with a worker that works unless one is given."""
    memory = IncidentService(Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), Clock()))
    with closing(Watch(memory)) as watch:
        status = lambda: build_report(memory, ComponentStatus(name="meaning", state="ok", detail=""), (), watch)  # noqa: E731
        app = create(memory, worker or Worker(memory), status)
        with TestClient(app, LOOPBACK, raise_server_exceptions=False, client=("127.0.0.1", 5)) as client:
            yield client


class Watch(StoreWatch):
    """One that `closing` can end."""

    def close(self) -> None:
        self.stop()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_watch, "PROBE_SECONDS", 0.0)
    monkeypatch.setattr(store_watch, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(store_watch, "CHECK_SHARE", 0)
    monkeypatch.setattr(store_watch, "PATIENCE_SECONDS", 30.0)
    monkeypatch.setattr(store_watch, "FILE_PATIENCE_SECONDS", 30.0)


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Storage]:
    with closing(Storage.open(f"sqlite:///{tmp_path / 'memory.db'}?timeout=5")) as opened:
        yield opened


def alerts(count: int, name: str, size: int = 10) -> dict[str, object]:
    rows = [
        {
            "status": "firing",
            "startsAt": "2026-03-01T11:00:00Z",
            "labels": {"alertname": f"{name}{number}", "service": "tills"},
            "annotations": {"summary": f"tills are slow {'x' * size}"},
        }
        for number in range(count)
    ]
    return {"version": "4", "alerts": rows}


def send(client, name: str, count: int = 1, size: int = 10, address: str = "") -> httpx.Response:
    answer: httpx.Response = client.post(f"{address}/api/v1/alerts/alertmanager", json=alerts(count, name, size))
    return answer


def send_until_taken(client, name: str, address: str = "") -> None:
    """Send again what a busy machine could not answer in time, as senders do."""
    end = time.monotonic() + 60
    while (status := send(client, name, address=address).status_code) != 202:
        assert status == 503
        assert time.monotonic() < end


def store_part(client, address: str = "") -> dict[str, object]:
    parts = client.get(f"{address}/api/v1/status").json()["parts"]
    return next(part for part in parts if part["name"] == "store")


def limit_pages(store: Storage, pages: int) -> None:
    """Let no connection of the store grow its file beyond so many pages, as a full disk would."""
    engine = store.overview.database.kind.engine
    engine.dispose()
    event.listen(engine, "connect", lambda raw, _: raw.execute(f"PRAGMA max_page_count = {pages}").fetchall())


def test_a_full_disk_is_503_at_each_door_and_afterwards_it_goes_on(file_store: Storage) -> None:
    with server(file_store, IdleWorker()) as client:
        send_until_taken(client, "first")
        assert client.get("/readyz").status_code == 200
        limit_pages(file_store, 1)
        refused = send(client, "second", 100, 2_000)
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert int(refused.headers["retry-after"]) >= 1
        assert client.post("/api/v1/incidents", json={"title": "tills", "description": "y" * 60_000}).status_code == 503
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "degraded")
        told = store_part(client)
        assert (told["state"], told["ready"]) == ("degraded", False)
        assert "full" in str(told["detail"])
        limit_pages(file_store, 1_000_000)
        assert client.get("/readyz").status_code == 200
        assert send(client, "second", 100, 2_000).status_code == 202
        assert file_store.overview.database.kind.name == "sqlite"
        assert client.get("/readyz").json() == {"status": "ok"}


def overwrite_alerts(path: Path) -> None:
    """Overwrite pages that hold alerts, as a failing disk would."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        size = raw.execute("PRAGMA page_size").fetchone()[0]
        root = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'alerts'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


@pytest.mark.process
def test_a_damaged_table_is_noticed_before_anybody_reads_it(file_store: Storage, tmp_path: Path) -> None:
    with server(file_store, IdleWorker()) as client:
        assert send(client, "first", 50, 500).status_code == 202
        assert client.get("/readyz").status_code == 200
        file_store.overview.database.kind.engine.dispose()
        whole = tmp_path / "whole.db"
        with closing(sqlite3.connect(tmp_path / "memory.db")) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        shutil.copy(tmp_path / "memory.db", whole)
        overwrite_alerts(tmp_path / "memory.db")
        assert client.get("/readyz").status_code == 503
        assert "damaged" in str(store_part(client)["detail"])
        assert send(client, "first", 50, 500).status_code == 503
        assert client.get("/api/v1/senders").status_code in (200, 503)
        doctor = subprocess.run(
            [*COMMAND, "doctor", "--json"],
            env=surroundings(tmp_path) | {"ONRECALL_DATABASE_URL": f"sqlite:///{tmp_path / 'memory.db'}"},
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert doctor.returncode == 1, doctor.stderr
        file_store.overview.database.kind.engine.dispose()
        for left in ("memory.db-wal", "memory.db-shm"):
            (tmp_path / left).unlink(missing_ok=True)
        shutil.copy(whole, tmp_path / "memory.db")
        assert client.get("/readyz").status_code == 200
        assert send(client, "second").status_code == 202


def test_nobody_waits_for_the_check_of_a_large_file(file_store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_watch, "FILE_PATIENCE_SECONDS", 0.01)
    ending = threading.Event()
    monkeypatch.setattr(file_store.health, "check_file", lambda: ending.wait(60))
    with server(file_store, IdleWorker()) as client:
        assert client.get("/readyz").json() == {"status": "ok"}
        assert not ending.is_set()
        ending.set()


def test_a_table_that_is_gone_is_503(file_store: Storage, tmp_path: Path) -> None:
    with server(file_store, IdleWorker()) as client:
        with closing(sqlite3.connect(tmp_path / "memory.db")) as raw:
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.execute("DROP TABLE alerts")
        assert send(client, "first").status_code == 503
        assert client.get("/readyz").status_code == 503


def test_a_store_that_can_not_be_written_is_not_ready(file_store: Storage) -> None:
    with server(file_store, IdleWorker()) as client:
        engine = file_store.overview.database.kind.engine
        engine.dispose()
        listening = lambda raw, _: raw.execute("PRAGMA query_only = ON").fetchall()  # noqa: E731
        event.listen(engine, "connect", listening)
        assert client.get("/readyz").status_code == 503
        assert "readonly" in str(store_part(client)["detail"])
        assert send(client, "first").status_code == 503
        event.remove(engine, "connect", listening)
        engine.dispose()
        assert client.get("/readyz").status_code == 200


def test_a_queue_that_stands_still_is_told_and_one_that_moves_is_not(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(store, IdleWorker()) as client:
        assert client.get("/readyz").status_code == 200
        send(client, "first")
        assert client.get("/readyz").status_code == 200, "it came just now"
        monkeypatch.setattr(store_watch, "STILL_SECONDS", 0.0001)
        assert client.get("/readyz").status_code == 503
        (queue,) = [part for part in client.get("/api/v1/status").json()["parts"] if part["name"] == "queue"]
        assert (queue["state"], queue["ready"]) == ("degraded", False)
        assert "alerts waiting: 1" in queue["detail"]


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own, which takes the right to mount one."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def until_ready(address: str, status: int) -> httpx.Response:
    deadline = time.monotonic() + 60
    while (answer := httpx.get(f"{address}/readyz", timeout=60)).status_code != status:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    return answer


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount here")
@pytest.mark.process
def test_a_disk_that_is_full_for_real_takes_nothing_and_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with small_disk(data, 64), running(data) as (address, _):
        send_until_taken(httpx, "first", address)
        filler = data / "filler"
        with filler.open("wb") as out:
            try:
                while True:
                    out.write(b"\0" * 65_536)
                    out.flush()
            except OSError:
                pass
        answers = [send(httpx, f"full{n}", 200, 3_000, address).status_code for n in range(3)]
        assert set(answers) <= {202, 503}
        assert 503 in answers
        until_ready(address, 503)
        assert store_part(httpx, address)["state"] in ("degraded", "down")
        doctor = subprocess.run(
            [*COMMAND, "doctor", "--json"], env=surroundings(data), capture_output=True, timeout=120, check=False
        )
        assert doctor.returncode == 1, doctor.stdout
        assert "full" in json.dumps(json.loads(doctor.stdout)["parts"])
        filler.unlink()
        until_ready(address, 200)
        assert send(httpx, "after", address=address).status_code == 202


def test_every_refusal_is_named_in_the_description(file_store: Storage) -> None:
    with server(file_store, IdleWorker()) as client:
        paths = client.get("/openapi.json").json()["paths"]
    operations = [operation for methods in paths.values() for operation in methods.values()]
    assert len(operations) > 50
    refusals = {"401", "403", "413", "422", "429", "500", "503"}
    assert all(refusals <= operation["responses"].keys() for operation in operations)


def test_a_link_on_another_site_brings_no_download_of_all_there_is(file_store: Storage) -> None:
    with server(file_store, IdleWorker()) as client:
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
            assert client.get("/api/v1/export", headers={"sec-fetch-site": site}).status_code == status
        assert client.get("/api/v1/export").status_code == 200
        assert client.get("/api/v1/status", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_a_password_file_in_what_was_rejected_is_redacted(file_store: Storage) -> None:
    secret = "pa" + "55-kestrel"
    with server(file_store, IdleWorker()) as client:
        broken = {"version": "4", "alerts": [{"status": 7, "labels": f"bad line in db1:5432:shop:app:{secret}"}]}
        assert client.post("/api/v1/alerts/alertmanager", json=broken).json()["rejected"]
        kept = client.get("/api/v1/rejected").text
        assert "5432:shop:app" in kept
        assert secret not in kept

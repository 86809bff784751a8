"""A backtest started over HTTP: one at a time, in a process of its own, and honest about how it ended."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from guarded import Doors
from starlette.testclient import TestClient

from calibration.histories import history
from onrecall.bootstrap.app import AppContext, open_app
from onrecall.http import create
from onrecall.settings import Settings
from onrecall.storage import Storage
from onrecall.storage.backtests import HEARTBEAT_TIMEOUT
from onrecall.worker.backtest_runner import BacktestRunner
from onrecall.worker.worker import Worker

WHERE = "/api/v1/trust/backtest"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[AppContext, TestClient]]:
    with open_app(settings) as home:
        worker = Worker(home.memory)
        rehearsals = BacktestRunner(home.memory.store, home.settings, now)
        app = create(home.memory, worker, lambda: home.status(worker), home.access, rehearsals)
        with TestClient(app, "http://127.0.0.1:8000", client=("127.0.0.1", 50000)) as client:
            yield home, client


def until(seen: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.process
@pytest.mark.model
def test_it_is_started_watched_and_changes_what_trust_says(store_url: str, tmp_path: Path) -> None:
    with serving(Settings(data_dir=tmp_path, database_url=store_url)) as (home, client):
        assert client.get(WHERE).json() == {"backtest": None}
        home.memory.import_history(history(40, 3))
        assert client.get("/api/v1/trust").json()["judged"] == 0
        begun = client.post(WHERE)
        assert (begun.status_code, begun.json()["state"]) == (202, "running")
        again = client.post(WHERE)
        assert (again.status_code, again.json()["number"]) == (202, begun.json()["number"]), "there is one at a time"
        until(lambda: client.get(WHERE).json()["backtest"]["state"] != "running")
        ended = client.get(WHERE).json()["backtest"]
        assert (ended["state"], ended["error"]) == ("done", None)
        assert ended["result"]["incidents"] == 40
        assert ended["result"]["right"]["n"] > 0
        assert ended["result"]["hit_basis"] == "label"
        assert ended["result"]["power"]["sentence"].startswith("with ")
        assert {group["kind"] for group in ended["result"]["groups"]} == {"service", "month", "severity", "length"}
        assert client.get("/api/v1/trust").json()["basis"]["backtest"] == ended["result"]["judged"]
        assert client.post(WHERE).json()["number"] == 2


@pytest.mark.process
@pytest.mark.model
def test_an_empty_memory_is_said_to_be_empty(tmp_path: Path) -> None:
    with serving(Settings(data_dir=tmp_path)) as (_, client):
        client.post(WHERE)
        until(lambda: client.get(WHERE).json()["backtest"]["state"] != "running")
        ended = client.get(WHERE).json()["backtest"]
    assert (ended["state"], ended["result"]) == ("failed", None)
    assert "no incident in memory" in ended["error"]


@pytest.mark.process
@pytest.mark.model
def test_one_that_is_stopped_with_the_server_is_interrupted(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with serving(settings) as (home, client):
        home.memory.import_history(history(100, 3))  # its process is told to end while it still begins
        client.post(WHERE)
    with serving(settings) as (_, client):
        ended = client.get(WHERE).json()["backtest"]
        assert (ended["state"], ended["result"]) == ("interrupted", None)
        assert "nothing was stored" in ended["error"]
        assert client.get("/api/v1/trust").json()["judged"] == 0


def test_one_that_nobody_speaks_of_is_interrupted_and_another_can_begin(store: Storage) -> None:
    begun, new = store.backtests.begin("ann", NOON)
    assert new
    assert store.backtests.report_progress(begun.number, "replaying", 3, 10, NOON + timedelta(seconds=5))
    soon, late = NOON + timedelta(seconds=10), NOON + HEARTBEAT_TIMEOUT + timedelta(seconds=6)
    assert store.backtests.begin("bob", soon) == (store.backtests.newest(soon), False)
    seen = store.backtests.newest(late)
    assert seen is not None
    assert (seen.state, seen.by, seen.done, seen.total) == ("interrupted", "ann", 3, 10)
    another, new = store.backtests.begin("bob", late)
    assert (another.number, new) == (begun.number + 1, True)
    assert not store.backtests.report_progress(begun.number, "replaying", 4, 10, late), "who still runs it has to stop"
    store.backtests.finish(begun.number, {"right": {}}, late)
    assert store.backtests.newest(late) == another, "and can't say that it is done"


def test_a_server_that_can_start_none_says_so() -> None:
    with closing(Storage.open("sqlite://")) as store, Doors(store).client() as client:
        refused = client.post(WHERE)
    assert refused.status_code == 503
    assert "onrecall backtest" in refused.json()["detail"]


def test_one_that_is_slow_to_begin_is_not_taken_for_dead(store: Storage) -> None:
    begun, _ = store.backtests.begin(None, NOON)
    for seconds in (10, 20, 30):
        store.backtests.alive(begun.number, NOON + timedelta(seconds=seconds))
    seen = store.backtests.newest(NOON + timedelta(seconds=40))
    assert seen is not None
    assert (seen.state, seen.stage) == ("running", None)
    assert seen.told_at == NOON + timedelta(seconds=30)


@pytest.mark.parametrize("ended", ["finish", "fail", "interrupt"])
def test_what_ended_stays_so(store: Storage, ended: str) -> None:
    begun, _ = store.backtests.begin(None, NOON)
    said = {"finish": ({"right": {}}, NOON), "fail": ("it broke", NOON), "interrupt": (NOON,)}
    getattr(store.backtests, ended)(begun.number, *said[ended])
    before = store.backtests.newest(NOON)
    store.backtests.interrupt(begun.number, NOON)
    store.backtests.fail(begun.number, "later", NOON)
    assert store.backtests.newest(NOON) == before

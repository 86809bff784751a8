"""The worker of a server is a process of its own: it answers, tells, is begun again when killed, and dies with its server."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import COMMAND, children, surroundings

from onrecall.bootstrap.app import AppContext, open_app
from onrecall.domain.errors import Unavailable
from onrecall.domain.incident import Incident
from onrecall.settings import Settings
from onrecall.storage import Storage
from onrecall.worker.polling_thread import PollingThread
from onrecall.worker.process import WorkerProcess, create_workers, is_failing
from onrecall.worker.worker import Worker

pytestmark = pytest.mark.process

SECONDS = 120


def settled(store_url: str, folder: Path) -> Settings:
    return Settings(data_dir=folder, database_url=store_url, group_wait_seconds=0, worker="process")


@pytest.fixture
def home(store_url: str, tmp_path: Path) -> Iterator[AppContext]:
    with open_app(settled(store_url, tmp_path)) as opened:
        yield opened


@pytest.fixture
def worker(home: AppContext) -> Iterator[WorkerProcess]:
    found = create_workers([home])[0]
    assert isinstance(found, WorkerProcess)
    found.start()
    yield found
    found.stop()
    assert not found.alive


def opened(home: AppContext, title: str) -> str:
    return home.memory.open(Incident("", title, home.memory.now(), source="test"))[0].id


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_answers_and_whoever_waits_here_is_told(home: AppContext, worker: WorkerProcess) -> None:
    heard = threading.Event()
    watch = home.memory.store.overview.watch(heard.set)
    name = opened(home, "kafka consumer lag grows on orders")
    watch.start()
    worker.wake()
    assert worker.wait(lambda: home.memory.store.recommendations.newest(name) is not None, SECONDS)
    assert heard.wait(SECONDS), "what the worker wrote is told in this process"
    watch.stop()
    assert worker.alive


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_killed_it_is_begun_again_and_goes_on(home: AppContext, worker: WorkerProcess) -> None:
    first = opened(home, "disk of orders-db is full")
    worker.wake()
    assert worker.wait(lambda: home.memory.store.recommendations.newest(first) is not None, SECONDS)
    (process,) = children(os.getpid())
    os.kill(process, signal.SIGKILL)
    until(lambda: not lives(process))
    second = opened(home, "certificate of the gateway expired")
    assert worker.wait(lambda: home.memory.store.recommendations.newest(second) is not None, SECONDS)
    assert worker.alive
    assert children(os.getpid()) != [process]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_server_however_that_ends(number: signal.Signals, tmp_path: Path) -> None:
    server = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"],
        env=surroundings(tmp_path) | {"ONRECALL_WORKER": "process"},
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: children(server.pid))
        (process,) = children(server.pid)
        server.send_signal(number)
        server.wait(SECONDS)
        until(lambda: not lives(process))
    finally:
        server.kill()
        server.wait()


def test_what_lies_in_the_folder_is_no_part_of_it(
    home: AppContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sqlalchemy.py").write_text("raise SystemExit('hostile')")
    monkeypatch.chdir(tmp_path)
    worker = create_workers([home])[0]
    worker.start()
    name = opened(home, "disk of orders-db is full")
    worker.wake()
    assert worker.wait(lambda: home.memory.store.recommendations.newest(name) is not None, 20)
    worker.stop()


def test_a_database_in_memory_is_worked_on_by_a_thread(tmp_path: Path) -> None:
    with open_app(settled("sqlite://", tmp_path)) as home:
        assert isinstance(create_workers([home])[0], Worker)


def test_one_that_cannot_begin_is_tried_again_and_stopping_ends_that(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Settings(data_dir=tmp_path, database_url="postgresql://nobody@127.0.0.1:1/none")
    store = Storage.open(f"sqlite:///{tmp_path / 'a.db'}")
    worker = WorkerProcess(store, broken)
    worker.start()
    until(lambda: caplog.text.count("it is started again") >= 2)
    worker.stop()
    store.close()
    assert not worker.alive


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_one_that_the_system_does_not_let_begin_is_tried_until_it_does(
    home: AppContext, worker: WorkerProcess, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without_python:
        without_python.setattr(sys, "executable", "/nowhere/python")  # fails as the system does without free memory
        (process,) = children(os.getpid())
        os.kill(process, signal.SIGKILL)
        until(lambda: caplog.text.count("the worker can't be started now") >= 2)
        assert not worker.alive
    name = opened(home, "disk of orders-db is full")
    assert worker.wait(lambda: home.memory.store.recommendations.newest(name) is not None, SECONDS)
    assert worker.alive


def test_the_last_report_says_whether_its_rounds_fail() -> None:
    assert is_failing(b"!!-", before=False)
    assert is_failing(b"+!-!", before=False)
    assert not is_failing(b"-!+", before=True)
    assert is_failing(b"!", before=True)


def test_a_loop_reports_when_its_rounds_fail_and_when_they_succeed_again() -> None:
    reports: queue.Queue[bool] = queue.Queue()
    rounds = iter([0, Unavailable("the disk is read-only", retry_after=0.01), 0])

    def work() -> int:
        result = next(rounds, 0)
        if isinstance(result, Unavailable):
            raise result
        return result

    loop = PollingThread("loop", work, report=reports.put)
    loop.start()
    loop.wake()
    assert reports.get(timeout=SECONDS) is True
    assert reports.get(timeout=SECONDS) is False
    assert not loop.failing
    loop.stop()

"""The worker of a server in a process of its own, so that its computing does not delay acknowledgements."""

import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from io import BufferedReader
from types import FrameType
from typing import IO

from onrecall.bootstrap.app import AppContext
from onrecall.bootstrap.team_apps import open_apps
from onrecall.domain.errors import OnRecallError
from onrecall.settings import Settings
from onrecall.storage import Storage
from onrecall.worker.worker import ChangeSignal, Worker, WorkerHandle

COMMITTED, FAILING, RECOVERED = b"!", b"-", b"+"
"""What the worker reports: a commit, that its rounds fail, that they succeed again."""
NICE = 10
"""Grouping gives way to intake when processors are busy."""
RESTART_SECONDS = 1.0
READ_BYTES = 4096
"""Bytes of notifications read at once; all of them mean the same."""
GRACE_SECONDS = 20.0
"""A worker that takes longer to stop is killed, and its lease expires."""

log = logging.getLogger(__name__)


def create_workers(homes: Sequence[AppContext]) -> Sequence[WorkerHandle]:
    """Return a worker for each of the applications of a process, the installation's own first.

    It is a process, or a thread if chosen or if there is one processor; a process is one for all, started and stopped
    with the first.
    """
    home = homes[0]
    threading.Thread(
        target=home.warm, name="onrecall-warm", daemon=True
    ).start()  # in parallel with the rest of the start
    chosen = home.settings.worker
    if (
        chosen == "thread"
        or (chosen == "auto" and _processor_count() == 1)
        or home.memory.store.overview.database.in_memory
    ):
        return [Worker(each.memory) for each in homes]
    process = WorkerProcess(home.memory.store, home.settings, [each.memory.store for each in homes[1:]])
    return [process, *(SharedWorker(process) for _ in homes[1:])]


class WorkerProcess:
    """Keeps a worker process running: restarts it when it dies, and ends it with this process in any case."""

    def __init__(self, store: Storage, chosen: Settings, others: Sequence[Storage] = ()) -> None:
        """`others` are the stores of teams, which the same process works on."""
        self._databases = [each.overview.database for each in (store, *others)]
        self._settings = chosen
        self._changes = ChangeSignal()
        self._stopping = threading.Event()
        self._process_lock = threading.Lock()
        """Held while a process is started or stopped."""
        self._keeper: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._failing = False

    def start(self) -> None:
        """Start; what the last run left over comes first."""
        self._stopping.clear()
        self._begin()
        self._keeper = threading.Thread(target=self._supervise, name="onrecall-worker", daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        """Let it finish its current work, then stop."""
        with self._process_lock:
            self._stopping.set()
            process = self._process
        if process is not None:
            _close(process.stdin)
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process is not None and self._process.poll() is None

    @property
    def failing(self) -> bool:
        """Whether the last round of the process failed."""
        return self._failing

    def wake(self) -> None:
        """Tell it that there is work."""
        if self._process is not None:
            _notify(self._process.stdin)

    def wait(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Wait until `arrived()` is true, at most `seconds`; returns whether it is."""
        return self._changes.wait(arrived, seconds)

    def _begin(self) -> None:
        # not by multiprocessing, which starts a watcher process and refuses to run inside a daemon process
        command = [sys.executable, "-P", "-m", __name__]  # -P: do not import from the working directory
        process = subprocess.Popen(  # noqa: S603 - this very program
            command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with contextlib.suppress(OSError):  # it has ended already, and _supervise reports it
            _require(process.stdin).write(pickle.dumps(self._settings))
        _make_nonblocking(_require(process.stdin))
        self._process = process

    def _supervise(self) -> None:
        while True:
            self._listen()
            assert self._process is not None
            ended = self._process.wait()
            if self._stopping.is_set():
                return
            log.error("the worker ended with %s; it is started again", ended)
            if not self._restart():
                return

    def _restart(self) -> bool:
        """Start the process again, trying until the system allows it; returns False if it was stopped before."""
        while not self._stopping.wait(RESTART_SECONDS):
            with self._process_lock:
                if self._stopping.is_set():
                    return False
                try:
                    self._begin()
                except OSError as error:  # the machine has no memory or no process left, for now
                    log.error("the worker can't be started now; it is tried again: %s", error)  # noqa: TRY400 - likewise
                else:
                    return True
        return False

    def _listen(self) -> None:
        """Pass on the worker's commit notifications until it ends."""
        assert self._process is not None
        with contextlib.closing(_require(self._process.stdout)) as hears:
            while reports := hears.read(READ_BYTES):
                self._failing = is_failing(reports, self._failing)
                for database in self._databases:
                    database.notify_commit()
                self._changes.notify()
        self._failing = False
        _close(self._process.stdin)


class SharedWorker:
    """A team's view of the worker process, which the installation's own application starts and stops."""

    def __init__(self, process: WorkerProcess) -> None:
        self._process = process

    def start(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process.alive

    @property
    def failing(self) -> bool:
        """Whether the last round of the process failed, whoever's it was."""
        return self._process.failing

    def wake(self) -> None:
        """Tell it that there is work."""
        self._process.wake()

    def wait(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Wait until `arrived()` is true, at most `seconds`; returns whether it is."""
        return self._process.wait(arrived, seconds)


def is_failing(reports: bytes, before: bool) -> bool:
    """Return whether the worker's rounds fail after these reports; the last one counts."""
    failed, recovered = reports.rfind(FAILING), reports.rfind(RECOVERED)
    return before if failed == recovered else failed > recovered


def run_worker_process() -> None:
    """Work with the settings from standard input until it closes; commits are announced on standard output."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends this
    signal.signal(signal.SIGTERM, _exit)
    if hasattr(os, "nice"):
        os.nice(NICE)
    hears, calls = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # output printed by mistake is no notification
    _make_nonblocking(calls)
    chosen = pickle.load(hears)  # noqa: S301 - from the server that began this process, over a pipe that nobody else has
    try:
        with open_apps(chosen) as homes:
            _work(homes, hears, calls)
    except OnRecallError as error:
        log.error("the worker can't begin: %s", error)  # noqa: TRY400 - a sentence, as on the command line
        sys.exit(1)


def _work(homes: Sequence[AppContext], hears: BufferedReader, calls: IO[bytes]) -> None:
    report = _shared_report(lambda failing: _notify(calls, FAILING if failing else RECOVERED))
    workers = [Worker(home.memory, report=partial(report, number)) for number, home in enumerate(homes)]
    for home in homes:
        home.memory.store.overview.database.commit_listeners.append(lambda: _notify(calls))
    for worker in workers:
        worker.start()
    try:
        while hears.read1(READ_BYTES):
            for worker in workers:
                worker.wake()
    finally:
        for worker in workers:
            worker.stop()


def _shared_report(report: Callable[[bool], None]) -> Callable[[int, bool], None]:
    """Return what one of several workers, by its number, reports to: together they fail while any of them does."""
    failing: set[int] = set()
    changing = threading.Lock()

    def hear(number: int, fails: bool) -> None:
        with changing:
            (failing.add if fails else failing.discard)(number)
            report(bool(failing))

    return hear


def _processor_count() -> int:
    """Return the number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _notify(pipe: IO[bytes] | None, report: bytes = COMMITTED) -> None:
    """Notify the other side without waiting: with a full pipe it knows already."""
    with contextlib.suppress(OSError, ValueError):
        _require(pipe).write(report)


def _make_nonblocking(calls: IO[bytes]) -> None:
    if sys.platform != "win32":
        os.set_blocking(calls.fileno(), False)


def _close(pipe: IO[bytes] | None) -> None:
    with contextlib.suppress(OSError):
        _require(pipe).close()


def _require(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "it was asked for"
    return pipe


if __name__ == "__main__":
    run_worker_process()

"""The worker of a server, in a process of its own: what it computes holds up no acknowledgement."""

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import FrameType

from onrecall.doors.wiring import House, house
from onrecall.doors.worker import Arrivals, Worker, Working
from onrecall.errors import OnRecallError
from onrecall.settings import Settings
from onrecall.store import Store

NICE = 10
"""Grouping gives way to taking in where processors are short."""
AGAIN_SECONDS = 1.0
GRACE_SECONDS = 20.0
"""For what is at hand; a worker that takes longer is killed, and its claim runs out."""

log = logging.getLogger(__name__)


def beside(home: House) -> Working:
    """Who works for a house that is served: a thread, or a process where that was chosen and can be."""
    if home.settings.worker == "thread" or home.memory.store.overview.database.in_memory:
        _warm(home)
        return Worker(home.memory)
    return WorkerProcess(home.memory.store, home.settings)


class WorkerProcess:
    """Keeps a process at work: it is begun again when it dies, and ends when this one does, however that happens."""

    def __init__(self, store: Store, chosen: Settings) -> None:
        self._database = store.overview.database
        self._chosen = chosen
        self._arrivals = Arrivals()
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        """Held while a process is begun, or told to end."""
        self._keeper: threading.Thread | None = None
        self._process: BaseProcess | None = None
        self._calls: Connection | None = None
        self._hears: Connection | None = None

    def start(self) -> None:
        """Begin to work; what was left over from the last run comes first."""
        self._stopping.clear()
        self._begin()
        self._keeper = threading.Thread(target=self._keep, name="onrecall-worker", daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        """Let it finish what is at hand, and end."""
        with self._turn:
            self._stopping.set()
            calls, process = self._calls, self._process
            if calls is not None:
                calls.close()
        if process is not None:
            process.join(GRACE_SECONDS)
            process.kill()
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None

    @property
    def alive(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.is_alive()

    def wake(self) -> None:
        """There is something to do."""
        if self._calls is not None:
            _call(self._calls)

    def wait(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Wait until something has arrived, at most so long; says whether it did."""
        return self._arrivals.wait(arrived, seconds)

    def _begin(self) -> None:
        hears, their_calls = multiprocessing.Pipe(duplex=False)
        they_hear, calls = multiprocessing.Pipe(duplex=False)
        _never_wait(calls)
        process = multiprocessing.get_context("spawn").Process(
            target=work_for, args=(self._chosen, they_hear, their_calls), name="onrecall-worker", daemon=True
        )
        process.start()
        their_calls.close()  # so that its end is heard when the process is gone
        they_hear.close()
        self._process, self._calls, self._hears = process, calls, hears

    def _keep(self) -> None:
        while True:
            self._listen()
            assert self._process is not None
            self._process.join()
            if self._stopping.is_set():
                return
            log.error("the worker ended with %s; it is begun again", self._process.exitcode)
            self._stopping.wait(AGAIN_SECONDS)
            with self._turn:
                if self._stopping.is_set():
                    return
                self._begin()

    def _listen(self) -> None:
        """Pass on that the worker wrote something, until it is gone."""
        assert self._hears is not None
        with contextlib.closing(self._hears) as hears, contextlib.suppress(EOFError, OSError):
            while True:
                hears.recv_bytes()
                self._database.say_written()
                self._arrivals.tell()


def work_for(chosen: Settings, hears: Connection, calls: Connection) -> None:
    """Work until whoever began this process says so, or is gone; tell of all that is written."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends this
    signal.signal(signal.SIGTERM, _end)
    if hasattr(os, "nice"):
        os.nice(NICE)
    _never_wait(calls)
    try:
        with house(chosen) as home:
            _work(home, hears, calls)
    except OnRecallError as error:
        log.error("the worker can't begin: %s", error)  # noqa: TRY400 - a sentence, as on the command line
        sys.exit(1)


def _work(home: House, hears: Connection, calls: Connection) -> None:
    _warm(home)
    worker = Worker(home.memory)
    home.memory.store.overview.database.written.append(lambda: _call(calls))
    worker.start()
    try:
        with contextlib.suppress(EOFError, OSError):
            while True:
                hears.recv_bytes()
                worker.wake()
    finally:
        worker.stop()


def _warm(home: House) -> None:
    """Bring the model into memory where alerts are answered, beside what else begins."""
    threading.Thread(target=home.warm, name="onrecall-warm", daemon=True).start()


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _call(other: Connection) -> None:
    """Tell the other side that something happened. It is not waited for: who has a pipe full of calls needs no more."""
    with contextlib.suppress(OSError, ValueError):
        other.send_bytes(b"!")


def _never_wait(calls: Connection) -> None:
    if sys.platform != "win32":
        os.set_blocking(calls.fileno(), False)

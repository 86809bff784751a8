"""Benchmark of ingestion under load: latency, losses and duplicates, compared with a server that only appends.

The server runs in a separate process; this process generates the load and counts the stored rows in the database.
"""

import os
import platform
import resource
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import httpx
import numpy as np
from sqlalchemy import text

from onrecall.benchmarks.bystanders import bystanders
from onrecall.benchmarks.load_generator import Load, send
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.storage.database import Database

START_SECONDS = 120
STOP_SECONDS = 30
GROUP_SECONDS = 600
"""How long to wait for the worker."""
LOOK_SECONDS = 0.25
Progress = Callable[[str], None]

Where = Literal["thread", "process"]
"""Where the server's worker runs."""


@dataclass(frozen=True, slots=True)
class AcknowledgementTimes:
    """Milliseconds from when messages were due to be sent until they were acknowledged."""

    messages: int
    p50: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """One server under the load."""

    name: str
    sent: int
    """Alerts."""
    acknowledged: int
    stored: int | None
    """Rows of these alerts in the database; None for the bare endpoint, which keeps bodies."""
    lost: int | None
    """Acknowledged and not stored."""
    double: int | None
    """Rows beyond one for each alert."""
    refused: int
    """Answers other than 202, after which the message was sent again."""
    batches: AcknowledgementTimes
    singles: AcknowledgementTimes
    grouped_seconds: float | None
    """From the last acknowledgement until all alerts were in incidents; None: there are none, or it took too long."""
    incidents: int | None
    """How many all these alerts became."""
    cpu_ms: float
    """Processor time of the server for each alert: its start, taking in, and all that its worker did."""
    load: tuple[float, float]
    """Processes that wanted to run, of the whole machine, before and after."""
    to_bare: float = 1.0
    """How many times the bare endpoint's p99 its own is, of batches."""


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """A run."""

    machine: str
    processors: int
    load: Load
    results: tuple[IntakeResult, ...]


def run(
    load: Load, postgres: str | None = None, progress: Progress | None = None, worker: Where = "process"
) -> IntakeReport:
    """Measure the bare endpoint, OnRecall on SQLite, and on PostgreSQL where a URL is given."""
    if load.seconds <= 0 or load.batch < 2 or load.alerts < load.batch or load.singles < 1:
        raise Invalid("give at least one second, batches of two or more, and a batch and a single a second", "load")
    report_stage = progress or (lambda _: None)
    results = []
    with tempfile.TemporaryDirectory(prefix="onrecall-intake-") as folder:
        report_stage("the bare endpoint")
        bare = [sys.executable, "-m", "onrecall.benchmarks.baseline_server", str(Path(folder) / "bare.db")]
        results.append(_measure("bare FastAPI and SQLite", bare, {}, load, None))
        report_stage("OnRecall on SQLite")
        url = f"sqlite:///{Path(folder) / 'onrecall.db'}"
        results.append(_measure_onrecall("OnRecall on SQLite", url, folder, load, worker))
        if postgres:
            report_stage("OnRecall on PostgreSQL")
            results.append(_measure_onrecall("OnRecall on PostgreSQL", postgres, folder, load, worker))
    bare_p99 = max(results[0].batches.p99, 0.001)
    results = [replace(result, to_bare=result.batches.p99 / bare_p99) for result in results]
    return IntakeReport(f"{platform.machine()} {platform.system()}", os.cpu_count() or 1, load, tuple(results))


def _measure_onrecall(name: str, url: str, folder: str, load: Load, worker: Where) -> IntakeResult:
    Database(url).close()  # reports a wrong URL here instead of in a server that fails to start
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("ONRECALL_")}
    chosen = {"ONRECALL_DATA_DIR": folder, "ONRECALL_DATABASE_URL": url, "ONRECALL_WORKER": worker}
    return _measure(name, [sys.executable, "-m", "onrecall", "serve", "--port"], inherited | chosen, load, url)


def _measure(
    name: str, command: Sequence[str], environment: Mapping[str, str], load: Load, url: str | None
) -> IntakeResult:
    mark = secrets.token_hex(4)
    before, used = os.getloadavg()[0], _processor_seconds()
    with running_server(command, environment) as address:
        beside = (load.held_polls, load.live_clients) if url else (0, 0)  # the bare endpoint has nothing to wait for
        with bystanders(address, *beside):
            sent = send(address, load, mark)
        rows, keys = _count_stored(url, mark) if url else (None, None)
        grouped = _seconds_until_grouped(url) if url else None
    return IntakeResult(
        name=name,
        sent=sent.alerts,
        acknowledged=sent.acknowledged,
        stored=rows,
        lost=None if keys is None else max(0, sent.acknowledged - keys),
        double=None if rows is None or keys is None else rows - keys,
        refused=sent.refused,
        grouped_seconds=grouped,
        incidents=_count_incidents(url, mark) if url else None,
        batches=_summarize_times(sent.batches),
        singles=_summarize_times(sent.singles),
        cpu_ms=(_processor_seconds() - used) * 1000 / max(1, sent.alerts),
        load=(before, os.getloadavg()[0]),
    )


def _summarize_times(seconds: Sequence[float]) -> AcknowledgementTimes:
    if not seconds:
        return AcknowledgementTimes(0, 0, 0, 0)
    p50, p99, most = (np.percentile(seconds, [50, 99, 100]) * 1000).tolist()
    return AcknowledgementTimes(len(seconds), p50, p99, most)


@contextmanager
def running_server(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Run a server in a separate process and yield its address."""
    port = _free_port()
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*command, str(port)], env=environment or None, stdout=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, address)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable(f"the server ended with {process.returncode} before it answered")
        try:
            if httpx.get(f"{address}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise Unavailable(f"the server did not answer within {START_SECONDS} s")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _count_stored(url: str, mark: str) -> tuple[int, int]:
    """Return the number of stored rows of this run and of distinct alerts."""
    with closing(Database(url)) as database, database.read() as connection:
        query = text("select count(*), count(distinct key) from alerts where key like :mark")
        rows, keys = connection.execute(query, {"mark": f"{mark}%"}).one()
    return rows, keys


def _seconds_until_grouped(url: str) -> float | None:
    """Return the seconds until no alert waits for grouping; None after `GROUP_SECONDS`."""
    began = time.monotonic()
    with closing(Database(url)) as database:
        while (passed := time.monotonic() - began) < GROUP_SECONDS:
            with database.read() as connection:
                if not connection.scalar(text("select count(*) from alerts where waiting")):
                    return passed
            time.sleep(LOOK_SECONDS)
    return None


def _count_incidents(url: str, mark: str) -> int:
    """Count the incidents with alerts of this run."""
    with closing(Database(url)) as database, database.read() as connection:
        query = text("select count(distinct incident) from alerts where key like :mark")
        return int(connection.scalar(query, {"mark": f"{mark}%"}) or 0)


def _processor_seconds() -> float:
    """Return the processor time of finished child processes in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

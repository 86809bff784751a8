"""Benchmark of the live stream: time from a change until every client has received its hint.

The server runs in a separate process, the clients in this one, on the same machine.
"""

import asyncio
import json
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from onrecall.benchmarks.intake import running_server
from onrecall.domain.errors import Invalid

JOINING_AT_ONCE = 50
PATIENCE_SECONDS = 60.0
SPARE_FILES = 100
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HintTimes:
    """Milliseconds from asking for one change until clients had its hint."""

    p50: float
    p99: float
    all: float


@dataclass(frozen=True, slots=True)
class LiveReport:
    """A run."""

    machine: str
    processors: int
    clients: int
    database: str
    joining_seconds: float
    rounds: tuple[HintTimes, ...]
    slowest_ms: float
    """Until all were reached, in the slowest round."""
    lost: int
    double: int
    load: tuple[float, float]
    """Processes that wanted to run, of the whole machine, before and after."""


def run(clients: int, rounds: int, postgres: str | None = None, progress: Progress | None = None) -> LiveReport:
    """Open incidents one after the other while the clients listen."""
    if clients < 1 or rounds < 1:
        raise Invalid("give at least one client and one round", "clients")
    _raise_file_limit(clients + SPARE_FILES)
    report_stage = progress or (lambda _: None)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="onrecall-live-") as folder:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("ONRECALL_")}
        chosen = {"ONRECALL_DATA_DIR": folder, "ONRECALL_DATABASE_URL": postgres or f"sqlite:///{folder}/onrecall.db"}
        command = [sys.executable, "-m", "onrecall", "serve", "--port"]
        with running_server(command, inherited | chosen) as address:
            joining, hints_by_client, times = asyncio.run(_measure(address, clients, rounds, report_stage))
    counts = [len(times_heard) for client_hints in hints_by_client for times_heard in client_hints.values()]
    return LiveReport(
        machine=f"{platform.machine()} {platform.system()}",
        processors=os.cpu_count() or 1,
        clients=clients,
        database="PostgreSQL" if postgres else "SQLite",
        joining_seconds=joining,
        rounds=times,
        slowest_ms=max(round_times.all for round_times in times),
        lost=clients * rounds - len(counts),
        double=sum(counts) - len(counts),
        load=(before, os.getloadavg()[0]),
    )


HintsByIncident = dict[str, list[float]]
"""Times at which one client heard of each incident's opening."""


async def _measure(
    address: str, clients: int, rounds: int, report_stage: Progress
) -> tuple[float, Sequence[HintsByIncident], tuple[HintTimes, ...]]:
    report_stage(f"{clients} clients join")
    url = f"{address.replace('http', 'ws', 1)}/api/v1/live"
    async with AsyncExitStack() as stack, httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as asking:
        began = time.perf_counter()
        turn = asyncio.Semaphore(JOINING_AT_ONCE)
        hints_by_client: list[HintsByIncident] = [{} for _ in range(clients)]

        async def join(hints: HintsByIncident) -> "asyncio.Task[None]":
            async with turn:
                socket = await stack.enter_async_context(connect(url, open_timeout=PATIENCE_SECONDS))
                await socket.recv()
                return asyncio.create_task(_record_hints(socket, hints))

        hearing = await asyncio.gather(*(join(hints) for hints in hints_by_client))
        joining = time.perf_counter() - began
        (await asking.get("/healthz")).raise_for_status()  # who asks is connected, and all clients hear by now
        times = []
        for number in range(rounds):
            report_stage(f"round {number + 1} of {rounds}")
            times.append(await _measure_round(asking, number, hints_by_client))
        for task in hearing:
            task.cancel()
        await asyncio.gather(*hearing, return_exceptions=True)
    return joining, hints_by_client, tuple(times)


async def _record_hints(socket: ClientConnection, hints: HintsByIncident) -> None:
    async for message in socket:
        now = time.perf_counter()
        hint = json.loads(message)
        if hint["type"] == "opened":
            hints.setdefault(hint["id"], []).append(now)


async def _measure_round(
    asking: httpx.AsyncClient, number: int, hints_by_client: Sequence[HintsByIncident]
) -> HintTimes:
    started = datetime.now(UTC).isoformat()
    began = time.perf_counter()
    answer = await asking.post("/api/v1/incidents", json={"title": f"checkout fails, {number}", "started_at": started})
    answer.raise_for_status()
    incident = answer.json()["id"]
    while (  # noqa: ASYNC110 - looking now and then costs less of the time that is measured than a signal of each client
        not all(incident in hints for hints in hints_by_client) and time.perf_counter() - began < PATIENCE_SECONDS
    ):
        await asyncio.sleep(0.005)
    took = [(hints[incident][0] - began) * 1000 for hints in hints_by_client if incident in hints]
    p50, p99, most = np.percentile(took, [50, 99, 100]).tolist() if took else (float("inf"),) * 3
    await asyncio.sleep(0.5)  # so that a hint told twice is seen
    return HintTimes(p50, p99, most)


def _raise_file_limit(files: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < files:
        raise Invalid(f"this system allows {most} open files; ask for fewer than {most - SPARE_FILES}", "clients")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

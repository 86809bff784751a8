"""Restart everything from a backup, on hosts of another network."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from faults.installation import Extent, Installation
from faults.network import Network
from faults.recovery import wait_until_whole
from faults.report import Restored
from faults.traffic import QUESTIONS, Rates, Traffic

COUNTED = ("alerts", "incidents", "documents")
PATIENCE_SECONDS = 60


def restore_elsewhere(home: Installation, key: str, folder: Path, say: Callable[[str], None]) -> Restored:
    """Back up, stop everything, restore on new hosts, and compare."""
    say("backing up")
    file = folder / "everything.onrecall"
    home.run("backup", str(file))
    before, first = _counts(home), _first_evidence(home, key)
    home.stop()
    say("restoring on other hosts")
    restored: list[Restored] = []
    # a thread of its own, which alone moves to the other network
    worker = threading.Thread(target=lambda: restored.append(_restore(file, home.extent, key, folder, before, first)))
    worker.start()
    worker.join()
    return restored[0]


def _restore(
    file: Path, extent: Extent, key: str, folder: Path, before: dict[str, int], first: list[str | None]
) -> Restored:
    network = Network()
    try:
        network.host("clients").enter()
        home = Installation(network, folder / "second", extent, key)
        try:
            began = time.monotonic()
            home.start_engines()
            home.run("restore", str(file))
            now = _counts(home)
            home.start()
            again = _first_evidence(home, key)
            broker = home.broker.address if home.broker else None
            wait_until_whole(home, Traffic(home.addresses, broker, key, Rates(), os.urandom(4).hex()))
            seconds = time.monotonic() - began
            return Restored(
                seconds=seconds,
                **{name: now[name] for name in COUNTED},
                **{f"{name}_before": before[name] for name in COUNTED},
                same_answers=sum(a == b for a, b in zip(first, again, strict=True)),
                questions=len(QUESTIONS),
                audit=home.run("audit", "verify").strip().splitlines()[0],
            )
        finally:
            home.stop()
    finally:
        network.close()


def _counts(home: Installation) -> dict[str, int]:
    with home.primary_now.connect() as connection:
        counts = {}
        for table in COUNTED:
            row = connection.execute(f"select count(*) from {table}").fetchone()
            assert row
            counts[table] = int(row[0])
    return counts


def _first_evidence(home: Installation, key: str) -> list[str | None]:
    """Return the id of the best evidence for each question, once the answer is whole."""
    with httpx.Client(timeout=PATIENCE_SECONDS, headers={"Authorization": f"Bearer {key}"}) as client:
        return [_best(client, f"{home.addresses[0]}/api/v1/ask", text) for text in QUESTIONS]


def _best(client: httpx.Client, address: str, text: str) -> str | None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = client.post(address, json={"text": text}).raise_for_status().json()
        if answer["degraded"] is None or time.monotonic() > deadline:
            return next((item["id"] for item in answer["evidence"]), None)
        time.sleep(0.5)

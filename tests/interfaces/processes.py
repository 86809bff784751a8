"""`onrecall serve` in a process of its own, as clients meet it; it begins warm."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from warm_processes import WarmProcess

COMMAND = (sys.executable, "-m", "onrecall")


def surroundings(data_dir: Path) -> dict[str, str]:
    """The environment of a process over a data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONRECALL_")}
    chosen = {"DATA_DIR": str(data_dir), "GROUP_WAIT_SECONDS": "0", "WORKER": "thread"}  # which begins sooner
    return kept | {f"ONRECALL_{name}": value for name, value in chosen.items()}


@contextmanager
def served(data_dir: Path, begin: Callable[..., Any] = WarmProcess) -> Iterator[str]:
    """The address of a server over a data folder."""
    with running(data_dir, begin) as (address, _):
        yield address


def begin_cold(arguments: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """A process that belongs to whoever begins it, with the network and the tracer of its own."""
    return subprocess.Popen([sys.executable, *arguments], **options)


@contextmanager
def running(data_dir: Path, begin: Callable[..., Any] = WarmProcess) -> Iterator[tuple[str, int]]:
    """The same, and the number of its process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    log = data_dir / f"serve-{port}.log"
    with log.open("wb") as out:
        command = [*COMMAND[1:], "serve", "--port", str(port)]
        process = begin(command, env=surroundings(data_dir), stdout=out, stderr=out)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while not answers(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"it does not answer: {log.read_text()}"
            time.sleep(0.05)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(60)


def children(parent: int) -> list[int]:
    """The workers that a process began."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            its = (entry / "stat").read_text().rpartition(")")[2].split()
            began = (entry / "cmdline").read_bytes()
        except (OSError, NotADirectoryError):
            continue
        if int(its[1]) == parent and its[0] != "Z" and b"onrecall.worker.process" in began:
            found.append(int(entry.name))
    return found


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False

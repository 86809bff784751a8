"""`onrecall kafka` as a process, and what it says line by line."""

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from warm_processes import WarmProcess

PATIENCE = 120


class Process:
    """One process; its lines are read as they come."""

    def __init__(self, folder: Path, chosen: dict[str, str]) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ONRECALL_")}
        environment |= {"ONRECALL_DATA_DIR": str(folder)} | {
            f"ONRECALL_{name}": value for name, value in chosen.items()
        }
        command = ["-m", "onrecall", "kafka", "--json"]
        self._process = WarmProcess(command, environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines: list[dict[str, Any]] = []
        self._news: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            message = json.loads(line)
            self.lines.append(message)
            self._news.put(message)

    def until(self, event: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The next line that says that."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                message = self._news.get(timeout=max(0.0, min(1.0, deadline - time.monotonic())))
            except queue.Empty:
                assert self._process.poll() is None, f"it ended with {self._process.returncode}: {self.complaint()}"
                assert time.monotonic() < deadline, f"no {event!r} within {seconds} seconds, but {self.lines[-5:]}"
                continue
            if message["event"] == event:
                return message

    def total(self, name: str) -> int:
        """The sum of what was kept."""
        return sum(message[name] for message in list(self.lines) if message["event"] == "kept")

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """As a power cut would."""
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """As an operator would; the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE)

    def ended(self) -> int:
        """The exit code of one that ends by itself."""
        return self._process.wait(PATIENCE)

    def complaint(self) -> str:
        """What it complained of in the end."""
        assert self._process.stderr
        return self._process.stderr.read()


@contextmanager
def process(folder: Path, **chosen: str) -> Iterator[Process]:
    started = Process(folder, chosen)
    try:
        yield started
    finally:
        started.kill()
        if started._process.stderr:
            started._process.stderr.close()
        if started._process.stdout:
            started._process.stdout.close()

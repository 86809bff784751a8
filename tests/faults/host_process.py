"""A program on a host that can be killed and started again."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from faults.network import Host

STOP_SECONDS = 30


class HostProcess:
    """One program on one host; its output is kept in a file."""

    def __init__(
        self,
        host: Host,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        user: tuple[int, int] | None = None,
    ) -> None:
        self.host, self.folder = host, folder
        self.log = folder.with_suffix(".log")
        self._command, self._user = list(command), user
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ONRECALL_")}
        self._environment = kept | dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, extra: Mapping[str, str] | None = None) -> None:
        """Start it, this time with these variables as well."""
        with self.log.open("ab") as output:
            environment = self._environment | dict(extra or {})
            self._process = self.host.popen(self._command, environment, output, self._user)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait(self, seconds: float) -> int:
        """Wait until it ends by itself; returns its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if not self.is_running:
            return
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            self._process.wait()

    def tail(self) -> str:
        """Return the end of its output."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

"""A real OpenSearch node in a process of its own, on this machine alone."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

INSTALLED = Path(__file__).parents[2] / ".opensearch"
START_SECONDS = 120
JAVA_OPTIONS = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.disable.jmx=true")


def why_not() -> str | None:
    """Why no node can be had here; None: it can."""
    if not (INSTALLED / "stamp").exists():
        return "no OpenSearch node is installed: run `make opensearch-setup`"
    if shutil.which("java") is None:
        return "an OpenSearch node needs Java, and `java` is not on the path"
    return None


class RealNode:
    """A node that can be killed and started again over the same folder."""

    def __init__(self, folder: Path, *more_settings: str, beside: Sequence["RealNode"] = ()) -> None:
        """`beside` are the nodes of the cluster that it joins; without any it is a cluster by itself."""
        self.port, self.transport = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "output.log"
        folder.mkdir(parents=True, exist_ok=True)
        seeds = ",".join(f"127.0.0.1:{node.transport}" for node in beside)
        self._command = [
            "java",
            *JAVA_OPTIONS,
            "-cp",
            f"{INSTALLED}/classes:{INSTALLED}/lib/*",
            "SearchNode",
            str(folder),
            f"http.port={self.port}",
            f"transport.port={self.transport}",
            f"node.name=node-{self.transport}",
            "network.host=127.0.0.1",
            "cluster.name=onrecall-tests",
            "cluster.routing.allocation.disk.threshold_enabled=false",
            f"discovery.seed_hosts={seeds}",
            *([] if beside else [f"cluster.initial_cluster_manager_nodes=node-{self.transport}"]),
            *more_settings,
        ]
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it, and return when it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env={"PATH": os.environ["PATH"]}, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log.read_text()[-3000:]
            if self.answers():
                return
            time.sleep(0.1)
        raise AssertionError(f"it did not start within {START_SECONDS} s: {self.log.read_text()[-3000:]}")

    @property
    def is_running(self) -> bool:
        """Whether its process is alive, however busy it is."""
        return self._process is not None and self._process.poll() is None

    def answers(self) -> bool:
        """Whether it is part of a cluster whose indexes can be used."""
        try:
            health = httpx.get(f"{self.url}/_cluster/health", timeout=10)
        except httpx.TransportError:
            return False
        return health.status_code == 200 and health.json()["status"] != "red"

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self.is_running:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])

"""OnRecall over several hosts: servers, workers, consumers, both databases, the search cluster and the broker."""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from faults import engines, postgres_servers
from faults.engines import TOPIC, Broker, SearchNode
from faults.host_process import HostProcess
from faults.network import Host, Network, NotHere
from faults.postgres_servers import PostgresServer

PORT = 8000
START_SECONDS = 400
COMMAND = (sys.executable, "-m", "onrecall")


@dataclass(frozen=True, slots=True)
class Extent:
    """How many of each there are."""

    servers: int = 3
    workers: int = 4
    consumers: int = 2
    replica: bool = True
    search_nodes: int = 2
    kafka: bool = True


class Installation:
    """All hosts of one installation; what can't be had here is left out, and `left_out` says why."""

    def __init__(self, network: Network, folder: Path, extent: Extent, key: str) -> None:
        self.folder, self.extent, self.key = folder, extent, key
        self.left_out: list[str] = []
        folder.mkdir(mode=0o755)
        shutil.chown(folder, *postgres_servers.system_user())
        self.primary = PostgresServer(network.host("primary"), folder)
        has_copy = extent.replica and self._can("the replica", postgres_servers.why_no_copy())
        self.replica = PostgresServer(network.host("replica"), folder) if has_copy else None
        has_search = extent.search_nodes and self._can("OpenSearch", engines.why_no_search())
        search_hosts = [network.host(f"search-{n + 1}") for n in range(extent.search_nodes if has_search else 0)]
        self.search = [SearchNode(host, folder, search_hosts) for host in search_hosts]
        has_kafka = extent.kafka and self._can("Kafka and its consumers", engines.why_no_kafka())
        self.broker = Broker(network.host("kafka"), folder) if has_kafka else None
        self.servers = [self._command(network.host(f"serve-{n + 1}"), "serve") for n in range(extent.servers)]
        self.workers = [self._command(network.host(f"worker-{n + 1}"), "worker") for n in range(extent.workers)]
        consumers = extent.consumers if self.broker else 0
        self.consumers = [self._command(network.host(f"consumer-{n + 1}"), "kafka") for n in range(consumers)]
        self.primary_now = self.primary

    def _can(self, part: str, lack: str | None) -> bool:
        if lack:
            self.left_out.append(f"{part}: {lack}")
        return lack is None

    def _command(self, host: Host, command: str) -> HostProcess:
        home = self.folder / host.name
        home.mkdir()
        arguments = ["--host", "0.0.0.0", "--port", str(PORT)] if command == "serve" else []
        return HostProcess(host, [*COMMAND, command, *arguments], home, self.environment(home))

    def environment(self, home: Path) -> dict[str, str]:
        """Return what a process of OnRecall is told."""
        servers = [self.primary] if self.replica is None else [self.primary, self.replica]
        settings = {
            "DATA_DIR": str(home),
            "DATABASE_URL": postgres_servers.url(*servers),
            "ADMIN_KEY": self.key,
            "WORKER": "thread",
            "GROUP_WAIT_SECONDS": "0.5",
        }
        if self.search:
            settings["OPENSEARCH_URL"] = ",".join(node.url for node in self.search)
        if self.broker:
            settings |= {"KAFKA_BROKERS": self.broker.address, "KAFKA_TOPICS": f"{TOPIC}=alertmanager"}
        return {f"ONRECALL_{name}": value for name, value in settings.items()}

    @property
    def addresses(self) -> list[str]:
        """Return the base URLs of the servers."""
        return [f"http://{server.host.address}:{PORT}" for server in self.servers]

    def start_engines(self) -> None:
        """Start databases, search nodes and the broker."""
        for node in self.search:
            node.process.start()
        self.primary.create()
        if self.replica:
            self.replica.copy(self.primary)
        if self.broker:
            self.broker.start()
        engines.wait_for(self.search)

    def run(self, *arguments: str) -> str:
        """Run a command of OnRecall on the host of the first worker; returns what it prints."""
        home = self.folder / "operator"
        home.mkdir(exist_ok=True)
        process = HostProcess(
            self.workers[0].host, [*COMMAND, *arguments], home / "-".join(arguments[:1]), self.environment(home)
        )
        process.start()
        if (code := process.wait(START_SECONDS)) != 0:
            raise NotHere(f"`onrecall {' '.join(arguments)}` ended with {code}: {process.tail()}")
        return process.tail()

    def start(self) -> None:
        """Start all processes of OnRecall, and return when all servers are ready."""
        for process in (*self.servers, *self.workers, *self.consumers):
            process.start()
        deadline = time.monotonic() + START_SECONDS
        while waiting := [address for address in self.addresses if not is_ready(address)]:
            for process in (*self.servers, *self.workers, *self.consumers):
                assert process.is_running, f"{process.host.name}: {process.tail()}"
            assert time.monotonic() < deadline, f"{waiting} are not ready: {self.servers[0].tail()}"
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop everything, OnRecall first."""
        for process in (*self.servers, *self.workers, *self.consumers):
            process.stop()
        for node in self.search:
            node.process.kill()
        if self.broker:
            self.broker.process.kill()
        for server in filter(None, (self.replica, self.primary)):
            server.process.kill()


def is_ready(address: str) -> bool:
    """Whether a server says that it is ready."""
    try:
        return httpx.get(f"{address}/readyz", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def new_key() -> str:
    """Return a key of an admin."""
    printed = subprocess.run([*COMMAND, "keys", "generate"], check=True, capture_output=True, text=True)
    return printed.stdout.split()[-1]

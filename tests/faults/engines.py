"""OpenSearch nodes and a Kafka broker on hosts, of the jars that the other tests use."""

import subprocess
import time
from pathlib import Path

import httpx
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from faults.host_process import HostProcess
from faults.network import Host
from kafka import broker as kafka_jars
from opensearch import real_node

START_SECONDS = 240
TRANSPORT, HTTP = 9300, 9200
TOPIC = "alerts"
PARTITIONS = 4


class SearchNode:
    """One node of a cluster; all of them may be its manager."""

    def __init__(self, host: Host, folder: Path, members: list[Host]) -> None:
        self.url = f"http://{host.address}:{HTTP}"
        seeds = ",".join(f"{member.address}:{TRANSPORT}" for member in members)
        names = ",".join(member.name for member in members)
        home = folder / host.name
        home.mkdir()
        settings = [
            f"node.name={host.name}",
            f"network.host={host.address}",
            f"http.port={HTTP}",
            f"transport.port={TRANSPORT}",
            "cluster.name=onrecall-faults",
            "cluster.routing.allocation.disk.threshold_enabled=false",
            f"discovery.seed_hosts={seeds}",
            f"cluster.initial_cluster_manager_nodes={names}",
        ]
        jars = f"{real_node.INSTALLED}/classes:{real_node.INSTALLED}/lib/*"
        command = ["java", *real_node.JAVA_OPTIONS, "-cp", jars, "SearchNode", str(home), *settings]
        self.process = HostProcess(host, command, home, {})

    def answers(self) -> bool:
        """Whether it is part of a cluster whose indexes can be used."""
        try:
            health = httpx.get(f"{self.url}/_cluster/health", timeout=5)
        except httpx.TransportError:
            return False
        return health.status_code == httpx.codes.OK and health.json()["status"] != "red"

    def is_manager(self) -> bool:
        """Whether it is the elected manager, without which nothing is written."""
        elected = httpx.get(f"{self.url}/_cat/cluster_manager?h=node", timeout=5)
        return elected.text.strip() == self.process.host.name


class Broker:
    """A Kafka broker with one topic."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.address = f"{host.address}:9092"
        jars, home = kafka_jars.fetched(), folder / host.name
        home.mkdir()
        settings = kafka_jars.CONFIGURATION.format(plain=9092, login=9094, controller=9093, folder=home)
        file = home / "server.properties"
        file.write_text(settings.replace("127.0.0.1", host.address))
        java = ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*"]
        format_log = [*java, "kafka.tools.StorageTool", "format", "-t", "b25yZWNhbGwtdGVzdHMwMQ", "-c", str(file)]
        subprocess.run(format_log, check=True, capture_output=True, timeout=300)
        self.process = HostProcess(host, [*java, "kafka.Kafka", str(file)], home, {})

    def start(self) -> None:
        """Start it, and make the topic when it answers."""
        self.process.start()
        client = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                client.list_topics(timeout=2)
            except KafkaException:
                assert self.process.is_running, self.process.tail()
                assert time.monotonic() < deadline, self.process.tail()
            else:
                break
        (created,) = client.create_topics([NewTopic(TOPIC, PARTITIONS, 1)]).values()
        created.result(60)


def wait_for(nodes: list[SearchNode]) -> None:
    """Return when all nodes are in one cluster."""
    deadline = time.monotonic() + START_SECONDS
    while not all(node.answers() for node in nodes):
        for node in nodes:
            assert node.process.is_running, node.process.tail()
        assert time.monotonic() < deadline, nodes[0].process.tail()
        time.sleep(0.5)


def why_no_search() -> str | None:
    """Why there can be no OpenSearch; None: there can."""
    return real_node.why_not()


def why_no_kafka() -> str | None:
    """Why there can be no Kafka; None: there can."""
    try:
        kafka_jars.fetched()
    except kafka_jars.NotHere as error:
        return str(error)
    return None

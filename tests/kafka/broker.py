"""A real Apache Kafka in KRaft mode: fetched with Maven once, kept outside the repository, started for the tests."""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

POM = Path(__file__).with_name("pom.xml")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "onrecall-tests"
CONFIGURATION = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{plain},LOGIN://127.0.0.1:{login},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},LOGIN://127.0.0.1:{login}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,LOGIN:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_onrecall="s3cret";
log.dirs={folder}/data
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
"""


class NotHere(Exception):
    """There can be no broker, for a reason."""


@dataclass(frozen=True)
class Broker:
    """A broker that answers."""

    address: str
    """Without login."""
    login: str
    """Only for `onrecall` with the password `s3cret`."""

    def make(self, topic: str, partitions: int) -> None:
        client = AdminClient({"bootstrap.servers": self.address})
        (created,) = client.create_topics([NewTopic(topic, partitions, 1)]).values()
        created.result(30)


@contextmanager
def running(folder: Path) -> Iterator[Broker]:
    """A broker of its own; NotHere says why there is none."""
    jars = fetched()
    plain, login, controller = ports(3)
    file = folder / "server.properties"
    file.write_text(CONFIGURATION.format(plain=plain, login=login, controller=controller, folder=folder))
    java = ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*"]
    subprocess.run(
        [*java, "kafka.tools.StorageTool", "format", "-t", "b25yZWNhbGwtdGVzdHMwMQ", "-c", file],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*java, "kafka.Kafka", file], stdout=log, stderr=log)
        try:
            answers(f"127.0.0.1:{plain}", process, folder / "log")
            yield Broker(f"127.0.0.1:{plain}", f"127.0.0.1:{login}")
        finally:
            process.kill()
            process.wait()


def fetched() -> Path:
    """The folder with Kafka's jars."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise NotHere(f"there is no {program}, which a real Kafka broker needs")
    version_text = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    version = re.search(r'version "(\d+)', version_text)
    if version is None or int(version[1]) < 17:
        raise NotHere(f"Kafka needs Java 17 or newer; here is {version_text.splitlines()[0]}")
    folder = CACHE / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        coming = folder.with_suffix(f".{os.getpid()}")
        command = ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies", f"-DoutputDirectory={coming}"]
        try:
            finished = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        except subprocess.TimeoutExpired as error:
            raise NotHere("Maven did not fetch Kafka within 10 minutes") from error
        if finished.returncode:
            raise NotHere(f"Maven could not fetch Kafka: {(finished.stdout + finished.stderr).strip()[:300]}")
        if not folder.exists():
            coming.rename(folder)
    return folder


def ports(number: int) -> list[int]:
    """Free ports."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    try:
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def answers(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait for it."""
    client = AdminClient({"bootstrap.servers": address, "log_level": 0})
    deadline = time.monotonic() + 120
    while True:
        try:
            client.list_topics(timeout=2)
        except KafkaException:
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < deadline, log.read_text()[-2000:]
        else:
            return

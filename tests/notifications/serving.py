"""`onrecall serve` in a process of its own that tells a Slack and may be killed, and the storm that comes in meanwhile."""

import os
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sql

from onrecall.storage.database import Database
from onrecall.storage.tables import channels, deliveries
from warm_processes import WarmProcess

from .slack_twin import CHANNEL, TOKEN
from .slack_twin import Slack as Twin
from .twin import until

SERVICES = ("database", "orders", "cart", "payments", "search", "users")
NEEDS = "".join(f"shop-{name}: [shop-database]\n" for name in SERVICES[1:])
ALARMS = ("HighLatency", "HighErrorRate", "QueueGrows")
NEW_ALARM = "SessionsUsedUp"
"""What the second half tells that the first did not."""
AT_ONCE = 5


def settings(folder: Path, database: str, slack: Twin) -> dict[str, str]:
    """The environment of a server that tells this Slack."""
    needs = folder / "needs.yaml"
    needs.write_text(NEEDS)
    return {
        "ONRECALL_DATA_DIR": str(folder),
        "ONRECALL_DATABASE_URL": database,
        "ONRECALL_DEPENDENCIES": str(needs),
        "ONRECALL_GROUP_WAIT_SECONDS": "0.5",
        "ONRECALL_GROUP_INTERVAL_SECONDS": "0",
        "ONRECALL_RESOLVE_TIMEOUT_SECONDS": "0.5",
        "ONRECALL_SLACK_BOT_TOKEN": TOKEN,
        "ONRECALL_SLACK_CHANNEL": CHANNEL,
        "ONRECALL_SLACK_API_URL": f"{slack.address}/api/",
        "ONRECALL_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
    }


@contextmanager
def killed_in_the_end(chosen: dict[str, str]) -> Iterator[str]:
    """The address of a server, and the SIGKILL that ends it and its worker, as when the machine dies."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONRECALL_")}
    process = WarmProcess(["-m", "onrecall", "serve", "--port", str(port)], kept | chosen)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: ready(address), 60)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def a_minute_passes(database: str) -> None:
    """What the dead one held and the tries that it had begun are free, as they are after a while."""
    with closing(Database(database)) as opened, opened.write() as connection:
        then = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(sql.update(channels).values(held_until=then, paused_until=None))
        connection.execute(sql.update(deliveries).where(deliveries.c.state == "pending").values(next_at=then))


class Storm(threading.Thread):
    """Sends alert after alert, each batch until it is acknowledged, wherever the server is at the moment."""

    def __init__(self, alerts: int, seconds: float) -> None:
        super().__init__(name="storm")
        began = datetime.now(UTC)
        self.alerts = [
            _alert(n, began + timedelta(seconds=seconds * n / alerts), new=n >= alerts / 2) for n in range(alerts)
        ]
        self.acknowledged = 0
        self.address: str | None = None
        self.gone_on = threading.Event()
        """Whether the second half may come."""
        self.ending = threading.Event()
        self._pause = seconds * AT_ONCE / alerts

    def run(self) -> None:
        with httpx.Client(timeout=10) as client:
            for at in range(0, len(self.alerts), AT_ONCE):
                if at >= len(self.alerts) / 2:
                    self.gone_on.wait()
                batch = self.alerts[at : at + AT_ONCE]
                while not self._posted(client, batch):
                    if self.ending.wait(0.05):
                        return
                self.acknowledged += len(batch)
                self.ending.wait(self._pause)

    def over(self) -> None:
        """Every alert ends."""
        now = datetime.now(UTC).isoformat()
        with httpx.Client(timeout=10) as client:
            assert self._posted(client, [alert | {"status": "resolved", "endsAt": now} for alert in self.alerts])

    def _posted(self, client: httpx.Client, alerts: Sequence[dict[str, Any]]) -> bool:
        message = {
            "version": "4",
            "groupKey": "{}:{}",
            "status": alerts[0]["status"],
            "receiver": "onrecall",
            "groupLabels": {},
            "commonLabels": {},
            "commonAnnotations": {},
            "externalURL": "http://alertmanager.example",
            "alerts": alerts,
        }
        try:
            return client.post(f"{self.address}/api/v1/alerts/alertmanager", json=message).status_code == 202
        except (httpx.HTTPError, httpx.InvalidURL):
            return False


def _alert(n: int, at: datetime, *, new: bool) -> dict[str, Any]:
    service, alarm = f"shop-{SERVICES[n % len(SERVICES)]}", ALARMS[n // len(SERVICES) % len(ALARMS)]
    name = NEW_ALARM if new and n % 2 else alarm
    labels = {
        "alertname": name,
        "service": service,
        "cluster": "eu-1",
        "instance": f"{service}-{n}",
        "severity": "high",
    }
    return {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": f"{name} on {service}, connection pool exhausted"},
        "startsAt": at.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": f"{n:016x}",
    }

"""Real Prometheus and Alertmanager fire, group, resend and resolve against a running OnRecall, which is killed midway."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from .programs import (
    ALERTMANAGER,
    PROMETHEUS,
    Metrics,
    Program,
    alertmanager,
    free_port,
    onrecall,
    prometheus,
    wait_for,
)

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        not (PROMETHEUS and ALERTMANAGER),
        reason="needs the programs prometheus and prometheus-alertmanager (Debian has packages of these names)",
    ),
    pytest.mark.timeout(600),
]


class Field:
    """OnRecall with who sends to it, and what it knows by now."""

    def __init__(self, server: Program, address: str, metrics: Mapping[str, Metrics]) -> None:
        self.server, self.metrics, self._address = server, metrics, address

    def get(self, path: str) -> dict:
        answer = httpx.get(f"{self._address}/api/v1{path}", timeout=60)
        return answer.json() if answer.status_code == 200 else {}

    def incidents(self, **wanted: str) -> list[dict]:
        return [
            one
            for one in self.get("/incidents?limit=200").get("items", [])
            if all(one[name] == value for name, value in wanted.items())
        ]

    def one(self, seconds: float = 60, **wanted: str) -> dict:
        found = wait_for(
            lambda: self.incidents(**wanted), seconds, f"an incident with {wanted} among {self.incidents()}"
        )
        assert isinstance(found, list)
        (incident,) = found
        return incident


@pytest.fixture(params=["alertmanager", "prometheus directly"])
def field(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Field]:
    ours, theirs, its = free_port(), free_port(), free_port()
    address = f"http://127.0.0.1:{ours}"
    metrics = {"auth-service": Metrics("127.0.0.2"), "orders-db": Metrics("127.0.0.3")}  # two hosts
    server = onrecall(tmp_path, ours)
    between = request.param == "alertmanager"
    programs = [server]
    if between:
        programs.append(alertmanager(tmp_path, theirs, f"{address}/api/v1/alerts/alertmanager"))
    programs.append(
        prometheus(
            tmp_path,
            its,
            {name: one.target for name, one in metrics.items()},
            [f"127.0.0.1:{theirs if between else ours}"],
        )
    )
    for one in metrics.values():
        one.set("pool_in_use_ratio", 0.2)
        one.set("disk_used_ratio", 0.2)
    try:
        for program in programs:
            program.start()
        yield Field(server, address, metrics)
    finally:
        for program in reversed(programs):
            program.stop()
        for one in metrics.values():
            one.close()


def test_what_fires_is_one_incident_that_ends_when_it_ends(field: Field) -> None:
    field.metrics["auth-service"].set("pool_in_use_ratio", 0.97)
    incident = field.one(service="auth-service")
    assert incident["severity"] == "critical"
    assert "connection pool of auth-service is exhausted" in incident["title"] + incident["description"]
    answer = wait_for(lambda: field.get(f"/incidents/{incident['id']}/recommendation?wait=10"), 60, "an answer")
    assert answer["verdict"] == "never_seen"  # nothing is in memory, and nothing is made up

    field.server.kill()
    field.metrics["orders-db"].set("disk_used_ratio", 0.95)  # begins while nobody listens
    field.server.start()

    other = field.one(service="orders-db")
    assert other["id"] != incident["id"]
    assert field.one(service="auth-service")["id"] == incident["id"]  # sent again and again meanwhile
    assert field.get(f"/incidents/{incident['id']}")["status"] == "open"

    field.metrics["auth-service"].set("pool_in_use_ratio", 0.2)
    field.metrics["orders-db"].set("disk_used_ratio", 0.2)
    for service in ("auth-service", "orders-db"):
        ended = field.one(120, service=service, status="resolved")
        assert ended["resolution"] is None  # it waits for somebody to say what it was
        assert ended["resolved_at"] > ended["started_at"]
    assert len(field.incidents()) == 2
    assert field.get("/rejected")["items"] == []

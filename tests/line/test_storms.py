"""Storms end to end: alerts as senders tell them go in, incidents and answers come out, on both databases."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.alert import Acknowledgement, Alert, ChangeEvent, Note
from onrecall.errors import Conflict, Invalid
from onrecall.grouping import Topology
from onrecall.incident import Incident, Resolution
from onrecall.line import Memory, Pace, Parts
from onrecall.recall import Recall
from onrecall.recall.local import LocalIndex
from onrecall.store import Arrival, Store

START = datetime(2026, 6, 1, 8, tzinfo=UTC)
SERVICES = [f"shop-{name}" for name in (
    "database", "orders", "cart", "payments", "search", "users", "mail", "stock", "prices", "reviews", "gateway", "web",
)]  # fmt: skip
NEEDS = {name: ["shop-database"] for name in SERVICES[1:10]} | {
    "shop-gateway": SERVICES[1:10],
    "shop-web": ["shop-gateway"],
}
NAMES = ("HighLatency", "HighErrorRate", "QueueGrows")


def alert(key: str, service: str, *, at: datetime = START, name: str = "HighLatency", **more: object) -> Alert:
    labels = {"alertname": name, "service": service, "cluster": "eu-1", "instance": key}
    return Alert(
        **{
            "source": "alertmanager",
            "key": key,
            "title": f"{name} on {service}",
            "starts_at": at,
            "service": service,
            "environment": "production",
            "severity": "high",
            "labels": labels,
        }
        | more
    )


def storm(n: int = 500, at: datetime = START) -> list[Alert]:
    """Alerts of twelve services within a minute; the database is first."""
    return [
        alert(f"a{i}", SERVICES[i % len(SERVICES)], at=at + timedelta(seconds=60 * i / n), name=NAMES[i // 12 % 3])
        for i in range(n)
    ]


@pytest.fixture
def memory(store: Store, clock) -> Memory:
    return house(store, clock)


def house(store: Store, clock) -> Memory:
    recall = Recall(store, None, LocalIndex(store, None))
    return Memory(Parts(store, recall, clock, topology=Topology.of(NEEDS)))


def tell(memory: Memory, *signals: object) -> None:
    memory.store.receive([Arrival("alertmanager", tuple(signals))], memory.now())


def play(memory: Memory, clock, deliveries: list[list[Alert]], seconds: float) -> None:
    """Deliveries spread over a time, the worker going its round after each."""
    for delivery in deliveries:
        tell(memory, *delivery)
        memory.work()
        clock.forward(seconds=seconds / len(deliveries))


def incidents(memory: Memory) -> tuple[Incident, ...]:
    return memory.store.incidents(limit=200).items


def only(memory: Memory) -> Incident:
    (found,) = incidents(memory)
    return found


def later(memory: Memory, clock, **by: float) -> None:
    clock.forward(**by)
    while memory.work():
        pass


def answers(memory: Memory, incident: str) -> list[str]:
    return [event.type for event in memory.store.timeline(incident) if event.type == "recommended"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_is_one_incident_with_one_answer(memory, clock, seed):
    told = storm() * 3
    order = random.Random(seed)
    minutes: list[list[Alert]] = []
    for third in range(3):
        part = told[third * 500 : (third + 1) * 500]
        if third:
            order.shuffle(part)
        minutes += [part[n : n + 25] for n in range(0, 500, 25)]
    play(memory, clock, minutes[:20], 60)
    play(memory, clock, minutes[20:], 60)
    later(memory, clock, minutes=3)
    found = only(memory)
    assert len(memory.store.alerts_of(found.id)) == 500
    assert 1 <= len(answers(memory, found.id)) <= 4
    assert found.severity == "high"
    assert found.labels == {"cluster": "eu-1"}
    assert found.environment == "production"
    assert found.service is None
    assert found.title == "HighLatency on shop-database"
    assert found.description.count("\n- ") == 20
    assert memory.store.waiting_alerts(10) == ()
    assert memory.store.check() == ()

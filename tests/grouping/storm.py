"""A storm: 500 alerts from 12 services within 60 seconds, as one failing database makes it."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from onrecall.domain.alert import Alert

from .labelled import NOON

DEPENDS = {
    "storefront": ["checkout", "catalog", "search", "accounts"],
    "checkout": ["payments", "orders"],
    "payments": ["ledger"],
    "orders": ["orders-db", "ledger"],
    "ledger": ["orders-db"],
    "catalog": ["pricing"],
    "pricing": ["orders-db"],
    "search": ["catalog"],
    "accounts": ["orders-db"],
    "mailer": ["orders"],
    "reports": ["orders-db"],
}
SERVICES = sorted(DEPENDS.keys() | {"orders-db"})
NAMES = ("HighErrorRate", "LatencyP99High", "PodNotReady", "QueueBacklog", "ProbeFailed")
Shows = Literal["nothing", "upstream label"]


def storm(seed: int = 0, *, shows: Shows = "nothing", own_names: bool = False) -> list[Alert]:
    """In the order they began. With `own_names`, no two services fire an alert of the same name."""
    chance = random.Random(seed)
    made = [_alert(n, chance, shows, own_names) for n in range(500)]
    return sorted(made, key=lambda one: one.starts_at)


def _alert(n: int, chance: random.Random, shows: Shows, own_names: bool) -> Alert:
    service = SERVICES[n % len(SERVICES)]
    name = chance.choice(NAMES)
    name = f"{service.title().replace('-', '')}{name}" if own_names else name
    labels = {
        "alertname": name,
        "cluster": "eu-1",
        "namespace": "shop",
        "service": service,
        "pod": f"{service}-{n // 12}",
    }
    if shows == "upstream label" and service in DEPENDS:
        labels["upstream"] = chance.choice(DEPENDS[service])
    return Alert(
        source="alertmanager",
        key=f"fp{n}",
        title=name,
        description=f"{name} in pod {service}-{n // 12}",
        starts_at=NOON + timedelta(seconds=chance.uniform(0, 60)),
        service=service,
        environment="production",
        labels=labels,
    )


def deliveries(alerts: list[Alert], seed: int, times: int = 3) -> Iterator[list[Alert]]:
    """Each alert several times, all shuffled, in batches of random sizes."""
    chance = random.Random(seed)
    left = alerts * times
    chance.shuffle(left)
    while left:
        n = chance.choice((1, 2, 3, 5, 10, 40, 100))
        yield left[:n]
        left = left[n:]

"""Workers as real processes: several at once, killed at any moment, and nothing is lost, double or stuck."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select
from stormy import NEEDS, storm

from onrecall.storage import IngestBatch, Storage
from onrecall.storage.tables import incidents
from warm_processes import WarmProcess

pytestmark = pytest.mark.process

KILLS = 4
PATIENCE = 90
"""Longer than a claim lives."""


@pytest.fixture
def environment(store_url: str, tmp_path: Path) -> dict[str, str]:
    """What a worker process is started with: a short wait, and the shop's dependencies."""
    (tmp_path / "needs.yaml").write_text(yaml.safe_dump(NEEDS))
    chosen = {
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": store_url,
        "DEPENDENCIES": str(tmp_path / "needs.yaml"),
        "GROUP_WAIT_SECONDS": "0.5",
        "GROUP_INTERVAL_SECONDS": "5",
    }
    return os.environ | {f"ONRECALL_{name}": value for name, value in chosen.items()}


def start(environment: dict[str, str]) -> WarmProcess:
    return WarmProcess(["-m", "onrecall", "worker"], environment)


@contextmanager
def workers(environment: dict[str, str], number: int) -> Iterator[list[WarmProcess]]:
    running = [start(environment) for _ in range(number)]
    try:
        yield running
    finally:
        for one in running:
            one.kill()
            one.wait()


def settled(store: Storage) -> bool:
    """Whether nothing waits, and every incident has its answer."""
    with store._database.read() as connection:
        claimed = connection.scalar(select(incidents.c.id).where(incidents.c.claimed_by.is_not(None)))
    if claimed or store.alerts.waiting(1) or store.incidents.due(1):
        return False
    found = store.incidents.page(limit=200).items
    return bool(found) and all(store.recommendations.newest(one.id) for one in found)


def wait(arrived, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not arrived():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.2)


def test_two_workers_killed_again_and_again_make_one_incident_of_a_storm(store_url, environment):
    store = Storage.open(store_url)
    began = datetime.now(UTC) - timedelta(seconds=60)
    moments = random.Random(5)
    told = storm(300, began) * 3
    moments.shuffle(told)
    batches = [told[n : n + 30] for n in range(0, len(told), 30)]
    kills = set(moments.sample(range(len(batches)), KILLS))
    with workers(environment, 2) as running:
        for n, batch in enumerate(batches):
            store.ingest.store([IngestBatch("alertmanager", tuple(batch))], datetime.now(UTC))
            time.sleep(moments.uniform(0.05, 0.4))
            if n in kills:
                victim = running.pop(0)
                victim.kill()
                victim.wait()
                running.append(start(environment))
        wait(lambda: settled(store))
        (found,) = store.incidents.page().items
        assert len(store.alerts.of_incident(found.id)) == 300
        given = [event for event in store.events.timeline(found.id) if event.type == "recommended"]
        assert 1 <= len(given) <= 6
        assert store.health.check() == ()
    store.close()


def test_a_worker_ends_when_it_is_told_to(store_url, environment):
    store = Storage.open(store_url)
    store.ingest.store([IngestBatch("alertmanager", tuple(storm(12, datetime.now(UTC))))], datetime.now(UTC))
    with workers(environment, 1) as (running,):
        wait(lambda: settled(store))
        running.terminate()
        assert running.wait(timeout=60) == 0
    store.close()


def test_a_claim_that_was_left_behind_is_taken_up(store_url, environment):
    store = Storage.open(store_url)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    store.ingest.store([IngestBatch("alertmanager", tuple(storm(12, long_ago)))], long_ago)
    with workers(environment, 1) as (running,):
        wait(lambda: bool(store.incidents.page().items))
        running.kill()
        running.wait()
    (found,) = store.incidents.page().items
    store.answer_leases.acquire("dead", long_ago, found.id)
    with workers(environment, 1):
        wait(lambda: settled(store))
    store.close()

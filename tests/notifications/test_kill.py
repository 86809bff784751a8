"""Killed at any instant while it tells, nothing is lost, and what comes twice comes under the same key."""

import json
import random
import time
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.incident import Incident
from onrecall.notifications import Links
from onrecall.notifications.webhook import Webhook
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage
from onrecall.storage.outbox import LEASE
from onrecall.worker.worker import Worker
from warm_processes import calling

from .twin import HERE, JsonPoster, twin, until

pytestmark = pytest.mark.process

KILLS = 5
EACH = 8


def memory(store: Storage, url: str, ahead: timedelta) -> IncidentService:
    """One that tells, and whose clock is ahead, so that what another held is free."""
    hook = Webhook(JsonPoster(HERE, HERE.check_url(url)), Links())
    parts = Dependencies(
        store,
        Retriever(store, None, LocalIndex(store.passages, None)),
        lambda: datetime.now(UTC) + ahead,
        channels=(hook,),
    )
    return IncidentService(parts)


def work(database: str, url: str, seconds_ahead: float) -> None:
    """Answer and tell until killed."""
    with closing(Storage.open(database)) as store:
        Worker(memory(store, url, timedelta(seconds=seconds_ahead))).start()
        print("at work", flush=True)
        time.sleep(300)


def killed_in_the_end(database: str, url: str, ahead: timedelta) -> AbstractContextManager[str]:
    return calling(work, database, url, ahead.total_seconds())


def test_nothing_is_lost_and_what_comes_twice_has_the_same_key(store_url: str) -> None:
    moments = random.Random(5)
    with twin(status=[200]) as server, closing(Storage.open(store_url)) as store:
        url, names = server.address + "/hook", []
        memory(store, url, timedelta()).dispatchers[0].run_once()  # it tells of what happens from now on
        for life in range(KILLS):
            for n in range(EACH):
                name = f"X-{life}-{n}"
                opened, _ = memory(store, url, timedelta()).open(Incident(name, "Pool exhausted", datetime.now(UTC)))
                names.append(opened.id)
            before = len(server.asked)
            with killed_in_the_end(store_url, url, (LEASE + timedelta(seconds=1)) * life):
                until(lambda before=before: len(server.asked) > before, 60)
                time.sleep(moments.uniform(0, 0.15))
        cut_short = len([delivery for delivery in store.outbox.page(limit=1000).items if delivery.state != "sent"])
        with killed_in_the_end(store_url, url, (LEASE + timedelta(seconds=1)) * KILLS):
            until(lambda: len(store.outbox.page("sent", limit=1000).items) >= len(names), 60)
        deliveries = store.outbox.page(limit=1000).items
    bodies = [json.loads(request.body) for request in server.asked]
    assert {body["incident"]["id"] for body in bodies} == set(names), "lost"
    assert {delivery.state for delivery in deliveries} == {"sent"}
    assert len(deliveries) == len(names)
    assert {body["id"] for body in bodies} == {delivery.key for delivery in deliveries}
    by_key = {body["id"]: body for body in bodies}
    assert all(by_key[body["id"]] == body for body in bodies), "the same key, the same message"
    print(
        f"{len(names)} incidents, {KILLS} kills, {cut_short} left to send at the last, {len(bodies) - len(deliveries)} came twice"
    )

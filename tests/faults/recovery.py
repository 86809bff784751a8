"""Waits until everything works again: what that is, is tried and not assumed."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import httpx
import psycopg

from faults.installation import Installation, is_ready
from faults.traffic import Traffic

RECOVERY_SECONDS = 240


class NotRecovered(AssertionError):
    """Something does not work again."""


def wait_until_whole(home: Installation, traffic: Traffic) -> None:
    """Return when each server is ready, takes an alert that reaches an incident, and answers whole; and so does Kafka."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    for address in home.addresses:
        _until(lambda address=address: is_ready(address), f"{address} is not ready", deadline)
        keys = _try(lambda address=address: traffic.send_canary(address), f"{address} takes no alert", deadline)
        _until(lambda keys=keys: _grouped(home, keys), f"alerts that {address} took reach no incident", deadline)
        _until(lambda address=address: _answers_whole(traffic, address), f"{address} gives no whole answer", deadline)
    if home.broker:
        keys = traffic.produce_canary()
        _until(lambda: _grouped(home, keys), "alerts of Kafka reach no incident", deadline)


def wait_until_grouped(home: Installation) -> None:
    """Return when no alert waits."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    _until(lambda: _count(home, "select count(*) from alerts where waiting") == 0, "alerts wait", deadline)


def stored_keys(home: Installation, mark: str) -> list[str]:
    """Return the key of each stored alert: one that is doubled occurs twice."""
    with home.primary_now.connect() as connection:
        return [row[0] for row in connection.execute("select key from alerts where key like %s", (f"{mark}%",))]


def _grouped(home: Installation, keys: Sequence[str]) -> bool:
    query = "select count(*) from alerts where incident is not null and key = any(%s)"
    return _count(home, query, list(keys)) == len(keys)


def _count(home: Installation, query: str, *values: object) -> int:
    with suppress(psycopg.OperationalError), home.primary_now.connect() as connection:
        row = connection.execute(query, values).fetchone()
        assert row
        return int(row[0])
    return -1


def _answers_whole(traffic: Traffic, address: str) -> bool:
    with suppress(httpx.HTTPError):
        return traffic.ask_one(address)["degraded"] is None
    return False


def _try(work: Callable[[], list[str]], trouble: str, deadline: float) -> list[str]:
    while True:
        with suppress(httpx.HTTPError):
            return work()
        if time.monotonic() > deadline:
            raise NotRecovered(trouble)
        time.sleep(0.3)


def _until(is_so: Callable[[], bool], trouble: str, deadline: float) -> None:
    while not is_so():
        if time.monotonic() > deadline:
            raise NotRecovered(trouble)
        time.sleep(0.3)

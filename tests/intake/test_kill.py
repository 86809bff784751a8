"""Killed at any instant under load, nothing that was acknowledged is lost, and nothing is there twice."""

import random
import time

import pytest

from onrecall.storage import Storage

from .serving import AT_ONCE, Sender, killed_in_the_end

pytestmark = pytest.mark.process

KILLS = 10


def stored(url: str) -> list[int]:
    store = Storage.open(url)
    numbers = [int(row["key"], 16) for row in store.archive.dump() if row["table"] == "alerts"]
    store.close()
    return numbers


def test_acknowledged_is_stored(store_url: str) -> None:
    moments = random.Random(7)
    sender = Sender(threads=4)
    try:
        for _ in range(KILLS):
            with killed_in_the_end(store_url) as address:
                before = len(sender.acknowledged)
                sender.address = address
                sender.wait_for(before + 1)
                time.sleep(moments.uniform(0, 0.3))
            acknowledged = set(sender.acknowledged)
            assert acknowledged <= set(stored(store_url)), "acknowledged and lost"
        with killed_in_the_end(store_url) as address:
            sender.address = address
            sender.end()
    finally:
        sender.give_up()
    assert sorted(stored(store_url)) == sorted(sender.acknowledged) == sorted(sender.sent)
    assert len(sender.sent) > KILLS * AT_ONCE

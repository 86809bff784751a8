"""A kill at any moment loses nothing that was acknowledged, and leaves nothing half done."""

import random
import subprocess
import time

import pytest

from onrecall.storage import Storage
from warm_processes import WarmProcess

from .test_concurrency import SAVING

KILLS = 3


@pytest.mark.process
def test_nothing_acknowledged_is_lost(store_url: str) -> None:
    moments = random.Random(11)
    acknowledged: set[str] = set()
    for kill in range(KILLS):
        writer = WarmProcess(["-c", SAVING, store_url, f"K{kill}", "100000"], stdout=subprocess.PIPE)
        assert writer.stdout
        acknowledged.add(writer.stdout.readline().strip())
        time.sleep(moments.uniform(0.05, 0.6))
        writer.kill()
        writer.wait()
        with writer.stdout as rest:
            acknowledged.update(line.strip() for line in rest if line.endswith("\n"))
        store = Storage.open(store_url)
        stored_ids = {name for _, name in store.records.get(("incident", name) for name in acknowledged)}
        assert acknowledged <= stored_ids
        assert store.health.check() == ()
        assert store.health.counts()["passages"] == store.health.counts()["incidents"]
        store.close()
    assert len(acknowledged) > KILLS


@pytest.mark.usefixtures("durable_sqlite")
def test_sqlite_syncs_every_commit(tmp_path: object) -> None:
    store = Storage.open(f"sqlite:///{tmp_path}/synced.db")
    with store._database.read() as connection:
        assert connection.exec_driver_sql("pragma synchronous").scalar() == 2
        assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1
    store.close()

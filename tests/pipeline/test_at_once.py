"""Two resolve, ten ask, one imports, all at once: no lock error reaches anybody, and nothing is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.situation import make_situation

RESOLVED, ASKED, IMPORTED = 8, 10, 300


def test_two_resolve_ten_ask_one_imports(memory, clock):
    start = threading.Barrier(13)
    for n in range(2 * RESOLVED):
        memory.open(Incident(f"OPEN-{n}", f"disk of host {n} is full", clock()))

    def resolve(half):
        start.wait()
        for n in range(half, 2 * RESOLVED, 2):
            memory.resolve(f"OPEN-{n}", Resolution(f"logs of job {n}", clock() + timedelta(hours=1), "disk-full-logs"))

    def ask(_):
        start.wait()
        return [memory.ask(make_situation("a disk is full again")).verdict for _ in range(ASKED)]

    def bring():
        start.wait()
        old = (Incident(f"OLD-{n}", f"queue {n} stands still", clock()) for n in range(IMPORTED))
        return memory.import_history(old)

    with ThreadPoolExecutor(13) as pool:
        resolving = [pool.submit(resolve, half) for half in range(2)]
        asking = [pool.submit(ask, n) for n in range(10)]
        importing = pool.submit(bring)
        assert importing.result().created == IMPORTED
        assert all(len(one.result()) == ASKED for one in asking)
        for one in resolving:
            one.result()
    counts = memory.store.health.counts()
    assert counts["incidents"] == IMPORTED + 2 * RESOLVED
    assert counts["resolutions"] == 2 * RESOLVED
    assert memory.store.health.check() == ()

"""What one of several processes does that share a budget; by itself, so that a process loads no more than it needs."""

import multiprocessing
from datetime import UTC, datetime

from onrecall.domain.errors import Unavailable
from onrecall.storage import ModelCall, Storage, UsageLimits

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
CALL = ModelCall("rec-1", "draft", "openai", "gpt-4o-mini", "hash")


def spend(url: str, results: "multiprocessing.Queue[int]") -> None:
    """Reserve until nothing is left, and report how often that went."""
    store, reserved = Storage.open(url), 0
    for _ in range(20):
        try:
            store.usage.reserve(CALL, 0.1, UsageLimits(1000, 1.0), NOW)
            reserved += 1
        except Unavailable:
            continue
    store.close()
    results.put(reserved)

"""Keeps the keys in memory fresh while requests come, so that no request waits for the database."""

import asyncio
import logging
import time

from onrecall.domain.errors import Unavailable
from onrecall.http import thread_pools
from onrecall.pipeline.keys import Keys

PATIENCE_SECONDS = 5.0
"""Greatest age of the keys that is accepted while they are being reloaded."""
IDLE_SECONDS = 5.0
"""Reloading stops this long after the last request."""

log = logging.getLogger(__name__)


class KeyReader:
    """Reloads the keys periodically in the background."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._asked_at = 0.0
        self._reading: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Wait until the keys are fresh enough. Raises Unavailable if the database cannot be read."""
        self._asked_at = time.monotonic()
        age = self._keys.age
        fresh = self._keys.fresh_seconds
        if age > (PATIENCE_SECONDS if self._is_reading else fresh):
            await thread_pools.run(thread_pools.KEYS, self._keys.refresh)
        if not self._is_reading and fresh > 0:
            self._reading = asyncio.create_task(self._read())

    def stop(self) -> None:
        """Stop reloading."""
        if self._reading is not None:
            self._reading.cancel()

    @property
    def _is_reading(self) -> bool:
        task = self._reading
        return task is not None and not task.done() and task.get_loop() is asyncio.get_running_loop()

    async def _read(self) -> None:
        while time.monotonic() - self._asked_at < IDLE_SECONDS:
            await asyncio.sleep(self._keys.fresh_seconds / 2)
            try:
                await thread_pools.run(thread_pools.KEYS, self._keys.read)
            except Unavailable as error:
                log.warning("the keys could not be reloaded: %s", error)

"""Notify about possible changes: after writes of this process and, on PostgreSQL, of all other processes."""

import logging
import threading
from collections.abc import Callable

from onrecall.domain.errors import Unavailable
from onrecall.storage.database import Database

RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class ChangeNotifier:
    """Calls back from any thread, possibly without a change; what did change is read from the feed."""

    def __init__(self, database: Database, woken: Callable[[], None]) -> None:
        self._database = database
        self._on_change = woken
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def notices_other_processes(self) -> bool:
        """Whether writes of other processes are noticed too; otherwise callers have to poll."""
        return self._database.kind.name == "postgresql" and self._database.kind.notifies

    def start(self) -> None:
        """Start calling back."""
        self._database.commit_listeners.append(self._on_change)
        if self.notices_other_processes:
            self._thread = threading.Thread(target=self._listen, name="onrecall-listen", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop; the callback is not called after this returns."""
        self._stopping.set()
        self._database.commit_listeners.remove(self._on_change)
        if self._thread is not None:
            self._thread.join()

    def _listen(self) -> None:
        kind = self._database.kind
        assert kind.name == "postgresql"
        while not self._stopping.is_set():
            try:
                kind.listen(self._on_change, self._stopping)
            except Unavailable as error:
                log.warning("polling for changes of other processes until PostgreSQL notifies again: %s", error)
                self._stopping.wait(RETRY_SECONDS)

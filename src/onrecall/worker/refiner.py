"""The thread that refines answers by a model, separate so that a slow model delays nothing else."""

import logging
import threading

from onrecall.domain.errors import Unavailable
from onrecall.pipeline.refine import Refiner

POLL_SECONDS = 0.5
GRACE_SECONDS = 1.0

log = logging.getLogger(__name__)


class RefinerThread:
    """Refines answers; its position is in the store. Without a model there is no thread."""

    def __init__(self, refining: Refiner) -> None:
        self._refiner = refining
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start with the events since the last run."""
        if not self._refiner.active:
            return
        self._stopping.clear()
        self._refiner.begin()
        self._thread = threading.Thread(target=self._run, name="onrecall-models", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; a model that takes too long is abandoned, and its answer is refined again later."""
        self._stopping.set()
        if self._thread:
            self._thread.join(GRACE_SECONDS)
            self._thread = None

    def _run(self) -> None:
        self._refiner.ready()
        while not self._stopping.is_set():
            try:
                refined = self._refiner.run()
            except Unavailable as error:
                log.warning("refining tries again in %g s: %s", error.retry_after, error)
                refined = 0
            except Exception:  # the loop must go on: what failed is one answer's refinement, and the log says why
                log.exception("an answer could not be refined; it stands as it was")
                refined = 0
            if not refined:
                self._stopping.wait(POLL_SECONDS)

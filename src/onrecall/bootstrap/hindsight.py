"""Wires a Hindsight server: its bank, its uses, and its status."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

from onrecall.bootstrap.status import ComponentStatus
from onrecall.domain.errors import OnRecallError
from onrecall.hindsight import HindsightBank
from onrecall.notifications.hindsight import HindsightMirror
from onrecall.pipeline import IncidentService
from onrecall.pipeline.hindsight import HindsightPeer
from onrecall.pipeline.second_opinion import OpinionSource
from onrecall.settings import Settings

CHECK_SECONDS = 1.0
"""The longest that `/status` waits for Hindsight."""
CHECK_INTERVAL_SECONDS = 10.0
"""Interval of checks, because probes ask for the status often."""
MAX_DETAIL = 160


@contextmanager
def open_peer(chosen: Settings) -> Iterator[HindsightPeer | None]:
    """Open the configured bank; None without one. The server is not called before it is needed."""
    if chosen.hindsight_url is None:
        yield None
        return
    key = chosen.hindsight_key.get_secret_value() if chosen.hindsight_key else None
    bank = HindsightBank(chosen.hindsight_url.rstrip("/"), chosen.hindsight_bank, key, chosen.hindsight_timeout)
    with closing(bank):
        yield HindsightPeer(bank, chosen.hindsight_mirror, chosen.hindsight_opinion_seconds)


def mirrors_and_opinions(peer: HindsightPeer | None) -> tuple[Sequence[HindsightMirror], OpinionSource | None]:
    """Return the mirrors for incidents, and the source of second opinions."""
    if peer is None:
        return (), None
    opinion = OpinionSource(peer.bank, peer.opinion_seconds) if peer.opinion_seconds else None
    return ((peer.channel,) if peer.mirrors else ()), opinion


class HindsightStatus:
    """Checks at intervals whether the server answers."""

    def __init__(self, peer: HindsightPeer, memory: IncidentService) -> None:
        self._peer, self._memory = peer, memory
        self._lock = threading.Lock()
        self._checked_at: float | None = None
        self._answer: tuple[bool, str] = (False, "")

    def __call__(self) -> ComponentStatus:
        """Return the status of the part. A server that does not answer degrades OnRecall and never takes it down."""
        answers, detail = self._look()
        waiting = self._waiting() if self._peer.mirrors else ""
        return ComponentStatus(name="hindsight", state="ok" if answers else "degraded", detail=f"{detail}{waiting}")

    def _look(self) -> tuple[bool, str]:
        with self._lock:
            if self._checked_at is None or time.monotonic() - self._checked_at > CHECK_INTERVAL_SECONDS:
                self._answer = self._ask()
                self._checked_at = time.monotonic()
            return self._answer

    def _ask(self) -> tuple[bool, str]:
        bank = self._peer.bank
        try:
            state = bank.check(min(CHECK_SECONDS, bank.timeout))
        except OnRecallError as error:
            return False, str(error)[:MAX_DETAIL]
        bank_state = (
            f"bank {bank.name}" if state.exists else f"bank {bank.name} is created when the first incident is sent"
        )
        mode = f", mode {state.mode}" if state.mode and state.mode != "chunks" else ""
        return True, f"Hindsight {state.version} at {bank.url}, {bank_state}{mode}"

    def _waiting(self) -> str:
        backlog = self._memory.store.outbox.backlog(self._peer.channel.name)
        if not backlog.pending or backlog.since is None:
            return ""
        incidents = f"{backlog.pending} incident{'' if backlog.pending == 1 else 's'}"
        return f"; {incidents} waiting to be sent since {backlog.since:%Y-%m-%d %H:%M} UTC"


def status_checks(peer: HindsightPeer | None, memory: IncidentService) -> list[Callable[[], ComponentStatus]]:
    """Return the status check of Hindsight, if it is configured."""
    return [HindsightStatus(peer, memory)] if peer else []

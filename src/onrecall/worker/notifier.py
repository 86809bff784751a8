"""The threads that send notifications, one per channel, so that one that is down delays nobody else."""

import logging
from functools import partial
from typing import Protocol

from onrecall.domain.errors import Unavailable
from onrecall.worker.polling_thread import PollingThread

GRACE_SECONDS = 3.0
"""A delivery that takes longer at the end is abandoned; the next process sends it again."""

log = logging.getLogger(__name__)


class ChannelOutlet(Protocol):
    """A channel to send to, used by one thread."""

    @property
    def name(self) -> str:
        """The name of its thread."""

    def run_once(self) -> int:
        """Enqueue what is new and send what is due; returns how much there was."""

    def release(self) -> None:
        """Let another process send here at once."""


def create_notifier(outlet: ChannelOutlet) -> PollingThread:
    """Return the thread that sends on a channel and releases it at the end."""
    return PollingThread(f"onrecall-{outlet.name}", outlet.run_once, end=partial(_release, outlet))


def _release(outlet: ChannelOutlet) -> None:
    try:
        outlet.release()
    except Unavailable as error:
        log.warning("%s stays claimed for a while: %s", outlet.name, error)

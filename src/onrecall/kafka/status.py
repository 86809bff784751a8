"""What the Kafka threads report: each event with its facts, and a sentence for people."""

from typing import Any, Protocol

QUIET_SECONDS = 5.0
"""Least time between two reports of how much was stored."""


class StatusReporter(Protocol):
    """Takes the events of the consumer and the publisher, from both of their threads."""

    def __call__(self, event: str, message: str, **facts: Any) -> None:
        """Report an event with its facts, and a message for people."""

"""Prints what the Kafka threads report: lines for people, or JSON."""

import json
import threading
from datetime import UTC, datetime
from typing import Any

import typer

from onrecall.cli import console as printing


class StatusPrinter:
    """Prints a line per event (a `StatusReporter`); safe for several threads."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()

    def __call__(self, event: str, message: str, **facts: Any) -> None:
        """Print an event with its facts, and a message for people."""
        at = datetime.now(UTC)
        with self._lock:
            if self._as_json:
                typer.echo(json.dumps({"at": at.isoformat(), "event": event, "message": message} | facts))
            else:
                printing.print_line((f"{at:%H:%M:%S}  ", "dim"), message)

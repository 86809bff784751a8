"""What the command says while it runs: lines for people, or JSON for machines."""

import json
import threading
from datetime import UTC, datetime
from typing import Any

import typer

from onrecall.cli import console as printing

QUIET_SECONDS = 5.0


class StatusPrinter:
    """Writes a line for each thing that happens; more than one thread may."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()

    def __call__(self, event: str, message: str, **facts: Any) -> None:
        """Say what happened: in a word and facts, and in a sentence for people."""
        at = datetime.now(UTC)
        with self._lock:
            if self._as_json:
                typer.echo(json.dumps({"at": at.isoformat(), "event": event, "message": message} | facts))
            else:
                printing.say((f"{at:%H:%M:%S}  ", "dim"), message)

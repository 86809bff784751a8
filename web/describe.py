# ruff: noqa: INP001
"""Prints what the API offers, as OpenAPI: what the console's types are made of (`make types`)."""

import json
import sys
from datetime import UTC, datetime

from onrecall.doors.http import create
from onrecall.doors.status import Part, report
from onrecall.doors.worker import Worker
from onrecall.line import Memory, Parts
from onrecall.recall import Recall
from onrecall.recall.local import LocalIndex
from onrecall.store import Store

store = Store.open("sqlite://")
memory = Memory(Parts(store, Recall(store, None, LocalIndex(store, None)), lambda: datetime.now(UTC)))
app = create(memory, Worker(memory), lambda: report(memory, Part(name="meaning", state="ok", detail="")))
json.dump(app.openapi(), sys.stdout, indent=1, sort_keys=True)
sys.stdout.write("\n")

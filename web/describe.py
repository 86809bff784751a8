# ruff: noqa: INP001
"""Prints what the API offers, as OpenAPI: what the console's types are made of (`make types`)."""

import json
import sys
from datetime import UTC, datetime

from onrecall.bootstrap.status import Part, report
from onrecall.http import create
from onrecall.pipeline import Memory, Parts
from onrecall.retrieval import Recall
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Store
from onrecall.worker.worker import Worker

store = Store.open("sqlite://")
memory = Memory(Parts(store, Recall(store, None, LocalIndex(store, None)), lambda: datetime.now(UTC)))
app = create(memory, Worker(memory), lambda: report(memory, Part(name="meaning", state="ok", detail="")))
json.dump(app.openapi(), sys.stdout, indent=1, sort_keys=True)
sys.stdout.write("\n")

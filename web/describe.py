# ruff: noqa: INP001
"""Prints what the API offers, as OpenAPI: what the console's types are made of (`make types`)."""

import json
import sys
from datetime import UTC, datetime

from onrecall.bootstrap.status import ComponentStatus, build_report
from onrecall.http import create
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage
from onrecall.worker.worker import Worker

store = Storage.open("sqlite://")
memory = IncidentService(
    Dependencies(store, Retriever(store, None, LocalIndex(store, None)), lambda: datetime.now(UTC))
)
app = create(
    memory, Worker(memory), lambda: build_report(memory, ComponentStatus(name="meaning", state="ok", detail=""))
)
json.dump(app.openapi(), sys.stdout, indent=1, sort_keys=True)
sys.stdout.write("\n")

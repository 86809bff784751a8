"""Where own records know something like it, example records are neither evidence nor a source of steps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onrecall.domain.document import Document
from onrecall.domain.incident import EXAMPLE, Incident, Resolution, ResolutionStep
from onrecall.domain.situation import Situation
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage

START = datetime(2026, 2, 1, 8, tzinfo=UTC)
QUESTION = Situation("Broker disk full, producers blocked with E_NOSPC on volume kafka-data")


def incident(name: str, source: str, step: str, title: str = "Broker disk full, producers blocked") -> Incident:
    end = START + timedelta(hours=1)
    resolution = Resolution("Retention was unlimited", end, steps=(ResolutionStep(step),))
    description = "E_NOSPC on volume kafka-data"
    return Incident(name, title, START, description, status="resolved", source=source, resolution=resolution)


SHIPPED = incident("INC-1", EXAMPLE, "Deleted the oldest segments")
RUNBOOK = Document(
    "RB-disk", "Broker disk full", "# Broker disk full, E_NOSPC\n\n1. Delete old segments\n", source=EXAMPLE
)


@pytest.fixture
def memory(store: Storage) -> IncidentService:
    recall = Retriever(store, None, LocalIndex(store.passages, None))
    return IncidentService(Dependencies(store, recall, lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)))


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """The index beside it is SQLite's; PostgreSQL's own is asked in tests/interfaces."""
    return f"sqlite:///{tmp_path}/onrecall.db"


def shown(memory: IncidentService, limit: int = 5) -> list[str]:
    return [evidence.id for evidence in memory.ask(QUESTION, limit).evidence]


def test_an_own_incident_that_nobody_has_resolved_does_not_silence_them(memory: IncidentService) -> None:
    memory.import_history([SHIPPED])
    still_open = replace(incident("OPS-1", "api", "-"), status="open", resolution=None)
    memory.open(still_open)
    assert shown(memory) == ["INC-1"]
    assert [ongoing.id for ongoing in memory.ask(QUESTION).ongoing] == ["OPS-1"]
    memory.resolve("OPS-1", Resolution("The volume was too small", START + timedelta(hours=2)))
    assert shown(memory) == ["OPS-1"]


def test_alone_they_answer(memory: IncidentService) -> None:
    memory.import_history([SHIPPED, RUNBOOK])
    assert shown(memory) == ["INC-1", "RB-disk"]


def test_beside_a_similar_record_of_ones_own_they_keep_silent(memory: IncidentService) -> None:
    own = incident("OPS-1", "recallops", "Raised the volume to 2 TB", "Producers blocked, broker disk full")
    memory.import_history([SHIPPED, RUNBOOK, own])
    assert shown(memory) == shown(memory, 1) == ["OPS-1"], "even where they would match better and fill the list"
    assert {step.citation.id for step in memory.ask(QUESTION).steps} == {"OPS-1"}
    assert [evidence.id for evidence in memory.recall(QUESTION)] == ["OPS-1"]


def test_beside_records_of_something_else_they_answer(memory: IncidentService) -> None:
    other = replace(
        incident("OPS-2", "recallops", "Renewed it", "Certificate of the shop expired"), description="x509 expired"
    )
    memory.import_history([SHIPPED, RUNBOOK, other])
    assert shown(memory)[0] == "INC-1"


def test_what_is_stored_meanwhile_is_known_at_the_next_question(memory: IncidentService) -> None:
    memory.import_history([SHIPPED, RUNBOOK])
    assert "INC-1" in shown(memory)
    memory.import_history([incident("OPS-1", "recallops", "Raised the volume to 2 TB")])
    assert shown(memory) == ["OPS-1"]


def test_removed_they_are_recalled_no_more(memory: IncidentService) -> None:
    memory.import_history([SHIPPED, RUNBOOK])
    assert shown(memory)
    removed = memory.remove_examples()
    assert (removed.incidents, removed.documents) == (1, 1)
    assert shown(memory) == []

"""A memory that alerts storm into, its worker going round when it is told to."""

from dataclasses import replace
from datetime import datetime

from stormy import NEEDS

from onrecall.domain.alert import Alert
from onrecall.domain.incident import Incident
from onrecall.grouping import ServiceGraph
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import IngestBatch, Storage


def house(store: Storage, clock) -> IncidentService:
    recall = Retriever(store, None, LocalIndex(store.passages, None))
    return IncidentService(Dependencies(store, recall, clock, topology=ServiceGraph.of(NEEDS)))


def tell(memory: IncidentService, *signals: object) -> None:
    memory.store.ingest.store([IngestBatch("alertmanager", tuple(signals))], memory.now())


def play(memory: IncidentService, clock, deliveries: list[list[Alert]], seconds: float) -> None:
    """Deliveries spread over a time, the worker going its round after each."""
    for delivery in deliveries:
        tell(memory, *delivery)
        memory.work()
        clock.forward(seconds=seconds / len(deliveries))


def incidents(memory: IncidentService) -> tuple[Incident, ...]:
    return memory.store.incidents.page(limit=200).items


def grouped(memory: IncidentService) -> None:
    """All that waits finds its incident; one round takes so many at most."""
    while memory.grouping.run():
        pass


def only(memory: IncidentService) -> Incident:
    (found,) = incidents(memory)
    return found


def later(memory: IncidentService, clock, **by: float) -> None:
    clock.forward(**by)
    while memory.work():
        pass


def answers(memory: IncidentService, incident: str) -> list[str]:
    return [event.type for event in memory.store.events.timeline(incident) if event.type == "recommended"]


def ended(one: Alert, at: datetime) -> Alert:
    return replace(one, status="resolved", ends_at=at, told_at=at)

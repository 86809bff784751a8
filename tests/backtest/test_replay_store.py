"""What a replay holds in memory answers as the store does, byte for byte."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from calibration.histories import START, HashedEmbedder, document, history
from onrecall.backtest.chronology import BEGINNING_OF_TIME, History, HistoryEvent, order_events
from onrecall.backtest.replay_engine import ReplayClock
from onrecall.backtest.replay_store import ReplayStore
from onrecall.domain.errors import NotFound
from onrecall.domain.incident import Incident, IncidentLink, ResolutionStep
from onrecall.pipeline.calibrate import Calibration, CalibrationService, Uncalibrated
from onrecall.pipeline.memory import IncidentMemory
from onrecall.pipeline.memory_store import MemoryStore
from onrecall.pipeline.recommend import situation_of
from onrecall.recommendation import step_key
from onrecall.retrieval import Retriever, tokenizer
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage

STEP = timedelta(minutes=40)
EAST = timezone(timedelta(hours=9))


def difficult_history() -> History:
    """Recurrences found and marked, steps that failed, said twice or were made worse by, other time zones, documents."""
    incidents = [_harder(n, incident) for n, incident in enumerate(history(40, 7, step=STEP))]
    papers = [replace(document(n, START + 9 * n * STEP), labels={"z": "1", "a": "2"}) for n in range(4)]
    return History.of([*incidents, *papers, document(9, None)])


def _harder(n: int, incident: Incident) -> Incident:
    assert incident.resolution
    steps = list(incident.resolution.steps)
    if n % 3 == 0:
        steps += [steps[1], replace(steps[1], outcome="did_not_help"), replace(steps[1], outcome="made_it_worse")]
    if n % 4 == 0:
        steps += [ResolutionStep("Wrote a long command", "x" * 700)]
    at = incident.resolution.at.astimezone(EAST)
    provenance = "model" if n % 11 == 5 else "human"
    resolution = replace(incident.resolution, at=at, steps=tuple(steps), provenance=provenance)
    links = (IncidentLink("recurrence", f"I-{n - 5:05}"),) if n % 6 == 5 else ()
    return replace(incident, started_at=incident.started_at.astimezone(EAST), resolution=resolution, links=links)


def replay_reads(store: MemoryStore, trust: Calibration, records: History) -> Iterator[object]:
    """All that the line sees of a store while a history is told to it."""
    model, clock = HashedEmbedder(), ReplayClock(BEGINNING_OF_TIME)
    recall = Retriever(store, model, LocalIndex(store.passages, model.name))
    memory = IncidentMemory(store, recall, clock, trust)
    keys = [
        step_key(step.text, step.command)
        for incident in records.incidents
        if incident.resolution
        for step in incident.resolution.steps
    ]
    causes = sorted({i.resolution.cause for i in records.incidents if i.resolution and i.resolution.cause})[:3]
    for event in order_events(records):
        clock.at = event.at
        yield from _happened(memory, event)
        owner = ("incident" if event.kind != "dated" else "document", event.id)
        yield store.records.get([owner, ("incident", "none")])
        passages = store.passages.of_owners([owner])
        yield passages
        numbers = [number for number, _ in passages[owner]]
        yield store.passages.get([*numbers, 10_000]), store.passages.texts(numbers), store.passages.features(numbers)
        yield store.passages.term_statistics(
            [*tokenizer.count_terms("latency at the disk of nobody"), tokenizer.term_id("<whole>")]
        )
        yield store.passages.changes(max(0, store.passages.last_seq() - 5), 4), store.passages.last_seq()
        yield store.incidents.of_causes(["nothing", *causes], 3)
        yield list(store.step_executions.track_records([*reversed(keys), "never tried"]).items())


def _happened(memory: IncidentMemory, event: HistoryEvent) -> Iterator[object]:
    if event.incident:
        opened, _ = memory.open(event.incident)
        yield opened, replace(memory.ask(situation_of(opened)), latency_ms=None)
    elif event.resolution:
        yield memory.resolve(event.id, event.resolution, event.recurs)
    elif event.document:
        yield memory.put_document(event.document)


def test_it_says_what_the_store_says():
    records = difficult_history()
    with closing(Storage.open("sqlite://")) as store:
        written = list(replay_reads(store, CalibrationService(store), records))
    in_memory = list(replay_reads(ReplayStore(), Uncalibrated(), records))
    assert len(in_memory) == len(written) > 500
    for place, (from_memory, from_store) in enumerate(zip(in_memory, written, strict=True)):
        assert from_memory == from_store, place
    assert "Link(kind='recurrence'" in repr(written[-40:])


def test_what_it_does_not_hold_is_not_made_up():
    store = ReplayStore()
    with pytest.raises(NotFound, match="there is no incident I-1"):
        store.incidents.get("I-1")
    with pytest.raises(AttributeError):
        store.health.counts()  # a replay asks for no such thing, and an empty database would have an answer

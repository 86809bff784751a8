"""A real Hindsight server: what really happens to documents there, when it is killed, asked twice, or given a wrong key."""

import itertools
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from hindsight.real_server import KEY
from onrecall.domain.errors import Unavailable
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.situation import Situation
from onrecall.hindsight import HindsightBank
from onrecall.pipeline import Dependencies, IncidentService, hindsight
from onrecall.pipeline.hindsight import HindsightPeer
from onrecall.pipeline.second_opinion import OpinionSource
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage

pytestmark = [pytest.mark.hindsight, pytest.mark.xdist_group("hindsight"), pytest.mark.timeout(600)]
BANKS = itertools.count(1)
START = datetime(2025, 4, 1, tzinfo=UTC)
PARTS = ("pump", "valve", "sensor", "filter", "heater", "mixer", "feeder", "cutter", "press", "lamp")
FAULTS = ("leaks oil", "overheats", "reports nonsense", "jams", "loses power", "vibrates", "drips", "stops at night")


@pytest.fixture
def bank(server):
    with closing(HindsightBank(server.url, f"bank-{next(BANKS)}", KEY, timeout=60)) as opened:
        yield opened


@pytest.fixture
def memory(tmp_path, bank, clock):
    with closing(Storage.open(f"sqlite:///{tmp_path / 'onrecall.db'}")) as store:
        yield memory_of(store, bank, clock)


def memory_of(store, bank, clock):
    recall = Retriever(store, None, LocalIndex(store.passages, None))
    peer = HindsightPeer(bank)
    service = IncidentService(
        Dependencies(store, recall, clock, mirrors=(peer.channel,), opinion=OpinionSource(bank, 20))
    )
    service.mirrors[0].run_once()
    return service


def plant(number):
    part, fault = PARTS[number % 10], FAULTS[number // 10 % 8]
    return Incident(
        id=f"PLANT-{number}", title=f"The {part} of line {number} {fault}", started_at=START + timedelta(hours=number),
        source="excel", source_id=str(number),
        resolution=Resolution(f"The {part} was worn", START + timedelta(hours=number + 1), provenance="imported"),
    )  # fmt: skip


def test_a_server_that_is_killed_midway_has_everything_once_in_the_end(server, memory, bank, clock):
    memory.import_history(plant(number) for number in range(60))
    sent = threading.Event()
    retain = bank.retain

    def retained(items):
        count = retain(items)
        if len(server.documents(bank.name)) >= 15:
            sent.set()
        return count

    bank.retain = retained
    going = threading.Thread(target=rounds, args=(memory,), daemon=True)
    going.start()
    assert sent.wait(120)
    server.kill()
    going.join(120)
    assert not going.is_alive()
    waiting = memory.store.outbox.backlog(f"hindsight:{bank.name}")
    assert waiting.pending > 0
    assert "can't be reached" in waiting.last_error
    server.start()
    clock.forward(hours=1)
    rounds(memory)
    stored = server.documents(bank.name)
    assert set(stored) == {f"inc:PLANT-{number}" for number in range(60)}
    assert {item["memory_unit_count"] for item in stored.values()} == {1}
    assert memory.store.outbox.backlog(f"hindsight:{bank.name}").dead == 0


def test_a_second_version_of_a_resolution_takes_the_place_of_the_first(server, memory, bank, clock):
    memory.open(Incident(id="KILN-1", title="Kiln too cold", started_at=clock()))
    rounds(memory)
    for cause in ("A wet thermocouple", "A thermocouple of the wrong type"):
        memory.resolve("KILN-1", Resolution(cause, clock.forward(minutes=5)))
        rounds(memory)
    (document,) = server.documents(bank.name).values()
    assert document["document_metadata"]["resolution_version"] == "2"
    assert document["document_metadata"]["root_cause"] == "A thermocouple of the wrong type"
    assert "wet" not in bank.texts(["inc:KILN-1"])["inc:KILN-1"]
    memory.reopen("KILN-1")
    rounds(memory)
    (document,) = server.documents(bank.name).values()
    assert document["document_metadata"]["status"] == "open"
    memory.store.memory_banks.remove("none", (), ["KILN-1"])
    clock.forward(hours=1)
    rounds(memory)
    assert server.documents(bank.name) == {}


def test_a_thousand_incidents_are_pushed_once_and_pulled_once(server, memory, bank, clock, tmp_path):
    memory.import_history(plant(number) for number in range(1000))
    pushed = hindsight.push(memory, HindsightPeer(bank))
    assert (pushed.sent, pushed.unchanged) == (1000, 0)
    assert len(server.documents(bank.name)) == 1000
    assert hindsight.push(memory, HindsightPeer(bank)).sent == 0
    with closing(Storage.open(f"sqlite:///{tmp_path / 'other.db'}")) as store:
        importer = memory_of(store, bank, clock)
        pulls = [hindsight.pull(importer, HindsightPeer(bank)) for _ in range(10)]
        assert [pull.brought.created for pull in pulls] == [1000] + [0] * 9
        assert [pull.brought.updated for pull in pulls] == [0] * 10
        assert store.health.counts()["incidents"] == 1000
        for number in (0, 417, 999):
            original, pulled = memory.store.incidents.get(f"PLANT-{number}"), store.incidents.get(f"PLANT-{number}")
            assert (pulled.title, pulled.started_at, pulled.resolution.root_cause) == (
                original.title, original.started_at, original.resolution.root_cause,
            )  # fmt: skip


def test_the_second_opinion_finds_the_right_incident_and_leaves_ours_alone(memory, bank):
    memory.import_history(
        [plant(3), plant(14), plant(25), Incident(id="OPEN-1", title="The pump leaks oil", started_at=START)]
    )
    hindsight.push(memory, HindsightPeer(bank))
    question = Situation(text="a heater that loses its power in the night")
    alone = memory.recall(question)
    opinion = memory.second_opinions.ask(question).result(alone)
    assert opinion.state == "ok"
    assert "OPEN-1" not in {match.incident for match in opinion.matches}
    assert opinion.matches[0].incident == "PLANT-14"
    assert all(-1 <= match.semantic <= 1 for match in opinion.matches)
    assert memory.recall(question) == alone


@pytest.mark.parametrize("key", ["wrong", f'"{KEY}"', None])
def test_a_key_that_is_not_the_servers_is_a_sentence(server, key):
    with closing(HindsightBank(server.url, "any", key, timeout=30)) as bank:
        for call in (bank.check, lambda: bank.retain([{"document_id": "x", "content": "y", "metadata": {}}])):
            with pytest.raises(Unavailable, match="ONRECALL_HINDSIGHT_KEY"):
                call()


def rounds(memory):
    while memory.mirrors[0].run_once():
        pass

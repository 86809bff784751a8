"""What happens with every alert reads no table whole, however much is stored: SQLite's own plans say so."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from onrecall.domain.alert import Acknowledgement, Alert, ChangeEvent, Note
from onrecall.domain.errors import RejectedPart
from onrecall.domain.situation import Situation
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import IngestBatch, Storage
from sent_statements import hearing

from .given import NOON, at, entry, incident, passage, resolution

GROW = "alerts|incidents|passages|notes|change_events|rejected|recommendations|outcomes|events|resolutions|links"
WHOLE = re.compile(rf"^SCAN (?:{GROW})\b")


@contextmanager
def listening(store: Storage) -> Iterator[dict[str, object]]:
    """All statements that are asked meanwhile, each with the values it was asked with last."""
    statements: dict[str, object] = {}

    def hear(statement: str, values: object) -> None:
        if statement.lstrip().lower().startswith(("select", "update", "delete", "with")):
            statements[statement] = values

    with hearing(store, hear):
        yield statements


def read_whole(store: Storage, statements: dict[str, object]) -> list[str]:
    """The statements that read a table from its beginning to its end."""
    scans = []
    with store.overview.database.read() as connection:
        raw = connection.connection.dbapi_connection
        for statement, values in statements.items():
            plan = [row[3] for row in raw.cursor().execute(f"explain query plan {statement}", values)]
            if any(WHOLE.match(line) for line in plan):
                scans.append(f"{statement}\n  {plan}")
    return scans


@pytest.fixture
def memory(tmp_path: object) -> Iterator[IncidentService]:
    store = Storage.open(f"sqlite:///{tmp_path}/onrecall.db")
    yield IncidentService(Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: NOON))
    store.close()


def alert(n: int, **changes: object) -> Alert:
    fields = {"source": "alertmanager", "key": f"k{n}", "status": "firing", "title": f"Disk {n} is full"}
    return Alert(**fields | {"labels": {"service": "orders"}, "service": "orders", "starts_at": at(n % 7)} | changes)


def test_taking_in_and_grouping(memory: IncidentService) -> None:
    alerts = [
        *(alert(n) for n in range(9)),
        alert(10, starts_known=False),
        Note("pagerduty", "k1", "n1", "looking", NOON, "ada"),
        Acknowledgement("alertmanager", "k1", NOON, "ada"),
        ChangeEvent("github", "deploy-1", "orders 2.1 deployed", NOON, "orders"),
    ]
    unread = (RejectedPart("body[0]", "title", "no title", "{}"),)
    with listening(memory.store) as statements:
        for _ in range(2):
            memory.store.ingest.store([IngestBatch("alertmanager", tuple(alerts), rejected_parts=unread)], NOON)
            while memory.work():
                pass
    assert len(statements) > 10
    assert read_whole(memory.store, statements) == []


def test_saving_and_resolving(memory: IncidentService) -> None:
    with listening(memory.store) as statements:
        for n in range(3):
            imported = incident(f"X-{n}", -n, source="pagerduty", source_id=f"P{n}")
            memory.store.records.save([entry(imported, passage(f"disk {n}", terms=(n, 7)))], NOON)
        memory.store.incidents.resolve(
            "X-1", resolution("cause"), [passage("r", "resolution", terms=(1,))], [], [], at(60)
        )
    assert len(statements) > 10
    assert read_whole(memory.store, statements) == []


def test_recall(memory: IncidentService) -> None:
    memory.store.records.save(
        [entry(incident(f"X-{n}", -n), passage(f"disk {n}", terms=(n, 7))) for n in range(5)], NOON
    )
    with listening(memory.store) as statements:
        memory.recall(Situation("disk is full", as_of=at(60)))
    assert read_whole(memory.store, statements) == []


def test_looking_up_a_name(memory: IncidentService) -> None:
    page = incident("X-1", document="page.md", labels={"incident": "INC-204"})
    memory.store.records.save([entry(page)], NOON)
    with listening(memory.store) as statements:
        assert memory.get_record("INC-204").id == "X-1"
    assert len(statements) >= 5
    assert read_whole(memory.store, statements) == []


def test_what_pages_ask_for_again_and_again(memory: IncidentService) -> None:
    for n in range(5):
        memory.open(incident(f"X-{n}", -n))
    memory.work()
    store = memory.store
    with listening(store) as statements:
        store.incidents.page(status="open", limit=50)
        store.incidents.page(status="unresolved", service="orders", limit=50)
        store.recommendations.newest("X-1")
        store.events.timeline("X-1")
        store.recommendations.of_incident("X-1")
        store.incidents.of_causes(["full-disk"], 8)
        store.incidents.of_causes(["full-disk"], 8, NOON)
        store.check_results.of_incident("X-1", ["run df -h"])
        store.change_events.near("orders", NOON, 2)
    assert len(statements) > 5
    assert read_whole(store, statements) == []


def test_the_page_of_one_service(memory: IncidentService) -> None:
    memory.store.records.save([entry(incident(service="orders"))], NOON)
    memory.store.ingest.store(
        [IngestBatch("alertmanager", (alert(1), ChangeEvent("github", "d1", "2.1", NOON, service="orders")))], NOON
    )
    with listening(memory.store) as statements:
        record = memory.store.services.record("orders", at(-100), at(-100))
    assert record is not None
    assert [source.source for source in record.alert_sources] == ["alertmanager"]
    assert len(statements) > 5
    assert read_whole(memory.store, statements) == []

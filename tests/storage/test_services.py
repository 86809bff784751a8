"""Services, pictures and the orders of incidents, on both databases."""

from dataclasses import replace

import pytest

from onrecall.domain.alert import Alert, ChangeEvent
from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, NotFound
from onrecall.domain.image import ImageFile, StoredImage
from onrecall.storage import IngestBatch, Storage, incident_images
from onrecall.storage.incident_order import IncidentOrder
from onrecall.storage.incident_rows import IncidentFilter

from .given import NOON, at, entry, incident, resolution

PICTURE = StoredImage("INC-1", "ab" * 16, "pump.png", ImageFile("image/png", 2, 1, b"\x89PNG\0\xff"), NOON, "Ife")


@pytest.fixture
def fleet(store: Storage) -> Storage:
    """Three incidents of two services, one of no service, and a document of a third one."""
    incidents = [
        incident("INC-1", 1, service="pump", severity="low"),
        incident("INC-2", 2, service="pump", severity="critical"),
        incident("INC-3", 3, service="Árvíz", severity="high"),
        incident("INC-4", 4),
    ]
    document = Document("runbooks/weir.md", "Weir", "Open it.", service="weir")
    store.records.save([*(entry(one) for one in incidents), entry(document)], NOON)
    store.incidents.resolve("INC-1", replace(resolution(minutes=30), by="Wen"), (), (), (), at(30))
    return store


def test_services_come_most_unresolved_first_and_page_by_page(fleet: Storage) -> None:
    whole = fleet.services.page(None, None, 10).items
    counts = [(count.name, count.unresolved, count.incidents, count.last_started_at) for count in whole]
    assert counts == [("pump", 1, 2, at(2)), ("Árvíz", 1, 1, at(3)), ("weir", 0, 0, None)]
    first = fleet.services.page(None, None, 1)
    second = fleet.services.page(None, first.next_cursor, 5)
    assert (*first.items, *second.items) == whole
    assert [count.name for count in fleet.services.page("PU%", None, 5).items] == []
    assert [count.name for count in fleet.services.page("UM", None, 5).items] == ["pump"]


def test_the_record_of_a_service_counts_what_began_in_its_period(fleet: Storage) -> None:
    alert = Alert(source="grafana", key="k1", status="firing", title="Pump is hot", starts_at=at(5), service="pump")
    older = replace(alert, key="k2", starts_at=at(-5))
    change = ChangeEvent("github", "d1", "pump 2", at(4), service="pump")
    fleet.ingest.store([IngestBatch("grafana", (alert, older, change))], NOON)
    record = fleet.services.record("pump", at(2), at(0))
    assert record is not None
    assert [one.id for one in record.counted] == ["INC-2"]
    assert (record.is_complete, record.count.incidents, record.count.unresolved) == (True, 2, 1)
    assert [(one.source, one.alerts, one.firing, one.last_at) for one in record.alert_sources] == [
        ("grafana", 1, 1, at(5))
    ]
    assert [one.title for one in record.changes] == ["pump 2"]
    assert fleet.services.record("nothing", at(0), at(0)) is None


def test_a_service_may_be_called_like_a_status(fleet: Storage) -> None:
    fleet.records.save([entry(incident("INC-5", 5, service="unresolved"))], NOON)
    record = fleet.services.record("unresolved", at(0), at(0))
    assert record is not None
    assert [one.id for one in (*record.unresolved, *record.counted)] == ["INC-5", "INC-5"]


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        (IncidentOrder(), ["INC-4", "INC-3", "INC-2", "INC-1"]),
        (IncidentOrder(descending=False), ["INC-1", "INC-2", "INC-3", "INC-4"]),
        (IncidentOrder("severity"), ["INC-2", "INC-3", "INC-1", "INC-4"]),
        (IncidentOrder("service", descending=False), ["INC-2", "INC-1", "INC-3", "INC-4"]),
        (IncidentOrder("service"), ["INC-3", "INC-2", "INC-1", "INC-4"]),
    ],
)
def test_incidents_are_listed_in_an_order_page_by_page(fleet: Storage, order: IncidentOrder, ids: list[str]) -> None:
    listed: list[str] = []
    cursor = None
    for _ in ids:
        page = fleet.overview.summaries(IncidentFilter(), cursor, 1, order)
        listed += [glance.incident.id for glance in page.items]
        cursor = page.next_cursor
    assert (listed, cursor) == (ids, None)


def test_a_picture_is_stored_once_and_goes_with_its_incident(fleet: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = [fleet.images.add(PICTURE), fleet.images.add(replace(PICTURE, name="other.png", by=None))]
    assert stored == [(PICTURE, True), (PICTURE, False)]
    assert fleet.images.get("INC-1", PICTURE.id) == PICTURE
    with pytest.raises(NotFound):
        fleet.images.get("INC-2", PICTURE.id)
    with pytest.raises(NotFound):
        fleet.images.add(replace(PICTURE, incident="INC-9"))
    monkeypatch.setattr(incident_images, "MOST_IMAGES", 1)
    with pytest.raises(Conflict, match="has 1 pictures"):
        fleet.images.add(replace(PICTURE, id="cd" * 16))

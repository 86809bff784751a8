"""Pages of many houses: imported twice nothing changes, and an export gives the same store in the other database."""

import json
from collections.abc import Iterator

import pytest

from importers.postmortems.handwritten import texts
from onrecall import importers
from onrecall.pipeline import IncidentService
from onrecall.storage import Storage

PAGES = ("other_houses", "other_houses_held_back")


def items() -> Iterator[importers.ImportedItem]:
    for name in PAGES:
        for page in texts(name):
            yield from importers.read_bytes(page.name, page.text.encode())


def test_a_second_import_of_all_pages_changes_nothing(memory: IncidentService) -> None:
    first = memory.import_history(items())
    assert first.created > 20
    again = memory.import_history(items())
    assert (again.created, again.updated, again.unchanged) == (0, 0, first.created)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """An empty store, also of the other database."""
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("blank_postgres_url")
    opened = Storage.open(url)
    yield opened
    opened.close()


def test_an_export_of_all_pages_gives_the_same_store(memory: IncidentService, target: Storage) -> None:
    memory.import_history(items())
    rows = [json.loads(json.dumps(row)) for row in memory.store.archive.dump()]
    target.archive.load(rows)
    assert list(target.archive.dump()) == rows
    for stored in memory.store.incidents.page(limit=100).items:
        assert target.incidents.get(stored.id) == stored

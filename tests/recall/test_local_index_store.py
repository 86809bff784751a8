"""The local index behind a real store, on both databases."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from passage_log import MODEL, vector

from onrecall.incident import Document, EvidenceKind, Incident, Passage, Resolution
from onrecall.recall import terms
from onrecall.recall.index import Visible
from onrecall.recall.local import LocalIndex
from onrecall.store import Entry, Store

ALL = Visible()
NOW = datetime(2024, 6, 1, tzinfo=UTC)
INCIDENT = Incident("INC-1", "Disk full", NOW, service="checkout", labels={"env": "prod"})


def passages(owner: str, kind: EvidenceKind, **parts: tuple[str, datetime | None]) -> tuple[Passage, ...]:
    return tuple(
        Passage(
            owner,
            kind,
            part,
            0,
            text,
            1,
            None,
            since,
            terms.pack(terms.counts(text)),
            vector(text).astype("<f2").tobytes(),
            MODEL,
        )
        for part, (text, since) in parts.items()
    )


def owners(store: Store, index: LocalIndex, text: str, visible: Visible = ALL) -> list[tuple[str, str]]:
    index.refresh()
    wanted: Mapping[int, float] = dict.fromkeys(terms.counts(text), 1.0)
    by_words, by_meaning = index.words(wanted, visible, 10), index.meaning(vector(text), visible, 10)
    there = store.passages(by_words)
    assert set(by_words) <= set(by_meaning)
    return [(there[number].owner, there[number].part) for number in by_words]


@pytest.fixture
def index(store: Store, tmp_path: Path) -> LocalIndex:
    return LocalIndex(store, MODEL, tmp_path / "index")


def test_an_incident_through_its_life(store: Store, index: LocalIndex) -> None:
    opening = passages("INC-1", "incident", opening=("disk full on node", NOW))
    incident, _ = store.open_incident(INCIDENT, opening, NOW)
    assert owners(store, index, "disk") == [("INC-1", "opening")]

    later = NOW + timedelta(hours=1)
    resolution = Resolution("journal logs", later)
    both = (*opening, *passages("INC-1", "incident", resolution=("journal logs vacuumed", later)))
    store.resolve(incident.id, resolution, both, (), (), later)
    assert owners(store, index, "journal") == [("INC-1", "resolution")]
    assert owners(store, index, "journal", Visible(as_of=NOW)) == []
    assert owners(store, index, "disk journal", Visible(service="checkout", labels={"env": "prod"}, kind="incident"))
    assert owners(store, index, "disk", Visible(exclude=frozenset({"INC-1"}))) == []

    store.reopen(incident.id, opening, later)
    assert owners(store, index, "journal") == []
    assert owners(store, index, "disk") == [("INC-1", "opening")]


def test_another_service_is_seen_by_the_filter(store: Store, index: LocalIndex) -> None:
    text = passages("r", "document", body=("disk full", None))
    document = Document("r", "Disk", "disk full", service="checkout")
    store.put_document(document, text, NOW)
    assert owners(store, index, "disk", Visible(service="checkout")) == [("r", "body")]
    store.put_document(Document("r", "Disk", "disk full", service="search"), text, NOW)
    assert owners(store, index, "disk", Visible(service="checkout")) == []
    assert owners(store, index, "disk", Visible(service="search")) == [("r", "body")]
    store.delete_document("r")
    assert owners(store, index, "disk") == []


def test_what_another_process_wrote_is_found(store: Store, index: LocalIndex, store_url: str) -> None:
    other = Store.open(store_url)
    document = Document("r", "Disk", "disk full")
    other.save([Entry(document, passages("r", "document", body=("disk full", None)))], NOW)
    other.close()
    assert owners(store, index, "disk") == [("r", "body")]

"""Recurrences over a real store, over HTTP and on a terminal; the example history's are what its labels say."""

import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fastapi import FastAPI
from rich.console import Console
from starlette.testclient import TestClient

from onrecall import examples
from onrecall import importers as history
from onrecall.cli import console as printing
from onrecall.cli import recurrences as recurring
from onrecall.domain import markdown_page as page
from onrecall.domain.cause_label import normalized_cause
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, IncidentLink, Resolution, ResolutionStep
from onrecall.domain.passage import Passage
from onrecall.http import problems
from onrecall.http.recurrences import router
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.pipeline.recurrences import FamilyFilter, find_recurrences, find_similar_causes
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import PreparedRecord, Storage

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
LEAK = "The rehash job leaked its connections until the pool was empty"
LEAK_AGAIN = "Connections leaked by the rehash job until the whole pool stood empty"
OTHER = "Somebody dropped an index and every query had to read the table"


@pytest.fixture
def store():
    opened = Storage.open("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def example(store):
    things = [one for one in history.read(examples.FOLDER) if isinstance(one, Incident | Document)]
    things = [one for one in things if isinstance(one, Document) or not one.document]  # what reports tell is on record
    store.records.save([PreparedRecord(one) for one in things], NOW)
    return [one for one in things if isinstance(one, Incident)]


def incident(name, day, root=None, cause=None, steps=(), **more):
    at = START + timedelta(days=day)
    end = at + timedelta(hours=2)
    resolution = Resolution(root, end, cause, steps) if root else None
    return Incident(
        name,
        f"incident {name}",
        at,
        resolution=resolution,
        resolved_at=end if root else None,
        status="resolved" if root else "open",
        **more,
    )


def entry(one, *vector, model="m"):
    told = np.array(vector, np.float16)
    passage = Passage(
        one.id, "incident", "resolution", 0, "told", 3, known_from=one.resolution.at, vector=told.tobytes(), model=model
    )
    return PreparedRecord(one, (passage,))


def near(cosine):
    return cosine, (1 - cosine**2) ** 0.5


class TestLikeness:
    def test_needs_both_meaning_and_words(self, store):
        things = [
            (incident("A", 0, LEAK, "leak"), near(1.0)),
            (incident("B", 1, LEAK_AGAIN), near(0.95)),
            (incident("C", 2, OTHER), near(0.99)),
            (incident("D", 3, LEAK_AGAIN + " once more"), near(0.5)),
        ]
        store.records.save([entry(one, *vector) for one, vector in things], NOW)
        found = find_similar_causes(store, [one for one, _ in things])
        assert [(one.incident, one.to) for one in found] == [("B", "A")]
        assert found[0].score == pytest.approx(0.95, abs=0.002)
        (family,) = find_recurrences(store, NOW, FamilyFilter()).families
        assert family.incidents == ("A", "B")
        assert family.why == "2 have the same root cause in other words"

    def test_vectors_of_two_models_are_not_compared(self, store):
        things = [incident("A", 0, LEAK), incident("B", 1, LEAK_AGAIN)]
        store.records.save([entry(one, 1.0, 0.0, model=model) for one, model in zip(things, "mn", strict=True)], NOW)
        assert find_similar_causes(store, things) == []

    def test_without_vectors_the_same_words_still_count(self, store):
        store.records.save(
            [
                PreparedRecord(incident("A", 0, LEAK)),
                PreparedRecord(incident("B", 1, LEAK)),
                PreparedRecord(incident("C", 2, LEAK_AGAIN)),
            ],
            NOW,
        )
        (family,) = find_recurrences(store, NOW, FamilyFilter()).families
        assert family.incidents == ("A", "B")

    def test_a_storm_of_likenesses_gathers_around_the_first(self, store):
        things = [incident(f"A{n:04}", n / 24, f"{LEAK} {'again ' * (n % 3)}") for n in range(600)]
        store.records.save([entry(one, *near(1 - n % 7 / 1000)) for n, one in enumerate(things)], NOW)
        found = find_similar_causes(store, things)
        assert {one.to for one in found} == {"A0000"}
        assert len(found) == 599


class TestAsOf:
    def test_what_was_not_known_then_plays_no_part(self, store):
        fix = (ResolutionStep("Rolled the release back", "kubectl rollout undo deployment/a"),)
        told = [
            incident("A", 0, LEAK, "leak", fix),
            incident("B", 10, LEAK, "leak", fix),
            incident("C", 20, OTHER, "leak", links=(IncidentLink("recurrence", "A"),)),
        ]
        report = Document(
            "PM-1",
            "Report",
            "## Action items\n\n- [ ] Close them\n",
            "postmortem",
            labels={"incident": "A, B"},
            dated=START + timedelta(days=15),
        )
        store.records.save([PreparedRecord(one) for one in (*told, report)], NOW)

        def then(days):
            return find_recurrences(store, NOW, FamilyFilter(), START + timedelta(days=days))

        assert then(5).families == ()
        assert then(5).incidents == 1
        (family,) = then(12).families
        assert (family.incidents, family.action, family.fix.worked) == (("A", "B"), None, 2)
        (family,) = then(16).families
        assert (family.action.text, family.action.state) == ("Close them", "open")
        assert find_recurrences(store, NOW, FamilyFilter()).families[0].count == 3
        assert then(16).as_of == START + timedelta(days=16)

    def test_resolved_later_than_then_it_was_open_then(self, store):
        told = [incident("A", 0, LEAK, "leak"), incident("B", 10, LEAK, "leak")]
        store.records.save([PreparedRecord(one) for one in told], NOW)
        found = find_recurrences(store, NOW, FamilyFilter(), START + timedelta(days=10, hours=1))
        assert found.families == ()
        assert found.incidents == 2


class TestExample:
    def test_the_families_are_those_that_its_labels_make(self, store, example):
        found = find_recurrences(store, NOW, FamilyFilter(limit=200))
        counted = {name: n for name, n in Counter(map(normalized_cause, example)).items() if n > 1}
        assert {label_of.replace("-", " "): one.count for one in found.families if (label_of := one.cause)} == counted
        assert found.found == len(found.families) == len(counted)
        assert found.incidents == len(example)

    def test_what_is_cited_stands_where_the_citation_says(self, store, example):
        cited = [
            one
            for family in find_recurrences(store, NOW, FamilyFilter(limit=200)).families
            for one in (family.fix, family.action, *family.open_actions)
            if one
        ]
        assert len(cited) > 10
        for one in cited:
            thing = (
                store.documents.get(one.citation.id)
                if one.citation.id.startswith("PM-")
                else store.incidents.get(one.citation.id)
            )
            assert one.citation.quote in page.numbered_lines(thing)[one.citation.line - 1].text

    def test_filters(self, store, example):
        assert all(one.count >= 5 for one in find_recurrences(store, NOW, FamilyFilter(min_count=5)).families)
        of_ci = find_recurrences(store, NOW, FamilyFilter(service="ci")).families
        assert [one.cause for one in of_ci] == ["expired-registry-token"]
        cut = find_recurrences(store, NOW, FamilyFilter(limit=2))
        assert (len(cut.families), cut.found) == (2, 13)


@pytest.fixture
def client(store, example):
    app = FastAPI()
    app.state.memory = IncidentService(
        Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: NOW)
    )
    app.include_router(router)
    problems.install(app)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def test_over_http(client):
    answer = client.get("/api/v1/recurrences", params={"min_count": 4, "limit": 3})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert len(said["families"]) == 3 < said["found"]
    first = said["families"][0]
    assert first["count"] == len(first["incidents"]) == len(first["ties"]) >= 4
    assert set(said["rules"]) == {"rank", "trend", "hours"}
    hours = [one["saving"]["hours_per_month"] for one in said["families"]]
    assert hours == sorted(hours, reverse=True)
    assert client.get("/api/v1/recurrences", params={"service": "nowhere"}).json()["families"] == []
    assert client.get("/api/v1/recurrences", params={"min_count": 1}).status_code == 422
    assert client.get("/api/v1/recurrences", params={"as_of": "2026-01-01T00:00:00"}).status_code == 422


def printed(monkeypatch, found):
    out = Console(file=io.StringIO(), highlight=False, soft_wrap=True)
    monkeypatch.setattr(printing, "out", out)
    recurring.print_recurrences(found)
    return out.file.getvalue()


def test_on_a_terminal(monkeypatch, store, example):
    said = printed(monkeypatch, find_recurrences(store, NOW, FamilyFilter()))
    assert said.startswith("13 families among 72 incidents since 2025-01-14")
    assert "1. disk-full-wal  4 times" in said
    assert "still open  [open 2026-03-03]" in said


def test_hours_that_are_not_counted_are_said_and_texts_cannot_steer_the_terminal(monkeypatch, store):
    told = [incident("A", 0, LEAK, "leak\x1b[2J"), incident("B", 5, links=(IncidentLink("recurrence", "A"),))]
    store.records.save([PreparedRecord(one) for one in told], NOW)
    said = printed(monkeypatch, find_recurrences(store, NOW, FamilyFilter()))
    assert "2.0 h in 1 incident; not counted: 1 still open" in said
    assert "\x1b" not in said


def test_nothing_came_back(monkeypatch, store):
    assert printed(monkeypatch, find_recurrences(store, NOW, FamilyFilter())) == "nothing came back among 0 incidents\n"

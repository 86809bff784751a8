"""Recall as the product runs it: a real store, the local index, and a sentence model of a few lines."""

import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident, IncidentLink, Resolution, ResolutionStep
from onrecall.domain.situation import Filter, Situation
from onrecall.retrieval import Retriever, embeddings
from onrecall.retrieval.embeddings import Embedder
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import PreparedRecord, Storage

NOW = datetime(2024, 6, 1, tzinfo=UTC)


class HashedEmbedder:
    """Meaning by words alone: each word votes for some dimensions."""

    name = "hashed"
    dimensions = 384

    def embed(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> np.ndarray:
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                seed = zlib.crc32(word.encode())
                rows[row, seed % self.dimensions] += 1
                rows[row, (seed >> 9) % self.dimensions] -= 0.5
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def incident(number: int, title: str, description: str = "", **more: object) -> Incident:
    return Incident(f"INC-{number}", title, NOW - timedelta(days=30 - number), description, **more)  # type: ignore[arg-type]


def resolved(incident: Incident, cause: str, *steps: str) -> Incident:
    steps_taken = tuple(ResolutionStep(step) for step in steps)
    return incident.resolve(Resolution(cause, incident.started_at + timedelta(hours=2), steps=steps_taken))


POOL = resolved(
    incident(1, "Checkout times out", "HikariPool-1 - Connection is not available, SQLSTATE 08001", service="checkout"),
    "The connection pool was exhausted by a slow query.",
    "Raise the pool size",
)
DISK = resolved(
    incident(2, "Disk full on kafka-3", "No space left on device (ENOSPC) on the broker", service="kafka"),
    "Retention was never set.",
    "Delete old segments",
)
CERTIFICATE = incident(3, "TLS handshake fails at the gateway", "x509: certificate has expired", service="gateway")
ORACLE = incident(4, "Billing job stops", "2024-05-01 12:00:00 ERROR ORA-00600: internal error code, arguments: [17]")
RUNBOOK = Document(
    "RB-1", "KubePodCrashLooping", "## Meaning\n\nA pod keeps restarting.\n\n## Mitigation\n\nRead its log."
)
ALL = (POOL, DISK, CERTIFICATE, ORACLE, RUNBOOK)


class Room:
    """A store and the recall over it."""

    def __init__(self, store: Storage, embedder: Embedder | None) -> None:
        self.store = store
        self.recall = Retriever(store, embedder, LocalIndex(store.passages, embedder.name if embedder else None))

    def keep(self, *records: Incident | Document) -> None:
        prepared = self.recall.prepare(records)
        for saved in self.store.records.save(
            [PreparedRecord(*pair) for pair in zip(records, prepared, strict=True)], NOW
        ):
            assert saved.state != "rejected", saved.message

    def ask(self, text: str, limit: int = 5, **more: object) -> tuple[Evidence, ...]:
        return self.recall.recall(Situation(text, **more), limit)  # type: ignore[arg-type]

    def ids(self, text: str, **more: object) -> list[str]:
        return [item.id for item in self.ask(text, **more)]


@pytest.fixture(params=["words and meaning", "words alone"])
def room(request: pytest.FixtureRequest, store: Storage) -> Room:
    built = Room(store, HashedEmbedder() if request.param == "words and meaning" else None)
    built.keep(*ALL)
    return built


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KubePodCrashLooping", "RB-1"),
        ("kube pod crash looping", "RB-1"),
        ("no space left on device", "INC-2"),
        ("ENOSPC", "INC-2"),
        ("the certificate expired", "INC-3"),
        ("2025-01-01 08:00:00 ERROR ORA-00600: internal error code, arguments: [99]", "INC-4"),
        ("slow query exhausted connections", "INC-1"),
        ('{"alerts": [{"labels": {"alertname": "KubePodCrashLooping"}}]}', "RB-1"),
    ],
)
def test_the_right_thing_comes_first(room: Room, text: str, expected: str) -> None:
    assert room.ids(text)[0] == expected


def test_scores_fall_and_are_shares_of_one(room: Room) -> None:
    evidence = room.ask("certificate expired at the gateway")
    scores = [item.score for item in evidence]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert sum(evidence[0].signals.values()) == pytest.approx(1, abs=0.01)


def test_evidence_says_why_and_what_differs(room: Room) -> None:
    first = room.ask("No space left on device ENOSPC, payments stuck", service="billing")[0]
    assert first.id == "INC-2"
    assert "same error: ENOSPC" in first.why
    assert any(reason.startswith("both mention: ") and "space" in reason for reason in first.why)
    assert "differs: service kafka, not billing" in first.why
    assert any(reason.startswith("not mentioned: ") and "payments" in reason for reason in first.why)


def test_evidence_names_what_is_the_same(room: Room) -> None:
    first = room.ask("disk full", service="Kafka")[0]
    assert "same service: kafka" in first.why
    assert first.signals["labels"] > 0


def test_the_excerpt_is_the_passage_that_matched_and_its_line(room: Room) -> None:
    excerpt = room.ask("retention was never set")[0].excerpt
    assert excerpt is not None
    assert "Retention was never set." in excerpt.text
    assert excerpt.line == 5


def test_a_resolution_is_recalled_only_since_it_was_known(room: Room) -> None:
    assert room.ids("retention never set", as_of=DISK.started_at + timedelta(hours=1))[:1] != ["INC-2"]
    then = room.ask("disk full kafka", as_of=DISK.started_at + timedelta(hours=1))[0]
    assert (then.id, then.resolution) == ("INC-2", None)
    assert "INC-3" not in room.ids("certificate expired", as_of=DISK.started_at + timedelta(hours=1))


def test_what_is_excluded_is_not_recalled(room: Room) -> None:
    assert "INC-2" not in room.ids("disk full", exclude=frozenset({"INC-2"}))


def test_filters_hold(room: Room) -> None:
    assert room.ids("pod restarting", only=Filter(kind="document")) == ["RB-1"]
    assert room.ids("times out", only=Filter(service="checkout")) == ["INC-1"]
    room.keep(replace(CERTIFICATE, id="INC-9", labels={"env": "prod"}))
    assert room.ids("certificate", only=Filter(labels={"env": "prod"})) == ["INC-9"]


def test_the_same_fault_in_the_same_service_comes_before_another_services(room: Room) -> None:
    room.keep(replace(POOL, id="INC-7", service="search"), replace(POOL, id="INC-8", service="cart"))
    assert room.ids(POOL.text, service="cart")[0] == "INC-8"
    assert room.ids(POOL.text, service="search")[0] == "INC-7"


def test_recurrences_are_one_family_shown_by_a_resolved_member(room: Room) -> None:
    again = incident(5, "Checkout times out again", POOL.description, links=(IncidentLink("recurrence", "INC-1"),))
    once_more = incident(6, "Checkout times out", POOL.description, links=(IncidentLink("recurrence", "INC-5"),))
    room.keep(again, once_more)
    evidence = room.ask("Checkout times out, HikariPool-1 - Connection is not available")
    assert evidence[0].id == "INC-1"
    assert evidence[0].family == ("INC-5", "INC-6")
    assert not {"INC-5", "INC-6"} & {item.id for item in evidence[1:]}


def test_a_later_member_that_reports_the_same_step_as_a_failure_stands_for_its_family(room: Room) -> None:
    again = incident(5, "Checkout times out again", POOL.description, links=(IncidentLink("recurrence", "INC-1"),))
    tried = (ResolutionStep("Raise the pool size", outcome="made_it_worse"), ResolutionStep("End the slow query"))
    room.keep(again.resolve(Resolution("The pool again", again.started_at + timedelta(hours=1), steps=tried)))
    evidence = room.ask("Checkout times out, HikariPool-1 - Connection is not available")
    assert evidence[0].id == "INC-5"
    assert evidence[0].family == ("INC-1",)


def test_an_excluded_member_is_not_named_in_its_family(room: Room) -> None:
    room.keep(incident(5, "Checkout times out again", POOL.description, links=(IncidentLink("recurrence", "INC-1"),)))
    evidence = room.ask("Checkout times out again", exclude=frozenset({"INC-5"}))
    assert evidence[0].id == "INC-1"
    assert evidence[0].family == ()


def test_what_was_just_written_is_recalled(room: Room) -> None:
    assert "INC-10" not in room.ids("thermal throttling on blade 7")
    room.keep(incident(10, "Thermal throttling on blade 7"))
    assert room.ids("thermal throttling on blade 7")[0] == "INC-10"


def test_an_answer_is_the_same_every_time(room: Room) -> None:
    assert room.ask("disk full or pool exhausted") == room.ask("disk full or pool exhausted")


@pytest.mark.parametrize("text", ["", "…", "the of and", "{}", "\x00"])
def test_nothing_to_look_for_finds_nothing_by_words(room: Room, text: str) -> None:
    assert all(item.score < 0.5 for item in room.ask(text))


def test_an_empty_memory_has_no_evidence(store: Storage) -> None:
    assert Room(store, HashedEmbedder()).ask("anything") == ()


def test_other_languages_are_recalled(room: Room) -> None:
    room.keep(
        incident(20, "数据库连接池耗尽", "结账服务无法获取数据库连接"),
        incident(21, "База данных недоступна", "Соединение отклонено сервером"),
        incident(22, "ディスク容量不足", "ブローカーのディスクがいっぱいです"),
    )
    assert room.ids("数据库连接耗尽")[0] == "INC-20"
    assert room.ids("база данных недоступна")[0] == "INC-21"
    assert room.ids("ディスクがいっぱい")[0] == "INC-22"


@pytest.mark.model
def test_a_leaking_coffee_machine_is_nothing_like_an_outage(store: Storage) -> None:
    model = embeddings.load_embedder()
    if model is None:
        pytest.skip("no sentence model is installed")
    built = Room(store, model)
    built.keep(*ALL)
    leak = built.ask("the coffee machine on floor 3 is leaking")
    outage = built.ask("checkout times out: no connection available from the pool")
    assert max((item.score for item in leak), default=0) < 0.1
    assert outage[0].id == "INC-1"
    assert outage[0].score > 0.5


def test_nothing_is_held_while_the_model_is_waited_for(store: Storage) -> None:
    built = Room(store, HashedEmbedder())
    built.keep(*ALL)
    moments, over = [], threading.Event()

    class SlowEmbedder(HashedEmbedder):
        """Answers when the moment in which it was asked is over."""

        def embed(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> np.ndarray:
            assert over.wait(60)
            return super().embed(texts, progress)

    @contextmanager
    def one_moment() -> Iterator[None]:
        moments.append(1)
        yield
        over.set()

    index = LocalIndex(store.passages, "hashed")
    recall = Retriever(store, HashedEmbedder(), index, SlowEmbedder(), one_moment=one_moment)
    for ask in (recall.recall, recall.precedents, recall.similar):
        over.clear()
        assert ask(Situation("the certificate expired"))
    assert len(moments) == 6

"""Another model: everything is made anew for it while the old vectors serve, and nothing is ever compared across."""

import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from remaking import NOON, Model, incident, memory_of, new, old

from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, Invalid
from onrecall.domain.incident import Resolution, ResolutionStep
from onrecall.domain.situation import Situation
from onrecall.pipeline import IncidentService, reindex
from onrecall.retrieval import passages
from onrecall.retrieval import tokenizer as terms
from onrecall.retrieval.index import VisibilityFilter
from onrecall.storage import EmbeddingVersion, Storage
from warm_processes import WarmProcess

COUNT = 18
KILLS = 3


class CutOffError(Exception):
    """The run ends here."""


def fill(store: Storage, model: Model | None = None, count: int = COUNT) -> IncidentService:
    """Incidents and a long document, as the old model saw them."""
    memory = memory_of(store, model or old())
    memory.import_history([incident(number) for number in range(count)])
    memory.put_document(Document("runbook", "Disk full", "## Look\n\n" + "delete what is old from the disk. " * 60))
    return memory


def run(memory: IncidentService, advance: Callable[[int], None] = lambda _: None) -> int:
    memory.reindex.begin()
    return memory.reindex.run(advance)


def stored_versions(store: Storage) -> dict[str, Counter[tuple[str | None, int]]]:
    """For each owner its passages by model and length of vector."""
    found: dict[str, Counter[tuple[str | None, int]]] = {}
    for change in store.passages.changes(0, 10_000):
        if one := change.passage:
            found.setdefault(one.owner, Counter())[one.model, len(one.vector or b"") // 2] += 1
    return found


def meant(memory: IncidentService, text: str) -> dict[str, float]:
    """What is recalled, and by how much of meaning."""
    return {one.id: one.signals.get("meaning", 0.0) for one in memory.recall(Situation(text), 50)}


def all_new(store: Storage) -> bool:
    models = {key for counted in stored_versions(store).values() for key in counted}
    indexed = {"new"}
    if store.dialect == "postgresql":
        with store._database.read() as connection:
            indexed = set(connection.exec_driver_sql("select distinct model from passage_vectors").scalars())
    return models == {("new", 128)} and indexed == {"new"} and store.health.check() == ()


def test_all_is_swapped_at_once_and_the_old_serves_until_then(store: Storage) -> None:
    serving = fill(store)
    before, numbers = meant(serving, "disk full"), [one.id for one in store.passages.changes(0, 10_000)]
    assert any(before.values())
    during = []

    def look(number: int) -> None:
        during.append((meant(serving, "disk full"), meant(coming, "disk full")))

    coming = memory_of(store, new())
    assert set(meant(coming, "disk full").values()) == {0.0}, "vectors of another model count for nothing"
    expected = fill(fresh := Storage.open("sqlite://"), new())
    assert run(coming, look) == len(numbers)
    assert during
    assert all(old_serves == before and not any(new_serves.values()) for old_serves, new_serves in during)
    assert all_new(store)
    assert sorted(one.id for one in store.passages.changes(0, 10_000)) == sorted(numbers), "who stays keeps its number"
    after = meant(coming, "certificate expired")
    assert meant(expected, "certificate expired") == after, "as if the new model had always been there"
    assert set(meant(serving, "disk full").values()) == {0.0}, "whoever still has the old model goes by words"
    wordy = memory_of(store, None)
    situation = Situation("disk full on server-5")
    assert serving.recall(situation) == wordy.recall(situation), "and as well as without any model"
    assert coming.reindex.begin() == 0
    fresh.close()


def test_running_indexes_follow(store: Storage) -> None:
    serving, waiting = fill(store), memory_of(store, new())
    assert any(meant(serving, "disk full").values())
    meant(waiting, "disk full")
    run(memory_of(store, new()))
    wanted = new().embed(["oomkilled pods of server-3"])[0]
    index = waiting._recall._index
    index.refresh()
    near = [one.owner for one in store.passages.get(index.meaning(wanted, VisibilityFilter(), 100)).values()]
    assert len(near) == len(store.passages.changes(0, 10_000))
    assert len(set(index.meaning(wanted, VisibilityFilter(), 100))) == len(near), "none twice"
    by_words = index.words(dict.fromkeys(terms.count_terms("disk full"), 1), VisibilityFilter(), 100)
    assert len(set(by_words)) == len(by_words) > 0
    followed = serving._recall._index
    followed.refresh()
    assert followed.meaning(old().embed(["disk full"])[0], VisibilityFilter(), 100) == [], (
        "nothing of the old model is left"
    )


@pytest.mark.parametrize("ended", range(4))
def test_an_interrupted_run_goes_on(store: Storage, ended: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "BATCH", 5)
    fill(store)
    runs = []

    def interrupt(number: int) -> None:
        runs.append(number)
        if len(runs) > ended:
            raise CutOffError

    first = new()
    with pytest.raises(CutOffError):
        run(memory_of(store, first), interrupt)
    assert {key for counted in stored_versions(store).values() for key in counted} == {("old", 64)}
    second = new()
    memory = memory_of(store, second)
    left = memory.reindex.begin()
    assert left == len(store.passages.changes(0, 10_000)) - first.embedded
    memory.reindex.run(lambda _: None)
    assert second.embedded == left, "what was made is not made again"
    assert all_new(store)


def test_what_comes_changes_and_goes_meanwhile_is_right(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "BATCH", 5)
    serving = fill(store)
    serving.put_document(Document("old", "Old", "forget me"))
    events = [
        lambda: serving.import_history([incident(100)]),
        lambda: serving.resolve("X-0", Resolution("the log was too big", NOON, steps=(ResolutionStep("rotated it"),))),
        lambda: serving.delete_document("old"),
        lambda: serving.import_history([replace(incident(1), title="kafka lags")]),
        lambda: serving.acknowledge("X-2"),
    ]

    def interfere(number: int) -> None:
        if events:
            events.pop(0)()

    run(memory_of(store, new()), interfere)
    assert not events
    assert all_new(store)
    assert stored_versions(store)["X-100"]
    assert "old" not in stored_versions(store)
    assert sum(stored_versions(store)["X-0"].values()) == 2
    coming = memory_of(store, new())
    assert meant(coming, "kafka lags")["X-1"] > 0
    assert coming.recall(Situation("the log was too big, rotated it"))[0].id == "X-0"


def test_what_was_made_and_is_past_is_not_put_in_place(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "BATCH", 5)
    memory_of(store, old()).put_document(Document("old", "Old", "forget me"))
    fill(store)
    other = memory_of(store, new())
    events = [
        lambda: other.delete_document("old"),
        lambda: other.import_history([replace(incident(1), title="kafka lags")]),
    ]

    def interfere(number: int) -> None:
        if events:
            events.pop(0)()

    run(memory_of(store, new()), interfere)
    assert all_new(store)
    assert "old" not in stored_versions(store)
    (passage,) = [one for _, one in store.passages.of_owners([("incident", "X-1")])["incident", "X-1"]]
    assert passage.text == "kafka lags"


def test_what_a_process_with_the_old_model_adds_later_is_told_and_made_alone(store: Storage) -> None:
    serving = fill(store)
    coming = memory_of(store, model := new())
    run(coming)
    serving.import_history([incident(200)])
    standing = coming.reindex.progress()
    assert (standing.models, standing.terms_versions) == (Counter({"old": 1}), Counter())
    assert meant(coming, "disk full on server-200")["X-200"] == 0.0, "recalled by words"
    model.embedded = 0
    assert run(coming) == 1
    assert model.embedded == 1
    assert all_new(store)


def forget_words() -> None:
    for kept in (terms._expand, terms._term_ids):
        kept.cache_clear()


def test_passages_are_counted_by_version_whichever_is_current(store: Storage) -> None:
    fill(store)
    counts = {EmbeddingVersion("old", terms.VERSION): store.health.counts()["passages"]}
    others = [("old", terms.VERSION), ("old", terms.VERSION + 1), ("a", terms.VERSION), ("z", 1), (None, terms.VERSION)]
    for current in others:
        assert store.reindexing.count_by_version(EmbeddingVersion(*current)) == counts


def test_other_terms_and_other_passages(store: Storage, monkeypatch: pytest.MonkeyPatch, request) -> None:
    memory = fill(store)
    split_of = len(store.passages.of_owners([("document", "runbook")])["document", "runbook"])
    monkeypatch.setattr(terms, "VERSION", 2)
    monkeypatch.setattr(passages, "PASSAGE_WORDS", 60)
    monkeypatch.setattr(terms, "STOP_WORDS", frozenset())
    request.addfinalizer(forget_words)
    forget_words()
    later = memory_of(store, old())
    standing = later.reindex.progress()
    assert (standing.models, standing.terms_versions) == (Counter(), Counter({1: standing.passages}))
    run(later)
    forget_words()
    new = EmbeddingVersion("old", 2)
    assert store.reindexing.count_by_version(new) == {new: store.health.counts()["passages"]}
    assert store.health.check() == ()
    assert len(store.passages.of_owners([("document", "runbook")])["document", "runbook"]) > split_of
    assert store.passages.term_statistics([terms.term_id("on")]).df
    assert memory.recall(Situation("certificate expired at server-1"))[0].id == "X-1"
    assert {one.id for one in later.recall(Situation("on"), 50)} >= {"X-0"}, "by a word that was none before"
    assert len(meant(later, "delete what is old")) == len(meant(memory, "delete what is old"))


def test_fewer_passages_than_before(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passages, "PASSAGE_WORDS", 60)
    fill(store)
    before = store.health.counts()["passages"]
    monkeypatch.undo()
    memory = memory_of(store, new())
    run(memory)
    assert store.health.counts()["passages"] < before
    assert all_new(store)
    follower = memory_of(store, new())
    assert set(meant(follower, "delete what is old")) == set(meant(memory, "delete what is old"))


def test_a_store_without_vectors_gets_them_and_never_loses_them_silently(store: Storage) -> None:
    wordy = memory_of(store, None)
    wordy.import_history([incident(1)])
    coming = memory_of(store, new())
    assert coming.reindex.progress().models == Counter({None: 1})
    assert run(coming) == 1
    assert all_new(store)
    with pytest.raises(Invalid, match="vectors of new, and no model is configured"):
        run(wordy)


def test_a_later_reindex_to_another_model_ends_an_earlier_one(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "BATCH", 5)
    fill(store)
    other = memory_of(store, Model("other", 32))
    other.reindex.begin()
    coming = memory_of(store, new())
    with pytest.raises(Conflict, match="another re-index, to new"):
        other.reindex.run(lambda _: coming.reindex.begin())
    coming.reindex.run(lambda _: None)
    assert all_new(store)


@pytest.mark.process
def test_a_kill_at_any_moment_leaves_all_answers(store_url: str) -> None:
    store = Storage.open(store_url)
    serving = fill(store, count=700)
    before = meant(serving, "disk full on server-5")
    moments = random.Random(5)
    script = (Path(__file__).parent / "remaking.py").read_text()
    for _ in range(KILLS):
        child = WarmProcess(["-c", script, store_url], stdout=subprocess.PIPE)
        assert child.stdout
        assert child.stdout.readline() == "begun\n"
        time.sleep(moments.uniform(0, 0.3))
        child.kill()
        child.said()
        child.wait()
        models = {key for counted in stored_versions(store).values() for key in counted}
        assert models in ({("old", 64)}, {("new", 128)}), "all or nothing"
        if models == {("old", 64)}:
            assert meant(serving, "disk full on server-5") == before
    coming = memory_of(store, new())
    run(coming)
    assert all_new(store)
    assert len(stored_versions(store)) == 701
    assert meant(coming, "disk full on server-5")["X-5"] > 0
    store.close()

"""The index in a real OpenSearch node: the same answers as the local index, and nothing lost whatever happens to it."""

import functools
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from passage_log import MODEL, Log, passage, vector

from onrecall.bootstrap.app import open_app
from onrecall.domain.situation import Filter, Situation
from onrecall.retrieval import Retriever, tokenizer
from onrecall.retrieval.index import VisibilityFilter
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.opensearch import search_index
from onrecall.settings import Settings
from opensearch.cluster_index import in_cluster, new_name
from opensearch.real_node import RealNode

pytestmark = [pytest.mark.opensearch, pytest.mark.xdist_group("opensearch")]
SERVICES = ("checkout", "search", "billing")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class RememberingEmbedder:
    """Embeds each text once, for two retrievers that are asked the same."""

    def __init__(self, embedder) -> None:
        self._embed, self.name, self.dimensions = functools.cache(embedder.embed), embedder.name, embedder.dimensions

    def embed(self, texts):
        return self._embed(tuple(texts))


class LogOnSqlite(Log):
    """A change log whose words an index in memory can search."""

    dialect = "sqlite"

    @property
    def passages(self) -> "LogOnSqlite":
        return self


def filled_log(count: int = 60) -> LogOnSqlite:
    log = LogOnSqlite()
    for n in range(count):
        log.add(passage(f"INC-{n}", f"queue number {n} grows on shard {n % 7}"), SERVICES[n % 3], {"shard": str(n % 7)})
    return log


def numbers_for(index, text: str, visible: VisibilityFilter | None = None, limit: int = 100) -> list[int]:
    index.refresh()
    return index.words(dict.fromkeys(tokenizer.count_terms(text), 1.0), visible or VisibilityFilter(), limit)


def versions(node, name: str) -> dict[str, int]:
    """The version of each document of an index, asked without OnRecall."""
    body = {"version": True, "size": 1_000, "query": {"match_all": {}}}
    answer = httpx.post(f"{node.url}/{name}-*/_search", json=body, timeout=30).json()
    return {hit["_id"]: hit["_version"] for hit in answer["hits"]["hits"]}


def index_names(node, name: str) -> list[str]:
    return sorted(httpx.get(f"{node.url}/{name}-*/_alias", timeout=30).json())


def test_the_first_ten_answers_are_those_of_the_local_index(opensearch, example_data: Path) -> None:
    with open_app(Settings(data_dir=example_data)) as context:
        store, embedder = context.memory.store, context.recall.local[0]
        incidents = store.incidents.page(limit=200).items
        questions = [
            Situation(incident.text, incident.service, exclude=frozenset({incident.id})) for incident in incidents[::2]
        ]
        questions += [
            Situation("deploy then 5xx", only=Filter(kind="document")),
            Situation("latency grows", only=Filter(service=incidents[0].service)),
            Situation("disk full", as_of=datetime(2026, 2, 1, tzinfo=UTC)),
        ]
        asking = RememberingEmbedder(context.recall.local[1])
        local = Retriever(store, embedder, LocalIndex(store.passages, embedder.name), asking)
        with closing(in_cluster(opensearch, store, embedder.name, embedder.dimensions)) as index:
            remote = Retriever(store, embedder, index, asking)
            same = [
                [(item.id, item.score) for item in local.recall(question, 10)]
                == [(item.id, item.score) for item in remote.recall(question, 10)]
                for question in questions
            ]
            assert remote.limitation is None
    assert len(same) > 30
    assert sum(same) >= 0.99 * len(same)


def test_writing_the_same_again_changes_nothing_and_an_older_change_comes_too_late(opensearch) -> None:
    name, log = new_name(), filled_log(12)
    with closing(in_cluster(opensearch, log, MODEL, 64, name)) as index:
        index.refresh()
        (physical,) = index_names(opensearch, name)
        late = log.entries[3]
        log.remove(late.id)
        log.add(passage("INC-new", "queue drained"))
        assert late.id not in numbers_for(index, "queue")
        before = versions(opensearch, name)
        index._generations.write(physical, [late, *log.entries], log.last_seq())
        index._generations.write(physical, log.entries[:5], 5)
        index._generations.make_searchable(physical)
        assert versions(opensearch, name) == before
        assert index.catch_up() == 12
        assert index.backlog() == 0
        with closing(in_cluster(opensearch, log, MODEL, 64, name)) as other:
            assert sorted(numbers_for(other, "queue")) == sorted(numbers_for(index, "queue"))
        assert index_names(opensearch, name) == [physical]
        alias = physical.removesuffix("-000001")
        assert httpx.delete(f"{opensearch.url}/{physical}/_alias/{alias}", timeout=30).status_code == 200
        with closing(in_cluster(opensearch, log, MODEL, 64, name)) as other:
            assert len(numbers_for(other, "queue")) == 12
            assert other.limitation is None


def test_an_enormous_question_is_answered(opensearch) -> None:
    with closing(in_cluster(opensearch, filled_log(5), MODEL, 64)) as index:
        words = " ".join(f"w{n}x" for n in range(3_000))
        visible = VisibilityFilter(
            "incident",
            "checkout",
            {f"l{n}": "v" for n in range(60)},
            datetime.now(UTC),
            frozenset(map(str, range(20_000))),
        )
        assert numbers_for(index, f"queue {words}", visible) == []
        assert sorted(numbers_for(index, f"{words} queue", VisibilityFilter(exclude=frozenset({"INC-1"})))) == [
            1,
            3,
            4,
            5,
        ]
        assert index.limitation is None
        assert len(index.meaning(vector("queue"), VisibilityFilter(), 3)) == 3


def test_killed_nodes_are_stood_in_for_and_nothing_is_lost(opensearch, tmp_path: Path) -> None:
    clock, log, name = Clock(), filled_log(30), new_name()
    second = RealNode(tmp_path, "node.roles=data", beside=[opensearch])
    second.start()
    try:
        with closing(in_cluster(opensearch, log, MODEL, 64, name, more_nodes=(second,), clock=clock)) as index:
            everything = sorted(numbers_for(index, "queue"))
            health = {"wait_for_status": "green", "timeout": "60s"}
            assert httpx.get(f"{opensearch.url}/_cluster/health", params=health, timeout=90).json()["status"] == "green"
            second.kill()
            answers = [(sorted(numbers_for(index, "queue")), index.limitation) for _ in range(4)]
            assert answers == [(everything, None)] * 4

            opensearch.kill()
            assert sorted(numbers_for(index, "queue")) == everything
            assert "no connection" in index.limitation
            assert "words in the database alone" in index.state().detail
            added = log.add(passage("INC-away", "queue grows while nobody indexes"))
            log.remove(everything[0])
            expected = [*everything[1:], added]
            assert sorted(numbers_for(index, "queue")) == expected

            opensearch.start()
            clock.now += search_index.RETRY_SECONDS
            assert sorted(numbers_for(index, "queue")) == expected
            assert index.limitation is None
            assert added in index.meaning(vector("queue grows while nobody indexes"), VisibilityFilter(), 5)
            assert set(versions(opensearch, name)) == {"position", *map(str, expected)}
    finally:
        second.stop()


def test_a_new_index_takes_over_while_questions_are_asked(opensearch) -> None:
    name, log = new_name(), filled_log(300)
    with (
        closing(in_cluster(opensearch, log, MODEL, 64, name)) as index,
        closing(in_cluster(opensearch, log, MODEL, 64, name)) as other,
    ):
        expected = sorted(numbers_for(index, "queue", limit=400))
        numbers_for(other, "queue")
        before = index_names(opensearch, name)
        answers, done = [], threading.Event()

        def ask() -> None:
            while not done.is_set():
                answers.append((sorted(numbers_for(other, "queue", limit=400)), other.limitation))

        asking = threading.Thread(target=ask)
        asking.start()
        assert index.rebuild() == 300
        answers.append((sorted(numbers_for(other, "queue", limit=400)), other.limitation))
        done.set()
        asking.join()
        assert answers
        assert all(answer == (expected, None) for answer in answers)
        after = index_names(opensearch, name)
        assert len(after) == 1
        assert after != before
        added = log.add(passage("INC-later", "queue grows again"))
        assert added in numbers_for(other, "queue", limit=400)
        assert added in numbers_for(index, "queue", limit=400)


def test_much_to_index_is_done_in_the_background_and_words_answer_meanwhile(opensearch, monkeypatch) -> None:
    monkeypatch.setattr(search_index, "MAX_CHANGES_WHILE_ASKED", 20)
    log = filled_log(50)
    with closing(in_cluster(opensearch, log, MODEL, 64)) as index:
        assert len(numbers_for(index, "queue")) == 50
        assert "50 changes are still to be indexed" in index.limitation
        index._filling.join()
        assert len(numbers_for(index, "queue")) == 50
        assert index.limitation is None


@pytest.mark.parametrize("other", [filled_log(4), filled_log(45)], ids=["set back", "of another database"])
def test_the_index_of_another_database_is_made_anew(opensearch, other) -> None:
    name, log = new_name(), LogOnSqlite()
    for n in range(30):
        log.add(passage(f"OTHER-{n}", f"certificate {n} expired"))
    with closing(in_cluster(opensearch, log, MODEL, 64, name)) as index:
        assert len(numbers_for(index, "certificate")) == 30
    with closing(in_cluster(opensearch, other, MODEL, 64, name)) as index:
        assert len(numbers_for(index, "queue")) == len(other.entries)
        assert "OpenSearch is being filled" in index.limitation
        index._filling.join()
        assert len(numbers_for(index, "queue")) == len(other.entries)
        assert numbers_for(index, "certificate") == []
        assert index.limitation is None


def test_a_catch_up_from_another_database_makes_the_index_anew(opensearch) -> None:
    name = new_name()
    with closing(in_cluster(opensearch, filled_log(9), MODEL, 64, name)) as index:
        assert index.catch_up() == 9
    restored = LogOnSqlite()
    restored.add(passage("INC-0", "queue restored"))
    with closing(in_cluster(opensearch, restored, MODEL, 64, name)) as index:
        assert index.catch_up() == 1
        assert numbers_for(index, "queue") == [1]
        assert index.limitation is None

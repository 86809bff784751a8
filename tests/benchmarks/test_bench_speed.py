"""The speed benchmark: a history that is the same everywhere, and a race in which OnRecall itself runs."""

import itertools
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from onrecall.benchmarks import report_markdown as markdown
from onrecall.benchmarks import speed
from onrecall.benchmarks import synthetic_history as corpus
from onrecall.benchmarks import synthetic_vectors as vectors
from onrecall.benchmarks.competitors import Fts5
from onrecall.benchmarks.engines import Mode, OnRecallOpenSearch
from onrecall.benchmarks.speed import SpeedPlan
from onrecall.benchmarks.synthetic_history import SyntheticRecord
from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.retrieval import embeddings as embedding
from onrecall.retrieval import passages
from onrecall.storage import Storage
from opensearch.real_node import RealNode

pytestmark = pytest.mark.process

TINY = SpeedPlan(questions=4, pool=6, batch=20, singles=2, asking_seconds=5, warm=2)


class Counting:
    """An embedder that needs no model: a text's vector is drawn by what it says."""

    name, dimensions = "counting", 16

    def embed(self, texts, progress=None):
        rows = [np.random.default_rng(abs(hash(text)) % 2**32).normal(size=16) for text in texts]
        found = np.array(rows, np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture
def meanings(tmp_path: Path) -> vectors.SyntheticVectors:
    path = tmp_path / "meanings.npz"
    vectors.write_vectors(path, Counting(), 6, corpus.make_questions(4, 100))
    return vectors.SyntheticVectors(path)


def test_a_thing_is_made_of_its_number_alone():
    at_once = list(corpus.make_records(90))
    assert at_once == [corpus.make_record(number) for number in range(50)]
    assert sum(len(passages.split_passages(thing)) for thing in at_once) == 90, "as many passages as were asked for"
    assert {type(thing) for thing in at_once} == {Incident, Document}
    assert len({thing.id for thing in at_once}) == 50


def test_words_are_spread_by_zipf():
    said: dict[str, int] = {}
    for thing in itertools.islice(corpus.make_records(4_000), 2_000):
        text = thing.text if isinstance(thing, Document) else thing.description
        for word in set(re.findall(r"\w+corp", text)):
            said[word] = said.get(word, 0) + 1
    often = sorted(said.values(), reverse=True)
    assert often[0] > 50
    assert sum(count == 1 for count in often) > len(often) / 2


def test_a_question_is_answered_by_one_incident_and_told_otherwise():
    asked = corpus.make_questions(40, 2_000)
    assert asked == corpus.make_questions(40, 2_000)
    for question in asked:
        right = corpus.make_record(corpus.record_number(question.right))
        assert isinstance(right, Incident)
        assert (right.id, right.service) == (question.right, question.service)
        assert right.resolution is not None
        assert right.resolution.at <= question.as_of
        assert right.title not in question.text


def test_vectors_are_unit_and_akin_to_those_of_the_same_fault(meanings: vectors.SyntheticVectors):
    known = corpus.make_record(0)
    assert np.allclose(meanings.of(known), Counting().embed([_embedded_text(known, n) for n in range(2)]))
    others = [corpus.make_record(number) for number in range(100, 140)]
    drawn = [meanings.of(thing) for thing in others]
    assert all(np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5) for rows in drawn)
    assert [len(rows) for rows in drawn] == [len(passages.split_passages(thing)) for thing in others]
    assert np.array_equal(drawn[3], meanings.of(others[3]))


@pytest.mark.parametrize("mode", speed.MODES)
def test_full_text_search_keeps_to_its_filter(tmp_path: Path, meanings: vectors.SyntheticVectors, mode: Mode):
    engine = Fts5(tmp_path)
    held = [(thing, meanings.of(thing)) for thing in corpus.make_records(400)]
    engine.add(held)
    engine.ready()
    things = {thing.id: thing for thing, _ in held}
    asked = corpus.make_questions(10, 400)
    found = [[things[one] for one in engine.ask(question, mode)] for question in asked]
    assert all(found)
    for question, rows in zip(asked, found, strict=True):
        assert all(_fits(thing, question, mode) for thing in rows)
    engine.close()


def test_the_race_is_run_by_the_product(tmp_path: Path):
    if embedding.load_embedder() is None:
        pytest.skip("the sentence model is not installed")
    (one,) = speed.run([90], [], TINY).results
    assert (one.engine, one.passages, one.complete) == ("onrecall", 90, True)
    assert [series.mode for series in one.series] == list(speed.MODES)
    assert all(series.asked == 4 and 0 < series.p50 <= series.p95 <= series.p99 for series in one.series)
    assert all(series.hit_at_10 == 1 for series in one.series)
    assert 0 < one.cold_ms < one.start_ms
    assert one.memory_mb > 10
    assert one.disk_mb > 0


@pytest.mark.opensearch
def test_a_cluster_is_measured_and_left_empty(opensearch: RealNode):
    if embedding.load_embedder() is None:
        pytest.skip("the sentence model is not installed")
    report = speed.run([90], ["opensearch"], replace(TINY, cluster=opensearch.url))
    local, cluster = report.results
    assert (cluster.engine, cluster.passages, cluster.complete) == ("opensearch", 90, True)
    assert [series.hit_at_10 for series in cluster.series] == [series.hit_at_10 for series in local.series]
    assert cluster.memory_mb > local.memory_mb, "the node's memory counts as well"
    assert httpx.get(f"{opensearch.url}/bench-*").json() == {}


@pytest.mark.opensearch
def test_a_cluster_that_takes_too_long_is_stopped_and_leaves_what_another_run_keeps(
    opensearch: RealNode, tmp_path: Path
):
    if embedding.load_embedder() is None:
        pytest.skip("the sentence model is not installed")
    for name in ("kept", "stopped"):
        (tmp_path / name / "opensearch-90").mkdir(parents=True)
    kept = OnRecallOpenSearch(tmp_path / "kept" / "opensearch-90", opensearch.url)
    kept.ready()
    plan = replace(TINY, cluster=opensearch.url, peer_build_seconds=0)
    report = speed.run([90], ["opensearch"], plan, keep=tmp_path / "stopped")
    assert [one.complete for one in report.results] == [True, False]
    assert len(httpx.get(f"{opensearch.url}/bench-*").json()) == 1
    kept.forget()
    kept.close()


def test_a_cluster_needs_an_address():
    with pytest.raises(Invalid, match="address of a node") as caught:
        speed.run([90], ["opensearch"], TINY)
    assert caught.value.field == "opensearch"


def test_what_is_kept_is_not_built_again(tmp_path: Path):
    if embedding.load_embedder() is None:
        pytest.skip("the sentence model is not installed")
    first, again = (speed.run([90], [], TINY, keep=tmp_path).results[0] for _ in range(2))
    assert (again.build_s, again.disk_mb, again.passages) == (first.build_s, first.disk_mb, first.passages)
    assert [series.hit_at_10 for series in again.series] == [1] * len(speed.MODES)
    with closing(Storage.open(f"sqlite:///{tmp_path}/onrecall-90/onrecall.db")) as store:
        kept = sum(isinstance(thing, Incident) for thing in corpus.make_records(90))
        assert store.health.counts()["incidents"] == kept + 2 * TINY.singles, "each run adds its own"


def test_what_takes_too_long_is_stopped():
    if embedding.load_embedder() is None:
        pytest.skip("the sentence model is not installed")
    result = speed.run([90], [], SpeedPlan(questions=4, pool=2, batch=10, build_seconds=0)).results[0]
    assert not result.complete
    assert 0 < result.passages < 90
    assert result.series == ()


def test_a_peer_that_takes_too_long_is_stopped_and_the_page_says_so(tmp_path: Path):
    if embedding.load_embedder() is None:
        pytest.skip("the sentence model is not installed")
    page = tmp_path / "page.md"
    heard = []
    plan = replace(TINY, peer_build_seconds=0)
    report = speed.run(
        [90], ["fts5"], plan, on_report=lambda one: (heard.append(one), markdown.write_report(page, one))
    )
    assert [len(one.results) for one in heard] == [1, 2], "after each engine"
    assert [one.complete for one in report.results] == [True, False]
    assert "| 90 | SQLite FTS5 | stopped after 0 s at 36 |" in page.read_text("utf-8")


def test_the_page_holds_one_run_of_each_choice_of_sizes(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("# Speed\n", "utf-8")
    big = _report(_result("onrecall", 1_000_000, p95=149, memory_mb=1_200))
    markdown.write_report(page, _report(_result("onrecall", 100_000, p95=49), _result("fts5", 100_000, p95=900)))
    markdown.write_report(page, big)
    markdown.write_report(page, _report(_result("onrecall", 100_000, p95=70, cold_ms=400)))
    said = page.read_text("utf-8")
    assert said.startswith("# Speed\n")
    assert said.count("<!-- bench speed --sizes 100000 -->") == said.count("<!-- bench speed --sizes 1000000 -->") == 1
    assert "FTS5" not in said, "the earlier run is gone"
    assert "| 100,000 | OnRecall | everything | 5 | **70** | 80 | 4.5 | 0.975 | 200 |" in said
    assert "| 100,000 passages: p95 < 50 ms | **no**: 70 ms |" in said
    assert "| 100,000: filtered at most 1.5 times unfiltered, p95 | yes: 1.4 times at the most |" in said
    assert "| cold start at 100,000 < 1 s | yes: 400 ms from opening the files |" in said
    assert "| 1,000,000 passages: p95 < 150 ms | yes: 149 ms |" in said
    assert "| memory at 1,000,000 < 1 GB | **no**: 1200 MB at the peak |" in said
    markdown.write_report(page, big)
    assert page.read_text("utf-8") == said, "the same again changes nothing"


@pytest.mark.parametrize(
    ("sizes", "peers", "field"), [([100], ["lucene"], "peers"), ([], [], "sizes"), ([10], [], "sizes")]
)
def test_what_cannot_be_measured_is_refused(sizes: list[int], peers: list[str], field: str):
    with pytest.raises(Invalid) as caught:
        speed.run(sizes, peers)
    assert caught.value.field == field


def _result(
    engine: str, passages: int, p95: float, cold_ms: float = 2_000, memory_mb: float = 300
) -> speed.EngineResult:
    every = speed.LatencySeries("all", 200, 5, p95, 80, 4.5, 0.975)
    series = (every, replace(every, mode="kind", p95=1.4 * p95))
    return speed.EngineResult(engine, passages, passages + 1, True, 60, 100, series, cold_ms, 3_000, memory_mb, 20)


def _report(*results: speed.EngineResult) -> speed.SpeedReport:
    sizes = tuple(dict.fromkeys(one.asked_for for one in results))
    return speed.SpeedReport("x86_64 Linux", 2, 200, "2026-03-01", sizes, ("fts5",), 60, 1_800, results)


def _embedded_text(thing: SyntheticRecord, n: int) -> str:
    return passages.embedding_text(thing.title, passages.split_passages(thing)[n])


def _fits(thing: SyntheticRecord, question: corpus.SyntheticQuestion, mode: Mode) -> bool:
    known = thing.started_at if isinstance(thing, Incident) else thing.dated
    return {
        "all": True,
        "service": thing.service == question.service,
        "kind": isinstance(thing, Incident),
        "as_of": known is not None and known <= question.as_of,
    }[mode]

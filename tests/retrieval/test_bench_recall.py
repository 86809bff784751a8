"""The quality benchmark: what it reads, how it counts, and that it measures the product itself."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from onrecall.benchmarks import baselines
from onrecall.benchmarks import beir as task
from onrecall.benchmarks import ir_metrics as measures
from onrecall.benchmarks.recall import run
from onrecall.domain.errors import Invalid
from onrecall.retrieval import embeddings

DEV = Path(__file__).parents[3] / "shared" / "data" / "dev"
CORPUS = [
    {"_id": "pool", "title": "Pool", "text": "The connection pool of checkout was exhausted by slow queries."},
    {"_id": "disk", "title": "", "text": "No space left on device: the kafka broker stopped."},
    {"_id": "tls", "title": "TLS", "text": "The certificate of the gateway has expired."},
    {"_id": "oom", "title": "KubePodOOMKilled", "text": "A pod was killed because it used too much memory."},
]
QUERIES = [
    {"_id": "q1", "text": "kafka: no space left on device"},
    {"_id": "q2", "text": "kube pod OOM killed"},
    {"_id": "q3", "text": "The certificate of the gateway has expired.", "metadata": {"exclude": ["tls"]}},
    {"_id": "q4", "text": "the coffee machine leaks"},
]
QRELS = [("q1", "disk", 1), ("q2", "oom", 2), ("q3", "pool", 1)]


def jsonl(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "little"
    jsonl(root / "corpus.jsonl", CORPUS)
    jsonl(root / "queries.jsonl", QUERIES)
    jsonl(root / "qrels.jsonl", [{"query-id": q, "corpus-id": d, "score": s} for q, d, s in QRELS])
    return root


def test_a_task_is_measured_with_the_product_and_the_others(folder: Path) -> None:
    report = run(folder, None)
    assert (report.task, report.queries, report.documents) == ("little", 4, 4)
    assert [system.name for system in report.systems] == ["onrecall", "bm25"]
    ours = report.systems[0]
    assert ours.recall_at_1 >= 2 / 3
    assert ours.low <= ours.ndcg_at_10 <= ours.high
    assert {score.query: score.correct for score in report.scores} | {"q3": None} == {
        "q1": True,
        "q2": True,
        "q3": None,
        "q4": None,
    }
    assert report.tests[0].than == "bm25"


def test_a_query_is_not_answered_by_itself(folder: Path) -> None:
    score = next(item for item in run(folder, None).scores if item.query == "q3")
    assert score.top_score < 0.5


def test_a_nul_in_one_text_costs_nothing(folder: Path) -> None:
    jsonl(folder / "corpus.jsonl", [{**row, "text": f"{row['text']}\0end", "title": "a\0b"} for row in CORPUS])
    assert run(folder, None).systems[0].recall_at_1 >= 2 / 3
    assert task.read(folder).corpus[0].text.endswith(". end")


def test_qrels_of_real_beir_are_read(folder: Path) -> None:
    expected = task.read(folder).right
    (folder / "qrels.jsonl").unlink()
    (folder / "qrels").mkdir()
    rows = ["query-id\tcorpus-id\tscore", *(f"{q}\t{d}\t{s}" for q, d, s in QRELS), "q1\ttls\t0"]
    (folder / "qrels" / "test.tsv").write_text("\n".join(rows) + "\n")
    assert task.read(folder).right == expected


def test_queries_out_of_scope_borrow_a_corpus(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    jsonl(other / "queries.jsonl", [{"_id": "x", "text": "the coffee machine leaks"}])
    report = run(other, None, corpus=folder)
    assert report.systems == ()
    assert [score.correct for score in report.scores] == [None]
    assert len(report.baseline_scores["bm25"]) == 1


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("corpus.jsonl", "", "corpus.jsonl is empty"),
        ("corpus.jsonl", "{}\n", r"corpus.jsonl:1: _id is missing"),
        ("corpus.jsonl", '{"_id": "a", "text": 1}\n', r"corpus.jsonl:1: text is missing"),
        ("corpus.jsonl", '{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}\n', "the id 'a' of entry 2"),
        ("queries.jsonl", "nonsense\n", r"queries.jsonl:1: this line is not JSON"),
        ("queries.jsonl", "[1]\n", r"queries.jsonl:1: this line is not a JSON object"),
        ("queries.jsonl", '{"_id": "q1", "text": ""}\n', r"queries.jsonl:1: text is missing"),
        ("queries.jsonl", '{"_id": "q", "text": "x", "metadata": {"exclude": "a"}}\n', r"metadata\.exclude"),
        ("qrels.jsonl", '{"query-id": "q9", "corpus-id": "disk", "score": 1}\n', r"qrels.jsonl:1: the query 'q9'"),
        ("qrels.jsonl", '{"query-id": "q1", "corpus-id": "d9", "score": 1}\n', r"qrels.jsonl:1: the document 'd9'"),
        ("qrels.jsonl", '{"query-id": "q1", "corpus-id": "disk", "score": "much"}\n', r"qrels.jsonl:1: score"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(folder: Path, file: str, content: str, message: str) -> None:
    (folder / file).write_text(content)
    with pytest.raises(Invalid, match=message):
        run(folder, None)


def test_a_folder_that_is_no_task_says_so(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"corpus\.jsonl"):
        run(tmp_path, None)


def test_measures_by_hand() -> None:
    right = {"a": 1.0, "b": 1.0}
    assert measures.ndcg(["a", "x", "b"], right) == pytest.approx((1 + 1 / 2) / (1 + 1 / math.log2(3)))
    assert measures.ndcg(["x"], right) == 0
    assert measures.recall_at(["x", "a"], right, 3) == 0.5
    assert measures.reciprocal_rank(["x", "b"], right) == 0.5
    assert measures.reciprocal_rank([*"cdefghijkl", "a"], right) == 0


def test_a_paired_test_tells_difference_from_noise() -> None:
    draw = np.random.default_rng(1)
    base = draw.random(80)
    better = measures.compare(("a", "b"), (base + 0.1).tolist(), base.tolist())
    same = measures.compare(("a", "b"), (base + draw.normal(0, 0.3, 80)).tolist(), base.tolist())
    assert (better.p < 0.001, better.low > 0) == (True, True)
    assert same.p > 0.05
    assert measures.bootstrap_interval([0.5] * 20).low == 0.5


def test_ranks_are_fused_by_place() -> None:
    first = np.array([[3.0, 2.0, 1.0]], np.float32)
    second = np.array([[0.1, 0.3, 0.2]], np.float32)
    expected = [1 / 61 + 1 / 63, 1 / 62 + 1 / 61, 1 / 63 + 1 / 62]
    assert baselines.reciprocal_rank_fusion(first, second)[0] == pytest.approx(expected)


@pytest.mark.model
@pytest.mark.skipif(not DEV.is_dir(), reason="the shared development data are not here")
def test_bare_alert_names_stay_won() -> None:
    model = embeddings.load_embedder()
    if model is None:
        pytest.skip("no sentence model is installed")
    scores = {system.name: system.ndcg_at_10 for system in run(DEV / "t1a_kubeprom_nameonly", model).systems}
    assert scores["bm25"] == pytest.approx(0.036, abs=0.005)
    assert scores["minilm"] == pytest.approx(0.377, abs=0.005)
    assert scores["onrecall"] >= 0.70

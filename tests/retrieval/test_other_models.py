"""Sentence models besides the shipped one: ONNX files and weights of the BERT family, used as their authors say."""

import json

import numpy as np
import pytest

from onrecall.benchmarks.beir import BeirQuery, CorpusDocument, Task
from onrecall.benchmarks.model_measure import measure_gain
from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid
from onrecall.domain.situation import Situation
from onrecall.retrieval.embedding_cache import CachedEmbedder
from onrecall.retrieval.embeddings import as_passages, as_questions, load_embedder
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.retriever import Retriever
from onrecall.storage import PreparedRecord, Storage
from storage.given import NOON
from tiny_models import WIDTH, table, write_bert, write_onnx


def unit(row: np.ndarray) -> np.ndarray:
    return row / np.linalg.norm(row)


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [("mean", table()[[1, 2]].mean(axis=0)), ("first", table()[1]), (None, table()[[1, 2]].mean(0))],
)
def test_an_onnx_file_is_pooled_as_its_authors_say(tmp_path, pooling, expected):
    folder = write_onnx(tmp_path / "tiny", **({"pooling": pooling} if pooling else {}))
    model = load_embedder(folder)
    assert model.dimensions == WIDTH
    np.testing.assert_allclose(model.embed(["disk full", "login"])[0], unit(expected), atol=1e-6)
    assert model.for_questions() is model


def test_an_onnx_file_can_be_named_itself(tmp_path):
    folder = write_onnx(tmp_path, "a.onnx")
    write_onnx(tmp_path, "b.onnx")
    with pytest.raises(Invalid, match=r"several ONNX files \(a.onnx, b.onnx\)"):
        load_embedder(folder)
    assert load_embedder(folder / "b.onnx").name.startswith("b@")


def test_the_cut_is_kept(tmp_path):
    model = load_embedder(write_onnx(tmp_path, max_tokens=8))
    np.testing.assert_array_equal(model.embed(["disk " * 9]), model.embed(["disk " * 8]))


def test_what_is_stored_decides_the_name_and_what_is_asked_does_not(tmp_path):
    names = {
        prefix: load_embedder(write_onnx(tmp_path / f"m{n}" / "tiny", **prefix_of)).name
        for n, (prefix, prefix_of) in enumerate(
            [("plain", {"question_prefix": "x"}), ("asked", {"question_prefix": "query: "})]
        )
    }
    stored = load_embedder(write_onnx(tmp_path / "s" / "tiny", passage_prefix="passage: ")).name
    first = load_embedder(write_onnx(tmp_path / "f" / "tiny", pooling="first")).name
    assert names["plain"] == names["asked"]
    assert len({names["plain"], stored, first}) == 3


def test_prompts_of_the_authors_file_are_read(tmp_path):
    folder = write_onnx(tmp_path)
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "q: ", "document": "d: "}}')
    model = CachedEmbedder(load_embedder(folder), tmp_path / "cache.db")
    assert as_questions(model, ["x"]) == ["q: x"]
    assert as_passages(model, ["x"]) == ["d: x"]


def test_recall_puts_the_prefixes_before_what_is_stored_and_asked_and_scales_cosines(tmp_path):
    def nearest(**manifest) -> float:
        folder = write_onnx(tmp_path / str(len(list(tmp_path.iterdir()))), **manifest)
        model = load_embedder(folder)
        store = Storage.open("sqlite://")
        recall = Retriever(store, model, LocalIndex(store.passages, model.name))
        record = Document("RB", "disk", "disk full")
        store.records.save([PreparedRecord(record, *recall.prepare([record]))], NOON)
        (evidence,) = recall.recall(Situation("login fails disk"))
        store.close()
        return evidence.signals["meaning"]

    plain = nearest(max_tokens=64)
    assert nearest(question_prefix="weather weather ", max_tokens=64) != plain
    assert nearest(passage_prefix="weather weather ", max_tokens=64) != plain
    assert nearest(cosine_floor=-0.2, cosine_gain=1.0, max_tokens=64) > plain


def test_the_roberta_family_counts_its_positions_from_padding_on(tmp_path):
    bert, roberta = write_bert(tmp_path / "bert"), write_bert(tmp_path / "roberta", "xlm-roberta", 2)
    texts = ["disk full", "login fails disk", "weather"]
    vectors = load_embedder(bert).embed(texts)
    np.testing.assert_allclose(load_embedder(roberta).embed(texts), vectors, atol=1e-6)
    assert np.linalg.norm(vectors[0] - vectors[1]) > 0.01


@pytest.mark.parametrize(
    ("manifest", "complaint"),
    [
        ({"pooling": "max"}, "pooling is one of mean, first, not 'max'"),
        ({"max_tokens": 3}, "max_tokens must be a whole number from 8 on"),
        ({"question_prefix": 7}, "question_prefix must be a text"),
        ({"cosine_gain": 0}, "cosine_gain above 0"),
        ({"cosine_floor": "low"}, "cosine_floor must be a number"),
        ({"file": "none.onnx"}, "holds no model.safetensors and no ONNX file"),
    ],
)
def test_a_manifest_that_is_wrong_says_where(tmp_path, manifest, complaint):
    with pytest.raises(Invalid, match=complaint):
        load_embedder(write_onnx(tmp_path, **manifest))


def test_a_graph_that_is_no_encoder_is_refused(tmp_path):
    with pytest.raises(Invalid, match="takes pixels; a sentence encoder takes input_ids"):
        load_embedder(write_onnx(tmp_path / "other", inputs=("pixels",)))
    broken = write_onnx(tmp_path / "broken")
    (broken / "tiny.onnx").write_bytes(b"no graph")
    with pytest.raises(Invalid, match="can't be run"):
        load_embedder(broken)
    (broken / "tokenizer.json").write_text(json.dumps({"model": 1}))
    with pytest.raises(Invalid, match="is no tokenizer"):
        load_embedder(broken)


def test_a_gain_is_measured_inside_the_product(tmp_path):
    corpus = tuple(CorpusDocument(f"D{n}", "", text) for n, text in enumerate(["disk full", "login fails"]))
    task = Task("t", corpus, (BeirQuery("q", "full disk"),), {"q": {"D0": 1.0}})
    model, other = load_embedder(write_onnx(tmp_path / "a")), load_embedder(write_onnx(tmp_path / "b", pooling="first"))
    gain = measure_gain((model, model), (other, other), [task], lambda *_: None)
    assert (gain.tasks, gain.questions, gain.ndcg_at_10) == (1, 1, 1.0)
    assert gain.shipped < 1.0, "by its first token “full disk” means something else"
    assert gain.difference == pytest.approx(1.0 - gain.shipped)

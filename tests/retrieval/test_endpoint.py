"""The embeddings endpoint, against a real HTTP server of a few lines."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from onrecall.bootstrap.model_library import measure_endpoint
from onrecall.bootstrap.recall import open_endpoint
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.retrieval.embedding_endpoint import BATCH_SIZE, EndpointEmbedder
from onrecall.retrieval.embeddings import as_passages, as_questions
from onrecall.retrieval.model_folder import ModelForm
from onrecall.settings import Settings


class Endpoint(ThreadingHTTPServer):
    """Answers embeddings of three dimensions: how often a, b and c stand in the text."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.answer: tuple[int, Any] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append(body | {"path": self.path})
        self.server.keys.append(self.headers["authorization"])
        rows = [
            {"index": n, "embedding": [1.0 + text.count(letter) for letter in "abc"]}
            for n, text in enumerate(body["input"])
        ]
        status, answer = self.server.answer or (200, {"data": rows[::-1]})
        self.send_response(status)
        self.send_header("retry-after", "7")
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_vectors_come_in_the_order_of_the_texts(endpoint: Endpoint) -> None:
    embedder = EndpointEmbedder(endpoint.base, "letters", "secret")
    vectors = embedder.embed(["aa", "", "ccc"])
    assert (embedder.name, embedder.dimensions) == ("letters", 3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 2], [3, 1, 0.25], atol=1e-6)
    assert endpoint.requests[0]["path"] == "/v1/embeddings"
    assert endpoint.requests[0]["model"] == "letters"
    assert endpoint.keys == ["Bearer secret"]


def test_many_texts_go_in_batches(endpoint: Endpoint) -> None:
    reports: list[tuple[int, int]] = []
    vectors = EndpointEmbedder(endpoint.base, "letters").embed(
        ["a" * n for n in range(BATCH_SIZE + 3)], lambda completed, total: reports.append((completed, total))
    )
    assert vectors.shape == (BATCH_SIZE + 3, 3)
    assert [len(request["input"]) for request in endpoint.requests] == [BATCH_SIZE, 3]
    assert reports == [(BATCH_SIZE, BATCH_SIZE + 3), (BATCH_SIZE + 3, BATCH_SIZE + 3)]
    assert endpoint.keys == [None, None]


def test_the_length_is_asked_for_once(endpoint: Endpoint) -> None:
    embedder = EndpointEmbedder(endpoint.base, "letters")
    assert embedder.embed([]).shape == (0, 3)
    assert embedder.dimensions == 3
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_busy_means_try_again(endpoint: Endpoint, status: int) -> None:
    endpoint.answer = (status, {})
    with pytest.raises(Unavailable, match=str(status)) as caught:
        EndpointEmbedder(endpoint.base, "letters").embed(["a"])
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("status", [401, 404, 422])
def test_a_refusal_says_what_to_check(endpoint: Endpoint, status: int) -> None:
    endpoint.answer = (status, {})
    with pytest.raises(Invalid, match="check its URL, model and key"):
        EndpointEmbedder(endpoint.base, "letters", "secret").embed(["a"])


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        {"data": []},
        {"data": [{"index": 0}]},
        {"data": [{"index": 0, "embedding": "AAAA"}]},
        {"data": [{"index": 0, "embedding": [None, 1.0]}]},
        {"data": [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [1]}]},
        [],
    ],
)
def test_nonsense_is_not_taken_for_vectors(endpoint: Endpoint, answer: Any) -> None:
    endpoint.answer = (200, answer)
    with pytest.raises(Unavailable):
        EndpointEmbedder(endpoint.base, "letters").embed(["a"])


def test_another_length_later_is_refused(endpoint: Endpoint) -> None:
    embedder = EndpointEmbedder(endpoint.base, "letters")
    embedder.embed(["a"])
    endpoint.answer = (200, {"data": [{"index": 0, "embedding": [1.0, 2.0]}]})
    with pytest.raises(Unavailable, match="from 3 to 2 dimensions"):
        embedder.embed(["a"])


def test_nobody_there() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        EndpointEmbedder("http://127.0.0.1:9/v1", "letters").embed(["a"])


def test_many_texts_may_take_longer_than_a_question(endpoint: Endpoint) -> None:
    waits: list[float] = []
    client = httpx.Client(
        event_hooks={"request": [lambda request: waits.append(request.extensions["timeout"]["read"])]}
    )
    embedder = EndpointEmbedder(endpoint.base, "letters", client=client)
    embedder.embed(["a"])
    embedder.embed(["a"] * BATCH_SIZE)
    assert waits[0] < 60 < waits[1]


def test_prefixes_stand_before_texts_and_tell_vectors_apart(endpoint: Endpoint) -> None:
    form = ModelForm("query: ", "passage: ", 0.7, 3.0)
    embedder = EndpointEmbedder(endpoint.base, "letters", form=form)
    assert as_questions(embedder, ["a"]) == ["query: a"]
    assert as_passages(embedder, ["a"]) == ["passage: a"]
    assert embedder.name != EndpointEmbedder(endpoint.base, "letters").name
    assert embedder.name == EndpointEmbedder(endpoint.base, "letters", form=ModelForm("", "passage: ")).name


def test_settings_say_how_an_endpoints_model_is_used(endpoint: Endpoint) -> None:
    chosen = Settings(
        embeddings_url=endpoint.base,
        embeddings_model="letters",
        embeddings_question_prefix="query:",
        embeddings_passage_prefix="passage:",
        embeddings_cosine_floor=0.8,
        embeddings_cosine_gain=6.5,
    )
    embedder = open_endpoint(endpoint.base, chosen)
    assert embedder.form == ModelForm("query: ", "passage: ", 0.8, 6.5)
    assert embedder.embed(["a"]).shape == (1, 3)


@pytest.mark.model
def test_an_endpoints_cosines_are_fitted_to_those_of_the_shipped_model(endpoint: Endpoint, tmp_path: Path) -> None:
    chosen = Settings(embeddings_url=endpoint.base, embeddings_model="letters", data_dir=tmp_path)
    figures = measure_endpoint(chosen, endpoint.base)
    assert figures["speed"]["question_ms"] > 0
    assert figures["scale"]["floor"] > 0.5  # vectors of three counts are all alike
    assert figures["scale"]["gain"] > 1

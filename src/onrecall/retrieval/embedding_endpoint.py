"""Embeddings from an OpenAI-compatible endpoint, as OpenAI, Ollama, vLLM and their like offer."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.retrieval.embeddings import Progress, Vectors
from onrecall.retrieval.model_folder import PLAIN_FORM, ModelForm

if TYPE_CHECKING:
    import httpx

BATCH_SIZE = 64
LEAST_SECONDS = 30
SECONDS_PER_TEXT = 5
"""Seconds that an answer may take: on a busy processor a model may take seconds for one text."""
MAX_CHARACTERS = 8000
"""What is sent of one text: no common endpoint takes less, and a passage never has more."""


class EndpointEmbedder:
    """A model behind `POST {base}/embeddings`; how long its vectors are it tells in its first answer."""

    def __init__(
        self,
        base: str,
        model: str,
        key: str | None = None,
        client: "httpx.Client | None" = None,
        form: ModelForm = PLAIN_FORM,
    ) -> None:
        """Take the endpoint's base URL, and how its model's authors say it is to be used."""
        import httpx  # noqa: PLC0415 - slow to import, and most run a model of their own

        self.form = form

        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = client or httpx.Client()
        self._url, self._model, self._headers = f"{base.rstrip('/')}/embeddings", model, headers
        self._dimensions = 0

    @property
    def name(self) -> str:
        """The model's name; with a prefix of stored texts, which changes their vectors, it tells them apart."""
        prefix = self.form.passage_prefix
        return f"{self._model}@{hashlib.sha256(prefix.encode()).hexdigest()[:8]}" if prefix else self._model

    @property
    def dimensions(self) -> int:
        """The length of a vector, asked for once."""
        if not self._dimensions:
            self.embed(["dimensions"])
        return self._dimensions

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """One unit row per text."""
        parts = []
        for start in range(0, len(texts), BATCH_SIZE):
            parts.append(self._ask(texts[start : start + BATCH_SIZE]))
            if progress:
                progress(min(start + BATCH_SIZE, len(texts)), len(texts))
        return np.concatenate(parts) if parts else np.empty((0, self.dimensions), np.float32)

    def _ask(self, texts: Sequence[str]) -> Vectors:
        import httpx  # noqa: PLC0415 - likewise

        # An empty input is refused by most endpoints; a blank one means the same.
        body = {
            "model": self._model,
            "input": [text[:MAX_CHARACTERS] or " " for text in texts],
            "encoding_format": "float",
        }
        timeout = LEAST_SECONDS + SECONDS_PER_TEXT * len(texts)
        try:
            answer = self._client.post(self._url, json=body, headers=self._headers, timeout=timeout)
        except httpx.TransportError as error:
            raise Unavailable(f"the embeddings endpoint {self._url} does not answer: {type(error).__name__}") from error
        return self._checked(answer, len(texts))

    def _checked(self, answer: "httpx.Response", count: int) -> Vectors:
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise Unavailable(
                f"the embeddings endpoint {self._url} answered {answer.status_code}", _retry_after(answer)
            )
        if answer.status_code != 200:
            raise Invalid(
                f"the embeddings endpoint {self._url} answered {answer.status_code}; check its URL, model and key",
                "embeddings endpoint",
            )
        return self._vectors(answer, count)

    def _vectors(self, answer: "httpx.Response", count: int) -> Vectors:
        try:
            data = sorted(answer.json()["data"], key=lambda item: item["index"])
            vectors = np.array([item["embedding"] for item in data], np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable(f"the embeddings endpoint {self._url} answered something else than embeddings") from error
        if vectors.ndim != 2 or len(vectors) != count or not np.isfinite(vectors).all():
            raise Unavailable(f"the embeddings endpoint {self._url} answered {vectors.shape} for {count} texts")
        if self._dimensions not in (0, vectors.shape[1]):
            raise Unavailable(
                f"the embeddings endpoint {self._url} changed from {self._dimensions} to {vectors.shape[1]} dimensions"
            )
        self._dimensions = vectors.shape[1]
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)


def _retry_after(answer: "httpx.Response") -> float:
    """Seconds the endpoint asks us to wait."""
    header = answer.headers.get("retry-after", "")
    return float(header) if header.isdigit() else 1.0

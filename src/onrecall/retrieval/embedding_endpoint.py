"""Embeddings from an OpenAI-compatible endpoint, as OpenAI, Ollama, vLLM and their like offer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.retrieval.embeddings import Progress, Vectors

if TYPE_CHECKING:
    import httpx

BATCH_SIZE = 64
MAX_CHARACTERS = 8000
"""What is sent of one text: no common endpoint takes less, and a passage never has more."""


class EndpointEmbedder:
    """A model behind `POST {base}/embeddings`; how long its vectors are it tells in its first answer."""

    def __init__(self, base: str, model: str, key: str | None = None, client: "httpx.Client | None" = None) -> None:
        import httpx  # noqa: PLC0415 - slow to import, and most run a model of their own

        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = client or httpx.Client(timeout=30)
        self._url, self._model, self._headers = f"{base.rstrip('/')}/embeddings", model, headers
        self._dimensions = 0

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model

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
        try:
            answer = self._client.post(self._url, json=body, headers=self._headers)
        except httpx.TransportError as error:
            raise Unavailable(f"the embeddings endpoint {self._url} does not answer: {type(error).__name__}") from error
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise Unavailable(
                f"the embeddings endpoint {self._url} answered {answer.status_code}", _retry_after(answer)
            )
        if answer.status_code != 200:
            raise Invalid(
                f"the embeddings endpoint {self._url} answered {answer.status_code}; check its URL, model and key",
                "embeddings endpoint",
            )
        return self._vectors(answer, len(texts))

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

"""Reindex every passage with the current model and tokenizer while the old index keeps serving."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from onrecall.domain.errors import Invalid
from onrecall.retrieval import Retriever
from onrecall.retrieval import tokenizer as terms
from onrecall.storage import EmbeddingVersion, ReindexedItem, ReindexItem, Storage

BATCH = 256
"""Passages per write: the most work lost if the process is killed."""


@dataclass(frozen=True, slots=True)
class ReindexProgress:
    """The embedding versions of the stored passages compared with the current one."""

    target: EmbeddingVersion
    passages: int
    models: Counter[str | None]
    """Passages by embedding model, if it is not the current one; None: without a vector."""
    terms_versions: Counter[int | None]
    """Passages by tokenizer version, if it is not the current one; None: unknown."""


class Reindex:
    """Reindexes passages to the current model and tokenizer."""

    def __init__(self, store: Storage, recall: Retriever) -> None:
        self._store, self._recall = store, recall
        self._make = EmbeddingVersion(recall.model, terms.VERSION)

    def progress(self) -> ReindexProgress:
        """Return how many passages are outdated."""
        models: Counter[str | None] = Counter()
        versions: Counter[int | None] = Counter()
        counts = self._store.reindexing.count_by_version(self._make)
        for version, number in counts.items():
            if version.model != self._make.model:
                models[version.model] += number
            if version.terms_version != self._make.terms_version:
                versions[version.terms_version] += number
        return ReindexProgress(self._make, sum(counts.values()), models, versions)

    def begin(self) -> int:
        """Begin, or resume an interrupted run; returns the number of passages to reindex."""
        self._refuse_to_forget()
        return self._store.reindexing.staging(self._make).begin()

    def run(self, advance: Callable[[int], None]) -> int:
        """Reindex outdated passages, including new arrivals, then swap them in; returns the number of swapped passages.

        An interrupted run is resumed by the next one; nothing is visible before the swap. `advance` is called with the
        number of passages just reindexed.
        """
        staging = self._store.reindexing.staging(self._make)
        while (swapped := staging.swap()) is None:
            after = 0
            while True:
                items, after = staging.next(after, BATCH)
                if not items:
                    break
                remade = self._prepare(items)
                staging.stage(remade)
                advance(sum(len(item.passages) for item in remade))
        return swapped

    def _prepare(self, items: list[ReindexItem]) -> list[ReindexedItem]:
        stored = self._store.records.get([item.owner for item in items])
        existing = [(item, stored[item.owner]) for item in items if item.owner in stored]
        prepared = self._recall.prepare([owner for _, owner in existing])
        return [ReindexedItem(item, passages) for (item, _), passages in zip(existing, prepared, strict=True)]

    def _refuse_to_forget(self) -> None:
        """Raise Invalid if no model is configured and stored passages have vectors."""
        models = sorted(model for model in self.progress().models if model is not None)
        if self._make.model is None and models:
            raise Invalid(
                f"passages carry vectors of {', '.join(models)}, and no model is configured: "
                "a re-index would drop them; install or configure a model first",
                "model",
            )

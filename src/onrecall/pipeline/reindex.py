"""Re-index: every passage made anew with the model and the terms of today, while those of yesterday go on serving."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from onrecall.domain.errors import Invalid
from onrecall.retrieval import Retriever
from onrecall.retrieval import tokenizer as terms
from onrecall.storage import EmbeddingVersion, ReindexedItem, ReindexItem, Storage

BATCH = 256
"""Passages made between two writes: what a kill costs at most."""


@dataclass(frozen=True, slots=True)
class ReindexProgress:
    """What the passages were made with, beside what is in use now."""

    make: EmbeddingVersion
    passages: int
    models: Counter[str | None]
    """Passages by the model of their vectors, where that is not the one in use; None: they have no vector."""
    terms_versions: Counter[int | None]
    """Passages by the version of their terms, where that is not the one in use; None: nobody knows."""


class Reindex:
    """The way from other models and terms to those in use."""

    def __init__(self, store: Storage, recall: Retriever) -> None:
        self._store, self._recall = store, recall
        self._make = EmbeddingVersion(recall.model, terms.VERSION)

    def progress(self) -> ReindexProgress:
        """How far the passages are of the model and terms in use."""
        models: Counter[str | None] = Counter()
        versions: Counter[int | None] = Counter()
        counts = self._store.count_by_version()
        for version, number in counts.items():
            if version.model != self._make.model:
                models[version.model] += number
            if version.terms_version != self._make.terms_version:
                versions[version.terms_version] += number
        return ReindexProgress(self._make, sum(counts.values()), models, versions)

    def begin(self) -> int:
        """Begin, or go on where a killed run was; how many passages are to be made."""
        self._refuse_to_forget()
        return self._store.reindexing(self._make).begin()

    def run(self, advance: Callable[[int], None]) -> int:
        """Make anew what is of another make, also what comes meanwhile, then swap all of it; how many passages changed.

        Killed at any moment, the next run goes on; until the swap nobody sees anything of it. `advance` hears how many
        passages were made just now.
        """
        staging = self._store.reindexing(self._make)
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
        stored = self._store.get_records([item.owner for item in items])
        existing = [(item, stored[item.owner]) for item in items if item.owner in stored]
        prepared = self._recall.prepare([owner for _, owner in existing])
        return [ReindexedItem(item, passages) for (item, _), passages in zip(existing, prepared, strict=True)]

    def _refuse_to_forget(self) -> None:
        """Without a model only passages without a vector can be made anew."""
        models = sorted(model for model in self.progress().models if model is not None)
        if self._make.model is None and models:
            raise Invalid(
                f"passages carry vectors of {', '.join(models)}, and no model is configured: a re-index would drop them; "
                "install or configure a model first",
                "model",
            )

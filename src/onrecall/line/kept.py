"""What a replay reads or embeds once, so that ten thousand incidents take minutes."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import numpy as np

from onrecall.incident import Document, EvidenceKind, Incident, Passage
from onrecall.recall.embedding import Embedder, Vectors
from onrecall.store import Imprint, Store, TermStatistics

Owner = tuple[EvidenceKind, str]


class Primed:
    """An embedder that hears beforehand what it will be asked, so that all of it is embedded in large batches."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}
        self._heard: dict[str, None] | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Vectors:
        """One row per text; only what is new goes to the model."""
        if self._heard is not None:
            self._heard.update(dict.fromkeys(texts))
            return np.zeros((len(texts), self.dimensions), np.float32)
        self._learn(texts, progress)
        return np.array([self._known[text] for text in texts], np.float32).reshape(len(texts), self.dimensions)

    def hear(self, rehearsal: Callable[[], None], progress: Callable[[int, int], None]) -> None:
        """Embed at once what the rehearsal asks one by one; what that makes of its empty answers counts for nothing."""
        self._heard = {}
        rehearsal()
        heard, self._heard = list(self._heard), None
        self._learn(heard, progress)

    def _learn(self, texts: Sequence[str], progress: Callable[[int, int], None] | None) -> None:
        fresh = list(dict.fromkeys(text for text in texts if text not in self._known))
        if fresh:
            self._known.update(zip(fresh, self._embedder.embed(fresh, progress), strict=True))


class Kept:
    """What recall reads of the store, read once: between two events nothing changes but what the event is about."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._things: dict[Owner, Incident | Document] = {}
        self._passages: dict[Owner, list[tuple[int, Passage]]] = {}
        self._numbered: dict[int, Passage] = {}
        self._imprints: dict[Owner, list[Imprint]] = {}

    def changed(self, thing: Incident | Document) -> None:
        """This incident or document is new or says something else: an incident as the store gave it back."""
        owner: Owner = ("document" if isinstance(thing, Document) else "incident", thing.id)
        self._things.pop(owner, None)
        self._imprints.pop(owner, None)
        for number, _ in self._passages.pop(owner, ()):
            self._numbered.pop(number, None)
        if isinstance(thing, Incident):
            self._things[owner] = thing

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """Passages by their numbers."""
        if fresh := [one for one in ids if one not in self._numbered]:
            self._numbered.update(self._store.passages(fresh))
        return {one: self._numbered[one] for one in ids if one in self._numbered}

    def imprints(self, ids: Sequence[int], as_of: datetime | None = None) -> dict[Owner, list[Imprint]]:
        """What the owners of these passages are compared by."""
        owners = list(dict.fromkeys((one.kind, one.owner) for one in self.passages(ids).values()))
        fresh = [one for one in owners if one not in self._imprints]
        for owner, held in self.passages_of(fresh, as_of).items():
            self._imprints[owner] = [Imprint(number, one.terms, one.vector, one.model) for number, one in held]
        return {one: self._imprints[one] for one in owners if one in self._imprints}

    def quoted(self, ids: Sequence[int]) -> dict[int, Passage]:
        """What passages say."""
        return self.passages(ids)

    def passages_of(
        self, owners: Sequence[Owner], as_of: datetime | None = None
    ) -> dict[Owner, list[tuple[int, Passage]]]:
        """All passages of some owners."""
        assert as_of is None, "a replayed memory holds nothing of the future"
        if fresh := [one for one in owners if one not in self._passages]:
            for owner, held in self._store.passages_of(fresh).items():
                self._passages[owner] = held
                self._numbered.update(held)
        return {one: self._passages[one] for one in owners if one in self._passages}

    def things(self, ids: Iterable[Owner], as_of: datetime | None = None) -> dict[Owner, Incident | Document]:
        """Incidents and documents as they are."""
        assert as_of is None, "a replayed memory holds nothing of the future"
        wanted = list(ids)
        if fresh := [one for one in wanted if one not in self._things]:
            self._things.update(self._store.things(fresh))
        return {one: self._things[one] for one in wanted if one in self._things}

    def term_statistics(self, wanted: Sequence[int]) -> TermStatistics:
        """How common terms are."""
        return self._store.term_statistics(wanted)

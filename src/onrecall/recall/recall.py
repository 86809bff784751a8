"""Recall: from a situation to evidence. The index proposes, one exact scorer decides."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import numpy as np

from onrecall.incident import Evidence, EvidenceKind, Excerpt, Filter, Incident, Passage, Situation
from onrecall.recall import explain, families, passages, scoring, signatures, terms
from onrecall.recall.embedding import Embedder
from onrecall.recall.explain import Thing
from onrecall.recall.fusion import Signals
from onrecall.recall.index import Index, Vector, Visible
from onrecall.recall.query import Query, understand
from onrecall.recall.scoring import Rarity

PROPOSED = 150
"""Passages that each side of the index proposes."""
FINALISTS = 50
"""Candidates, the best by words and meaning, for which every signal is taken."""
TITLE_COUNTS = 2
"""How often a word of the title counts."""
HEADLINE = 0.5
"""How much the headline adds to the meaning of a text that says more than it."""
BY_TITLE = 0.4
"""How much of the letters' likeness is that of headline and title."""

Owner = tuple[EvidenceKind, str]


class Source(Protocol):
    """What recall reads from."""

    def owners(self, ids: Sequence[int]) -> AbstractSet[Owner]:
        """Whose passages these are."""

    def passages_of(
        self, owners: Sequence[Owner], as_of: datetime | None = None
    ) -> Mapping[Owner, Sequence[tuple[int, Passage]]]:
        """All passages of some owners that were known at a time."""

    def things(self, ids: Iterable[Owner], as_of: datetime | None = None) -> Mapping[Owner, Thing]:
        """Incidents and documents as they were known at a time."""

    def term_statistics(self, wanted: Sequence[int]) -> scoring.Statistics:
        """How common terms are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A situation made ready: what is looked for, its vector, and how much its words say."""

    situation: Situation
    query: Query
    vector: Vector | None
    rarity: Rarity
    telling: Mapping[str, int]
    """The rarest term of each log line's template: a line that lacks it needs no closer look."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may be like the situation."""

    owner: Owner
    passages: Sequence[Passage]
    has: frozenset[int]
    """The query's terms that it has."""
    signals: Signals
    thing: Thing | None = None


class Recall:
    """Finds what was seen before that is like a situation; never writes."""

    def __init__(self, source: Source, embedder: Embedder | None, index: Index) -> None:
        self._source = source
        self._embedder = embedder
        self._index = index

    @property
    def model(self) -> str | None:
        """The model whose vectors are compared; None: recall goes by words alone."""
        return self._embedder.name if self._embedder else None

    def prepare(
        self, things: Sequence[Thing], progress: Callable[[int, int], None] | None = None
    ) -> list[tuple[Passage, ...]]:
        """The passages of each thing with their terms and their meaning, as the store keeps them."""
        split = [[_with_terms(thing, passage) for passage in passages.split(thing)] for thing in things]
        if self._embedder is None:
            return [tuple(found) for found in split]
        pairs = [(thing, passage) for thing, found in zip(things, split, strict=True) for passage in found]
        texts = [passages.embedding_text(thing.title, passage) for thing, passage in pairs]
        vectors = iter(self._embedder.embed(texts, progress).astype("<f2"))
        name = self._embedder.name
        return [
            tuple(replace(passage, vector=next(vectors).tobytes(), model=name) for passage in found) for found in split
        ]

    def recall(self, situation: Situation, limit: int = 5) -> tuple[Evidence, ...]:
        """What was seen before that is most like this, best first."""
        query = understand(situation)
        rarity = Rarity.of(query.weights, self._source.term_statistics([*query.weights, scoring.WHOLE]))
        asked = Asked(situation, query, self._embed(query), rarity, _telling(query, rarity))
        finalists = self._complete(asked, self._compare(asked, self._propose(asked)))
        incidents = [one.thing for one in finalists if isinstance(one.thing, Incident)]
        family, hidden = families.gather(incidents, situation.exclude)
        shown = [one for one in finalists if one.owner[0] == "document" or one.owner[1] not in hidden]
        return tuple(self._evidence(asked, one, family.get(one.owner[1], ())) for one in shown[:limit])

    def _embed(self, query: Query) -> Vector | None:
        if self._embedder is None or not query.meaning:
            return None
        whole, *headline = self._embedder.embed(query.meaning)
        vector: Vector = whole + HEADLINE * sum(headline)
        return vector / max(float(np.linalg.norm(vector)), 1e-6)

    def _propose(self, asked: Asked) -> Mapping[Owner, list[Passage]]:
        """All that is known of whatever the index proposes."""
        visible = Visible.to(asked.situation)
        self._index.refresh()
        proposed = self._index.words(asked.query.weights, visible, PROPOSED)
        if asked.vector is not None:
            proposed = [*proposed, *self._index.meaning(asked.vector, visible, PROPOSED)]
        found = self._source.owners(list(dict.fromkeys(proposed)))
        owners = sorted(owner for owner in found if owner[1] not in asked.situation.exclude)
        known = self._source.passages_of(owners, asked.situation.as_of)
        return {owner: [passage for _, passage in numbered] for owner, numbered in known.items()}

    def _compare(self, asked: Asked, proposed: Mapping[Owner, list[Passage]]) -> list[Candidate]:
        """The finalists: the best by words and meaning."""
        owners, held = list(proposed), list(proposed.values())
        words, has = scoring.words(asked.query.weights, asked.rarity, held)
        reach = scoring.reach(asked.query.weights, asked.rarity)
        pairs = zip(words.tolist(), self._meaning(asked, held), strict=True)
        signals = [Signals(said, near, reach=reach) for said, near in pairs]
        strength = [one.strength for one in signals]
        best = sorted(range(len(held)), key=lambda row: (-strength[row], owners[row]))[:FINALISTS]
        numbers = np.array(sorted(asked.query.weights), np.uint32)
        return [Candidate(owners[row], held[row], frozenset(numbers[has[row]].tolist()), signals[row]) for row in best]

    def _meaning(self, asked: Asked, held: Sequence[Sequence[Passage]]) -> list[float | None]:
        if asked.vector is None or self._embedder is None:
            return [None] * len(held)
        model = self._embedder.name
        near = scoring.meaning(asked.vector, model, held).tolist()
        known = (any(one.vector and one.model == model for one in passages) for passages in held)
        return [one if has else None for one, has in zip(near, known, strict=True)]

    def _complete(self, asked: Asked, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Every signal for the best candidates that fit, best first."""
        things = self._source.things([one.owner for one in candidates], asked.situation.as_of)
        only = asked.situation.only
        kept = [
            replace(one, thing=thing)
            for one in candidates
            if (thing := things.get(one.owner)) is not None and _fits(thing, one.owner[0], only)
        ]
        letters = _letters(asked, kept)
        return _best_first(
            replace(one, signals=replace(one.signals, characters=float(part), **_named(asked, one)))
            for one, part in zip(kept, letters, strict=True)
        )

    def _evidence(self, asked: Asked, candidate: Candidate, family: tuple[str, ...]) -> Evidence:
        thing, signals = candidate.thing, candidate.signals
        assert thing is not None
        return Evidence(
            id=thing.id,
            kind=candidate.owner[0],
            title=thing.title,
            score=round(signals.score, 4),
            signals=signals.shares,
            why=explain.why(asked.query, thing, candidate.has, asked.rarity, signals.meaning),
            excerpt=self._excerpt(asked, candidate.passages),
            incident=thing if isinstance(thing, Incident) else None,
            document=None if isinstance(thing, Incident) else thing,
            family=family,
        )

    def _excerpt(self, asked: Asked, held: Sequence[Passage]) -> Excerpt:
        """The passage that matches best by itself."""
        alone = [[passage] for passage in held]
        words, _ = scoring.words(asked.query.weights, asked.rarity, alone)
        near = self._meaning(asked, alone)
        strength = [Signals(float(one), other).strength for one, other in zip(words, near, strict=True)]
        best = held[int(np.argmax(strength))]
        return Excerpt(best.text, best.line, best.heading)


def _with_terms(thing: Thing, passage: Passage) -> Passage:
    """A passage with its terms; a thing's first one stands for its title, service and labels, too."""
    if passage.n or passage.part == "resolution":
        return _made(passage, terms.counts(passage.text))
    named = " ".join(filter(None, (thing.service, *thing.labels.values())))
    counted = terms.counts("\n".join((passage.text, *[thing.title] * TITLE_COUNTS, named)))
    return _made(passage, {**counted, scoring.WHOLE: 1})


def _made(passage: Passage, counted: Mapping[int, int]) -> Passage:
    return replace(passage, terms=terms.pack(counted), terms_version=terms.VERSION)


def _telling(query: Query, rarity: Rarity) -> dict[str, int]:
    numbered = {one: [terms.number(term) for term in one.split()] for one in query.templates}
    known = {one: [number for number in line if number in rarity.idf] for one, line in numbered.items()}
    return {one: max(line, key=lambda number: rarity.idf[number]) for one, line in known.items() if line}


def _best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda one: (-one.signals.strength, one.owner))


def _fits(thing: Thing, kind: EvidenceKind, only: Filter) -> bool:
    if only.kind not in (None, kind) or only.service not in (None, thing.service):
        return False
    return all(thing.labels.get(name) == value for name, value in only.labels.items())


def _letters(asked: Asked, candidates: Sequence[Candidate]) -> scoring.Scores:
    """Letters of the whole in the whole, and of the headline in the title."""
    importance = _importance(asked)
    titles = [one.thing.title if one.thing else "" for one in candidates]
    bodies = ("\n".join(passage.text for passage in one.passages) for one in candidates)
    texts = [f"{title}\n{body}" for title, body in zip(titles, bodies, strict=True)]
    whole = scoring.characters(asked.query.text, importance, texts)
    return whole * (1 - BY_TITLE) + scoring.characters(asked.query.headline, importance, titles) * BY_TITLE


def _importance(asked: Asked) -> dict[str, float]:
    """How much each written word of the query says: as much as its rarest term."""
    importance: dict[str, float] = {}
    for term, word in asked.query.spelled.items():
        for part in scoring.plain(word).split():
            importance[part] = max(importance.get(part, 0.0), asked.rarity.idf[term])
    return importance


def _named(asked: Asked, candidate: Candidate) -> dict[str, float]:
    """The signals of exact names: error signatures, labels and service."""
    query, thing, idf = asked.query, candidate.thing, asked.rarity.idf
    assert thing is not None
    telling = {query.spelled[term] for term in asked.telling.values()}
    rows = (line for passage in candidate.passages for line in passage.text.splitlines())
    said = signatures.templates(line for line in rows if any(word in line for word in telling))
    codes = signatures.alike(
        {term: idf[term] / asked.rarity.most for term in query.codes if term in idf}, candidate.has
    )
    lines = signatures.alike({one: idf[term] / asked.rarity.most for one, term in asked.telling.items()}, said)
    return {"signature": max(codes, lines), "labels": explain.place(query, thing)}

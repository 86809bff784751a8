"""Recall: from a situation to evidence. The index proposes, one exact scorer decides."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from onrecall.domain.incident import Document, Evidence, EvidenceKind, Filter, Incident, Passage, Situation, Snippet
from onrecall.domain.suggestion import Suggestion
from onrecall.retrieval import explanation as explain
from onrecall.retrieval import fusion, passages, scoring, signatures
from onrecall.retrieval import recurrence_groups as families
from onrecall.retrieval import tokenizer as terms
from onrecall.retrieval.embeddings import Embedder, Vectors
from onrecall.retrieval.explanation import Thing
from onrecall.retrieval.fusion import SHIPPED_RANKER, Ranker, Signals
from onrecall.retrieval.index import Index, Vector, Visible
from onrecall.retrieval.query import Query, understand
from onrecall.retrieval.ranking_features import CandidateSignals, QuestionTerms, ranking_features
from onrecall.retrieval.scoring import TermWeights

PROPOSED, MOST_PROPOSED, CROWD = 80, 300, 100_000
"""Passages that each side of the index proposes: 80, growing with √(passages / 100 000) up to 300."""
FINALISTS = 20
"""Candidates, the best by words and meaning, that get every signal; more if the caller asks for more results."""
TITLE_COUNTS = 2
"""How often a word of the title counts."""
HEADLINE = 0.5
"""How much the headline adds to the meaning of a text that says more than it."""
BY_TITLE = 0.4
"""How much of the letters' likeness is that of headline and title."""

Owner = tuple[EvidenceKind, str]


class StoredFeatures(scoring.PassageTerms, Protocol):
    """What a passage is compared by, and its number."""

    @property
    def number(self) -> int:
        """The passage's number."""


class StoredText(Protocol):
    """What a passage says, and where it begins."""

    @property
    def text(self) -> str:
        """Its words."""

    @property
    def line(self) -> int:
        """Its first line on the page."""

    @property
    def heading(self) -> str | None:
        """The heading it stands under."""


class PassageStore(Protocol):
    """What recall reads from."""

    def passage_features(self, ids: Sequence[int], as_of: datetime | None = None) -> Mapping[Owner, Sequence[StoredFeatures]]:
        """What the owners of these passages are compared by: all passages of each that were known at a time."""

    def passage_texts(self, ids: Sequence[int]) -> Mapping[int, StoredText]:
        """What passages say; one that is gone is absent."""

    def get_records(self, ids: Iterable[Owner], as_of: datetime | None = None) -> Mapping[Owner, Thing]:
        """Incidents and documents as they were known at a time."""

    def term_statistics(self, wanted: Sequence[int]) -> scoring.Statistics:
        """How common terms are."""


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """A situation made ready: what is looked for, its vector, and how much its words say."""

    situation: Situation
    query: Query
    vector: Vector | None
    rarity: TermWeights
    telling: Mapping[str, int]
    """The rarest term of each log line's template: a line that lacks it needs no closer look."""


@dataclass(frozen=True, slots=True)
class SearchCandidate:
    """Something that may be like the situation."""

    owner: Owner
    imprints: Sequence[StoredFeatures]
    has: frozenset[int]
    """The query's terms that it has."""
    signals: Signals


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A candidate that was read in full."""

    candidate: SearchCandidate
    thing: Thing
    said: Sequence[StoredText]
    """What the passages say that it is compared by."""
    signals: Signals

    @property
    def owner(self) -> Owner:
        """What it is."""
        return self.candidate.owner


class Retriever:
    """Finds what was seen before that is like a situation; never writes."""

    def __init__(
        self,
        source: PassageStore,
        embedder: Embedder | None,
        index: Index,
        asking: Embedder | None = None,
        beside: Executor | None = None,
        ranker: Ranker = SHIPPED_RANKER,
    ) -> None:
        """`asking` is the same model for what is asked and not kept, where there is a quicker way to run it; `beside`
        runs it, by default in a thread.
        """
        self._ranker = ranker
        self._source = source
        self._embedder = embedder
        self._asking = asking or embedder
        self._index = index
        self._beside = beside or ThreadPoolExecutor(thread_name_prefix="onrecall-embed")

    @property
    def model(self) -> str | None:
        """The model whose vectors are compared; None: recall goes by words alone."""
        return self._embedder.name if self._embedder else None

    def prepare(
        self, things: Sequence[Thing], progress: Callable[[int, int], None] | None = None
    ) -> list[tuple[Passage, ...]]:
        """The passages of each thing with their terms and their meaning, as the store keeps them."""
        split = [[_with_terms(thing, passage) for passage in passages.split(thing)] for thing in things]
        if self._embedder is None or not things:
            return [tuple(found) for found in split]
        texts = [one for thing, found in zip(things, split, strict=True) for one in _embedded(thing, found)]
        vectors = iter(self._embedder.embed(texts, progress).astype("<f2"))
        name = self._embedder.name
        return [
            tuple(replace(passage, vector=next(vectors).tobytes(), model=name) for passage in found) for found in split
        ]

    @staticmethod
    def embeds(things: Iterable[Thing]) -> Iterator[str]:
        """What `prepare` will have embedded."""
        return (text for thing in things for text in _embedded(thing, passages.split(thing)))

    def recall(self, situation: Situation, limit: int = 5) -> tuple[Evidence, ...]:
        """Find the most similar earlier incidents and documents, best first."""
        asked, ranked, family = self._ranked(situation, limit)
        return self._explained(asked, ranked, limit, family)

    def precedents(self, situation: Situation, limit: int = 5) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
        """Return what was seen before, best first, and beside it what goes on now.

        An incident that is open, or that did not begin before the situation, is no precedent: of two that began in the
        same second neither was seen before the other.
        """
        asked, finalists = self._read(situation, limit, lambda thing: is_precedent(thing, situation))
        settled = [one for one in finalists if is_precedent(one.thing, situation)]
        ranked, family = _without_family(settled, situation.exclude)
        ongoing = [one for one in finalists if not is_precedent(one.thing, situation)]
        return self._explained(asked, ranked, limit, family), self._explained(asked, ongoing, limit, {})

    def alike(self, situation: Situation, limit: int = 5) -> tuple[tuple[Thing, float], ...]:
        """The same things with their scores, unexplained: for whoever only compares."""
        _, ranked, _ = self._ranked(situation, limit)
        return tuple((one.thing, _score(one)) for one in ranked[:limit])

    def signals(self, situation: Situation, limit: int) -> tuple[int, tuple[tuple[str, Signals], ...]]:
        """How many terms a situation has, and the ids of the best candidates with their signals: to fit a ranker on."""
        asked, ranked, _ = self._ranked(situation, limit)
        return len(asked.query.weights), tuple((one.owner[1], one.signals) for one in ranked[:limit])

    def similarities(self, text: str, held: Mapping[Owner, Sequence[Passage]]) -> dict[Owner, float]:
        """The cosine between a text and the nearest passage of each owner; empty where no model is at hand."""
        if self._asking is None or not text.strip():
            return {}
        question = self._asking.embed([text])[0]
        found = {}
        for owner, some in held.items():
            vectors = [passage.vector for passage in some if passage.vector and passage.model == self.model]
            if vectors:
                matrix = np.frombuffer(b"".join(vectors), "<f2").reshape(len(vectors), -1).astype(np.float32)
                found[owner] = float((matrix @ question).max())
        return found

    def _ranked(
        self, situation: Situation, limit: int
    ) -> tuple[PreparedQuery, list[RankedCandidate], Mapping[str, tuple[str, ...]]]:
        asked, finalists = self._read(situation, limit)
        return asked, *_without_family(finalists, situation.exclude)

    def _explained(
        self, asked: PreparedQuery, ranked: Sequence[RankedCandidate], limit: int, family: Mapping[str, tuple[str, ...]]
    ) -> tuple[Evidence, ...]:
        """The best of what was ranked, with reasons and with its place among all candidates in numbers."""
        if not ranked:
            return ()
        shown, numbers = ranked[:limit], _ranking(asked, ranked, limit)
        excerpts, worth = self._excerpts(asked, shown), explain.telling(asked.query, asked.rarity)
        return tuple(
            replace(_evidence(asked, one, excerpt, family.get(one.owner[1], ()), worth), ranking=ranking)
            for one, excerpt, ranking in zip(shown, excerpts, numbers, strict=True)
        )

    def _read(
        self, situation: Situation, limit: int, wanted: Callable[[Thing], bool] | None = None
    ) -> tuple[PreparedQuery, list[RankedCandidate]]:
        """The best candidates, read in full; where too few of them are wanted, all that were proposed."""
        query = understand(situation)
        embedding = self._embed(query)
        rarity = TermWeights.of(query.weights, self._source.term_statistics([*query.weights, scoring.WHOLE]))
        by_words = self._by_words(situation, query, rarity)
        asked = PreparedQuery(situation, query, _vector(embedding), rarity, _telling(query, rarity))
        proposed, many = self._propose(asked, by_words), max(FINALISTS, 2 * limit)
        finalists = self._complete(asked, self._compare(asked, proposed, many))
        if wanted and len(proposed) > many and sum(wanted(one.thing) for one in finalists) < limit:
            finalists = self._complete(asked, self._compare(asked, proposed, len(proposed)))
        return asked, finalists

    def _embed(self, query: Query) -> "Future[Vectors] | None":
        """Begin to embed: the model runs beside the search by words, on another processor."""
        if self._asking is None or not query.meaning:
            return None
        return self._beside.submit(self._asking.embed, query.meaning)

    def _by_words(self, situation: Situation, query: Query, rarity: TermWeights) -> list[int]:
        self._index.refresh()
        return self._index.words(query.weights, Visible.to(situation), _proposed(rarity))

    def _propose(self, asked: PreparedQuery, by_words: Sequence[int]) -> Mapping[Owner, Sequence[StoredFeatures]]:
        """All that is known of whatever the index proposes."""
        proposed = list(by_words)
        if asked.vector is not None:
            proposed += self._index.meaning(asked.vector, Visible.to(asked.situation), _proposed(asked.rarity))
        found = self._source.passage_features(list(dict.fromkeys(proposed)), asked.situation.as_of)
        return {owner: found[owner] for owner in sorted(found) if owner[1] not in asked.situation.exclude}

    def _compare(
        self, asked: PreparedQuery, proposed: Mapping[Owner, Sequence[StoredFeatures]], many: int
    ) -> list[SearchCandidate]:
        """The best by words and meaning."""
        owners, held = list(proposed), list(proposed.values())
        matches = scoring.words(asked.query.weights, asked.rarity, held)
        near, known = self._meaning(asked, held)
        strengths, words = fusion.strengths(matches.bm25, near, known), matches.bm25
        ranks = self._ranker.rank(strengths, words, matches.overlap, matches.length, len(asked.query.weights))
        # Owners are in their order, and of equals the first stays first.
        best = np.argsort(-ranks, kind="stable")[:many].tolist()
        reach, has = scoring.reach(asked.query.weights, asked.rarity), matches.has
        numbers = np.array(sorted(asked.query.weights), np.uint32)
        found = []
        for row in best:
            meant = float(near[row]) if near is not None and known is not None and known[row] else None
            signals = Signals(
                float(words[row]),
                meant,
                reach=reach,
                overlap=float(matches.overlap[row]),
                length=float(matches.length[row]),
                correction=float(ranks[row] - strengths[row]),
            )
            found.append(SearchCandidate(owners[row], held[row], frozenset(numbers[has[row]].tolist()), signals))
        return found

    def _meaning(
        self, asked: PreparedQuery, held: Sequence[Sequence[StoredFeatures]]
    ) -> tuple[scoring.Scores | None, npt.NDArray[np.bool_] | None]:
        """How near each is, and of which that is known; nothing without a model."""
        if asked.vector is None or self._embedder is None:
            return None, None
        return scoring.meaning(asked.vector, self._embedder.name, held)

    def _complete(self, asked: PreparedQuery, candidates: Sequence[SearchCandidate]) -> list[RankedCandidate]:
        """Every signal for the best candidates that fit, best first."""
        things = self._source.get_records([one.owner for one in candidates], asked.situation.as_of)
        only = asked.situation.only
        kept = [
            (one, thing)
            for one in candidates
            if (thing := things.get(one.owner)) is not None and _fits(thing, one.owner[0], only)
        ]
        quoted = self._source.passage_texts([passage.number for one, _ in kept for passage in one.imprints])
        read = []
        for one, thing in kept:
            there = [passage for passage in one.imprints if passage.number in quoted]
            if there:  # not removed meanwhile
                said = [quoted[passage.number] for passage in there]
                whole = one if len(there) == len(one.imprints) else replace(one, imprints=there)
                read.append(RankedCandidate(whole, thing, said, one.signals))
        return _best_first(_judged(asked, read))

    def _excerpts(self, asked: PreparedQuery, shown: Sequence[RankedCandidate]) -> list[Snippet]:
        """Of each one the passage that matches best by itself."""
        alone = [[passage] for one in shown for passage in one.candidate.imprints]
        words = scoring.words(asked.query.weights, asked.rarity, alone).bm25
        strength = iter(fusion.strengths(words, *self._meaning(asked, alone)).tolist())
        found = []
        for one in shown:
            by_itself = [next(strength) for _ in one.said]
            best = one.said[by_itself.index(max(by_itself))]
            found.append(Snippet(best.text, best.line, best.heading))
        return found


def is_precedent(thing: Thing, situation: Situation) -> bool:
    """Return whether something was seen before a situation; a document always was."""
    if not isinstance(thing, Incident):
        return True
    return thing.status == "resolved" and (situation.began_at is None or thing.started_at < situation.began_at)


def _without_family(
    finalists: Sequence[RankedCandidate], exclude: frozenset[str]
) -> tuple[list[RankedCandidate], Mapping[str, tuple[str, ...]]]:
    """The finalists, of each family one, and who else belongs to it."""
    incidents = [one.thing for one in finalists if isinstance(one.thing, Incident)]
    family, hidden = families.gather(incidents, exclude)
    return [one for one in finalists if one.owner[0] != "incident" or one.owner[1] not in hidden], family


def _proposed(rarity: TermWeights) -> int:
    return min(MOST_PROPOSED, max(PROPOSED, round(PROPOSED * math.sqrt(rarity.passages / CROWD))))


def _vector(embedding: "Future[Vectors] | None") -> Vector | None:
    """The meaning of the whole, and half again that of its headline."""
    if embedding is None:
        return None
    whole, *headline = embedding.result()
    vector: Vector = whole + HEADLINE * sum(headline)
    return vector / max(float(np.linalg.norm(vector)), 1e-6)


def _ranking(asked: PreparedQuery, ranked: Sequence[RankedCandidate], limit: int) -> list[Mapping[str, float]]:
    """How each of the best stands among the others."""
    idf, most = asked.rarity.idf, asked.rarity.most
    spelled, weighed = asked.query.spelled, asked.query.weights.items()
    weights = {term: weight * idf[term] for term, weight in weighed if term in spelled and weight >= 1}
    question = QuestionTerms(weights, {term: idf[term] / most for term in weights if idf[term] < most})
    return ranking_features([CandidateSignals(one.signals, one.candidate.has) for one in ranked], question, limit)


def _score(one: RankedCandidate) -> float:
    return round(one.signals.score, 4)


def _evidence(
    asked: PreparedQuery, one: RankedCandidate, excerpt: Snippet, family: tuple[str, ...], worth: Sequence[int]
) -> Evidence:
    thing, signals = one.thing, one.signals
    return Evidence(
        id=thing.id,
        kind=one.owner[0],
        title=thing.title,
        score=_score(one),
        signals=signals.shares,
        why=explain.why(asked.query, thing, one.candidate.has, worth, signals.meaning),
        excerpt=excerpt,
        incident=thing if isinstance(thing, Incident) else None,
        document=thing if isinstance(thing, Document) else None,
        family=family,
        suggested_by=thing.by if isinstance(thing, Suggestion) else None,
    )


def _embedded(thing: Thing, found: Iterable[Passage]) -> list[str]:
    return [passages.embedding_text(thing.title, passage) for passage in found]


def _with_terms(thing: Thing, passage: Passage) -> Passage:
    """A passage with its terms; a thing's first one stands for its title, service and labels, too."""
    if passage.n or passage.part == "resolution":
        return _made(passage, terms.counts(passage.text))
    named = " ".join(filter(None, (thing.service, *thing.labels.values())))
    counted = terms.counts("\n".join((passage.text, *[thing.title] * TITLE_COUNTS, named)))
    return _made(passage, {**counted, scoring.WHOLE: 1})


def _made(passage: Passage, counted: Mapping[int, int]) -> Passage:
    return replace(passage, terms=terms.pack(counted), terms_version=terms.VERSION)


def _telling(query: Query, rarity: TermWeights) -> dict[str, int]:
    numbered = {one: [terms.number(term) for term in one.split()] for one in query.templates}
    known = {one: [number for number in line if number in rarity.idf] for one, line in numbered.items()}
    return {one: max(line, key=lambda number: rarity.idf[number]) for one, line in known.items() if line}


def _best_first(finalists: Iterable[RankedCandidate]) -> list[RankedCandidate]:
    """Equal ranks, to the digits that sums of floats agree in on every machine, go by kind and id."""
    return sorted(finalists, key=lambda one: (-round(one.signals.rank, 9), one.owner))


def _fits(thing: Thing, kind: EvidenceKind, only: Filter) -> bool:
    if only.kind not in (None, kind) or only.service not in (None, thing.service):
        return False
    return all(thing.labels.get(name) == value for name, value in only.labels.items())


def _judged(asked: PreparedQuery, finalists: Sequence[RankedCandidate]) -> Iterator[RankedCandidate]:
    """With the signals that need the text."""
    letters = _letters(asked, finalists).tolist()
    for one, part, named in zip(finalists, letters, _named(asked, finalists), strict=True):
        labels = explain.place(asked.query, one.thing)
        signals = replace(one.signals, characters=part, signature=named, labels=labels)
        yield RankedCandidate(one.candidate, one.thing, one.said, signals)


def _letters(asked: PreparedQuery, finalists: Sequence[RankedCandidate]) -> scoring.Scores:
    """Letters of the whole in the whole, and of the headline in the title."""
    importance = _importance(asked)
    titles = [one.thing.title for one in finalists]
    bodies = ("\n".join(passage.text for passage in one.said) for one in finalists)
    texts = [f"{title}\n{body}" for title, body in zip(titles, bodies, strict=True)]
    whole = scoring.characters(asked.query.text, importance, texts)
    return whole * (1 - BY_TITLE) + scoring.characters(asked.query.headline, importance, titles) * BY_TITLE


def _importance(asked: PreparedQuery) -> dict[str, float]:
    """How much each written word of the query says: as much as its rarest term."""
    importance: dict[str, float] = {}
    for term, word in asked.query.spelled.items():
        for part in scoring.plain(word).split():
            importance[part] = max(importance.get(part, 0.0), asked.rarity.idf[term])
    return importance


def _named(asked: PreparedQuery, finalists: Sequence[RankedCandidate]) -> Iterator[float]:
    """How much of what the situation names exactly each one names, too: error codes, and the lines of its log."""
    query, idf, most = asked.query, asked.rarity.idf, asked.rarity.most
    codes = {term: idf[term] / most for term in query.codes if term in idf}
    lines = {line: idf[term] / most for line, term in asked.telling.items()}
    telling = {query.spelled[term] for term in asked.telling.values()}
    for one in finalists:
        rows = (line for passage in one.said for line in passage.text.splitlines()) if telling else ()
        said = signatures.templates(line for line in rows if any(word in line for word in telling))
        yield max(signatures.alike(codes, one.candidate.has), signatures.alike(lines, said))

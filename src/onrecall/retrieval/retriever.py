"""Recall: from a situation to evidence. The index proposes, one exact scorer decides."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence, EvidenceKind, Snippet
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner, Passage
from onrecall.domain.situation import Filter, Situation
from onrecall.domain.suggestion import Suggestion
from onrecall.retrieval import (
    explanation,
    fusion,
    passages,
    recurrence_groups,
    scoring,
    spelling_correction,
    tokenizer,
)
from onrecall.retrieval.candidates import PreparedQuery, RankedCandidate, SearchCandidate
from onrecall.retrieval.embeddings import Embedder, Vectors, as_passages, as_questions, model_form
from onrecall.retrieval.explanation import Record
from onrecall.retrieval.full_text_signals import rescore
from onrecall.retrieval.fusion import SHIPPED_RANKER, Ranker, Signals
from onrecall.retrieval.index import Index, Vector, VisibilityFilter
from onrecall.retrieval.named_records import asked_words, find_named
from onrecall.retrieval.query import Query, parse_situation
from onrecall.retrieval.ranking_measurement import measure_ranking
from onrecall.retrieval.retrieval_store import RetrievalStore, StoredFeatures
from onrecall.retrieval.scoring import TermWeights
from onrecall.retrieval.spelling_correction import Dictionary
from onrecall.retrieval.term_gains import term_gains

MIN_PROPOSALS, MAX_PROPOSALS, PROPOSAL_SCALE = 80, 300, 100_000
"""Passages that each side of the index proposes: 80, growing with √(passages / 100 000) up to 300."""
MOST_NAMED = 2
"""Records that a question names and that are shown first for it; of more the best, so that others have room."""
FINALISTS = 20
"""Candidates, the best by words and meaning, that get every signal; more if the caller asks for more results."""
TITLE_WEIGHT = 2
"""How often a word of the title counts."""
HEADLINE_WEIGHT = 0.5
"""How much the headline adds to the meaning of a text that says more than it."""


class Retriever:
    """Finds what was seen before that is like a situation; never writes."""

    def __init__(
        self,
        source: RetrievalStore,
        embedder: Embedder | None,
        index: Index,
        asking: Embedder | None = None,
        beside: Executor | None = None,
        ranker: Ranker = SHIPPED_RANKER,
        *,
        one_moment: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`asking` is the same model for what is asked and not kept, where there is a quicker way to run it; `beside`
        runs it, by default in a thread. Within `one_moment`, all that is read is of one moment; nobody waits for a
        model there, because it holds a connection.
        """
        self._one_moment = one_moment
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

    @property
    def limitation(self) -> str | None:
        """Why this thread's last question was answered from less than the whole index; None: it was not."""
        return self._index.limitation

    def forget_removed(self) -> None:
        """Leave nothing of removed passages in the index's files."""
        self._index.forget_removed()

    def prepare(
        self, records: Sequence[Record], progress: Callable[[int, int], None] | None = None
    ) -> list[tuple[Passage, ...]]:
        """The passages of each thing with their terms and their meaning, as the store keeps them."""
        split = [[_with_terms(record, passage) for passage in passages.split_passages(record)] for record in records]
        if self._embedder is None or not records:
            return [tuple(own_passages) for own_passages in split]
        texts = [
            text
            for record, own_passages in zip(records, split, strict=True)
            for text in _embedding_texts(record, own_passages)
        ]
        vectors = iter(self._embedder.embed(as_passages(self._embedder, texts), progress).astype("<f2"))
        name = self._embedder.name
        return [
            tuple(replace(passage, vector=next(vectors).tobytes(), model=name) for passage in own_passages)
            for own_passages in split
        ]

    @staticmethod
    def embeds(records: Iterable[Record]) -> Iterator[str]:
        """Yield the texts that `prepare` embeds."""
        return (text for record in records for text in _embedding_texts(record, passages.split_passages(record)))

    def recall(self, situation: Situation, limit: int = 5) -> tuple[Evidence, ...]:
        """Find the most similar earlier incidents and documents, best first."""
        prepared = self._make_ready(situation)
        ranked, family = self._search_collapsed(prepared, limit)
        return self._explain(prepared, ranked, limit, family)

    def precedents(self, situation: Situation, limit: int = 5) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
        """Return what was seen before, best first, and beside it what goes on now.

        An incident that is open, or that did not begin before the situation, is no precedent: of two that began in the
        same second neither was seen before the other.
        """
        prepared = self._make_ready(situation)
        finalists = self._search(prepared, limit, lambda record: is_precedent(record, situation))
        settled = [finalist for finalist in finalists if is_precedent(finalist.record, situation)]
        ranked, family = _collapse_recurrences(settled, prepared)
        ongoing = [finalist for finalist in finalists if not is_precedent(finalist.record, situation)]
        return self._explain(prepared, ranked, limit, family), self._explain(prepared, ongoing, limit, {})

    def similar(self, situation: Situation, limit: int = 5) -> tuple[tuple[Record, float], ...]:
        """Return similar records with their scores only, without explanations."""
        prepared = self._make_ready(situation)
        ranked, _ = self._search_collapsed(prepared, limit)
        return tuple((finalist.record, _rounded_score(finalist)) for finalist in ranked[:limit])

    def signals(self, situation: Situation, limit: int) -> tuple[int, tuple[tuple[str, Signals], ...]]:
        """How many terms a situation has, and the ids of the best candidates with their signals: to fit a ranker on."""
        prepared = self._make_ready(situation)
        ranked, _ = self._search_collapsed(prepared, limit)
        return len(prepared.query.weights), tuple((finalist.owner[1], finalist.signals) for finalist in ranked[:limit])

    def similarities(self, text: str, passages_by_owner: Mapping[Owner, Sequence[Passage]]) -> dict[Owner, float]:
        """The cosine between a text and the nearest passage of each owner; empty where no model is at hand."""
        if self._asking is None or not text.strip():
            return {}
        question = self._asking.embed(as_questions(self._asking, [text]))[0]
        similarities = {}
        for owner, owner_passages in passages_by_owner.items():
            vectors = [passage.vector for passage in owner_passages if passage.vector and passage.model == self.model]
            if vectors:
                matrix = np.frombuffer(b"".join(vectors), "<f2").reshape(len(vectors), -1).astype(np.float32)
                similarities[owner] = float((matrix @ question).max())
        return similarities

    def _search_collapsed(
        self, prepared: PreparedQuery, limit: int
    ) -> tuple[list[RankedCandidate], Mapping[str, tuple[str, ...]]]:
        return _collapse_recurrences(self._search(prepared, limit), prepared)

    def _explain(
        self,
        prepared: PreparedQuery,
        ranked: Sequence[RankedCandidate],
        limit: int,
        family: Mapping[str, tuple[str, ...]],
    ) -> tuple[Evidence, ...]:
        """The best of what was ranked, with reasons and with its place among all candidates in numbers."""
        if not ranked:
            return ()
        selected = ranked[:limit]
        excerpts, informative = (
            self._excerpts(prepared, selected),
            explanation.informative_terms(prepared.query, prepared.rarity),
        )
        return tuple(
            replace(
                _to_evidence(prepared, finalist, excerpt, family.get(finalist.owner[1], ()), informative),
                ranking=ranking,
                near_duplicates=near_duplicates,
            )
            for finalist, excerpt, (ranking, near_duplicates) in zip(
                selected, excerpts, measure_ranking(prepared, ranked, limit), strict=True
            )
        )

    def _make_ready(self, situation: Situation) -> PreparedQuery:
        """Read the situation, and let the index propose passages by its words while the model reads it, too."""
        self._index.refresh()
        with self._one_moment():
            named = find_named(self._source, self._index, situation)
            query, rarity = self._weigh_query(replace(situation, text=asked_words(self._source, situation, named)))
            embedding = self._embed(query)
            visible = VisibilityFilter.for_situation(situation)
            by_words = self._index.words(term_gains(query.weights, rarity), visible, _proposal_limit(rarity))
        line_terms = _rarest_template_terms(query, rarity)
        return PreparedQuery(situation, query, _query_vector(embedding), rarity, line_terms, named, by_words)

    def _search(
        self, prepared: PreparedQuery, limit: int, accepts: Callable[[Record], bool] | None = None
    ) -> list[RankedCandidate]:
        """Return the best candidates, read in full; if too few of them are accepted, all that were proposed."""
        with self._one_moment():
            proposed, count = self._propose(prepared), max(FINALISTS, 2 * limit)
            finalists = self._add_signals(prepared, self._compare(prepared, proposed, count))
            if accepts and len(proposed) > count and sum(accepts(finalist.record) for finalist in finalists) < limit:
                finalists = self._add_signals(prepared, self._compare(prepared, proposed, len(proposed)))
        return finalists

    def _weigh_query(self, situation: Situation) -> tuple[Query, TermWeights]:
        """Return the query, its misspelt words read as words the memory has, and how much each term says."""
        query = parse_situation(situation)
        statistics = self._source.passages.term_statistics([*query.weights, scoring.DOC_MARKER_TERM])
        corrections = spelling_correction.find_corrections(query, statistics.df, self._dictionary, self._count_passages)
        if corrections:
            text = spelling_correction.replace_words(situation.text, corrections)
            corrected = parse_situation(replace(situation, text=text))
            weights = spelling_correction.weigh_corrections(query, corrected)
            query = replace(corrected, weights=weights, corrections=corrections)
            statistics = self._source.passages.term_statistics([*weights, scoring.DOC_MARKER_TERM])
        return query, TermWeights.from_statistics(query.weights, statistics)

    def _dictionary(self) -> frozenset[str]:
        """Return words that are spelled right, as far as the sentence model knows any."""
        model: object = self._asking
        return model.words if isinstance(model, Dictionary) else frozenset()

    def _count_passages(self, terms: Sequence[int]) -> Mapping[int, int]:
        return self._source.passages.term_statistics(terms).df

    def _embed(self, query: Query) -> "Future[Vectors] | None":
        """Begin to embed: the model runs beside the search by words, on another processor."""
        if self._asking is None or not query.meaning:
            return None
        return self._beside.submit(self._asking.embed, as_questions(self._asking, query.meaning))

    def _propose(self, prepared: PreparedQuery) -> Mapping[Owner, Sequence[StoredFeatures]]:
        """Return the features of all passages of every owner that the index proposes or the question names."""
        proposed = list(prepared.by_words)
        if prepared.named:
            own = self._source.passages.of_owners(list(prepared.named), prepared.situation.as_of)
            proposed += (numbered[0][0] for numbered in own.values())
        if prepared.vector is not None:
            proposed += self._index.meaning(
                prepared.vector, VisibilityFilter.for_situation(prepared.situation), _proposal_limit(prepared.rarity)
            )
        features = self._source.passages.features(list(dict.fromkeys(proposed)), prepared.situation.as_of)
        return {owner: features[owner] for owner in sorted(features) if owner[1] not in prepared.situation.exclude}

    def _compare(
        self, prepared: PreparedQuery, proposed: Mapping[Owner, Sequence[StoredFeatures]], count: int
    ) -> list[SearchCandidate]:
        """The best by words and meaning, and what the question names."""
        owners, features = list(proposed), list(proposed.values())
        matches = scoring.match_words(prepared.query.weights, prepared.rarity, features)
        near, has_meaning = self._cosine_scores(prepared, features)
        strengths, words = fusion.weighted_scores(matches.bm25, near, has_meaning), matches.bm25
        ranks = self._ranker.rank(strengths, words, matches.overlap, matches.length, len(prepared.query.weights))
        # Owners are in their order, and of equals the first stays first.
        order = np.argsort(-ranks, kind="stable").tolist()
        best = [*order[:count], *(row for row in order[count:] if owners[row] in prepared.named)]
        reach, has = scoring.max_word_score(prepared.query.weights, prepared.rarity), matches.matched_terms
        numbers = np.array(sorted(prepared.query.weights), np.uint32)
        candidates = []
        for row in best:
            meaning = float(near[row]) if near is not None and has_meaning is not None and has_meaning[row] else None
            signals = Signals(
                float(words[row]),
                meaning,
                reach=reach,
                overlap=float(matches.overlap[row]),
                length=float(matches.length[row]),
                correction=float(ranks[row] - strengths[row]),
            )
            candidates.append(
                SearchCandidate(owners[row], features[row], frozenset(numbers[has[row]].tolist()), signals)
            )
        return candidates

    def _cosine_scores(
        self, prepared: PreparedQuery, features: Sequence[Sequence[StoredFeatures]]
    ) -> tuple[scoring.Scores | None, npt.NDArray[np.bool_] | None]:
        """Return each owner's cosine score, and which owners have one; (None, None) without a model."""
        if prepared.vector is None or self._embedder is None:
            return None, None
        scores, has_meaning = scoring.cosine_scores(prepared.vector, self._embedder.name, features)
        form = model_form(self._embedder)
        return (scores if form.is_plain else scoring.scale_cosines(scores, form)), has_meaning

    def _add_signals(self, prepared: PreparedQuery, candidates: Sequence[SearchCandidate]) -> list[RankedCandidate]:
        """Every signal for the best candidates that fit, best first."""
        records = self._source.records.get([candidate.owner for candidate in candidates], prepared.situation.as_of)
        only = prepared.situation.only
        matching = [
            (candidate, record)
            for candidate in candidates
            if (record := records.get(candidate.owner)) is not None and _passes_filter(record, candidate.owner[0], only)
        ]
        quoted = self._source.passages.texts(
            [passage.number for candidate, _ in matching for passage in candidate.features]
        )
        finalists = []
        for candidate, record in matching:
            present = [passage for passage in candidate.features if passage.number in quoted]
            if present:  # not removed meanwhile
                texts = [quoted[passage.number] for passage in present]
                complete = (
                    candidate if len(present) == len(candidate.features) else replace(candidate, features=present)
                )
                finalists.append(RankedCandidate(complete, record, texts, candidate.signals))
        return _best_first(rescore(prepared, finalists), prepared.named)

    def _excerpts(self, prepared: PreparedQuery, finalists: Sequence[RankedCandidate]) -> list[Snippet]:
        """Return each finalist's best single passage."""
        alone = [[passage] for finalist in finalists for passage in finalist.candidate.features]
        words = scoring.match_words(prepared.query.weights, prepared.rarity, alone).bm25
        strength = iter(fusion.weighted_scores(words, *self._cosine_scores(prepared, alone)).tolist())
        snippets = []
        for finalist in finalists:
            by_itself = [next(strength) for _ in finalist.texts]
            best = finalist.texts[by_itself.index(max(by_itself))]
            snippets.append(Snippet(best.text, best.line, best.heading))
        return snippets


def is_precedent(record: Record, situation: Situation) -> bool:
    """Return whether something was seen before a situation; a document always was."""
    if not isinstance(record, Incident):
        return True
    return record.status == "resolved" and (situation.began_at is None or record.started_at < situation.began_at)


def _collapse_recurrences(
    finalists: Sequence[RankedCandidate], prepared: PreparedQuery
) -> tuple[list[RankedCandidate], Mapping[str, tuple[str, ...]]]:
    """Return one finalist per family and what the question names, and the other members of each family."""
    incidents = [finalist.record for finalist in finalists if isinstance(finalist.record, Incident)]
    family, hidden = recurrence_groups.collapse(incidents, prepared.situation.exclude)
    return [
        finalist
        for finalist in finalists
        if finalist.owner in prepared.named or finalist.owner[0] != "incident" or finalist.owner[1] not in hidden
    ], family


def _proposal_limit(rarity: TermWeights) -> int:
    return min(MAX_PROPOSALS, max(MIN_PROPOSALS, round(MIN_PROPOSALS * math.sqrt(rarity.passages / PROPOSAL_SCALE))))


def _query_vector(embedding: "Future[Vectors] | None") -> Vector | None:
    """Return the normalized vector of the text plus half that of its headline."""
    if embedding is None:
        return None
    text_vector, *headline = embedding.result()
    vector: Vector = text_vector + HEADLINE_WEIGHT * sum(headline)
    return vector / max(float(np.linalg.norm(vector)), 1e-6)


def _rounded_score(finalist: RankedCandidate) -> float:
    return round(finalist.signals.score, 4)


def _to_evidence(
    prepared: PreparedQuery,
    finalist: RankedCandidate,
    excerpt: Snippet,
    family: tuple[str, ...],
    informative: Sequence[int],
) -> Evidence:
    record, signals, name = finalist.record, finalist.signals, prepared.named.get(finalist.owner)
    why = explanation.reasons(prepared.query, record, finalist.candidate.matched_terms, informative, signals.meaning)
    return Evidence(
        id=record.id,
        kind=finalist.owner[0],
        title=record.title,
        score=_rounded_score(finalist),
        signals=signals.shares,
        why=(f"named in the question: {name}", *why) if name else why,
        excerpt=excerpt,
        incident=record if isinstance(record, Incident) else None,
        document=record if isinstance(record, Document) else None,
        family=family,
        suggested_by=record.by if isinstance(record, Suggestion) else None,
    )


def _embedding_texts(record: Record, own_passages: Iterable[Passage]) -> list[str]:
    return [passages.embedding_text(record.title, passage) for passage in own_passages]


def _with_terms(record: Record, passage: Passage) -> Passage:
    """Add terms to a passage; a record's first passage also gets those of title, service and labels."""
    if passage.n or passage.part == "resolution":
        return _pack_terms(passage, tokenizer.count_terms(passage.text))
    location = " ".join(filter(None, (record.service, *record.labels.values())))
    counted = tokenizer.count_terms("\n".join((passage.text, *[record.title] * TITLE_WEIGHT, location)))
    return _pack_terms(passage, {**counted, scoring.DOC_MARKER_TERM: 1})


def _pack_terms(passage: Passage, counted: Mapping[int, int]) -> Passage:
    return replace(passage, terms=tokenizer.pack(counted), terms_version=tokenizer.VERSION)


def _rarest_template_terms(query: Query, rarity: TermWeights) -> dict[str, int]:
    numbered = {template: [tokenizer.term_id(term) for term in template.split()] for template in query.templates}
    weighted = {template: [number for number in line if number in rarity.idf] for template, line in numbered.items()}
    return {template: max(line, key=lambda number: rarity.idf[number]) for template, line in weighted.items() if line}


def _best_first(finalists: Iterable[RankedCandidate], named: Mapping[Owner, str]) -> list[RankedCandidate]:
    """What the question names comes first, at most so much of it.

    Equal ranks, to the digits that sums of floats agree in on every machine, go by kind and id.
    """
    ranked = sorted(finalists, key=lambda finalist: (-round(finalist.signals.rank, 9), finalist.owner))
    first = [finalist for finalist in ranked if finalist.owner in named][:MOST_NAMED]
    return [*first, *(finalist for finalist in ranked if finalist not in first)] if first else ranked


def _passes_filter(record: Record, kind: EvidenceKind, only: Filter) -> bool:
    if only.kind not in (None, kind) or only.service not in (None, record.service):
        return False
    return all(record.labels.get(name) == value for name, value in only.labels.items())

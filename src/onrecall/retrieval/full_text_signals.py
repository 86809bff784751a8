"""The signals that need the full text of a candidate: letters, error codes and log lines, and where it happened."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from onrecall.retrieval import explanation, scoring, signatures
from onrecall.retrieval.candidates import PreparedQuery, RankedCandidate

TITLE_SHARE = 0.4
"""How much of the letters' likeness is that of headline and title."""


def rescore(prepared: PreparedQuery, finalists: Sequence[RankedCandidate]) -> Iterator[RankedCandidate]:
    """Add the signals that need the full text."""
    letters = _char_ngram_scores(prepared, finalists).tolist()
    for finalist, characters, signature in zip(finalists, letters, _signature_scores(prepared, finalists), strict=True):
        labels = explanation.location_overlap(prepared.query, finalist.record)
        signals = replace(finalist.signals, characters=characters, signature=signature, labels=labels)
        yield RankedCandidate(finalist.candidate, finalist.record, finalist.texts, signals)


def _char_ngram_scores(prepared: PreparedQuery, finalists: Sequence[RankedCandidate]) -> scoring.Scores:
    """Combine the n-gram scores of text against text and of headline against title."""
    importance = _word_importance(prepared)
    titles = [finalist.record.title for finalist in finalists]
    bodies = ("\n".join(passage.text for passage in finalist.texts) for finalist in finalists)
    texts = [f"{title}\n{body}" for title, body in zip(titles, bodies, strict=True)]
    scores = scoring.char_ngram_scores(prepared.query.text, importance, texts)
    return (
        scores * (1 - TITLE_SHARE)
        + scoring.char_ngram_scores(prepared.query.headline, importance, titles) * TITLE_SHARE
    )


def _word_importance(prepared: PreparedQuery) -> dict[str, float]:
    """How much each written word of the query says: as much as its rarest term."""
    importance: dict[str, float] = {}
    for term, word in prepared.query.spelled.items():
        for part in scoring.normalize_words(word).split():
            importance[part] = max(importance.get(part, 0.0), prepared.rarity.idf[term])
    return importance


def _signature_scores(prepared: PreparedQuery, finalists: Sequence[RankedCandidate]) -> Iterator[float]:
    """How much of what the situation names exactly each one names, too: error codes, and the lines of its log."""
    query, idf, most = prepared.query, prepared.rarity.idf, prepared.rarity.most
    codes = {term: idf[term] / most for term in query.codes if term in idf}
    lines = {line: idf[term] / most for line, term in prepared.rarest_line_terms.items()}
    telling = {query.spelled[term] for term in prepared.rarest_line_terms.values()}
    for finalist in finalists:
        rows = (line for passage in finalist.texts for line in passage.text.splitlines()) if telling else ()
        templates = signatures.extract_templates(line for line in rows if any(word in line for word in telling))
        yield max(
            signatures.weighted_share(codes, finalist.candidate.matched_terms),
            signatures.weighted_share(lines, templates),
        )

"""Records what is retrieved for every question: the order, the scores, their parts and the reasons."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from onrecall.domain.situation import Filter, Situation
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.fusion import Signals

from .knowledge import NOW, WordEmbedder, empty_store, history, recall_of
from .records import BORDERLINE, MARGIN, BorderlineError, read_inputs, stable_round

VECTOR_MARGIN = 2e-7
"""Likewise where vectors are compared, whose sums are of 32-bit floats and shorter than the product's."""


def record_rankings() -> dict[str, Any]:
    """Returns the ranking for every question."""
    questions = read_inputs("retrieval_rankings")
    rankings: dict[str, Any] = {}
    for name in ("examples", "harbour"):
        for embedder in (None, WordEmbedder()):
            chosen = [
                question
                for question in questions
                if question.get("history", "examples") == name and bool(question.get("vectors")) == bool(embedder)
            ]
            with knowledge(name, embedder) as recall:
                rankings |= {question["name"]: _record(recall, question) for question in chosen}
    return {question["name"]: rankings[question["name"]] for question in questions}


@contextmanager
def knowledge(name: str, embedder: WordEmbedder | None = None) -> Iterator[Retriever]:
    """Gives retrieval over a store that holds a history."""
    with empty_store() as store:
        recall = recall_of(store, embedder)
        IncidentService(Dependencies(store, recall, lambda: NOW)).import_history(history(name))
        yield recall


def situation_in(question: Mapping[str, Any]) -> Situation:
    """Returns the situation that a question describes."""
    as_of = question.get("as_of")
    return Situation(
        text=question["text"],
        service=question.get("service"),
        labels=question.get("labels", {}),
        exclude=frozenset(question.get("exclude", ())),
        only=Filter(**question.get("only", {})),
        as_of=datetime.fromisoformat(as_of).replace(tzinfo=UTC) if as_of else None,
    )


def _record(recall: Retriever, question: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return _ranking(recall, question)
    except BorderlineError as error:
        return {BORDERLINE: str(error)}


def _ranking(recall: Retriever, question: Mapping[str, Any]) -> dict[str, Any]:
    situation, limit = situation_in(question), question.get("limit", 5)
    _, candidates = recall.signals(situation, limit)
    margin = VECTOR_MARGIN if question.get("vectors") else MARGIN
    _check_order(candidates, margin)
    evidence = recall.recall(situation, limit)
    return {
        "question": question["text"],
        "hits": [
            {
                "id": hit.id,
                "score": stable_round(signals.score, margin=margin),
                "parts": {name: stable_round(part, margin=margin) for name, part in signals.parts.items()},
                "correction": stable_round(signals.correction, margin=margin),
                "why": hit.why,
                "excerpt": {"heading": hit.excerpt.heading, "line": hit.excerpt.line} if hit.excerpt else None,
                "family": hit.family,
            }
            for hit, (_, signals) in zip(evidence, candidates, strict=True)
        ],
    }


def _check_order(candidates: Sequence[tuple[str, Signals]], margin: float) -> None:
    """Refuses a ranking whose order rests on less than the last digits of a float."""
    for (name, signals), (other, following) in pairwise(candidates):
        if 0 < abs(signals.rank - following.rank) < 10 * margin:
            raise BorderlineError(f"{name} and {other} may swap on another processor; choose another question")

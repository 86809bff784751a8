"""Recall: what was seen before that is like this. Terms, embedding, passages, the index, and the ranking."""

from onrecall.retrieval.retriever import Recall, is_precedent

__all__ = ["Recall", "is_precedent"]

"""Recall: what was seen before that is like this. Terms, embedding, passages, the index, and the ranking."""

from onrecall.retrieval.retriever import Retriever, is_precedent

__all__ = ["Retriever", "is_precedent"]

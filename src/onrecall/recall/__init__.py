"""Recall: what was seen before that is like this. Terms, embedding, passages, the index, and the ranking."""

"""A situation comes in.
Evidence goes out: the incidents and passages most like it, best first, with scores and reasons.
"""

from onrecall.retrieval.retriever import Retriever, is_precedent

__all__ = ["Retriever", "is_precedent"]

"""Questions to OpenSearch: by words, by meaning, and the filter of what may be seen."""

from collections.abc import Mapping, Sequence
from typing import Any

from onrecall.retrieval.index import Vector, VisibilityFilter
from onrecall.retrieval.opensearch.documents import keyword, label_keyword, microseconds, term_token

MAX_TERMS = 900
"""Terms of one search: OpenSearch refuses more than 1,024 clauses, filters included."""
MERGED_DEPTH = 4
"""How many times as many candidates each search brings where a question takes several."""
NEAREST_DEPTH = 4
"""How many times as many vectors the graph is asked for, so that hardly any of the nearest is missed."""
MAX_VALUES = 10_000
"""Names excluded by one clause; OpenSearch refuses more than 65,536."""
RANKED = {
    "_source": False,
    "stored_fields": "_none_",
    "sort": ["_score", {"number": "asc"}],
    "track_total_hits": False,
}
"""Only the numbers are wanted, and they come as the second sort value; of equals the smaller is first."""


def words_queries(gains: Mapping[int, int], visible: VisibilityFilter, limit: int) -> list[dict[str, Any]]:
    """Return the searches by BM25, whose scores add up; one, unless the question has very many terms."""
    heaviest = sorted(gains.items(), key=lambda pair: (-pair[1], pair[0]))
    chunks = [heaviest[start : start + MAX_TERMS] for start in range(0, len(heaviest), MAX_TERMS)]
    depth = limit if len(chunks) == 1 else min(limit * MERGED_DEPTH, MAX_VALUES)
    return [{**RANKED, "size": depth, "query": {"bool": _any_of(chunk, visible)}} for chunk in chunks]


def _any_of(terms: Sequence[tuple[int, int]], visible: VisibilityFilter) -> dict[str, Any]:
    should = [{"term": {"terms": {"value": term_token(term), "boost": gain}}} for term, gain in terms]
    return {"should": should, "minimum_should_match": 1, **visible_clauses(visible)}


def meaning_query(vector: Vector, visible: VisibilityFilter, limit: int) -> dict[str, Any]:
    """Return the search for the nearest vectors; the filter holds while the graph is walked, so `limit` are found."""
    nearest: dict[str, Any] = {"vector": vector.tolist(), "k": limit * NEAREST_DEPTH}
    if clauses := visible_clauses(visible):
        nearest["filter"] = {"bool": clauses}
    return {**RANKED, "size": limit, "query": {"knn": {"vector": nearest}}}


def visible_clauses(visible: VisibilityFilter) -> dict[str, list[dict[str, Any]]]:
    """Return the clauses of a `bool` query that leave what a question may see."""
    required: list[dict[str, Any]] = []
    if visible.kind is not None:
        required.append({"term": {"kind": visible.kind}})
    if visible.service is not None:
        required.append({"term": {"service": keyword(visible.service)}})
    required += [{"term": {"labels": label_keyword(name, value)}} for name, value in visible.labels.items()]
    if visible.as_of is not None:
        required.append({"range": {"known_from": {"lte": microseconds(visible.as_of)}}})
    owners = sorted(map(keyword, visible.exclude))
    hidden: list[dict[str, Any]] = [
        {"terms": {"owner": owners[start : start + MAX_VALUES]}} for start in range(0, len(owners), MAX_VALUES)
    ]
    if visible.kind is None:
        hidden.append({"term": {"kind": "suggestion"}})  # only a question for suggestions sees them
    return {name: clauses for name, clauses in (("filter", required), ("must_not", hidden)) if clauses}

"""Passages as documents of OpenSearch: the index's settings and mapping, and what each document holds.

No text leaves the database: words go as the numbers of our terms, which OpenSearch counts and weighs as it would words.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from onrecall.domain.passage import Passage
from onrecall.retrieval.index import PassageChange
from onrecall.retrieval.segment import K1, B, checksum
from onrecall.retrieval.tokenizer import unpack_all

FORMAT = 1
"""Increase it when settings, mapping or documents change: an index of that format is then made beside the old one."""
HNSW = {"m": 16, "ef_construction": 128}
TOMBSTONE_LIFETIME = "1h"
"""How long OpenSearch remembers the version of a removed document, so that a slow writer can't bring it back."""
MAX_KEYWORD_BYTES = 512
"""Longer names are indexed as a digest; OpenSearch refuses terms above 32,766 bytes."""
BEGINNING_OF_TIME = -(1 << 63)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def index_body(dimensions: int, shards: int) -> dict[str, Any]:
    """Return the settings and the mapping of an index for vectors of this many dimensions; 0: words only."""
    keyword = {"type": "keyword"}
    properties: dict[str, Any] = {
        "terms": {"type": "text", "analyzer": "whitespace", "similarity": "onrecall", "index_options": "freqs"},
        "number": {"type": "long"},
        "known_from": {"type": "long"},
        "check": {"type": "long", "index": False},
        **dict.fromkeys(("kind", "service", "owner", "labels"), keyword),
    }
    if dimensions:
        method = {"name": "hnsw", "engine": "lucene", "space_type": "innerproduct", "parameters": HNSW}
        properties["vector"] = {"type": "knn_vector", "dimension": dimensions, "method": method}
    settings = {
        "index.knn": bool(dimensions),
        "index.number_of_shards": shards,
        "index.auto_expand_replicas": "0-1",
        "index.gc_deletes": TOMBSTONE_LIFETIME,
        "index.similarity.onrecall": {"type": "BM25", "k1": K1, "b": B},
    }
    mappings = {"dynamic": "strict", "_source": {"enabled": False}, "properties": properties}
    return {"settings": settings, "mappings": mappings}


def fingerprint(model: str | None, dimensions: int) -> str:
    """Return a short digest of what an index is made for; another model or format gets an index of its own."""
    made_for = json.dumps([FORMAT, model, dimensions])
    return hashlib.sha256(made_for.encode()).hexdigest()[:10]


def bulk_actions(changes: Sequence[PassageChange], model: str | None, dimensions: int) -> list[dict[str, Any]]:
    """Return what each change does to the index, versioned by the change's place: an older one never overwrites."""
    terms = iter(_term_texts([change.passage for change in changes if change.passage is not None]))
    actions = []
    for change in changes:
        action = {"_id": str(change.id), "version": change.seq, "version_type": "external"}
        if change.passage is None:
            actions.append(action | {"_op_type": "delete"})
        else:
            document = _document(change, change.passage, next(terms))
            vector = _usable_vector(change.passage, model, dimensions)
            if vector is not None:
                document["vector"] = vector.tolist()
            actions.append(action | {"_op_type": "index", "_source": document})
    return actions


def term_token(term: int) -> str:
    """Return a term as OpenSearch's analyzer sees it."""
    return f"{term:x}"


def keyword(value: str) -> str:
    """Return a name as it is indexed: itself, or a digest where it is too long or no valid Unicode."""
    encoded = value.encode("utf-8", "surrogatepass")
    if len(encoded) <= MAX_KEYWORD_BYTES and value.isprintable():
        return value
    return f"sha256:{hashlib.sha256(encoded).hexdigest()}"


def label_keyword(name: str, value: str) -> str:
    """Return a label as it is indexed; the name's length keeps `a=b` + `c` and `a` + `b=c` apart."""
    return keyword(f"{len(name)}:{name}={value}")


def microseconds(moment: datetime | None) -> int:
    """Return a time in microseconds since 1970; None: always."""
    if moment is None:
        return BEGINNING_OF_TIME
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _document(change: PassageChange, passage: Passage, terms: str) -> dict[str, Any]:
    return {
        "number": change.id,
        "terms": terms,
        "kind": passage.kind,
        "owner": keyword(passage.owner),
        "known_from": microseconds(passage.known_from),
        "check": checksum(passage),
        **({"service": keyword(change.service)} if change.service is not None else {}),
        **_labels(change.labels),
    }


def _labels(labels: Mapping[str, str]) -> dict[str, list[str]]:
    return {"labels": [label_keyword(name, value) for name, value in labels.items()]} if labels else {}


def _term_texts(passages: Sequence[Passage]) -> list[str]:
    """Write each passage's terms as words, each as often as it occurs."""
    if not passages:
        return []
    terms, counts, sizes = unpack_all([passage.terms for passage in passages])
    ends = np.cumsum(sizes).tolist()
    starts = [0, *ends[:-1]]
    return [
        " ".join(
            term_token(term)
            for term, count in zip(terms[start:end].tolist(), counts[start:end].tolist(), strict=True)
            for _ in range(count)
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def _usable_vector(passage: Passage, model: str | None, dimensions: int) -> npt.NDArray[np.float32] | None:
    """Return a passage's vector if it is of this model and can be compared."""
    if not dimensions or not passage.vector or passage.model != model or len(passage.vector) != 2 * dimensions:
        return None
    vector = np.frombuffer(passage.vector, "<f2").astype(np.float32)
    return vector if np.isfinite(vector).all() else None

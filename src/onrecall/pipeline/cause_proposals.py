"""Group unlabelled root causes into families for a person to confirm, each named after its own words.

Root causes are clustered by average linkage: the members of a family are similar on average, so that one common word
does not chain unrelated incidents. A family that is similar to the incidents of a label is proposed under that label.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from onrecall.domain.cause_label import normalize_label, normalized_cause
from onrecall.domain.incident import Incident
from onrecall.pipeline.cause_similarity import (
    UNINFORMATIVE_TERMS,
    cause_terms,
    cause_words,
    place_terms,
    similarities,
    term_weights,
)
from onrecall.pipeline.failure_modes import PREFIX, is_mode, mode_name
from onrecall.recurrences.average_linkage import cluster
from onrecall.retrieval.tokenizer import tokenize, tokens_with_source

MIN_SIMILARITY = 0.25
"""Minimum mean similarity of a family. On the example history, 39 of 43 proposed pairs share their label."""
MAX_COMPARED = 1000
"""Root causes without a label that are compared, newest first, and as many with one."""
MAX_NAME_WORDS = 3
"""Maximum number of words in a name."""
FEWEST_NAME_WORDS = 2
"""Minimum number of words in a name; a family that shares fewer is named by how its members failed."""
MAX_SHARED_TERMS = 5
"""Shared words that are shown for a member."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Incidents with similar root causes, oldest first, and the label they could share."""

    id: str
    label: str
    incidents: tuple[str, ...]
    """Those without a label."""
    labelled: tuple[str, ...]
    """Those that have the label already."""
    why: str
    shared: Mapping[str, tuple[str, ...]]
    """For each incident, the most informative words that it shares with others of the family."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """The incidents under comparison, oldest first, with their terms and their pairwise similarity."""

    incidents: Sequence[Incident]
    terms: Sequence[frozenset[str]]
    weights: Mapping[str, float]
    similarity: np.ndarray


def propose_families(incidents: Sequence[Incident], vectors: Mapping[str, np.ndarray]) -> tuple[Proposal, ...]:
    """Return the proposed families, largest first; independent of the order of the incidents.

    Args:
        incidents: All stored incidents.
        vectors: Unit-length embedding of each incident's root cause; may be incomplete.
    """
    selected = select_causes(incidents)
    if not selected:
        return ()
    compared = _compare(selected, vectors)
    rows_by_label, open_rows = _split_by_label(compared.incidents)
    clusters = cluster(compared.similarity[np.ix_(open_rows, open_rows)], MIN_SIMILARITY)
    to_labels = _similarity_to_labels(compared.similarity, rows_by_label)
    joined: dict[str, list[int]] = {}
    families: list[Proposal] = []
    for places in clusters:
        rows = [open_rows[place] for place in places]
        label = _nearest_label(rows, rows_by_label, to_labels) or _label_in_use(rows, rows_by_label, compared)
        if label is not None:
            joined.setdefault(label, []).extend(rows)
        elif len(rows) > 1:
            families.append(_new_family(rows, compared))
    families += [_joining_family(sorted(rows), rows_by_label[label], compared) for label, rows in joined.items()]
    return tuple(sorted(families, key=lambda family: (-len(family.incidents), family.id)))


def _split_by_label(incidents: Sequence[Incident]) -> tuple[dict[str, list[int]], list[int]]:
    """Return the rows of each label, and those without one."""
    rows_by_label: dict[str, list[int]] = {}
    open_rows: list[int] = []
    for row, incident in enumerate(incidents):
        label = normalized_cause(incident)
        (rows_by_label.setdefault(label, []) if label else open_rows).append(row)
    return rows_by_label, open_rows


def select_causes(incidents: Iterable[Incident]) -> list[Incident]:
    """Return the newest incidents with a root cause to compare, oldest first; none where each has a label."""
    newest_first = sorted(incidents, key=_age_key, reverse=True)
    selected: list[Incident] = []
    left = {True: MAX_COMPARED, False: MAX_COMPARED}
    for incident in newest_first:
        labelled = bool(normalized_cause(incident))
        if left[labelled] and cause_words(incident):
            left[labelled] -= 1
            selected.append(incident)
    return selected[::-1] if left[False] < MAX_COMPARED else []


def _compare(incidents: Sequence[Incident], vectors: Mapping[str, np.ndarray]) -> _Compared:
    terms = [cause_terms(incident) for incident in incidents]
    weights = term_weights(terms)
    matrix = similarities(terms, weights, [vectors.get(incident.id) for incident in incidents])
    return _Compared(incidents, terms, weights, matrix)


def _similarity_to_labels(similarity: np.ndarray, rows_by_label: Mapping[str, Sequence[int]]) -> np.ndarray:
    """Return the mean similarity of each root cause to the incidents of each label: root causes × labels."""
    means = [similarity[:, rows].mean(axis=1, dtype=np.float64) for rows in rows_by_label.values()]
    return np.stack(means, axis=1) if means else np.empty((len(similarity), 0))


def _nearest_label(rows: Sequence[int], labels: Iterable[str], to_labels: np.ndarray) -> str | None:
    """Return the label whose incidents are most similar to these, if any are similar enough."""
    means = dict(zip(labels, to_labels[list(rows)].mean(axis=0).tolist(), strict=True))
    best = max(means, key=lambda label: (means[label], label), default=None)
    return best if best is not None and means[best] >= MIN_SIMILARITY else None


def _label_in_use(rows: Sequence[int], labels: Collection[str], compared: _Compared) -> str | None:
    """Return the label that a family would be named by if incidents have it already: somebody took it from here."""
    if len(rows) < 2:
        return None
    name = normalize_label(_name_from_words(rows, compared))
    return name if name in labels else None


def _new_family(rows: Sequence[int], compared: _Compared) -> Proposal:
    names = tuple(compared.incidents[row].id for row in rows)
    shared = _shared_terms(rows, rows, compared)
    return Proposal(
        _proposal_id(names), _name_from_words(rows, compared), names, (), f"{len(names)} similar root causes", shared
    )


def _joining_family(rows: Sequence[int], labelled: Sequence[int], compared: _Compared) -> Proposal:
    """Propose incidents for a label that others have."""
    names = tuple(compared.incidents[row].id for row in rows)
    spellings = Counter(_label_spelling(compared.incidents[row]) for row in labelled)
    label = max(spellings, key=lambda spelling: (spellings[spelling], spelling))
    nearest = labelled[int(compared.similarity[np.ix_(rows, labelled)].mean(axis=0).argmax())]
    return Proposal(
        _proposal_id(names),
        label,
        names,
        tuple(compared.incidents[row].id for row in labelled),
        f"similar to {compared.incidents[nearest].id}, which has the label `{label}`",
        _shared_terms(rows, [*rows, *labelled], compared),
    )


def _label_spelling(incident: Incident) -> str:
    return ((incident.resolution and incident.resolution.cause) or "").strip()


def _shared_terms(rows: Sequence[int], family: Sequence[int], compared: _Compared) -> dict[str, tuple[str, ...]]:
    """Return for each row the heaviest words that other members of the family have too, as the incident spells them."""
    counted = Counter(term for row in family for term in compared.terms[row])
    shared: dict[str, tuple[str, ...]] = {}
    for row in rows:
        incident = compared.incidents[row]
        words = {
            term: word
            for term, word in _spelled_words(incident).items()
            if term in compared.terms[row] and counted[term] > 1 and term in compared.weights
        }
        heaviest = sorted(words, key=lambda term: (-counted[term] * compared.weights[term], term))
        modes = sorted(mode_name(term) for term in compared.terms[row] if is_mode(term) and counted[term] > 1)
        shared[incident.id] = tuple(dict.fromkeys(words[term] for term in heaviest) or modes)[:MAX_SHARED_TERMS]
    return shared


def _proposal_id(incidents: Sequence[str]) -> str:
    """Return an id that depends only on the members."""
    return "cf-" + hashlib.blake2b("\0".join(sorted(incidents)).encode(), digest_size=6).hexdigest()


def _name_from_words(rows: Sequence[int], compared: _Compared) -> str:
    """Build a name from the most informative words that most members share, preferably those of their root causes."""
    members = [compared.incidents[row] for row in rows]
    places: frozenset[str] = frozenset().union(*(place_terms(member) for member in members))
    in_causes = Counter(term for member in members for term in set(tokenize(_root_cause(member))))
    anywhere = Counter(term for row in rows for term in compared.terms[row])
    words: dict[str, str] = {}
    for member in members:
        for term, word in _spelled_words(member).items():
            if anywhere[term] * 2 >= len(rows) and anywhere[term] > 1 and term not in places:
                words.setdefault(term, word)
    chosen: list[str] = []
    for term in sorted(
        words, key=lambda term: (-(anywhere[term] + in_causes[term]) * compared.weights.get(term, 0.0), term)
    ):
        if not any(words[term] in words[other] or words[other] in words[term] for other in chosen):
            chosen.append(term)
    named = chosen[:MAX_NAME_WORDS]
    modes = sorted(
        (-anywhere[term], mode_name(term)) for term in anywhere if is_mode(term) and anywhere[term] * 2 >= len(rows)
    )
    if len(named) < FEWEST_NAME_WORDS and modes and anywhere[PREFIX + modes[0][1]] > 1:
        return modes[0][1]
    return "-".join(words[term] for term in words if term in named) or f"like-{members[0].id}"


def _spelled_words(incident: Incident) -> dict[str, str]:
    """Return the written word for each term of the root cause and the steps, in order, without numbers and codes."""
    words: dict[str, str] = {}
    for term, word in _plain_words(incident):
        words.setdefault(term, word)
    return words


def _plain_words(incident: Incident) -> Iterator[tuple[str, str]]:
    steps = incident.resolution.steps if incident.resolution else ()
    for term, written in tokens_with_source(" \n".join((_root_cause(incident), *(step.text for step in steps)))):
        word = written.casefold().strip("._-/:")
        letters = word.replace("-", "")
        is_word = letters.isalpha() if word.isascii() else True
        if is_word and len(word) > 1 and term not in UNINFORMATIVE_TERMS and word not in UNINFORMATIVE_TERMS:
            yield term, word


def _root_cause(incident: Incident) -> str:
    return incident.resolution.root_cause if incident.resolution else ""


def _age_key(incident: Incident) -> tuple[datetime, str]:
    return incident.started_at, incident.id

"""Group unlabelled root causes into families for a person to confirm, each named after its own words.

An incident joins the family whose first member has a similar root cause: most of the weighted words are shared, or
enough of them and the embeddings are near. If the first member is labelled, the family is proposed under that label.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from onrecall.backtest.ground_truth import normalized_cause
from onrecall.domain.incident import Incident
from onrecall.recurrences.clustering import is_uninformative
from onrecall.retrieval.tokenizer import STOP_WORDS, tokenize, tokens_with_source

MIN_SHARED = 0.5
"""Minimum weighted word overlap for two root causes to match by words alone."""
MIN_SHARED_IF_NEAR = 0.25
MIN_COSINE = 0.8
"""Cosine from which the lower overlap is enough."""
MIN_WORDS = 2
"""Minimum number of informative words; shorter root causes match by chance."""
MAX_NAME_WORDS = 3
"""Maximum number of words in a name."""
_CAUSE_STOP_WORDS = """
because caused cause root due after when which had has have been were its from did so than while
during since could would should too also only still all some any more most one two new old der die
das und ist war weil durch von zu le la les des une el los las por que
"""
"""Words that say nothing about a cause."""
_STOP_WORDS = STOP_WORDS | frozenset(_CAUSE_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Proposal:
    """Incidents with equivalent root causes, oldest first, and the label they could share."""

    id: str
    label: str
    incidents: tuple[str, ...]
    """Those without a label."""
    labelled: tuple[str, ...]
    """Those that have the label already."""
    why: str


@dataclass(slots=True)
class _Leader:
    incident: Incident
    words: Mapping[str, float]
    place: int
    members: list[Incident] = field(default_factory=list)


def propose_families(incidents: Sequence[Incident], vectors: Mapping[str, np.ndarray]) -> tuple[Proposal, ...]:
    """Return the proposed families, largest first; independent of the order of the incidents.

    Args:
        incidents: All stored incidents.
        vectors: Unit-length embedding of each incident's root cause; may be incomplete.
    """
    causes = {incident.id: words for incident in incidents if (words := cause_words(incident))}
    oldest_first = sorted(
        (incident for incident in incidents if incident.id in causes),
        key=lambda incident: (not normalized_cause(incident), incident.started_at, incident.id),
    )
    weights = _word_weights(causes.values())
    leaders: list[_Leader] = []
    leaders_by_term: dict[str, set[int]] = {}
    for incident in oldest_first:
        word_weights = {term: weights[term] for term in tokenize(causes[incident.id])}
        leader = _nearest(incident, word_weights, leaders, leaders_by_term, vectors)
        if normalized_cause(incident) or leader is None:
            leader = _Leader(incident, word_weights, len(leaders))
            leaders.append(leader)
            for term in word_weights:
                leaders_by_term.setdefault(term, set()).add(leader.place)
        if not normalized_cause(incident):
            leader.members.append(incident)
    joined = _by_label(leaders)
    families = [_proposal(leader, joined, weights) for leader in leaders if leader.members]
    return tuple(
        sorted((family for family in families if family), key=lambda family: (-len(family.incidents), family.id))
    )


def cause_words(incident: Incident) -> str | None:
    """Return the root cause to compare; None if it is missing, unconfirmed or has too few informative words."""
    resolution = incident.resolution
    if resolution is None or not resolution.confirmed or is_uninformative(resolution.root_cause):
        return None
    return resolution.root_cause if len(set(tokenize(resolution.root_cause)) - _STOP_WORDS) >= MIN_WORDS else None


def _nearest(
    incident: Incident,
    words: Mapping[str, float],
    leaders: Sequence[_Leader],
    leaders_by_term: Mapping[str, set[int]],
    vectors: Mapping[str, np.ndarray],
) -> _Leader | None:
    """Return the matching leader with the highest overlap."""
    shared: dict[int, float] = {}
    for term, weight in words.items():
        for place in leaders_by_term.get(term, ()):
            shared[place] = shared.get(place, 0.0) + weight
    best, most = None, 0.0
    for place in sorted(shared):
        leader = leaders[place]
        union = sum(words.values()) + sum(leader.words.values()) - shared[place]
        share = shared[place] / union if union else 0.0
        if share > most and (
            share >= MIN_SHARED or (share >= MIN_SHARED_IF_NEAR and _is_near(incident, leader, vectors))
        ):
            best, most = leader, share
    return best


def _is_near(incident: Incident, leader: _Leader, vectors: Mapping[str, np.ndarray]) -> bool:
    own, leading = vectors.get(incident.id), vectors.get(leader.incident.id)
    return own is not None and leading is not None and float(own @ leading) >= MIN_COSINE


def _word_weights(causes: Collection[str]) -> Mapping[str, float]:
    """Return the inverse document frequency of each word."""
    counted: Counter[str] = Counter()
    for cause in causes:
        counted.update(set(tokenize(cause)))
    return {term: math.log(1 + len(causes) / count) for term, count in counted.items()}


def _by_label(leaders: Sequence[_Leader]) -> Mapping[str, _Leader]:
    """Return the first leader of each label, after moving the members of the others to it."""
    first: dict[str, _Leader] = {}
    for leader in leaders:
        if name := normalized_cause(leader.incident):
            representative = first.setdefault(name, leader)
            if representative is not leader:
                representative.members += leader.members
                leader.members = []
    return first


def _proposal(leader: _Leader, joined: Mapping[str, _Leader], weights: Mapping[str, float]) -> Proposal | None:
    members = sorted(leader.members, key=lambda member: (member.started_at, member.id))
    spelling = leader.incident.resolution.cause if leader.incident.resolution else None
    name = normalized_cause(leader.incident)
    if not name and len(members) < 2:
        return None
    ids = tuple(member.id for member in members)
    labelled = (leader.incident.id,) if name and joined.get(name) is leader else ()
    why = (
        f"says the same as {leader.incident.id}, which has the label `{spelling}`"
        if name
        else f"{len(ids)} root causes say the same"
    )
    return Proposal(
        _proposal_id(ids), spelling if name and spelling else _name_from_words(members, weights), ids, labelled, why
    )


def _proposal_id(incidents: Sequence[str]) -> str:
    """Return an id that depends only on the members."""
    return "cf-" + hashlib.blake2b("\0".join(sorted(incidents)).encode(), digest_size=6).hexdigest()


def _name_from_words(members: Sequence[Incident], weights: Mapping[str, float]) -> str:
    """Build a name from the most informative words that most members share, in the order of the first member."""
    counted: Counter[str] = Counter()
    for member in members:
        counted.update(set(tokenize(_cause(member))))
    words: dict[str, str] = {}
    for term, spelling in tokens_with_source(_cause(members[0])):
        plain = spelling.casefold().strip("._-/:")
        if plain.isascii() and not plain.replace("-", "").isalpha():
            continue
        if counted[term] * 2 > len(members) and plain not in _STOP_WORDS and len(plain) > 1:
            words.setdefault(term, plain)
    chosen = sorted(words, key=lambda term: (-counted[term] * weights.get(term, 0.0), term))[:MAX_NAME_WORDS]
    return "-".join(words[term] for term in words if term in chosen) or f"like-{members[0].id}"


def _cause(incident: Incident) -> str:
    return incident.resolution.root_cause if incident.resolution else ""

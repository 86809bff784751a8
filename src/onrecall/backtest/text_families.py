"""Families by root cause text, for histories without labels, links or judgements."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from onrecall.domain.incident import Incident
from onrecall.recommendation.text_similarity import extract_stems, jaccard_similarity
from onrecall.recurrences.clustering import SimilarCauses, group_incidents, root_cause

MIN_SHARED = 0.5
"""Minimum share of common words for two root causes to count as the same."""
RAREST_WORDS = 3
"""Root causes are compared only if they share one of their rarest words."""
ROOT_CAUSE_TIES = frozenset({"same_root_cause", "like_root_cause"})


def text_families(incidents: Sequence[Incident]) -> Mapping[str, str]:
    """Return for each incident with a root cause the first member of its family, which may be itself.

    Openings are not compared: recall uses them, so they would favour what recall finds anyway.
    """
    words_by_incident = {
        incident.id: frozenset(extract_stems(text)) for incident in incidents if (text := root_cause(incident))
    }
    family = {name: name for name in words_by_incident}
    for group in group_incidents(
        (incident for incident in incidents if incident.id in words_by_incident), _similar_pairs(words_by_incident)
    ):
        members = [
            member.id for member, tie in zip(group.members, group.ties, strict=True) if tie.kind in ROOT_CAUSE_TIES
        ]
        family |= dict.fromkeys(members, members[0] if members else "")
    return family


def _similar_pairs(words_by_incident: Mapping[str, frozenset[str]]) -> Iterator[SimilarCauses]:
    for first, second in _candidate_pairs(words_by_incident):
        if (share := jaccard_similarity(words_by_incident[first], words_by_incident[second])) >= MIN_SHARED:
            yield SimilarCauses(first, second, share)


def _candidate_pairs(words_by_incident: Mapping[str, frozenset[str]]) -> Iterable[tuple[str, str]]:
    frequency = Counter(word for incident_words in words_by_incident.values() for word in incident_words)
    holders: dict[str, list[str]] = defaultdict(list)
    pairs: dict[tuple[str, str], None] = {}
    for name, incident_words in words_by_incident.items():
        rarest = sorted(incident_words, key=lambda word: (frequency[word], word))[:RAREST_WORDS]
        for word in rarest:
            pairs |= dict.fromkeys((earlier, name) for earlier in holders[word])
            holders[word].append(name)
    return pairs

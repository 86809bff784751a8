"""Families by text: incidents whose root causes say the same, where neither labels nor links nor people say it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from onrecall.domain.incident import Incident
from onrecall.recommendation.text_similarity import alike, words
from onrecall.recurrences.clustering import SimilarCauses, groups, root_cause

SAME = 0.5
"""Share of their words that two root causes have in common to be the same in other words."""
RAREST = 3
"""Two root causes are compared where they share one of so many rarest words: others can't have half in common."""
ROOT_CAUSE_TIES = frozenset({"same_root_cause", "like_root_cause"})


def text_families(incidents: Sequence[Incident]) -> Mapping[str, str]:
    """Return for each incident with a root cause the first member of its family; alone, that is itself.

    Openings are not compared: recall sees them, and what is like by its opening would be found by that alone.
    """
    told = {one.id: frozenset(words(text)) for one in incidents if (text := root_cause(one))}
    family = {name: name for name in told}
    for group in groups((one for one in incidents if one.id in told), _alike(told)):
        members = [one.id for one, tie in zip(group.members, group.ties, strict=True) if tie.kind in ROOT_CAUSE_TIES]
        family |= dict.fromkeys(members, members[0] if members else "")
    return family


def _alike(told: Mapping[str, frozenset[str]]) -> Iterator[SimilarCauses]:
    for first, second in _pairs(told):
        if (share := alike(told[first], told[second])) >= SAME:
            yield SimilarCauses(first, second, share)


def _pairs(told: Mapping[str, frozenset[str]]) -> Iterable[tuple[str, str]]:
    frequency = Counter(word for mine in told.values() for word in mine)
    holders: dict[str, list[str]] = defaultdict(list)
    pairs: dict[tuple[str, str], None] = {}
    for name, mine in told.items():
        rarest = sorted(mine, key=lambda word: (frequency[word], word))[:RAREST]
        for word in rarest:
            pairs |= dict.fromkeys((other, name) for other in holders[word])
            holders[word].append(name)
    return pairs

"""Cluster incidents by cause label, link or text, with the reason for each membership (union–find).

Labels and links take precedence. Texts are used only for incidents that have neither, and never join groups that
labels or links keep apart.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from onrecall.domain.cause_label import normalized_cause
from onrecall.domain.disjoint_sets import DisjointSets
from onrecall.domain.incident import Incident

Kind = Literal["cause", "link", "same_root_cause", "like_root_cause", "same_opening"]
Star = tuple[str, Sequence[tuple[str, float]]]
"""An incident and the similar ones with their scores."""
MIN_WORDS = 5
"""Shorter texts, such as `disk full`, match by chance."""

_VARIABLE_PARTS = re.compile(
    r"\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?z?)?|\b\d\d:\d\d(?::\d\d)?\b"
    r"|\b(?=[a-f-]{0,200}\d)[0-9a-f]{6,}(?:-[0-9a-f]{4,})*\b|\b\d{5,}\b"
)
"""Times and ids. An id has a digit, looked for in 200 characters: a text of `a-a-a-…` is read in linear time."""
_UNINFORMATIVE = re.compile(
    r"\b(?:unknown|unclear|tbd|tba|n/a|to be (?:determined|investigated|confirmed)"
    r"|(?:under|still|needs?|pending) investigat\w+"
    r"|investigation (?:is )?(?:ongoing|pending)|not (?:yet )?(?:known|found|determined|identified|clear|available))\b"
)


@dataclass(frozen=True, slots=True)
class SimilarCauses:
    """Two incidents with equivalent root causes in different words."""

    incident: str
    to: str
    score: float


@dataclass(frozen=True, slots=True)
class MembershipReason:
    """Why an incident belongs to its family: what it shares with another member."""

    incident: str
    kind: Kind
    to: str
    because: str


@dataclass(frozen=True, slots=True)
class RecurrenceGroup:
    """Incidents of one cause, oldest first, each with its tie."""

    members: tuple[Incident, ...]
    ties: tuple[MembershipReason, ...]

    @property
    def why(self) -> str:
        """Why the members belong together, as a sentence."""
        labels = Counter(
            normalized_cause(incident)
            for incident, tie in zip(self.members, self.ties, strict=True)
            if tie.kind == "cause"
        )
        spelled = [(self.spelling(cause_label), count) for cause_label, count in most_common(labels)]
        return describe_reasons(spelled, Counter(tie.kind for tie in self.ties))

    @property
    def cause(self) -> str | None:
        """The most common label in its most common spelling."""
        labels = most_common(
            Counter(cause_label for incident in self.members if (cause_label := normalized_cause(incident)))
        )
        return self.spelling(labels[0][0]) if labels else None

    def spelling(self, cause_label: str) -> str:
        """Return the most common spelling of a label."""
        written = (
            incident.resolution.cause
            for incident in self.members
            if incident.resolution and normalized_cause(incident) == cause_label
        )
        return most_common(Counter(spelled.strip() for spelled in written if spelled))[0][0]


_REASON_WORDS: Sequence[tuple[Kind, str, str]] = (
    ("link", "is tied by a link", "are tied by links"),
    ("same_root_cause", "has the same root cause word for word", "have the same root cause word for word"),
    ("like_root_cause", "has the same root cause in other words", "have the same root cause in other words"),
    ("same_opening", "opened with the same words", "opened with the same words"),
)


def describe_reasons(labels: Iterable[tuple[str, int]], kinds: Mapping[Kind, int]) -> str:
    """Return a sentence: how many share which label, and how many are tied by what else."""
    parts = [f"{count} share the cause `{label}`" for label, count in labels]
    parts += [
        f"{count} {singular if count == 1 else plural}"
        for kind, singular, plural in _REASON_WORDS
        if (count := kinds.get(kind, 0))
    ]
    return ", ".join(parts)


def group_incidents(
    incidents: Iterable[Incident], similar: Iterable[SimilarCauses] = ()
) -> tuple[RecurrenceGroup, ...]:
    """Return all groups of two or more, independent of the order of the arguments."""
    by_id = {incident.id: incident for incident in sorted(incidents, key=_age_key)}
    union = _Families(by_id)
    union.join_labels()
    union.join_links()
    root_causes = {name: words for name, incident in by_id.items() if (words := root_cause(incident))}
    union.join_words("same_root_cause", _with_same_text(root_causes))
    union.join_words("like_root_cause", _with_similar_causes(similar, by_id))
    union.make_firm(root_causes)
    openings = {
        name: (incident.service or "", words)
        for name, incident in by_id.items()
        if (words := comparable_text(incident.text))
    }
    union.join_words("same_opening", _with_same_text(openings))
    return tuple(sorted(union.groups(), key=lambda group: _age_key(group.members[0])))


def root_cause(incident: Incident) -> str | None:
    """Return the comparable text of a confirmed root cause, if any."""
    resolution = incident.resolution
    return comparable_text(resolution.root_cause) if resolution and resolution.confirmed else None


def comparable_text(text: str) -> str | None:
    """Return a text without case, times and ids; None if it is too short or uninformative to compare."""
    folded = " ".join(_VARIABLE_PARTS.sub("·", text.casefold()).split()).rstrip(" .")
    if _UNINFORMATIVE.search(folded) or len(set(re.findall(r"[^\W\d_]{2,}", folded))) < MIN_WORDS:
        return None
    return folded


def is_uninformative(text: str) -> bool:
    """Return whether a root cause only says that it is unknown."""
    return _UNINFORMATIVE.search(text.casefold()) is not None


class _Families:
    """Incidents united by cause labels, links and words."""

    def __init__(self, incidents: Mapping[str, Incident]) -> None:
        self._incidents = incidents
        self._sets = DisjointSets[Hashable]()
        self._members: dict[Hashable, list[str]] = {name: [name] for name in incidents}
        self._firm: set[Hashable] = set()
        """Groups formed by labels or links; texts may add members to them but never join two of them."""
        self._word_reasons: dict[str, MembershipReason] = {}

    def join_labels(self) -> None:
        for incident in self._incidents.values():
            if name := normalized_cause(incident):
                self._unite(incident.id, ("cause", name))
                self.make_firm([incident.id])

    def join_links(self) -> None:
        for incident in self._incidents.values():
            for link in incident.links:
                if link.incident != incident.id:
                    self._unite(incident.id, link.incident)
                    self.make_firm([incident.id])

    def make_firm(self, names: Iterable[str]) -> None:
        self._firm |= {self._sets.root(name) for name in names}

    def join_words(self, kind: Kind, stars: Iterable[Star]) -> None:
        """Join similar incidents, unless that would join two firm groups."""
        for centre, neighbors in stars:
            tops = {self._sets.root(member) for member in (centre, *(name for name, _ in neighbors))}
            if len(tops) < 2 or len(tops & self._firm) > 1:
                continue
            for name, score in neighbors:
                self._unite(centre, name)
                self._note_reason(kind, name, centre, score)
            self._note_reason(kind, centre, *neighbors[0])

    def groups(self) -> Iterator[RecurrenceGroup]:
        for members in self._members.values():
            if len(members) > 1:
                together = tuple(sorted((self._incidents[member] for member in members), key=_age_key))
                yield RecurrenceGroup(together, tuple(_membership_reasons(together, self._word_reasons)))

    def _note_reason(self, kind: Kind, name: str, neighbor: str, score: float) -> None:
        self._word_reasons.setdefault(
            name, MembershipReason(name, kind, neighbor, REASON_TEXTS[kind].format(other=neighbor, score=score))
        )

    def _unite(self, left_node: Hashable, right_node: Hashable) -> None:
        first, second = self._sets.root(left_node), self._sets.root(right_node)
        if first == second:
            return
        if len(self._members.get(first, ())) < len(self._members.get(second, ())):
            first, second = second, first
        self._sets.unite(first, second)
        self._members[first] = self._members.pop(first, []) + self._members.pop(second, [])
        if second in self._firm:
            self._firm.add(first)


def _age_key(incident: Incident) -> tuple[datetime, str]:
    return incident.started_at, incident.id


REASON_TEXTS: Mapping[Kind, str] = {
    "same_root_cause": "has the same root cause, word for word, as {other}",
    "like_root_cause": "has the same root cause in other words as {other} ({score:.2f} alike)",
    "same_opening": "opened with the same words as {other}",
}


def _membership_reasons(
    members: Sequence[Incident], by_words: Mapping[str, MembershipReason]
) -> Iterator[MembershipReason]:
    """Yield each member's strongest reason: label, then link, then text."""
    carriers: dict[str, list[str]] = {}
    targets: dict[str, list[tuple[str, str]]] = {}
    for incident in members:
        carriers.setdefault(normalized_cause(incident), []).append(incident.id)
        for link in incident.links:
            targets.setdefault(link.incident, []).append((incident.id, link.kind))
    names = {incident.id for incident in members}
    for incident in members:
        shared = [carrier for carrier in carriers[normalized_cause(incident)] if carrier != incident.id]
        if normalized_cause(incident) and shared:
            yield MembershipReason(incident.id, "cause", shared[0], f"has the same cause label as {shared[0]}")
        else:
            yield _by_link(incident, names, targets) or by_words[incident.id]


def _by_link(
    incident: Incident, names: set[str], targets: Mapping[str, Sequence[tuple[str, str]]]
) -> MembershipReason | None:
    for link in incident.links:
        if link.incident in names - {incident.id}:
            return MembershipReason(
                incident.id, "link", link.incident, f"is linked as a {link.kind} of {link.incident}"
            )
    for neighbor, kind in targets.get(incident.id, ()):
        if neighbor != incident.id:
            return MembershipReason(incident.id, "link", neighbor, f"{neighbor} is linked as a {kind} of it")
    for link in incident.links:
        for neighbor, _ in targets[link.incident]:
            if neighbor != incident.id:
                because = f"is linked to {link.incident}, which is not in memory, like {neighbor}"
                return MembershipReason(incident.id, "link", neighbor, because)
    return None


def _with_same_text(texts: Mapping[str, Hashable]) -> Iterator[Star]:
    """Yield groups with the same text around their oldest member."""
    by_text: dict[Hashable, list[str]] = {}
    for name, text in texts.items():
        by_text.setdefault(text, []).append(name)
    for first, *later in by_text.values():
        if later:
            yield first, [(member, 1.0) for member in later]


def _with_similar_causes(similar: Iterable[SimilarCauses], incidents: Mapping[str, Incident]) -> Iterator[Star]:
    """Yield the incidents similar to each incident, oldest first."""
    around: dict[str, dict[str, float]] = {}
    for pair in similar:
        if pair.incident != pair.to and {pair.incident, pair.to} <= incidents.keys():
            near = around.setdefault(pair.to, {})
            near[pair.incident] = max(pair.score, near.get(pair.incident, 0.0))
    place = {name: n for n, name in enumerate(incidents)}
    for centre in sorted(around, key=place.__getitem__):
        yield centre, sorted(around[centre].items(), key=lambda near: place[near[0]])


def most_common(counted: Counter[str]) -> list[tuple[str, int]]:
    """Return what was counted, most frequent first, then in the order of the alphabet."""
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))

"""Which incidents belong together, and why each one does: by its cause's label, by a link, or by the words of its text.

A label or a link says that two incidents are one cause. Words say so only for an incident that has neither, and they
never bring together what labels or links keep apart.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from onrecall.backtest.ground_truth import label
from onrecall.domain.incident import Incident

Kind = Literal["cause", "link", "same_root_cause", "like_root_cause", "same_opening"]
Star = tuple[str, Sequence[tuple[str, float]]]
"""An incident, and those that say the same as it, with how much so."""
FEWEST_WORDS = 5
"""Shorter texts, such as `disk full`, are the same by chance."""

_PASSING = re.compile(
    r"\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?z?)?|\b\d\d:\d\d(?::\d\d)?\b"
    r"|\b(?=[0-9a-f-]*\d)[0-9a-f]{6,}(?:-[0-9a-f]{4,})*\b|\b\d{5,}\b"
)
_NOTHING = re.compile(
    r"\b(?:unknown|unclear|tbd|tba|n/a|to be (?:determined|investigated|confirmed)"
    r"|(?:under|still|needs?|pending) investigat\w+"
    r"|investigation (?:is )?(?:ongoing|pending)|not (?:yet )?(?:known|found|determined|identified|clear|available))\b"
)


@dataclass(frozen=True, slots=True)
class SimilarCauses:
    """Two incidents whose root causes say the same in other words, as somebody who can tell has found."""

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
        """Why it holds together, in a sentence."""
        labels = Counter(label(one) for one, tie in zip(self.members, self.ties, strict=True) if tie.kind == "cause")
        parts = [f"{n} share the cause `{self.spelling(said)}`" for said, n in _most_first(labels)]
        counted = Counter(tie.kind for tie in self.ties)
        parts += [f"{n} {one if n == 1 else many}" for kind, one, many in _WORDS if (n := counted[kind])]
        return ", ".join(parts)

    @property
    def cause(self) -> str | None:
        """The label that most of its members carry, as most of them spell it."""
        labels = _most_first(Counter(said for one in self.members if (said := label(one))))
        return self.spelling(labels[0][0]) if labels else None

    def spelling(self, said: str) -> str:
        """A label as it is most often written."""
        written = (one.resolution.cause for one in self.members if one.resolution and label(one) == said)
        return _most_first(Counter(one.strip() for one in written if one))[0][0]


_WORDS: Sequence[tuple[Kind, str, str]] = (
    ("link", "is tied by a link", "are tied by links"),
    ("same_root_cause", "has the same root cause word for word", "have the same root cause word for word"),
    ("like_root_cause", "has the same root cause in other words", "have the same root cause in other words"),
    ("same_opening", "opened with the same words", "opened with the same words"),
)


def groups(incidents: Iterable[Incident], alike: Iterable[SimilarCauses] = ()) -> tuple[RecurrenceGroup, ...]:
    """All groups of two and more; the order in which incidents and likenesses are given changes nothing."""
    known = {one.id: one for one in sorted(incidents, key=_by_age)}
    kin = _UnionFind(known)
    kin.join_labels()
    kin.join_links()
    told = {name: words for name, one in known.items() if (words := root_cause(one))}
    kin.join_words("same_root_cause", _same(told))
    kin.join_words("like_root_cause", _stars(alike, known))
    kin.make_firm(told)
    openings = {name: (one.service or "", words) for name, one in known.items() if (words := said(one.text))}
    kin.join_words("same_opening", _same(openings))
    return tuple(sorted(kin.groups(), key=lambda group: _by_age(group.members[0])))


def root_cause(incident: Incident) -> str | None:
    """The words of its root cause as they are compared; None where none is on record, or only a model's."""
    found = incident.resolution
    return said(found.root_cause) if found and found.confirmed else None


def said(text: str) -> str | None:
    """A text without case, times and passing ids; None where it says too little to be the same by more than chance."""
    folded = " ".join(_PASSING.sub("·", text.casefold()).split()).rstrip(" .")
    if _NOTHING.search(folded) or len(set(re.findall(r"[^\W\d_]{2,}", folded))) < FEWEST_WORDS:
        return None
    return folded


def says_nothing(text: str) -> bool:
    """Return whether a root cause only says that it is not known."""
    return _NOTHING.search(text.casefold()) is not None


class _UnionFind:
    """Incidents on their way into groups."""

    def __init__(self, known: Mapping[str, Incident]) -> None:
        self._known = known
        self._above: dict[Hashable, Hashable] = {}
        self._members: dict[Hashable, list[str]] = {name: [name] for name in known}
        self._firm: set[Hashable] = set()
        """Groups that words bring others to, and never together."""
        self._spoken: dict[str, MembershipReason] = {}

    def join_labels(self) -> None:
        for one in self._known.values():
            if name := label(one):
                self._unite(one.id, ("cause", name))
                self.make_firm([one.id])

    def join_links(self) -> None:
        for one in self._known.values():
            for link in one.links:
                if link.incident != one.id:
                    self._unite(one.id, link.incident)
                    self.make_firm([one.id])

    def make_firm(self, names: Iterable[str]) -> None:
        self._firm |= {self._top(name) for name in names}

    def join_words(self, kind: Kind, stars: Iterable[Star]) -> None:
        """Bring those who say the same to the one group that is firm, or together where none is."""
        for centre, others in stars:
            tops = {self._top(one) for one in (centre, *(name for name, _ in others))}
            if len(tops) < 2 or len(tops & self._firm) > 1:
                continue
            for name, score in others:
                self._unite(centre, name)
                self._speak(kind, name, centre, score)
            self._speak(kind, centre, *others[0])

    def groups(self) -> Iterator[RecurrenceGroup]:
        for members in self._members.values():
            if len(members) > 1:
                together = tuple(sorted((self._known[one] for one in members), key=_by_age))
                yield RecurrenceGroup(together, tuple(_ties(together, self._spoken)))

    def _speak(self, kind: Kind, name: str, other: str, score: float) -> None:
        self._spoken.setdefault(
            name, MembershipReason(name, kind, other, _BECAUSE[kind].format(other=other, score=score))
        )

    def _top(self, one: Hashable) -> Hashable:
        while self._above.setdefault(one, one) != one:
            self._above[one] = self._above[self._above[one]]
            one = self._above[one]
        return one

    def _unite(self, one: Hashable, other: Hashable) -> None:
        first, second = self._top(one), self._top(other)
        if first == second:
            return
        if len(self._members.get(first, ())) < len(self._members.get(second, ())):
            first, second = second, first
        self._above[second] = first
        self._members[first] = self._members.pop(first, []) + self._members.pop(second, [])
        if second in self._firm:
            self._firm.add(first)


def _by_age(incident: Incident) -> tuple[datetime, str]:
    return incident.started_at, incident.id


_BECAUSE: Mapping[Kind, str] = {
    "same_root_cause": "has the same root cause, word for word, as {other}",
    "like_root_cause": "has the same root cause in other words as {other} ({score:.2f} alike)",
    "same_opening": "opened with the same words as {other}",
}


def _ties(members: Sequence[Incident], spoken: Mapping[str, MembershipReason]) -> Iterator[MembershipReason]:
    """Each member's strongest tie: its label, then a link, then its words."""
    carriers: dict[str, list[str]] = {}
    targets: dict[str, list[tuple[str, str]]] = {}
    for one in members:
        carriers.setdefault(label(one), []).append(one.id)
        for link in one.links:
            targets.setdefault(link.incident, []).append((one.id, link.kind))
    names = {one.id for one in members}
    for one in members:
        shared = [other for other in carriers[label(one)] if other != one.id]
        if label(one) and shared:
            yield MembershipReason(one.id, "cause", shared[0], f"has the same cause label as {shared[0]}")
        else:
            yield _by_link(one, names, targets) or spoken[one.id]


def _by_link(
    one: Incident, names: set[str], targets: Mapping[str, Sequence[tuple[str, str]]]
) -> MembershipReason | None:
    for link in one.links:
        if link.incident in names - {one.id}:
            return MembershipReason(one.id, "link", link.incident, f"is linked as a {link.kind} of {link.incident}")
    for other, kind in targets.get(one.id, ()):
        if other != one.id:
            return MembershipReason(one.id, "link", other, f"{other} is linked as a {kind} of it")
    for link in one.links:
        for other, _ in targets[link.incident]:
            if other != one.id:
                because = f"is linked to {link.incident}, which is not in memory, as {other} is"
                return MembershipReason(one.id, "link", other, because)
    return None


def _same(texts: Mapping[str, Hashable]) -> Iterator[Star]:
    """Those with the same text, around the oldest of them."""
    alike: dict[Hashable, list[str]] = {}
    for name, text in texts.items():
        alike.setdefault(text, []).append(name)
    for first, *others in alike.values():
        if others:
            yield first, [(one, 1.0) for one in others]


def _stars(alike: Iterable[SimilarCauses], known: Mapping[str, Incident]) -> Iterator[Star]:
    """Those that are like one incident, around it, oldest first."""
    around: dict[str, dict[str, float]] = {}
    for one in alike:
        if one.incident != one.to and {one.incident, one.to} <= known.keys():
            near = around.setdefault(one.to, {})
            near[one.incident] = max(one.score, near.get(one.incident, 0.0))
    place = {name: n for n, name in enumerate(known)}
    for centre in sorted(around, key=place.__getitem__):
        yield centre, sorted(around[centre].items(), key=lambda near: place[near[0]])


def _most_first(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))

"""Ground truth: which earlier incidents had the same cause, and on which basis."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from onrecall.domain.cause_label import normalize_label, normalized_cause
from onrecall.domain.disjoint_sets import DisjointSets
from onrecall.domain.incident import Incident

Basis = Literal["label", "link", "family", "judged", "text"]
BASES: Mapping[str, str] = {
    "label": "the same cause label",
    "link": "an explicit link: duplicate, recurrence or merged",
    "family": "a family of root causes that people confirmed",
    "judged": "people's ratings of the answer",
    "text": "root causes with the same meaning",
}


@dataclass(frozen=True, slots=True)
class CauseTruth:
    """What is known today about one incident's cause."""

    cause: str | None
    """The normalized cause label."""
    known: bool | None
    """Whether an earlier incident had the same cause; None if the cause is unknown."""
    basis: Basis | None
    """Name of the person."""


class GroundTruth:
    """Which incidents share a cause: by label, otherwise by link, by confirmed family, by judgement.

    Root cause texts are used only if the history has none of these.
    """

    def __init__(
        self,
        incidents: Iterable[Incident],
        judged: Mapping[str, Collection[str]] | None = None,
        by_text: Mapping[str, str] | None = None,
        confirmed: Mapping[str, str] | None = None,
    ) -> None:
        """`judged`: for each incident, the earlier ones that people confirmed as the right answer.

        `confirmed`: for each incident that has its label from a confirmed family of root causes, that label.
        `by_text`: for each incident, the family that its root cause belongs to.
        """
        self._ordered = sorted(incidents, key=lambda incident: (incident.started_at, incident.id))
        self._labels = {incident.id: normalized_cause(incident) for incident in self._ordered}
        self._by_family = {
            incident: label
            for incident, label in (confirmed or {}).items()
            if self._labels.get(incident) == normalize_label(label)
        }
        self._families = _link_families(self._ordered)
        self._judged = judged or {}
        labelled = any(self._labels.values())
        linked = any(incident.links for incident in self._ordered)
        self._marks_are_all = not labelled and linked
        self._by_text = by_text if by_text and not (labelled or linked or self._judged) else {}
        self._truths = self._in_order()

    def of(self, incident: str) -> CauseTruth:
        """Return the truth about one incident."""
        return self._truths.get(incident, CauseTruth(None, None, None))

    def hit(self, incident: str, earlier: str) -> bool:
        """Return whether an earlier incident had the same cause."""
        basis = self.of(incident).basis
        has_same_label = bool(self._labels.get(incident)) and self._labels.get(earlier) == self._labels[incident]
        if basis in ("label", "family"):
            return has_same_label
        if basis == "link":
            is_linked = self._families.get(earlier) == self._families.get(incident, incident)
            return incident != earlier and (is_linked or has_same_label)
        if basis == "text":
            return incident != earlier and self._by_text.get(earlier) == self._by_text[incident]
        return basis == "judged" and earlier in self._judged[incident]

    @property
    def note(self) -> str | None:
        """Assumptions behind the truth, if any."""
        if self._by_text:
            return (
                "no incident has a cause label or a link, so incidents whose root causes mean the same count as one "
                "cause: the weakest basis; add cause labels for a stronger one"
            )
        if not self._marks_are_all:
            return None
        return "no incident has a cause label, so incidents without a link count as new causes"

    def _in_order(self) -> dict[str, CauseTruth]:
        truths: dict[str, CauseTruth] = {}
        labels: set[str] = set()
        families: set[str] = set()
        for incident in self._ordered:
            cause_label, family = (
                self._labels[incident.id],
                self._families.get(incident.id) or self._by_text.get(incident.id),
            )
            seen = _CausesSeen(
                label=cause_label in labels,
                family=family in families,
                judged=any(earlier in truths for earlier in self._judged.get(incident.id, ())),
            )
            truths[incident.id] = self._truth(incident.id, cause_label or None, seen)
            labels |= {cause_label} - {""}
            families |= {family} if family else set()
        return truths

    def _truth(self, incident: str, cause: str | None, seen: "_CausesSeen") -> CauseTruth:
        """Return whether an incident's cause was seen before, by the strongest basis that says so."""
        if (basis := self._basis_of_earlier(incident, seen)) is not None:
            return CauseTruth(cause, True, basis)
        if cause:
            return CauseTruth(cause, False, "family" if incident in self._by_family else "label")
        if incident in self._by_text:
            return CauseTruth(None, False, "text")
        return CauseTruth(None, False, "link") if self._marks_are_all else CauseTruth(None, None, None)

    def _basis_of_earlier(self, incident: str, seen: "_CausesSeen") -> Basis | None:
        """Return what says that an earlier incident had the same cause; None if nothing does."""
        if seen.label and incident not in self._by_family:
            return "label"
        if seen.family:
            return "text" if incident in self._by_text else "link"
        if seen.label:
            return "family"
        return "judged" if seen.judged else None


@dataclass(frozen=True, slots=True)
class _CausesSeen:
    """What says that an earlier incident had the same cause."""

    label: bool
    family: bool
    judged: bool


def _link_families(incidents: Iterable[Incident]) -> dict[str, str]:
    """Return for each linked incident the representative of its connected component."""
    families: DisjointSets[str] = DisjointSets()
    for incident in incidents:
        for link in incident.links:
            families.unite(*sorted((families.root(incident.id), families.root(link.incident))))
    return {name: families.root(name) for name in tuple(families)}

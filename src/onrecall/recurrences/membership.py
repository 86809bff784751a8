"""Why each incident of a family belongs to it, from the table of all incidents."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from onrecall.domain.cause_label import normalize_label
from onrecall.domain.incident import Incident
from onrecall.recurrences.clustering import REASON_TEXTS, Kind, MembershipReason, describe_reasons, most_common
from onrecall.recurrences.components import LIKE_ROOT_CAUSE, SAME_OPENING, SAME_ROOT_CAUSE, Components
from onrecall.recurrences.day_facts import digest
from onrecall.recurrences.incident_table import IncidentTable

TEXT_KINDS: Mapping[int, Kind] = {
    SAME_ROOT_CAUSE: "same_root_cause",
    LIKE_ROOT_CAUSE: "like_root_cause",
    SAME_OPENING: "same_opening",
}


@dataclass(frozen=True, slots=True)
class _LabelTie:
    """The two oldest rows of a family with the same cause label."""

    first: int
    second: int

    def other_than(self, row: int) -> int:
        return self.second if row == self.first else self.first


class Membership:
    """What ties the incidents of one family."""

    def __init__(self, table: IncidentTable, components: Components, rows: np.ndarray) -> None:
        """`rows`: the family's rows in the table, oldest first."""
        self._table = table
        self._components = components
        self._rows = rows
        self._labels = self._label_ties()
        self._spellings = self._find_spellings()
        self._links = self._links_within()
        linked = self._rows[np.isin(table.facts["name"][rows], self._links["target"])]
        self._by_name = dict(zip(table.facts["name"][linked].tolist(), linked.tolist(), strict=True))
        self._sources = self._sources_by_target()

    @property
    def cause(self) -> str | None:
        """The most common label in its most common spelling."""
        labels = self._count_labels(self._rows)
        return labels[0][0] if labels else None

    @property
    def why(self) -> str:
        """Why the incidents belong together, as a sentence."""
        causes = self._table.causes[self._rows]
        by_label = np.isin(causes, list(self._labels))
        by_link = ~by_label & np.isin(self._rows, self._linked_rows())
        kinds = Counter[Kind](
            {
                kind: int((self._components.kind[self._rows[~by_label & ~by_link]] == number).sum())
                for number, kind in TEXT_KINDS.items()
            }
        )
        kinds["link"] = int(by_link.sum())
        return describe_reasons(self._count_labels(self._rows[by_label]), kinds)

    def reason(self, row: int, incident: Incident) -> MembershipReason:
        """Return an incident's strongest reason: label, then link, then text."""
        tie = self._labels.get(int(self._table.causes[row]))
        if tie:
            other = self._id(tie.other_than(row))
            return MembershipReason(incident.id, "cause", other, f"has the same cause label as {other}")
        return self._reason_by_link(row, incident) or self._reason_by_text(row, incident)

    def _label_ties(self) -> dict[int, _LabelTie]:
        causes = self._table.causes[self._rows]
        order = np.argsort(causes, kind="stable")
        labels, starts, counts = np.unique(causes[order], return_index=True, return_counts=True)
        return {
            int(label): _LabelTie(int(self._rows[order[start]]), int(self._rows[order[start + 1]]))
            for label, start, count in zip(labels, starts, counts, strict=True)
            if label >= 0 and count > 1
        }

    def _links_within(self) -> np.ndarray:
        """Return the links of the family's incidents, oldest incident first, without those to themselves."""
        links = self._table.links
        group = self._components.group
        links = links[group[links["row"]] == group[self._rows[0]]]
        proper: np.ndarray = links[links["target"] != self._table.facts["name"][links["row"]]]
        return proper

    def _sources_by_target(self) -> dict[int, list[tuple[int, int]]]:
        """Return for each target that links name the rows that link to it, each with the kind."""
        sources: dict[int, list[tuple[int, int]]] = {}
        for row, kind, target in self._links.tolist():
            sources.setdefault(target, []).append((row, kind))
        return sources

    def _linked_rows(self) -> list[int]:
        """Return the rows that a link ties to another one of the family."""
        linked = set(self._by_name.values())
        for target, sources in self._sources.items():
            if target in self._by_name or len({row for row, _ in sources}) > 1:
                linked.update(row for row, _ in sources)
        return sorted(linked)

    def _reason_by_link(self, row: int, incident: Incident) -> MembershipReason | None:
        for link in incident.links:
            if link.incident != incident.id and digest(link.incident) in self._by_name:
                because = f"is linked as a {link.kind} of {link.incident}"
                return MembershipReason(incident.id, "link", link.incident, because)
        for source, kind in self._sources.get(digest(incident.id), ()):
            because = f"{self._id(source)} is linked as a {self._table.texts[kind]} of it"
            return MembershipReason(incident.id, "link", self._id(source), because)
        for link in incident.links:
            for source, _ in self._sources.get(digest(link.incident), ()):
                if source != row:
                    because = f"is linked to {link.incident}, which is not in memory, like {self._id(source)}"
                    return MembershipReason(incident.id, "link", self._id(source), because)
        return None

    def _reason_by_text(self, row: int, incident: Incident) -> MembershipReason:
        kind = TEXT_KINDS.get(int(self._components.kind[row]))
        if kind is None:  # its link changed after the table was read
            other = self._id(next(int(each) for each in self._rows if each != row))
            because = f"was linked with incidents of this family, such as {other}"
            return MembershipReason(incident.id, "link", other, because)
        other = self._id(int(self._components.neighbor[row]))
        because = REASON_TEXTS[kind].format(other=other, score=self._components.score[row])
        return MembershipReason(incident.id, kind, other, because)

    def _count_labels(self, rows: np.ndarray) -> list[tuple[str, int]]:
        """Count the labels of rows, most frequent first, each in its most common spelling of the family."""
        numbers, counts = np.unique(self._table.causes[rows], return_counts=True)
        counted = {
            normalize_label(self._spellings[number]): (self._spellings[number], int(count))
            for number, count in zip(numbers.tolist(), counts, strict=True)
            if number >= 0
        }
        ordered = most_common(Counter({label: count for label, (_, count) in counted.items()}))
        return [counted[label] for label, _ in ordered]

    def _find_spellings(self) -> dict[int, str]:
        """Return the most common spelling of each normalized label of the family."""
        labels = self._table.facts["label"][self._rows]
        spelled, firsts, counts = np.unique(labels, return_index=True, return_counts=True)
        written: dict[int, Counter[str]] = {}
        for label, first, count in zip(spelled.tolist(), firsts, counts, strict=True):
            cause = int(self._table.causes[self._rows[first]])
            if cause >= 0:
                written.setdefault(cause, Counter())[self._table.texts[label]] = int(count)
        return {cause: most_common(spellings)[0][0] for cause, spellings in written.items()}

    def _id(self, row: int) -> str:
        return self._table.ids([row])[0]


def reasons(membership: Membership, rows: Sequence[int], incidents: Sequence[Incident]) -> tuple[MembershipReason, ...]:
    """Return the reason of each incident, given its row."""
    return tuple(membership.reason(row, incident) for row, incident in zip(rows, incidents, strict=True))

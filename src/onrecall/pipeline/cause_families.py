"""Cause labels for root causes in prose: proposed families that people confirm in bulk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.incident import Incident
from onrecall.pipeline.calibrate import CalibrationService
from onrecall.pipeline.cause_proposals import MAX_COMPARED, Proposal
from onrecall.pipeline.recurrence_days import read_table
from onrecall.pipeline.root_causes import comparable_incidents, waiting_proposals
from onrecall.recurrences.day_facts import EXPLAINED
from onrecall.storage import Storage
from onrecall.storage.cause_families import DecidedFamily

MAX_LABEL_LENGTH = 80
"""Characters of a label."""


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """An incident of a family, with what it says."""

    incident: str
    title: str
    root_cause: str
    shared: tuple[str, ...]
    """Its most informative words that others of the family have too."""


@dataclass(frozen=True, slots=True)
class ProposedFamily:
    """A family that waits for a person: its name from its own words, its members, and why they belong together."""

    id: str
    label: str
    members: tuple[FamilyMember, ...]
    why: str


@dataclass(frozen=True, slots=True)
class CauseOverview:
    """What is proposed, what was decided, and how many root causes have no label."""

    proposed: tuple[ProposedFamily, ...]
    confirmed: tuple[DecidedFamily, ...]
    dismissed: tuple[DecidedFamily, ...]
    labelled: int
    """Incidents with a root cause and a label."""
    unlabelled: int
    """Incidents with a root cause in prose and no label."""

    @property
    def summary(self) -> str:
        """A sentence with the number of labelled root causes and of proposed families."""
        waiting = sum(len(family.members) for family in self.proposed)
        compared = f"; only the newest {MAX_COMPARED} without a label were compared"
        return (
            f"{self.labelled} of {count_noun(self.labelled + self.unlabelled, 'root cause')} have a label; "
            f"{count_noun(len(self.proposed), 'family', 'families')} of {count_noun(waiting, 'incident')} "
            f"{'is' if len(self.proposed) == 1 else 'are'} proposed"
            f"{compared if self.unlabelled > MAX_COMPARED else ''}"
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """A proposed family that somebody confirms, under its own name or another."""

    id: str
    label: str | None = None


def overview(store: Storage) -> CauseOverview:
    """Return the proposed and the decided families, without writing anything."""
    table = read_table(store).table
    incidents = comparable_incidents(store, table)
    decided = store.cause_families.all()
    by_id = {incident.id: incident for incident in incidents}
    is_labelled = table.causes >= 0
    return CauseOverview(
        proposed=tuple(_proposed_family(proposal, by_id) for proposal in waiting_proposals(store, incidents)),
        confirmed=tuple(family for family in decided if family.state == "confirmed"),
        dismissed=tuple(family for family in decided if family.state == "dismissed"),
        labelled=int(is_labelled.sum()),
        unlabelled=int((~is_labelled & (table.facts["flags"] & EXPLAINED > 0)).sum()),
    )


def confirm(store: Storage, choices: Sequence[Choice], now: datetime, by: str | None = None) -> int:
    """Label the members of proposed families in one transaction; returns the number of labelled incidents.

    Answers that were judged by labels, or by the wording for want of them, are judged anew.

    Raises:
        NotFound: a family is not proposed.
        Invalid: a label is empty or too long.
    """
    proposed = {family.id: family for family in overview(store).proposed}
    decisions = []
    for choice in choices:
        family = _find_proposed(proposed, choice.id)
        name = _check_label(family.label if choice.label is None else choice.label)
        decisions.append(DecidedFamily(family.id, name, "confirmed", _member_ids(family), by, now))
    changed = store.cause_families.decide(decisions)
    if changed:
        CalibrationService(store).judge_again(now)
    return changed


def dismiss(store: Storage, families: Sequence[str], now: datetime, by: str | None = None) -> int:
    """Dismiss proposed families so that they are not proposed again; returns their number.

    Raises:
        NotFound: a family is not proposed.
    """
    proposed = {family.id: family for family in overview(store).proposed}
    chosen = [_find_proposed(proposed, name) for name in families]
    store.cause_families.decide(
        [DecidedFamily(family.id, family.label, "dismissed", _member_ids(family), by, now) for family in chosen]
    )
    return len(chosen)


def withdraw(store: Storage, family: str, now: datetime) -> int:
    """Withdraw a decision with its labels, and judge anew what they decided; returns the number of removed labels.

    Raises:
        NotFound: nothing was decided on such a family.
    """
    changed = store.cause_families.withdraw(family)
    if changed:
        CalibrationService(store).judge_again(now)
    return changed


def _proposed_family(proposal: Proposal, incidents: dict[str, Incident]) -> ProposedFamily:
    members = (_member(incidents[name], proposal.shared.get(name, ())) for name in proposal.incidents)
    return ProposedFamily(proposal.id, proposal.label, tuple(members), proposal.why)


def _member(incident: Incident, shared: tuple[str, ...]) -> FamilyMember:
    cause = incident.resolution.root_cause if incident.resolution else ""
    return FamilyMember(incident.id, incident.title, cause, shared)


def _find_proposed(proposed: dict[str, ProposedFamily], name: str) -> ProposedFamily:
    if name not in proposed:
        raise NotFound(f"no family {name} is proposed; list those that are with `onrecall causes list`")
    return proposed[name]


def _member_ids(family: ProposedFamily) -> tuple[str, ...]:
    return tuple(member.incident for member in family.members)


def _check_label(name: str) -> str:
    label = " ".join(name.split())
    if not label or len(label) > MAX_LABEL_LENGTH or not label.isprintable():
        raise Invalid(
            f"a label has 1 to {MAX_LABEL_LENGTH} characters on one line, such as expired-certificate", "label"
        )
    return label

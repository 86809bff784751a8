"""Collapse incidents that recurrence links join into one piece of evidence that lists the other ids."""

from collections.abc import Mapping, Sequence

from onrecall.domain.disjoint_sets import DisjointSets
from onrecall.domain.incident import Incident, ResolutionStep


def collapse(
    incidents: Sequence[Incident], exclude: frozenset[str]
) -> tuple[Mapping[str, tuple[str, ...]], frozenset[str]]:
    """Return the other members of each representative's family, and the ids that are hidden behind one.

    `incidents` come best first. A family is represented by its best member that says what worked, else that says the
    cause, else by its best member. A later member that reports that the same step failed replaces it.
    """
    sets = DisjointSets[str]()
    for incident in incidents:
        for link in incident.links:
            sets.unite(*sorted((sets.root(incident.id), sets.root(link.incident))))
    members: dict[str, list[str]] = {}
    for incident_id in tuple(sets):
        members.setdefault(sets.root(incident_id), []).append(incident_id)
    representatives: dict[str, Incident] = {}
    for incident in sorted(incidents, key=_information_rank):
        root = sets.root(incident.id)
        if root not in representatives or _refutes(incident, representatives[root]):
            representatives[root] = incident
    families = {
        incident.id: tuple(sorted(set(members.get(root, ())) - {incident.id} - exclude))
        for root, incident in representatives.items()
    }
    return families, frozenset(incident.id for incident in incidents) - frozenset(families)


def _refutes(incident: Incident, earlier: Incident) -> bool:
    """Whether an incident reports, later than another, that a step failed which worked there."""
    newer, older = incident.resolution, earlier.resolution
    if newer is None or older is None or not newer.confirmed or newer.at <= older.at:
        return False
    worked = {_step_key(step) for step in older.steps if step.outcome == "worked"}
    return any(step.outcome != "worked" and _step_key(step) in worked for step in newer.steps)


def _step_key(step: ResolutionStep) -> str:
    return " ".join((step.command or step.text).casefold().split())


def _information_rank(incident: Incident) -> int:
    resolution = incident.resolution
    if resolution is None or not resolution.confirmed:
        return 2
    return 0 if any(step.outcome == "worked" for step in resolution.steps) else 1

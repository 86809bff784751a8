"""Families: incidents tied by links of recurrence are one piece of evidence, with the others' ids."""

from collections.abc import Mapping, Sequence

from onrecall.domain.incident import Incident, ResolutionStep


def gather(
    incidents: Sequence[Incident], exclude: frozenset[str]
) -> tuple[Mapping[str, tuple[str, ...]], frozenset[str]]:
    """For incidents best first: who else belongs to each one's family, and which ones another stands for.

    A family is shown by its best member that tells what worked, else that tells the cause, else by its best member. A
    later member that reports that this very step failed is shown instead: the newest word counts.
    """
    roots: dict[str, str] = {}
    for incident in incidents:
        for link in incident.links:
            _join(roots, incident.id, link.incident)
    members: dict[str, list[str]] = {}
    for one in roots:
        members.setdefault(_root(roots, one), []).append(one)
    shown: dict[str, Incident] = {}
    for incident in sorted(incidents, key=_silence):
        root = _root(roots, incident.id)
        if root not in shown or _refutes(incident, shown[root]):
            shown[root] = incident
    families = {
        incident.id: tuple(sorted(set(members.get(root, ())) - {incident.id} - exclude))
        for root, incident in shown.items()
    }
    return families, frozenset(incident.id for incident in incidents) - frozenset(families)


def _refutes(incident: Incident, earlier: Incident) -> bool:
    """Whether an incident reports, later than another, that a step failed which worked there."""
    newer, older = incident.resolution, earlier.resolution
    if newer is None or older is None or not newer.confirmed or newer.at <= older.at:
        return False
    worked = {_wording(step) for step in older.steps if step.outcome == "worked"}
    return any(step.outcome != "worked" and _wording(step) in worked for step in newer.steps)


def _wording(step: ResolutionStep) -> str:
    return " ".join((step.command or step.text).casefold().split())


def _silence(incident: Incident) -> int:
    resolution = incident.resolution
    if resolution is None or not resolution.confirmed:
        return 2
    return 0 if any(step.outcome == "worked" for step in resolution.steps) else 1


def _root(roots: dict[str, str], one: str) -> str:
    while roots.get(one, one) != one:
        one = roots[one]
    return one


def _join(roots: dict[str, str], one: str, other: str) -> None:
    for new in (one, other):
        roots.setdefault(new, new)
    first, second = sorted((_root(roots, one), _root(roots, other)))
    roots[second] = first

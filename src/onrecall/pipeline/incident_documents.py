"""Evidence that is a postmortem is the incident that it tells of: the two are shown as one, and cited by its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from onrecall.domain.incident import Document, Evidence, EvidenceKind, Incident
from onrecall.domain.suggestion import Suggestion
from onrecall.storage import Storage

Owner = tuple[EvidenceKind, str]


def merge(store: Storage, evidence: Sequence[Evidence], as_of: datetime | None) -> tuple[Evidence, ...]:
    """Return the evidence, best first, each postmortem in the place of its incident, with the text that is cited.

    A postmortem of several incidents that none of the evidence is about stays a document.
    """
    reports = [one.id for one in evidence if one.document is not None and one.document.kind != "runbook"]
    told_in = store.incidents_told_in(reports) if reports else {}
    wanted = _wanted(evidence, told_in)
    things = store.things(wanted, as_of) if wanted else {}
    found: dict[str, Evidence] = {}
    for one in evidence:
        incident = _incident_of(one, told_in, things)
        if incident is None and one.id in told_in and any(other.id in told_in[one.id] for other in evidence):
            continue  # its incidents are among the evidence themselves
        merged = _as_incident(one, incident) if incident else one
        if merged.id not in found:
            found[merged.id] = _with_report(merged, things)
    return tuple(found.values())


def _wanted(evidence: Sequence[Evidence], told_in: Mapping[str, tuple[str, ...]]) -> list[Owner]:
    """The incidents that postmortems among the evidence tell of, and the postmortems that tell of its incidents."""
    incidents: list[Owner] = [("incident", name) for names in told_in.values() for name in names]
    documents: list[Owner] = [("document", name) for name in told_in]
    cited: list[Owner] = [
        ("document", one.incident.document) for one in evidence if one.incident and one.incident.document
    ]
    return list(dict.fromkeys([*incidents, *documents, *cited]))


def _incident_of(
    one: Evidence,
    told_in: Mapping[str, tuple[str, ...]],
    things: Mapping[Owner, Incident | Document | Suggestion],
) -> Incident | None:
    """The incident that a postmortem stands for: its only one, if that was known then."""
    names = told_in.get(one.id, ()) if one.document is not None else ()
    if len(names) != 1:
        return None
    thing = things.get(("incident", names[0]))
    return thing if isinstance(thing, Incident) else None


def _as_incident(one: Evidence, incident: Incident) -> Evidence:
    """The postmortem's evidence under its incident's name; its lines stay those of the postmortem."""
    excerpt = replace(one.excerpt, page=one.id) if one.excerpt else None
    return replace(
        one, id=incident.id, kind="incident", title=incident.title, incident=incident, document=None, excerpt=excerpt
    )


def _with_report(one: Evidence, things: Mapping[Owner, Incident | Document | Suggestion]) -> Evidence:
    name = one.incident.document if one.incident else None
    report = things.get(("document", name)) if name else None
    return replace(one, report=report) if isinstance(report, Document) else one

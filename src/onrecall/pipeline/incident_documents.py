"""Show a postmortem among the evidence as the incident it describes, cited by the postmortem's lines."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner
from onrecall.domain.suggestion import Suggestion
from onrecall.pipeline.memory_store import MemoryStore


def merge_reports(store: MemoryStore, evidence: Sequence[Evidence], as_of: datetime | None) -> tuple[Evidence, ...]:
    """Return the evidence, best first, with each postmortem merged into its incident and with the cited text.

    A postmortem of several incidents stays a document unless one of them is among the evidence.
    """
    reports = [item.id for item in evidence if item.document is not None and item.document.kind != "runbook"]
    told_in = store.incidents.described_in(reports) if reports else {}
    owners = _related_owners(evidence, told_in)
    stored = store.records.get(owners, as_of) if owners else {}
    merged_by_id: dict[str, Evidence] = {}
    for item in evidence:
        incident = _incident_of(item, told_in, stored)
        if incident is None and item.id in told_in and any(candidate.id in told_in[item.id] for candidate in evidence):
            continue  # its incidents are among the evidence themselves
        merged = _as_incident(item, incident) if incident else item
        if merged.id not in merged_by_id:
            merged_by_id[merged.id] = _with_report(merged, stored)
    return tuple(merged_by_id.values())


def _related_owners(evidence: Sequence[Evidence], told_in: Mapping[str, tuple[str, ...]]) -> list[Owner]:
    """Return the incidents described by postmortems in the evidence, and the postmortems of its incidents."""
    incidents: list[Owner] = [("incident", name) for names in told_in.values() for name in names]
    documents: list[Owner] = [("document", name) for name in told_in]
    cited: list[Owner] = [
        ("document", item.incident.document) for item in evidence if item.incident and item.incident.document
    ]
    return list(dict.fromkeys([*incidents, *documents, *cited]))


def _incident_of(
    evidence: Evidence,
    told_in: Mapping[str, tuple[str, ...]],
    stored: Mapping[Owner, Incident | Document | Suggestion],
) -> Incident | None:
    """Return the only incident that a postmortem describes, if it was known at that time."""
    names = told_in.get(evidence.id, ()) if evidence.document is not None else ()
    if len(names) != 1:
        return None
    incident = stored.get(("incident", names[0]))
    return incident if isinstance(incident, Incident) else None


def _as_incident(evidence: Evidence, incident: Incident) -> Evidence:
    """Return the postmortem's evidence as its incident, keeping the postmortem's excerpt."""
    excerpt = replace(evidence.excerpt, page=evidence.id) if evidence.excerpt else None
    return replace(
        evidence,
        id=incident.id,
        kind="incident",
        title=incident.title,
        incident=incident,
        document=None,
        excerpt=excerpt,
    )


def _with_report(evidence: Evidence, stored: Mapping[Owner, Incident | Document | Suggestion]) -> Evidence:
    name = evidence.incident.document if evidence.incident else None
    report = stored.get(("document", name)) if name else None
    return replace(evidence, report=report) if isinstance(report, Document) else evidence

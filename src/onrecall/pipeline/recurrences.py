"""Recurrences in the whole store: what keeps coming back, and what a permanent fix would save."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from onrecall.backtest.ground_truth import normalize_label, normalized_cause
from onrecall.domain.incident import Document, DocumentKind, Incident, ResolutionStep
from onrecall.pipeline.root_causes import all_incidents, cause_vectors, waiting_proposals
from onrecall.recommendation import step_key
from onrecall.recommendation.risk.classify import classify, classify_text
from onrecall.recurrences.clustering import SimilarCauses, root_cause
from onrecall.recurrences.corrective_actions import find_corrective_actions, find_proven_fix
from onrecall.recurrences.recurrence import RULES, Family, find_families
from onrecall.recurrences.tracked_actions import TrackedActions
from onrecall.retrieval.tokenizer import tokenize
from onrecall.storage import Storage

PAGE_SIZE = 1000
MIN_COSINE = 0.9
"""Minimum cosine of two root causes with their steps, and ..."""
MIN_SHARED_WORDS = 0.5
"""... minimum share of common words for them to count as the same."""
MAX_CANDIDATES = 10
"""Nearest candidates whose words are compared."""
BLOCK_SIZE = 512
REPORT_KINDS: Sequence[DocumentKind] = ("postmortem", "rca")


@dataclass(frozen=True, slots=True)
class FamilyFilter:
    """Which families to show."""

    min_count: int = 2
    service: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Recurrences:
    """Recurring problems; those whose permanent fix would save most come first."""

    families: tuple[Family, ...]
    found: int
    """How many families fit, shown or not."""
    incidents: int
    """How many incidents were looked at."""
    since: datetime | None
    """How far memory reaches back."""
    as_of: datetime
    rules: Mapping[str, str]
    proposed: int | None = None
    """Families of root causes without a label that wait for a person; None where it is asked as of a time."""


def find_recurrences(
    store: Storage, now: datetime, selection: FamilyFilter, as_of: datetime | None = None
) -> Recurrences:
    """Return the families as of now or of a given time."""
    incidents = list(all_incidents(store, as_of))
    at = as_of or now
    matching = [
        family
        for family in find_families(incidents, find_similar_causes(store, incidents, as_of), now=at)
        if _fits(family, selection)
    ]
    incidents_by_id = {incident.id: incident for incident in incidents}
    shown = matching[: selection.limit]
    reports = list(_reports(store, as_of)) if shown else []
    members = [name for family in shown for name in family.incidents]
    tracked = TrackedActions(store.action_items.of_incidents(members) if as_of is None else ())
    return Recurrences(
        families=tuple(_add_fix(family, incidents_by_id, reports, tracked) for family in shown),
        found=len(matching),
        incidents=len(incidents),
        since=min((incident.started_at for incident in incidents), default=None),
        as_of=at,
        rules=RULES,
        proposed=len(waiting_proposals(store, incidents)) if as_of is None else None,
    )


def find_similar_causes(
    store: Storage, incidents: Sequence[Incident], as_of: datetime | None = None
) -> list[SimilarCauses]:
    """Return pairs of equivalent root causes in different words; none without a sentence model."""
    causes = {incident.id: words for incident in incidents if (words := root_cause(incident))}
    if all(normalized_cause(incident) for incident in incidents if incident.id in causes):
        return []
    oldest = sorted(
        (incident for incident in incidents if incident.id in causes),
        key=lambda incident: (incident.started_at, incident.id),
    )
    vectors = cause_vectors(store, [incident.id for incident in oldest], as_of)
    if not vectors:
        return []
    names = [incident.id for incident in oldest if incident.id in vectors]
    return _pair_with_nearest(names, np.stack([vectors[name] for name in names]), causes)


def _pair_with_nearest(names: Sequence[str], vectors: np.ndarray, causes: Mapping[str, str]) -> list[SimilarCauses]:
    """Pair each incident with the nearest earlier one of equal meaning; one similar to none forms its own group."""
    pairs: list[SimilarCauses] = []
    alone: list[int] = []
    words: dict[int, frozenset[str]] = {}

    def shared(first: int, second: int) -> float:
        for n in (first, second):
            if n not in words:
                words[n] = frozenset(tokenize(causes[names[n]]))
        return len(words[first] & words[second]) / max(1, len(words[first] | words[second]))

    for start in range(0, len(names), BLOCK_SIZE):
        block = vectors[start : start + BLOCK_SIZE]
        before = len(alone)
        earlier, within = block @ vectors[alone].T, block @ block.T
        for row in range(len(block)):
            index = start + row
            scores = np.concatenate([earlier[row], within[row][[n - start for n in alone[before:]]]])
            near = [n for n in np.argsort(-scores, kind="stable")[:MAX_CANDIDATES] if scores[n] >= MIN_COSINE]
            like = next((n for n in near if shared(index, alone[n]) >= MIN_SHARED_WORDS), None)
            if like is None:
                alone.append(index)
            else:
                pairs.append(SimilarCauses(names[index], names[alone[like]], round(float(scores[like]), 4)))
    return pairs


def _add_fix(
    family: Family, incidents_by_id: Mapping[str, Incident], reports: Sequence[Document], tracked: TrackedActions
) -> Family:
    members = [incidents_by_id[name] for name in family.incidents]
    written = find_corrective_actions(members, [report for report in reports if _is_about(report, members)])
    noted = tracked.update_states(written, members)
    fix = find_proven_fix(members, lambda step: step_key(step.text, step.command), _changes_something)
    still_open = tuple(corrective for corrective in noted if corrective.state == "open")
    action = noted[0] if noted else None
    return replace(family, fix=fix, action=action, open_actions=still_open, tracked=tracked.beside(written, members))


def _changes_something(step: ResolutionStep) -> bool:
    """Return whether the step changes something, rather than only inspecting."""
    judged = classify(step.command) if step.command else classify_text(step.text)
    return judged.risk != "read_only"


def _is_about(document: Document, members: Sequence[Incident]) -> bool:
    """Return whether a report names a member, or names no incident but has the family's cause."""
    named_ids = document.labels.get("incident", "").replace(",", " ").split()
    if named_ids:
        return any(incident.id in named_ids for incident in members)
    cause = normalize_label(document.labels.get("cause", ""))
    return bool(cause) and any(normalized_cause(incident) == cause for incident in members)


def _fits(family: Family, selection: FamilyFilter) -> bool:
    return family.count >= selection.min_count and (
        selection.service is None or any(service.name == selection.service for service in family.services)
    )


def _reports(store: Storage, as_of: datetime | None) -> Iterator[Document]:
    for kind in REPORT_KINDS:
        cursor: str | None = None
        while True:
            page = store.documents.page(kind=kind, cursor=cursor, limit=PAGE_SIZE)
            yield from (
                document
                for document in page.items
                if as_of is None or document.dated is None or document.dated <= as_of
            )
            cursor = page.next_cursor
            if cursor is None:
                break

"""Recurrences in the whole store: what keeps coming back, and what a permanent fix would save."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

import numpy as np

from onrecall.domain.cause_label import normalize_label, normalized_cause
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, ResolutionStep
from onrecall.pipeline.cause_proposals import MAX_COMPARED
from onrecall.pipeline.recurrence_days import CurrentTable, read_table
from onrecall.pipeline.root_causes import (
    cause_vectors,
    explained_rows,
    incidents_in_rows,
    newest_incidents,
    newest_rows,
    read_selections,
    waiting_proposals,
)
from onrecall.recommendation import step_key
from onrecall.recommendation.risk.classify import classify, classify_text
from onrecall.recurrences.clustering import SimilarCauses, root_cause
from onrecall.recurrences.components import SimilarRows
from onrecall.recurrences.corrective_actions import find_corrective_actions, find_proven_fix
from onrecall.recurrences.day_facts import to_datetime
from onrecall.recurrences.incident_table import IncidentTable
from onrecall.recurrences.ranked_families import RankedFamilies, rank_families
from onrecall.recurrences.recurrence import RULES, Family, find_families
from onrecall.recurrences.tracked_actions import TrackedActions
from onrecall.retrieval.tokenizer import tokenize
from onrecall.storage import Storage

MIN_COSINE = 0.9
"""Minimum cosine of two root causes with their steps, and ..."""
MIN_SHARED_WORDS = 0.5
"""... minimum share of common words for them to count as the same."""
MAX_CANDIDATES = 10
"""Nearest candidates whose words are compared."""
BLOCK_SIZE = 512
MEMBERS_READ = 2000
"""Incidents that a report lists and reads, of all shown families together."""
MIN_LISTED = 25
"""Incidents of a large family that are listed at least."""
MOST_AS_OF = 10_000
"""Incidents that are counted as of a time."""
REPORTS_READ = 2000
"""Postmortems and RCAs that are searched for actions, newest first."""


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
    limits: tuple[str, ...] = ()
    """What is not counted or not shown because there is too much of it."""


def find_recurrences(
    store: Storage, now: datetime, selection: FamilyFilter, as_of: datetime | None = None
) -> Recurrences:
    """Return the families as of now, among all incidents, or as of a time, among the newest that had begun then."""
    return _find_current(store, now, selection) if as_of is None else _find_as_of(store, selection, as_of)


def _find_current(store: Storage, now: datetime, selection: FamilyFilter) -> Recurrences:
    current = read_table(store)
    table = current.table
    with_cause = newest_rows(table, table.facts["root_cause"] != 0)
    compared, explained = read_selections(store, table, with_cause, explained_rows(table))
    ranked = rank_families(table, find_similar_rows(store, table, compared, with_cause), now)
    matching = ranked.select(selection.min_count, selection.service)
    shown = matching[: selection.limit]
    most = share_evenly([int(ranked.families.counts[family]) for family in shown], MEMBERS_READ)
    return Recurrences(
        families=tuple(_described_families(store, ranked, shown, most)),
        found=len(matching),
        incidents=len(table),
        since=to_datetime(int(table.facts["started"][0])) if len(table) else None,
        as_of=now,
        rules=RULES,
        proposed=len(waiting_proposals(store, explained)),
        limits=tuple(_current_limits(current, ranked, shown, most)),
    )


def _described_families(store: Storage, ranked: RankedFamilies, shown: Sequence[int], most: int) -> Iterator[Family]:
    """Yield the families with their fixes, read from at most `most` incidents of each."""
    rows = {family: ranked.listed_rows(family, most) for family in shown}
    listed_rows = sorted(row for of_family in rows.values() for row in of_family)
    listed = _by_id(incidents_in_rows(store, ranked.table, listed_rows))
    reports = find_reports(store) if shown else ()
    tracked = TrackedActions(store.action_items.of_incidents(list(listed)))
    for number in shown:
        if (family := _describe(ranked, number, rows[number], listed)) is not None:
            yield _add_fix(family, listed, reports, tracked)


def _current_limits(current: CurrentTable, ranked: RankedFamilies, shown: Sequence[int], most: int) -> Iterator[str]:
    table = current.table
    if current.waiting:
        yield f"changes of days with {current.waiting:,} incidents are not counted yet; the worker packs them first"
    if any(int(ranked.families.counts[family]) > most for family in shown):
        yield (
            f"of a family with more than {most:,} incidents, the oldest and the newest are listed, and its fix and "
            "actions are read from these"
        )
    compared = table.facts["root_cause"] != 0
    if int((compared & (table.causes < 0)).sum()) > MAX_COMPARED:
        yield f"root causes in other words are compared among the newest {MAX_COMPARED:,} without a label"


def _find_as_of(store: Storage, selection: FamilyFilter, as_of: datetime) -> Recurrences:
    incidents = newest_incidents(store, as_of, MOST_AS_OF)
    families = find_families(incidents, find_similar_causes(store, incidents, as_of), now=as_of)
    matching = [family for family in families if _fits(family, selection)]
    by_id = _by_id(incidents)
    reports = find_reports(store, as_of) if matching else ()
    limit = f"as of a time, the newest {MOST_AS_OF:,} incidents that had begun are counted"
    return Recurrences(
        families=tuple(_add_fix(family, by_id, reports, TrackedActions(())) for family in matching[: selection.limit]),
        found=len(matching),
        incidents=len(incidents),
        since=min((incident.started_at for incident in incidents), default=None),
        as_of=as_of,
        rules=RULES,
        limits=(limit,) if len(incidents) == MOST_AS_OF else (),
    )


def _describe(ranked: RankedFamilies, family: int, rows: Sequence[int], by_id: Mapping[str, Incident]) -> Family | None:
    """Return a family; None if all but one of its incidents were removed while it was counted."""
    named = [(row, name) for row, name in zip(rows, ranked.table.ids(rows), strict=True) if name in by_id]
    if len(named) < 2:
        return None
    return ranked.describe(family, [row for row, _ in named], [by_id[name] for _, name in named])


def share_evenly(counts: Sequence[int], total: int) -> int:
    """Return how many of each may be taken so that together there are at most `total`, but at least MIN_LISTED."""
    left = total
    for place, count in enumerate(sorted(counts)):
        share = left // (len(counts) - place)
        if count > share:
            return max(share, MIN_LISTED)
        left -= count
    return max(counts, default=MIN_LISTED)


def find_similar_rows(
    store: Storage, table: IncidentTable, incidents: Sequence[Incident], rows: Sequence[int]
) -> list[SimilarRows]:
    """Return pairs of equivalent root causes in different words, among incidents of these rows of a table."""
    place = dict(zip(table.ids(rows), rows, strict=True))
    return [
        SimilarRows(place[pair.incident], place[pair.to], pair.score) for pair in find_similar_causes(store, incidents)
    ]


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


def _share(first: frozenset[str], second: frozenset[str]) -> float:
    return len(first & second) / max(1, len(first | second))


def _pair_with_nearest(names: Sequence[str], vectors: np.ndarray, causes: Mapping[str, str]) -> list[SimilarCauses]:
    """Pair each incident with the nearest earlier one of equal meaning; one similar to none forms its own group."""
    pairs: list[SimilarCauses] = []
    alone: list[int] = []

    @cache
    def words(n: int) -> frozenset[str]:
        return frozenset(tokenize(causes[names[n]]))

    for start in range(0, len(names), BLOCK_SIZE):
        block = vectors[start : start + BLOCK_SIZE]
        before = len(alone)
        earlier, within = block @ vectors[alone].T, block @ block.T
        for row in range(len(block)):
            index = start + row
            scores = np.concatenate([earlier[row], within[row][[n - start for n in alone[before:]]]])
            close = np.flatnonzero(scores >= MIN_COSINE)
            near = close[np.argsort(-scores[close], kind="stable")[:MAX_CANDIDATES]]
            like = next((n for n in near if _share(words(index), words(alone[n])) >= MIN_SHARED_WORDS), None)
            if like is None:
                alone.append(index)
            else:
                pairs.append(SimilarCauses(names[index], names[alone[like]], round(float(scores[like]), 4)))
    return pairs


def _add_fix(
    family: Family, incidents_by_id: Mapping[str, Incident], reports: Sequence[Document], tracked: TrackedActions
) -> Family:
    members = [incidents_by_id[name] for name in family.incidents]
    names = {incident.id for incident in members}
    causes = {cause for incident in members if (cause := normalized_cause(incident))}
    written = find_corrective_actions(members, [report for report in reports if _is_about(report, names, causes)])
    noted = tracked.update_states(written, members)
    fix = find_proven_fix(members, lambda step: step_key(step.text, step.command), _changes_something)
    still_open = tuple(corrective for corrective in noted if corrective.state == "open")
    action = noted[0] if noted else None
    return replace(family, fix=fix, action=action, open_actions=still_open, tracked=tracked.beside(written, members))


def _changes_something(step: ResolutionStep) -> bool:
    """Return whether the step changes something, rather than only inspecting."""
    judged = classify(step.command) if step.command else classify_text(step.text)
    return judged.risk != "read_only"


def _is_about(document: Document, members: AbstractSet[str], causes: AbstractSet[str]) -> bool:
    """Return whether a report names a member, or names no incident but has a cause of the family."""
    named_ids = document.labels.get("incident", "").replace(",", " ").split()
    if named_ids:
        return not members.isdisjoint(named_ids)
    return normalize_label(document.labels.get("cause", "")) in causes


def find_reports(store: Storage, as_of: datetime | None = None) -> tuple[Document, ...]:
    """Return the newest postmortems and RCAs that name an incident or a cause."""
    return store.documents.reports(REPORTS_READ, as_of)


def _fits(family: Family, selection: FamilyFilter) -> bool:
    return family.count >= selection.min_count and (
        selection.service is None or any(service.name == selection.service for service in family.services)
    )


def _by_id(incidents: Iterable[Incident]) -> dict[str, Incident]:
    return {incident.id: incident for incident in incidents}

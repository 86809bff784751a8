"""Recurrences over all that the store holds: what keeps coming back, and what a permanent fix would save."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from onrecall.backtest.ground_truth import label, squash
from onrecall.domain.incident import Document, DocumentKind, Incident, ResolutionStep
from onrecall.pipeline.root_causes import cause_vectors, incidents_of, waiting_proposals
from onrecall.recommendation import step_key
from onrecall.recommendation.risk.classify import classify, classify_text
from onrecall.recurrences.clustering import SimilarCauses, root_cause
from onrecall.recurrences.corrective_actions import actions, same_fix
from onrecall.recurrences.recurrence import RULES, Family, families
from onrecall.retrieval.tokenizer import terms
from onrecall.storage import Storage

AT_ONCE = 1000
MEANING = 0.9
"""Root causes, told with what was done, this near in meaning and ..."""
WORDS = 0.5
"""... with this share of their words in common, say the same in other words."""
NEAREST = 10
"""Candidates by meaning whose words are compared."""
BLOCK = 512
REPORTS: Sequence[DocumentKind] = ("postmortem", "rca")


@dataclass(frozen=True, slots=True)
class FamilyFilter:
    """Which families to show."""

    min_count: int = 2
    service: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Recurrences:
    """What keeps coming back, those first whose permanent fix would save most."""

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


def recurrences(store: Storage, now: datetime, wanted: FamilyFilter, as_of: datetime | None = None) -> Recurrences:
    """The families as they are now, or as they were known at a time."""
    incidents = list(incidents_of(store, as_of))
    at = as_of or now
    found = [one for one in families(incidents, likenesses(store, incidents, as_of), now=at) if _fits(one, wanted)]
    known = {one.id: one for one in incidents}
    reports = list(_reports(store, as_of)) if found else []
    return Recurrences(
        families=tuple(_complete(one, known, reports) for one in found[: wanted.limit]),
        found=len(found),
        incidents=len(incidents),
        since=min((one.started_at for one in incidents), default=None),
        as_of=at,
        rules=RULES,
        proposed=len(waiting_proposals(store, incidents)) if as_of is None else None,
    )


def likenesses(store: Storage, incidents: Sequence[Incident], as_of: datetime | None = None) -> list[SimilarCauses]:
    """Root causes that say the same as an earlier one in other words; without a sentence model there are none."""
    causes = {one.id: words for one in incidents if (words := root_cause(one))}
    if all(label(one) for one in incidents if one.id in causes):
        return []
    oldest = sorted((one for one in incidents if one.id in causes), key=lambda one: (one.started_at, one.id))
    vectors = cause_vectors(store, [one.id for one in oldest], as_of)
    if not vectors:
        return []
    names = [one.id for one in oldest if one.id in vectors]
    return _gathered(names, np.stack([vectors[name] for name in names]), causes)


def _gathered(names: Sequence[str], vectors: np.ndarray, causes: Mapping[str, str]) -> list[SimilarCauses]:
    """Pair each incident with the nearest earlier one of equal meaning; one similar to none forms its own group."""
    found: list[SimilarCauses] = []
    alone: list[int] = []
    words: dict[int, frozenset[str]] = {}

    def shared(one: int, other: int) -> float:
        for n in (one, other):
            if n not in words:
                words[n] = frozenset(terms(causes[names[n]]))
        return len(words[one] & words[other]) / max(1, len(words[one] | words[other]))

    for start in range(0, len(names), BLOCK):
        block = vectors[start : start + BLOCK]
        before = len(alone)
        earlier, within = block @ vectors[alone].T, block @ block.T
        for row in range(len(block)):
            mine = start + row
            scores = np.concatenate([earlier[row], within[row][[n - start for n in alone[before:]]]])
            near = [n for n in np.argsort(-scores, kind="stable")[:NEAREST] if scores[n] >= MEANING]
            like = next((n for n in near if shared(mine, alone[n]) >= WORDS), None)
            if like is None:
                alone.append(mine)
            else:
                found.append(SimilarCauses(names[mine], names[alone[like]], round(float(scores[like]), 4)))
    return found


def _complete(family: Family, known: Mapping[str, Incident], reports: Sequence[Document]) -> Family:
    members = [known[name] for name in family.incidents]
    noted = actions(members, [one for one in reports if _about(one, members)])
    fix = same_fix(members, lambda step: step_key(step.text, step.command), _changes)
    still_open = tuple(one for one in noted if one.state == "open")
    return replace(family, fix=fix, action=noted[0] if noted else None, open_actions=still_open)


def _changes(step: ResolutionStep) -> bool:
    """Whether the step changes something, rather than looks."""
    judged = classify(step.command) if step.command else classify_text(step.text)
    return judged.risk != "read_only"


def _about(document: Document, members: Sequence[Incident]) -> bool:
    """Whether a report names a member, or names no incident and has the family's cause."""
    named = document.labels.get("incident", "").replace(",", " ").split()
    if named:
        return any(one.id in named for one in members)
    cause = squash(document.labels.get("cause", ""))
    return bool(cause) and any(label(one) == cause for one in members)


def _fits(family: Family, wanted: FamilyFilter) -> bool:
    return family.count >= wanted.min_count and (
        wanted.service is None or any(one.name == wanted.service for one in family.services)
    )


def _reports(store: Storage, as_of: datetime | None) -> Iterator[Document]:
    for kind in REPORTS:
        cursor: str | None = None
        while True:
            page = store.documents(kind=kind, cursor=cursor, limit=AT_ONCE)
            yield from (one for one in page.items if as_of is None or one.dated is None or one.dated <= as_of)
            cursor = page.next_cursor
            if cursor is None:
                break

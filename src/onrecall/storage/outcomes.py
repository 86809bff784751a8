"""Outcomes of recommendations as rated by people; the latest rating of each person counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from onrecall.domain.evidence import UNTRIED, StepExecution, TrackRecord
from onrecall.domain.recommendation import RecommendationOutcome, StepVerdict
from onrecall.storage import events, recommendations, step_executions, validation
from onrecall.storage.batching import chunk_keys
from onrecall.storage.database import Database
from onrecall.storage.events import NewEvent
from onrecall.storage.step_executions import valid_condition
from onrecall.storage.tables import citations, outcomes
from onrecall.storage.tables import recommendations as answers


class OutcomeRepository:
    """Outcomes of recommendations, and what they say of the evidence behind these."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, outcome: RecommendationOutcome, executions: Sequence[StepExecution], now: datetime) -> None:
        """Save an outcome, replacing the person's earlier one; the same or an older one changes nothing."""
        with self._database.write() as connection:
            _save(connection, outcome, executions, validation.require_utc(now, "now"))

    def of_recommendation(self, recommendation: str) -> tuple[RecommendationOutcome, ...]:
        """Return the current outcomes of a recommendation, oldest first."""
        if not validation.is_storable(recommendation):
            return ()
        query = select(outcomes).where(outcomes.c.recommendation == recommendation, outcomes.c.revoked_at.is_(None))
        with self._database.read() as connection:
            return tuple(_from_row(row) for row in connection.execute(query.order_by(outcomes.c.at, outcomes.c.by)))

    def track_records(self, evidence: Iterable[str], as_of: datetime | None = None) -> Mapping[str, TrackRecord]:
        """Return per incident or document in how many incidents answers based on it helped, as known at `as_of`.

        A person counts once per incident, however many answers it got, and for a limited number of incidents.
        """
        query, then = _select_records(then=as_of is not None), validation.optional_utc(as_of, "as_of")
        track_records: dict[str, TrackRecord] = {}
        with self._database.read() as connection:
            for chunk in chunk_keys(evidence):
                for row in connection.execute(query, {"evidence": chunk, "as_of": then}):
                    before = track_records.get(row.evidence, UNTRIED)
                    count = min(row.n, step_executions.MAX_VOTES_PER_PERSON)
                    track_records[row.evidence] = step_executions.add_to_record(
                        before, row.verdict == "helped", count, row.last
                    )
        return track_records


def revoke(connection: Connection, incident: str, at: datetime) -> None:
    """Revoke all outcomes of this incident's recommendations."""
    recommendation_ids = select(answers.c.id).where(answers.c.incident == incident)
    connection.execute(
        update(outcomes)
        .where(outcomes.c.recommendation.in_(recommendation_ids), outcomes.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def _save(
    connection: Connection, outcome: RecommendationOutcome, executions: Sequence[StepExecution], now: datetime
) -> None:
    validation.to_storable(outcome, "outcome")
    validation.check_key(outcome.by, "by")
    step_executions.check(executions)
    incident = recommendations.get(connection, outcome.recommendation).incident
    person = outcome.by or ""
    current = _current_row(connection, outcome.recommendation, person)
    subject = incident or outcome.recommendation
    if current is not None:
        if _from_row(current) == _with_time(outcome, current.at) or current.at > outcome.at:
            return
        _supersede(connection, subject, current, outcome.at)
    version = _newest_version(connection, outcome.recommendation, person) + 1
    connection.execute(insert(outcomes).values(_to_row(outcome, person, version)))
    told_in = _source_label(outcome.recommendation, person, version)
    step_executions.add(connection, step_executions.to_rows(subject, told_in, executions, outcome.by))
    if incident is not None:
        detail = {"recommendation": outcome.recommendation, "verdict": outcome.verdict}
        events.add(connection, [NewEvent(incident, "rated", outcome.at, outcome.by, detail)], now)


def _to_row(outcome: RecommendationOutcome, person: str, version: int) -> dict[str, Any]:
    return {
        "recommendation": outcome.recommendation,
        "by": person,
        "version": version,
        "verdict": outcome.verdict,
        "steps": validation.to_storable(outcome.steps, "steps"),
        "note": outcome.note,
        "at": outcome.at,
    }


@cache
def _select_records(*, then: bool) -> Select[Any]:
    """Select outcomes per evidence and person; built once, because building takes longer than running."""
    occasion = func.coalesce(answers.c.incident, answers.c.id)
    is_valid = valid_condition(outcomes.c.at, outcomes.c.revoked_at, step_executions.as_of_parameter(then=then))
    executions = (
        select(
            citations.c.evidence,
            outcomes.c.verdict,
            outcomes.c.by.label("voice"),
            func.max(outcomes.c.at).label("last"),
        )
        .join(outcomes, outcomes.c.recommendation == citations.c.recommendation)
        .join(answers, answers.c.id == outcomes.c.recommendation)
        .where(citations.c.evidence.in_(bindparam("evidence", expanding=True)), is_valid)
        .group_by(citations.c.evidence, outcomes.c.verdict, occasion, outcomes.c.by)
        .subquery()
    )
    return step_executions.count_by_author(executions, executions.c.evidence, executions.c.verdict)


def _current_row(connection: Connection, recommendation: str, person: str) -> Row[tuple[object, ...]] | None:
    conditions = (outcomes.c.recommendation == recommendation, outcomes.c.by == person, outcomes.c.revoked_at.is_(None))
    return connection.execute(select(outcomes).where(*conditions)).one_or_none()


def _newest_version(connection: Connection, recommendation: str, person: str) -> int:
    conditions = (outcomes.c.recommendation == recommendation, outcomes.c.by == person)
    return int(connection.scalar(select(func.max(outcomes.c.version)).where(*conditions)) or 0)


def _supersede(connection: Connection, occasion: str, current: Row[tuple[object, ...]], at: datetime) -> None:
    same_person = (outcomes.c.recommendation == current.recommendation, outcomes.c.by == current.by)
    connection.execute(
        update(outcomes).where(*same_person, outcomes.c.version == current.version).values(revoked_at=at)
    )
    step_executions.revoke(connection, occasion, at, _source_label(current.recommendation, current.by, current.version))


def _source_label(recommendation: str, person: str, version: int) -> str:
    return f"outcome {version} of {recommendation} by {person}"


def _with_time(outcome: RecommendationOutcome, at: datetime) -> RecommendationOutcome:
    """Return the outcome with another time."""
    return replace(outcome, at=at, by=outcome.by or None)


def _from_row(row: Row[tuple[object, ...]]) -> RecommendationOutcome:
    steps = tuple(StepVerdict(**step) for step in row.steps)
    return RecommendationOutcome(row.recommendation, row.verdict, row.at, steps, row.note, row.by or None)

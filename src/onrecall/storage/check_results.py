"""What people found by a diagnostic check of an answer: entries of the incident's timeline, and marks of its steps."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from onrecall.domain.recommendation import CheckResult, DiagnosticCheck, Recommendation
from onrecall.storage import events, incident_rows, validation
from onrecall.storage.database import Database
from onrecall.storage.events import NewEvent
from onrecall.storage.step_executions import index_key
from onrecall.storage.tables import performed


class CheckResults:
    """Stores and reads what checks found. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(
        self,
        recommendation: Recommendation,
        check: DiagnosticCheck,
        key: str,
        result: CheckResult,
        at: datetime,
        by: str | None,
    ) -> bool:
        """Put the result of a check on the timeline of its incident; returns whether it was new."""
        incident = recommendation.incident
        if incident is None:
            return False
        at, by = validation.require_utc(at, "at"), _checked_author(by)
        with self._database.write() as connection:
            incident_rows.get(connection, incident)
            if _from_timeline(connection, incident).get(index_key(key)) == result:
                return False
            described = {"recommendation": recommendation.id, "check": check.n, "text": check.text}
            detail = described | {"key": index_key(key), "result": result}
            events.add(connection, [NewEvent(incident, "checked", at, by, detail)], at)
        return True

    def of_incident(self, incident: str, keys: Sequence[str]) -> Mapping[str, CheckResult]:
        """Return what was found by those of these checks that were made on an incident, by key."""
        if not keys:
            return {}
        with self._database.read() as connection:
            results = _from_steps(connection, incident) | _from_timeline(connection, incident)
        return {key: results[index_key(key)] for key in keys if index_key(key) in results}


def _checked_author(by: str | None) -> str | None:
    """Return the name of who found it. Raises Invalid if it can't be stored."""
    validation.require_text(by or "", "by")
    validation.check_key(by, "by")
    return by


def _from_timeline(connection: Connection, incident: str) -> dict[str, CheckResult]:
    """Return the newest result of each check since the incident was last reopened."""
    results: dict[str, CheckResult] = {}
    for event in events.timeline(connection, incident):
        if event.type == "reopened":
            results = {}
        elif event.type == "checked":
            results[event.detail["key"]] = event.detail["result"]
    return results


def _from_steps(connection: Connection, incident: str) -> dict[str, CheckResult]:
    """Return the results of checks that are steps, as outcomes and the resolution report them."""
    query = select(performed.c.key, performed.c.outcome).where(
        performed.c.occasion == incident, performed.c.revoked_at.is_(None)
    )
    return {
        row.key: "same" if row.outcome == "worked" else "different"
        for row in connection.execute(query.order_by(performed.c.at))
    }

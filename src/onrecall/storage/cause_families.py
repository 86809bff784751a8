"""People's decisions on families of root causes: a common label, or that they are no family.

A confirmed label is written to the resolutions of the members. Hashes of imported incidents stay the same, so that
importing the same export again still changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, Table, delete, insert, select, update

from onrecall.domain.errors import NotFound
from onrecall.storage import audit, validation
from onrecall.storage.batching import chunk_keys
from onrecall.storage.columns import TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import metadata, resolutions

DecidedState = Literal["confirmed", "dismissed"]
_AUDITED: Mapping[str, audit.AuditAction] = {"confirmed": "causes confirmed", "dismissed": "causes dismissed"}

cause_families = Table(
    "cause_families",
    metadata,
    Column("id", TextType, primary_key=True),
    Column("label", TextType, nullable=False),
    Column("state", TextType, nullable=False),
    Column("by", TextType),
    Column("at", Utc, nullable=False),
)
cause_family_members = Table(
    "cause_family_members",
    metadata,
    Column("family", TextType, ForeignKey("cause_families.id"), primary_key=True),
    Column("incident", TextType, primary_key=True),  # also one that was taken out since
    Column("labelled", Integer, nullable=False),  # 1 where the label came with the decision, 0 where it was there
    Index("cause_family_members_incident", "incident"),
)


@dataclass(frozen=True, slots=True)
class DecidedFamily:
    """A family with the decision on it."""

    id: str
    label: str
    state: DecidedState
    incidents: tuple[str, ...]
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CauseFamilies:
    """Decisions on families of root causes. Each method is one transaction."""

    database: Database

    def all(self) -> list[DecidedFamily]:
        """Return every decision, by id."""
        with self.database.read() as connection:
            members: dict[str, list[str]] = {}
            for row in connection.execute(select(cause_family_members).order_by(cause_family_members.c.incident)):
                members.setdefault(row.family, []).append(row.incident)
            rows = connection.execute(select(cause_families).order_by(cause_families.c.id)).all()
        return [
            DecidedFamily(row.id, row.label, row.state, tuple(members.get(row.id, ())), row.by, row.at) for row in rows
        ]

    def labels(self) -> dict[str, str]:
        """Return for each incident that has its label from a confirmed family that label."""
        query = select(cause_family_members.c.incident, cause_families.c.label).where(
            cause_family_members.c.family == cause_families.c.id,
            cause_families.c.state == "confirmed",
            cause_family_members.c.labelled == 1,
        )
        with self.database.read() as connection:
            return {row.incident: row.label for row in connection.execute(query.order_by(cause_families.c.id))}

    def decide(self, families: Sequence[DecidedFamily]) -> int:
        """Save decisions; a confirmed label goes to the members that have none. Returns how many members got it."""
        changed = 0
        with self.database.write() as connection:
            for family in families:
                changed += _decide(connection, family)
            for state in ("confirmed", "dismissed"):
                if ids := [family.id for family in families if family.state == state]:
                    audit.add(connection, _AUDITED[state], detail={"families": ids})
        return changed

    def label_again(self) -> int:
        """Label newer resolutions of confirmed families that lack the label. Returns how many got it."""
        query = select(cause_families.c.label, cause_family_members.c.incident).where(
            cause_family_members.c.family == cause_families.c.id,
            cause_families.c.state == "confirmed",
            cause_family_members.c.labelled == 1,
        )
        with self.database.write() as connection:
            members: dict[str, list[str]] = {}
            for row in connection.execute(query):
                members.setdefault(row.label, []).append(row.incident)
            return sum(_set_label(connection, incidents, None, name) for name, incidents in members.items())

    def withdraw(self, family: str) -> int:
        """Withdraw a decision and the labels it set. Returns how many members lost theirs."""
        with self.database.write() as connection:
            row = connection.execute(select(cause_families).where(cause_families.c.id == family)).one_or_none()
            if row is None:
                raise NotFound(f"there is no decision on a family {family}; list them with `onrecall causes`")
            query = select(cause_family_members.c.incident).where(
                cause_family_members.c.family == family, cause_family_members.c.labelled == 1
            )
            changed = _set_label(connection, connection.scalars(query).all(), row.label, None)
            connection.execute(delete(cause_family_members).where(cause_family_members.c.family == family))
            connection.execute(delete(cause_families).where(cause_families.c.id == family))
            audit.add(connection, "causes withdrawn", detail={"families": [family]})
        return changed


def _decide(connection: Connection, family: DecidedFamily) -> int:
    connection.execute(delete(cause_family_members).where(cause_family_members.c.family == family.id))
    connection.execute(delete(cause_families).where(cause_families.c.id == family.id))
    row = {"id": family.id, "label": validation.require_text(family.label, "label"), "state": family.state}
    connection.execute(insert(cause_families).values({**row, "by": family.by, "at": family.at}))
    unlabelled = set(_unlabelled(connection, family.incidents)) if family.state == "confirmed" else set()
    rows = [
        {"family": family.id, "incident": incident, "labelled": int(incident in unlabelled)}
        for incident in family.incidents
    ]
    connection.execute(insert(cause_family_members), rows)
    return _set_label(connection, sorted(unlabelled), None, family.label) if unlabelled else 0


def _unlabelled(connection: Connection, incidents: Iterable[str]) -> Iterable[str]:
    for chunk in chunk_keys(incidents):
        query = select(resolutions.c.incident).where(resolutions.c.incident.in_(chunk), resolutions.c.cause.is_(None))
        yield from connection.scalars(query)


def _set_label(connection: Connection, incidents: Iterable[str], before: str | None, label: str | None) -> int:
    """Replace one label by another in all resolution versions of these incidents."""
    touched: set[str] = set()
    for chunk in chunk_keys(incidents):
        matching = (resolutions.c.incident.in_(chunk), resolutions.c.cause.is_not_distinct_from(before))
        touched.update(connection.scalars(select(resolutions.c.incident).where(*matching)))
        connection.execute(update(resolutions).where(*matching).values(cause=label))
    return len(touched)

"""What people decided of families of root causes: a label that all members got, or that they are none.

A confirmed label stands in the resolutions of its members; what an import gave stays known by its hash, so that the
same export still changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, Table, delete, insert, select, update

from onrecall.domain.errors import NotFound
from onrecall.storage import audit
from onrecall.storage import validation
from onrecall.storage.batching import chunk_keys
from onrecall.storage.columns import Utc, TextType
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
    """A family on which somebody decided."""

    id: str
    label: str
    state: DecidedState
    incidents: tuple[str, ...]
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CauseFamilies:
    """The decisions. Each method is one transaction."""

    database: Database

    def all(self) -> list[DecidedFamily]:
        """Every decision, by id."""
        with self.database.read() as connection:
            members: dict[str, list[str]] = {}
            for row in connection.execute(select(cause_family_members).order_by(cause_family_members.c.incident)):
                members.setdefault(row.family, []).append(row.incident)
            rows = connection.execute(select(cause_families).order_by(cause_families.c.id)).all()
        return [
            DecidedFamily(row.id, row.label, row.state, tuple(members.get(row.id, ())), row.by, row.at) for row in rows
        ]

    def decide(self, families: Sequence[DecidedFamily]) -> int:
        """Keep decisions all at once; a confirmed label goes to the members that have none. Returns how many got it."""
        changed = 0
        with self.database.write() as connection:
            for family in families:
                changed += _decide(connection, family)
            for state in ("confirmed", "dismissed"):
                if ids := [family.id for family in families if family.state == state]:
                    audit.add(connection, _AUDITED[state], detail={"families": ids})
        return changed

    def label_again(self) -> int:
        """Give members of confirmed families their label where a newer resolution lacks it; returns how many got it."""
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
        """Take a decision back, and the label from those that got it by the decision; returns how many lost it."""
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
        {"family": family.id, "incident": incident, "labelled": int(incident in unlabelled)} for incident in family.incidents
    ]
    connection.execute(insert(cause_family_members), rows)
    return _set_label(connection, sorted(unlabelled), None, family.label) if unlabelled else 0


def _unlabelled(connection: Connection, incidents: Iterable[str]) -> Iterable[str]:
    for chunk in chunk_keys(incidents):
        query = select(resolutions.c.incident).where(resolutions.c.incident.in_(chunk), resolutions.c.cause.is_(None))
        yield from connection.scalars(query)


def _set_label(connection: Connection, incidents: Iterable[str], before: str | None, label: str | None) -> int:
    """Put a label in the place of another in all versions of some resolutions."""
    touched: set[str] = set()
    for chunk in chunk_keys(incidents):
        matching = (resolutions.c.incident.in_(chunk), resolutions.c.cause.is_not_distinct_from(before))
        touched.update(connection.scalars(select(resolutions.c.incident).where(*matching)))
        connection.execute(update(resolutions).where(*matching).values(cause=label))
    return len(touched)

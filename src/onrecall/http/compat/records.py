"""Records that clients hand in as incidents: read by the importer of their format, each field kept or named."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from onrecall import importers
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.http.compat.answers import find_incident
from onrecall.http.compat.requests import clean_names
from onrecall.importers import ImportNote
from onrecall.pipeline import IncidentService
from onrecall.pipeline.import_history import ImportReport

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """What one record says, or why it can't be read, and the fields that have no place in an incident."""

    item: Incident | RejectedInput
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedRecords:
    """What became of some records."""

    brought: ImportReport
    ignored: list[str]
    """Fields of any of them that have no place in an incident."""


@dataclass(slots=True)
class _Reading:
    """Records on their way into memory, and the fields that were left out so far."""

    memory: IncidentService
    form: str
    ignored: set[str] = field(default_factory=set)

    def items(self, records: Sequence[Mapping[str, Any]]) -> Iterator[Incident | RejectedInput]:
        for number, record in enumerate(records, start=1):
            read = read_record(self.memory, self.form, record, f"record {number}")
            self.ignored.update(read.ignored)
            yield read.item


def import_records(memory: IncidentService, form: str, records: Sequence[Mapping[str, Any]]) -> ImportedRecords:
    """Import what a client calls its incidents; the same again changes nothing."""
    reading = _Reading(memory, form)
    brought = memory.import_history(reading.items(records))
    return ImportedRecords(brought, clean_names(reading.ignored))


def read_record(memory: IncidentService, form: str, record: Mapping[str, Any], where: str) -> ReadRecord:
    """Read one record. One that says no time ended when it was handed in first, and keeps that time from then on; one
    that says when it happened, and not when it was fixed, was fixed on its date.

    `where` names the record in an error where it has no id.
    """
    previous = _previous_version(memory, form, record)
    now = memory.now()
    read = _parse(form, record, where, previous.started_at if previous else now)
    if isinstance(read.item, RejectedInput):
        return _mended(form, record, where, now) or read if read.item.field == "resolved_at" else read
    lasted = read.item.resolution.at - now if read.item.resolution else None
    if previous is None and read.item.started_at == now and lasted and lasted.total_seconds() > 0:
        return _parse(form, record, where, now - lasted)
    return read


def _mended(form: str, record: Mapping[str, Any], where: str, now: datetime) -> ReadRecord | None:
    """Return the record with the time that it lacks: its end as its start, or its start as its end."""
    if record.get("resolved_at"):
        item = _parse(form, record, where, LONG_AGO).item
        if isinstance(item, RejectedInput) or item.started_at != LONG_AGO or item.resolved_at is None:
            return None
        return _parse(form, record, where, item.resolved_at)
    item = _parse(form, {**record, "resolved_at": now.isoformat()}, where, now).item
    if isinstance(item, RejectedInput):
        return None
    return _parse(form, {**record, "resolved_at": item.started_at.isoformat()}, where, now)


def _previous_version(memory: IncidentService, form: str, record: Mapping[str, Any]) -> Incident | None:
    """Return the incident as it was handed in before, unless it is an example or another system's of the same id."""
    name = record_id(record)
    stored = find_incident(memory, name) if name else None
    return stored if stored and stored.source == form else None


def record_id(record: Mapping[str, Any]) -> str | None:
    """Return the id that a record gives itself."""
    raw_id = next((record[name] for name in ("incident_id", "id") if record.get(name)), None)
    return str(raw_id).strip() if isinstance(raw_id, str | int) and not isinstance(raw_id, bool) else None


def _parse(form: str, record: Mapping[str, Any], where: str, undated: datetime) -> ReadRecord:
    data = json.dumps([record]).encode()
    parsed = list(importers.read_bytes("body.json", data, "application/json", format=form, undated=undated))
    ignored = tuple(name for note in parsed if isinstance(note, ImportNote) for name in note.left_out)
    for item in parsed:
        if isinstance(item, RejectedInput):
            return ReadRecord(RejectedInput(record_id(record) or where, item.field, item.message), ignored)
    return ReadRecord(next(item for item in parsed if isinstance(item, Incident)), ignored)

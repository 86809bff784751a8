"""Finds times in a custom payload: a field, or a date and a time of day in two fields."""

from collections.abc import Iterable
from datetime import datetime

from onrecall.domain.errors import Invalid
from onrecall.sources import payload
from onrecall.sources.field_aliases import LOOSE_TIMES, FieldCandidate, FieldCandidates
from onrecall.sources.field_readers import FoundValue
from onrecall.sources.timestamps import read_timestamp, unwrap_time

_DATE = ("date", "eventdate", "alertdate", "startdate", "incidentdate", "problemdate")
_CLOCK = ("time", "eventtime", "alerttime", "starttime", "incidenttime", "problemtime")
"""Pairs of fields that hold a date and a time of day."""


def find_zone(candidates: FieldCandidates) -> str | None:
    """Return the time zone that the payload names."""
    return next((text for zone in candidates.of_field("zone") if (text := payload.filled_text(zone.value))), None)


def find_time(
    candidates: Iterable[FieldCandidate], zone: str | None, *, is_strict: bool
) -> tuple[FoundValue | None, str | None]:
    """Return the first readable time, or what is wrong with the first other one. If strict, that raises Invalid."""
    problem: str | None = None
    for candidate in candidates:
        value = unwrap_time(candidate.value)
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            continue
        try:
            if moment := read_timestamp(payload.filled_text(value) and value, candidate.place, zone):
                return FoundValue(moment, candidate.place), None
        except Invalid as error:
            if is_strict:
                raise
            if candidate.name not in LOOSE_TIMES:
                problem = problem or str(error)
    return None, problem


def join_date_and_time(candidates: FieldCandidates) -> datetime | None:
    """Return a time whose date and time of day are in two fields."""
    for level in candidates.levels:
        for day, clock in zip(_DATE, _CLOCK, strict=True):
            if day in level.bare and clock in level.bare:
                date_and_time = f"{level.values[level.bare[day]]} {level.values[level.bare[clock]]}"
                try:
                    return read_timestamp(date_and_time, day)
                except Invalid:
                    continue
    return None

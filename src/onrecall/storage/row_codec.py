"""Convert rows to plain JSON and back; values read back are validated against their columns."""

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, LargeBinary, Table, Text

from onrecall.domain.action_item import ActionState
from onrecall.domain.alert import AlertStatus
from onrecall.domain.document import Document, DocumentKind
from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.image import ImageType
from onrecall.domain.incident import (
    CauseOrigin,
    LinkKind,
    Provenance,
    Resolution,
    ResolutionStep,
    Severity,
    Status,
    StepOutcome,
)
from onrecall.domain.passage import Part
from onrecall.domain.recommendation import OutcomeVerdict, Recommendation, StepVerdict
from onrecall.domain.suggestion import SuggestionKind, SuggestionState
from onrecall.storage import validation
from onrecall.storage.body_schemas import AlertBody, ChangeBody, IncidentReportBody
from onrecall.storage.columns import Utc
from onrecall.storage.results import EventType

Row = dict[str, Any]
CHECKS: Mapping[tuple[str, str], Any] = {
    ("incidents", "severity"): Severity,
    ("incidents", "status"): Status,
    ("incidents", "labels"): dict[str, str],
    ("incidents", "report"): IncidentReportBody | None,
    ("incidents", "tags"): list[str],
    ("incidents", "edited"): list[str],
    ("resolutions", "steps"): tuple[ResolutionStep, ...],
    ("resolutions", "provenance"): Provenance,
    ("resolutions", "cause_origin"): CauseOrigin,
    ("links", "kind"): LinkKind,
    ("documents", "kind"): DocumentKind,
    ("documents", "labels"): dict[str, str],
    ("passages", "kind"): EvidenceKind,
    ("passages", "part"): Part,
    ("recommendations", "body"): Recommendation,
    ("recommendations", "step_keys"): list[str],
    ("outcomes", "verdict"): OutcomeVerdict,
    ("outcomes", "steps"): tuple[StepVerdict, ...],
    ("performed", "outcome"): StepOutcome,
    ("alerts", "status"): AlertStatus,
    ("alerts", "body"): AlertBody,
    ("suggestions", "kind"): SuggestionKind,
    ("suggestions", "state"): SuggestionState,
    ("suggestions", "resolution"): Resolution,
    ("suggestions", "document"): Document,
    ("alerts", "purpose"): Literal["test", "heartbeat", "planned", "informational"],
    ("incident_images", "type"): ImageType,
    ("action_items", "state"): ActionState,
    ("action_items", "due"): date | None,
    ("notes", "type"): Literal["note", "acknowledgement"],
    ("change_events", "body"): ChangeBody,
    ("events", "type"): EventType,
    ("events", "detail"): dict[str, Any],
}


def to_json(value: object) -> object:
    """Return a column's value as JSON can carry it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def parse_row(table: Table, columns: Mapping[str, Column[Any]], row: Mapping[str, Any], where: str) -> Row:
    """Parse a row's values for its columns. Raises Invalid."""
    if unknown := row.keys() - columns.keys() - {"table"}:
        name = min(unknown)
        raise Invalid(f"{where}: {table.name} have no {name!r}; was this written by a newer OnRecall?", name)
    return {name: _value(table, column, row.get(name), where) for name, column in columns.items()}


def _value(table: Table, column: Column[Any], value: object, where: str) -> object:
    if value is None:
        if not column.nullable:
            raise Invalid(f"{where}: {column.name} is missing", column.name)
        return None
    try:
        parse = next(parse for kind, parse in PARSERS.items() if isinstance(column.type, kind))
        parsed_value = parse(value, column.name)
        if check := CHECKS.get((table.name, column.name)):
            _check(check).validate_python(value)
    except Invalid as error:
        raise Invalid(f"{where}: {error}", column.name) from error
    except (ValidationError, ValueError, TypeError, binascii.Error) as error:
        raise Invalid(f"{where}: {column.name} is not valid: {str(error).splitlines()[0]}", column.name) from error
    if column.primary_key:
        validation.check_key(parsed_value if isinstance(parsed_value, str) else None, column.name)
    return parsed_value


@cache
def _check(kind: Any) -> TypeAdapter[Any]:
    """Built on first use: building all of them takes a quarter of a second."""
    return TypeAdapter(kind)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of text")
    return validation.require_text(value, name)


def _moment(value: object, name: str) -> datetime:
    return validation.require_utc(datetime.fromisoformat(_text(value, name)), name)


def _raw(value: object, name: str) -> bytes:
    return base64.b64decode(_text(value, name), validate=True)


def _integer(value: object, _name: str, most: int = 2**31) -> int:
    if not isinstance(value, int) or not 0 <= value < most:
        raise TypeError(f"{value!r} instead of a whole number")
    return value


def _large(value: object, name: str) -> int:
    return _integer(value, name, 2**63)


def _number(value: object, _name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError(f"{value!r} instead of a number")
    return value


def _flag(value: object, _name: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} instead of true or false")
    return value


PARSERS: Mapping[type[Any], Callable[[object, str], object]] = {
    Utc: _moment,
    LargeBinary: _raw,
    Boolean: _flag,
    BigInteger: _large,
    Integer: _integer,
    Float: _number,
    JSON: validation.to_storable,
    Text: _text,
}

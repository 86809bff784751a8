"""Refuse values that no database can store, naming the field; and content hashes."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import ActionItem, Incident, Resolution, ResolutionStep

KEY_BYTES = 600
"""The longest key in bytes: PostgreSQL can't index longer ones."""
_SUSPECT = re.compile(r"\\u(?:0000|d[89a-f])")
"""In JSON, a NUL or a surrogate: a lone one can't be stored, a pair can."""


def to_storable(value: object, field: str = "") -> Any:
    """Return the value as JSON data with times in UTC. Raises Invalid if it holds what can't be stored."""
    if isinstance(value, Mapping):
        return {require_text(str(key), field): to_storable(item, f"{field}.{key}") for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_storable(item, f"{field}.{n}") for n, item in enumerate(value)]
    if is_dataclass(value):
        prefix = f"{field}." if field else ""
        names = [field_info.name for field_info in fields(value) if not _is_omitted(value, field_info.name)]
        return {name: to_storable(getattr(value, name), prefix + name) for name in names}
    return _scalar(value, field)


def _scalar(value: object, field: str) -> str | float | None:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return require_text(value, field)
    if isinstance(value, datetime):
        return require_utc(value, field).isoformat()
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise Invalid(f"{field} is {value!r}, which can't be stored", field)


def require_text(value: str, field: str) -> str:
    """Return the text. Raises Invalid if it holds a NUL character or a lone surrogate."""
    if "\0" in value:
        raise Invalid(f"{field} contains a NUL character, which cannot be stored; remove it", field)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Invalid(
                f"{field} is not valid Unicode at character {error.start}; remove that character", field
            ) from error
    return value


def is_storable(value: str) -> bool:
    """Return whether a text can be in the store at all; there is no point in looking for any other."""
    return "\0" not in value and (value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value))


def require_utc(value: datetime, field: str) -> datetime:
    """Return the time in UTC. Raises Invalid if it has no time zone."""
    if value.tzinfo is None or value.utcoffset() is None:
        raise Invalid(f"{field} has no time zone; add one, such as {value.isoformat()}Z", field)
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise Invalid(f"{field} is out of range: {value.isoformat()}", field) from error


def optional_utc(at: datetime | None, field: str) -> datetime | None:
    """Return a time in UTC, or None. Raises Invalid for one without a time zone."""
    return None if at is None else require_utc(at, field)


def check_key(value: str | None, field: str) -> None:
    """Raise Invalid for a key that is too long."""
    if value is not None and len(value.encode(errors="replace")) > KEY_BYTES:
        raise Invalid(f"{field} is longer than {KEY_BYTES} bytes; give a shorter one", field)


def content_hash(record: Incident | Document) -> str:
    """Return a hash of the content without the id. Raises Invalid if something in it can't be stored."""
    check_key(record.id, "id")
    check_key(record.service, "service")
    if isinstance(record, Incident):
        check_key(record.source, "source")
        check_key(record.source_id, "source_id")
        for n, link in enumerate(record.links):
            check_key(link.incident, f"links.{n}.incident")
    require_text(record.id, "id")
    return hashlib.sha256(_content(replace(record, id="")).encode()).hexdigest()


def _content(record: Incident | Document) -> str:
    """Return the content as JSON. If it holds what can't be stored, `to_storable` raises with the field's name."""
    try:
        content = _encode(record)
    except (Invalid, TypeError, ValueError):
        return json.dumps(to_storable(record), sort_keys=True, separators=(",", ":"))
    if _SUSPECT.search(content):
        to_storable(record)
    return content


def _encode_default(value: object) -> Any:
    """Encode what JSON does not know, as `to_storable` does; nested values are still to be encoded."""
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value):
        return {name: getattr(value, name) for name in _content_fields(value.__class__) if not _is_omitted(value, name)}
    return _scalar(value, "")


def _is_omitted(value: object, name: str) -> bool:
    """Return whether it is an empty field added later: it is omitted, so that older content keeps its hash."""
    return name in ADDED_FIELDS.get(type(value), ()) and not getattr(value, name)


ADDED_FIELDS: Mapping[type, frozenset[str]] = {
    Incident: frozenset(
        (
            "document",
            "impact",
            "detection",
            "trigger",
            "contributing_factors",
            "timeline",
            "action_items",
            "lines",
            "assignee",
            "tags",
            "edited",
        )
    ),
    ActionItem: frozenset(("due",)),
    Resolution: frozenset(("root_cause_line",)),
    ResolutionStep: frozenset(("line", "effect")),
}
"""Fields added after the first release."""


@cache
def _content_fields(kind: type) -> tuple[str, ...]:
    return tuple(field_info.name for field_info in fields(kind) if field_info.metadata.get("content", True))


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, default=_encode_default).encode

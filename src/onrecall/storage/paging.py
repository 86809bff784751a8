"""Cursors: where a page ended, so that the next one continues there whatever is added in between."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from onrecall.domain.errors import Invalid
from onrecall.storage import validation

MAX_LIMIT = 1000
MAX_NUMBER, MAX_INTEGER = 2**63 - 1, 2**31 - 1
"""The largest numbers that PostgreSQL compares with a column `Number` and with a column `Integer`."""
INVALID = "this cursor is invalid; omit it to start from the beginning"
PageRow = TypeVar("PageRow")


def encode_cursor(fields: Sequence[str]) -> str:
    """Encode a position as an opaque string."""
    return base64.urlsafe_b64encode(json.dumps(list(fields)).encode()).decode().rstrip("=")


def next_cursor(rows: Sequence[PageRow], limit: int, position: Callable[[PageRow], Sequence[str]]) -> str | None:
    """Return the cursor after the last row of a page; None if no row follows. `rows` has one beyond the limit."""
    return encode_cursor(position(rows[limit - 1])) if len(rows) > limit else None


def decode_cursor(encoded: str, length: int) -> list[str]:
    """Decode a cursor. Raises Invalid if it is malformed."""
    try:
        fields = json.loads(base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise Invalid(INVALID, "cursor") from error
    if (
        not isinstance(fields, list)
        or len(fields) != length
        or not all(isinstance(field, str) and validation.is_storable(field) for field in fields)
    ):
        raise Invalid("this cursor belongs to another list; omit it to start from the beginning", "cursor")
    return fields


def parse_time(field: str) -> datetime:
    """Return the time in a cursor. Raises Invalid if it is none."""
    try:
        return validation.require_utc(datetime.fromisoformat(field), "cursor")
    except ValueError as error:
        raise Invalid(INVALID, "cursor") from error


def parse_number(field: str, maximum: int = MAX_NUMBER) -> int:
    """Return the number in a cursor. Raises Invalid if it is none, or larger than any row's."""
    if not (field.isascii() and field.isdigit() and len(field) < 20 and int(field) <= maximum):
        raise Invalid(INVALID, "cursor")
    return int(field)


def check_limit(limit: int) -> int:
    """Return the limit. Raises Invalid if it is out of range."""
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid(f"limit is {limit}; give one between 1 and {MAX_LIMIT}", "limit")
    return limit

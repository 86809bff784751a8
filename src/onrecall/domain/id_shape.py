"""What ids of records look like."""

import re

from onrecall.domain.errors import Invalid
from onrecall.domain.hidden_characters import visible

MIN_DIGITS = 4
"""Digits that make a word without a separator look like an id, such as INC0012345; db2 and ipv6 do not."""
_SEPARATED = re.compile(r"-|[_#]\d")


def looks_like_id(word: str) -> bool:
    """Return whether a word that begins with a letter and holds a digit looks like an id rather than a name."""
    return bool(_SEPARATED.search(word)) or sum(map(str.isdigit, word)) >= MIN_DIGITS


def require_visible_id(value: str, field: str = "id") -> str:
    """Return the id; raise Invalid if it holds a character that nobody sees, so that two ids would look the same."""
    if not value.isprintable() or visible(value) != value:
        raise Invalid(f"`{field}` contains a line break, a control or a hidden character; use the plain id", field)
    return value

"""What words look like that are ids of records."""

import re

MIN_DIGITS = 4
"""Digits that make a word without a separator look like an id, such as INC0012345; db2 and ipv6 do not."""
_SEPARATED = re.compile(r"-|[_#]\d")


def looks_like_id(word: str) -> bool:
    """Return whether a word that begins with a letter and holds a digit looks like an id rather than a name."""
    return bool(_SEPARATED.search(word)) or sum(map(str.isdigit, word)) >= MIN_DIGITS

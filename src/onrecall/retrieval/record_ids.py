"""Ids of incidents and documents in a question: they name a record and say nothing of what broke."""

import re
from collections.abc import Collection, Iterable

MOST_CANDIDATES = 50
"""Words of one question that are looked up as ids."""
LONGEST_TEXT = 100_000
"""Characters of a text that is searched for ids; in a longer one a single id counts for little."""

_TICKET = re.compile(
    r"(?<![\w./-])(?:(?:INC|INCIDENT|PM|POSTMORTEM|PIR|RCA|PRB|CHG|RITM)[-_#]\d[\w-]*|(?:INC|PRB|CHG|RITM)\d{5,})(?![\w-])",
    re.IGNORECASE,
)
"""Ids of tickets under the prefixes that incident tools use, such as INC-1234, PM-2025-17 and INC0012345."""
_ID_LIKE = re.compile(r"(?<![\w./-])[A-Za-z][\w-]*#?\d[\w-]*(?![\w-])")
_SEPARATED = re.compile(r"-|[_#]\d")
MIN_DIGITS = 4
"""Digits that make a word without a separator look like an id, such as INC0012345; db2 and ipv6 do not."""


def find_id_candidates(text: str) -> tuple[str, ...]:
    """Return the words that may be ids of records, each once, at most `MOST_CANDIDATES`."""
    if len(text) > LONGEST_TEXT:
        return ()
    words = dict.fromkeys(match[0] for match in _ID_LIKE.finditer(text) if _looks_like_id(match[0]))
    return tuple(words)[:MOST_CANDIDATES]


def _looks_like_id(word: str) -> bool:
    return bool(_SEPARATED.search(word)) or sum(map(str.isdigit, word)) >= MIN_DIGITS


def strip_ticket_ids(text: str, own: Iterable[str] = ()) -> str:
    """Return the text without ids of tickets and without its own ids; a text of nothing else stays as it is."""
    if len(text) > LONGEST_TEXT:
        return text
    return strip_ids(_or_whole(_TICKET.sub(" ", text), text), frozenset(own))


def strip_ids(text: str, ids: Collection[str]) -> str:
    """Return the text without these ids; a text of nothing else stays as it is."""
    if not any(name in text for name in ids):
        return text
    names = "|".join(re.escape(name) for name in sorted(ids, key=len, reverse=True) if name)
    return _or_whole(re.sub(rf"(?<![\w./-])(?:{names})(?![\w-])", " ", text), text)


def _or_whole(stripped: str, text: str) -> str:
    return stripped if any(character.isalnum() for character in stripped) else text

"""Ids of incidents and documents in a question: they name a record and say nothing of what broke."""

import re
from collections.abc import Collection, Iterable

from onrecall.domain.id_shape import looks_like_id

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
_WORD = re.compile(r"[^\W_]+")
_ASKING_WORDS = (
    "a about again and are cause caused causes close closed could did do does end ended ever explain find fix "
    "fixed for from give happen happened happening help how i in incident information is it know last like look "
    "me mend of on our outage over please postmortem problem recall remember resolve resolved root run see show "
    "solve solved steps summary tell that the there this ticket time to up us was we were what when where which "
    "who why with worked you war wie warum wann wer passiert bei behoben gelöst ursache lösung der die das den "
    "zeig mir que qu quoi quel quelle était comment pourquoi résolu s est il passé de la le du qué cuál cómo fue "
    "pasó por se resolvió causa el en o os foi como "
)
_ASKING = frozenset(_ASKING_WORDS.split())
"""Words of a question that say nothing of what broke."""


def find_id_candidates(text: str) -> tuple[str, ...]:
    """Return the words that may be ids of records, each once, at most `MOST_CANDIDATES`."""
    if len(text) > LONGEST_TEXT:
        return ()
    words = dict.fromkeys(match[0] for match in _ID_LIKE.finditer(text) if looks_like_id(match[0]))
    return tuple(words)[:MOST_CANDIDATES]


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


def asks_about_records(text: str, ids: Collection[str]) -> bool:
    """Return whether a question without its ids only asks what a record was: `what was`, `how did we fix`."""
    folded = {name.casefold() for name in ids}
    words = (word.casefold() for word in _WORD.findall(strip_ids(f"{text} .", ids)))
    return all(word in _ASKING or any(word in name for name in folded) for word in words)


def _or_whole(stripped: str, text: str) -> str:
    return stripped if any(character.isalnum() for character in stripped) else text

"""Recognise texts that only name a ticket's state: they are not a fix, and some mean it was not fixed."""

import re
from functools import cache
from typing import Literal, cast

from onrecall.domain.word_file import read_sections

State = Literal["fixed", "not fixed"]

LONGEST = 80
"""Maximum characters of a text that names a state."""

_SENTENCE = re.compile(
    r"(?:(?:this|the|our|your) )?(?:incident|issue|ticket|problem|bug|case|request|alert|outage|event|this|it)?(?:s)? ?"
    r"(?:(?:is|was|has been|have been|got) )?(?:(?:now|fully|already|successfully) )*"
    r"(?:resolved|fixed|closed|solved|completed|mitigated|over|done)(?: now)?"
)
_CLOSED_AS = re.compile(
    r"\b(?:clos(?:e|ed|ing)|resolv(?:e|ed|ing)|mark(?:ed|ing)?)(?: this| it)?(?: ticket| issue)? as(?: an?)? "
    r"(?P<state>[\w' ]{3,24}?)(?: of\b| for\b| \(|[.,;:!]|$)",
    re.IGNORECASE,
)


def state_of(text: str | None) -> State | None:
    """Return the state that a text names, or None if it is not just a state."""
    if not text or len(text) > LONGEST:
        return None
    phrase = " ".join(re.sub(r"[\s_/()\-–:.!\"]+", " ", text.casefold().replace("\u2019", "'")).split())
    if (state := _states().get(phrase)) is not None:
        return state
    if _SENTENCE.fullmatch(phrase):
        return "fixed"
    parts = [part for part in re.split(r"[.,;!]+", text) if part.strip()]
    return "fixed" if len(parts) > 1 and all(state_of(part) == "fixed" for part in parts) else None


def is_state(text: str | None) -> bool:
    """Return whether a text only names a state."""
    return state_of(text) is not None


def closed_without_fix(comment: str) -> bool:
    """Return whether a comment closes a ticket as a duplicate, as stale, as not to be fixed or the like."""
    return any(state_of(match["state"]) == "not fixed" for match in _CLOSED_AS.finditer(comment[:2_000]))


@cache
def _states() -> dict[str, State]:
    """Return phrase → state, read from `states.txt`."""
    sections = read_sections("onrecall.importers", "states.txt")
    return {
        phrase: cast("State", state)
        for state, lines in sections.items()
        for line in lines
        for phrase in line.split("|")
    }

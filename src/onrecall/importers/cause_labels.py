"""A column that is called a cause: a short one is a label that incidents share, a long one is prose."""

import re

from onrecall.importers.postmortem.prose import is_placeholder

LONGEST = 60
MOST_WORDS = 5
_NOTHING = re.compile(
    r"(?:un(?:known|clear|determined|specified|defined|classified)|others?|misc(?:ellaneous)?|various|n/?a|none|tb[ad]"
    r"|(?:still )?(?:under|pending) investigation|investigating"
    r"|not (?:known|determined|found|identified|applicable)|[?.-]+)"
    r"[.!]?",
    re.IGNORECASE,
)


def divide_cause(root_cause: str | None, cause: str | None) -> tuple[str | None, str | None]:
    """Return the root cause in prose and the label, from a column for each; a cause that is prose is no label."""
    told = None if root_cause is None or is_placeholder(root_cause) else root_cause
    if cause is None or _NOTHING.fullmatch(cause.strip()):
        return told, None
    if is_label(cause):
        return told or cause, cause
    return "\n".join(dict.fromkeys(said for said in (told, cause) if said)), None


def is_label(text: str) -> bool:
    """Return whether a text is short enough to be the name of a cause rather than a sentence about it."""
    said = text.strip()
    if _NOTHING.fullmatch(said) or len(said) > LONGEST or "\n" in said or said.endswith((".", "!", "?")):
        return False
    return 0 < len(said.split()) <= MOST_WORDS

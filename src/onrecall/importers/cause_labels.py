"""Tell cause labels from prose: a short cause is a label that incidents share, a long one is a description."""

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
    """Return the root cause in prose and the cause label; a cause that is prose is not a label."""
    prose = None if root_cause is None or is_placeholder(root_cause) else root_cause
    if cause is None or _NOTHING.fullmatch(cause.strip()):
        return prose, None
    if is_label(cause):
        return prose or cause, cause
    return "\n".join(dict.fromkeys(part for part in (prose, cause) if part)), None


def is_label(text: str) -> bool:
    """Return whether a text is short enough to be the name of a cause rather than a sentence about it."""
    label = text.strip()
    if _NOTHING.fullmatch(label) or len(label) > LONGEST or "\n" in label or label.endswith((".", "!", "?")):
        return False
    return 0 < len(label.split()) <= MOST_WORDS

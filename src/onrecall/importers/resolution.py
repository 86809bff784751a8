"""Find the resolution that a source states: only text under such a label counts."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from onrecall.domain.incident import Resolution
from onrecall.importers.states import is_state
from onrecall.importers.steps import parse_steps

UNTIMED = (
    "it says what fixed it but not when; give `resolved_at`, or name its column in a mapping file: that of the start, "
    "where it was fixed on its date"
)

Section = Literal["root_cause", "fix"]

_NAMES: dict[str, Section] = {
    **dict.fromkeys(
        ("root cause", "root causes", "root cause analysis", "cause", "causes", "cause of the incident", "rca"),
        "root_cause",
    ),
    **dict.fromkeys(
        ("resolution", "resolution steps", "fix", "the fix", "solution", "mitigation", "remediation", "how we fixed it",
         "resolution and recovery", "recovery", "steps taken", "actions taken", "fix applied"),
        "fix",
    ),
}  # fmt: skip
_HEADING = re.compile(r" {0,3}(?:#{1,6}|h[1-6]\.)\s+(?P<text>\S.*)")
_CLOSING = re.compile(
    r"\b(?:fixed|resolved|mitigated|root cause|caused by|due to|restarted|rolled back|reverted|scaled|increased|"
    r"patched|renewed|replaced|upgraded|failed over|workaround|restored)\b",
    re.IGNORECASE,
)


def imported_resolution(root_cause: str | None, fix: str | None, at: datetime) -> Resolution | None:
    """Return an imported resolution if the source gives a cause or a fix."""
    if not root_cause and not fix:
        return None
    return Resolution(root_cause or "", at, steps=parse_steps(fix), summary=fix, provenance="imported")


def labelled_sections(text: str | None) -> Mapping[Section, str]:
    """Return the text under "Root cause" and under "Resolution" in a description or comment."""
    parts: dict[Section, list[str]] = {}
    current: Section | None = None
    for line in (text or "").splitlines():
        if heading := _HEADING.fullmatch(line):
            current = _NAMES.get(_normalize_label(heading["text"]))
            continue
        label, _, content = line.partition(":")
        if (name := _NAMES.get(_normalize_label(label))) and (":" in line or "**" in line or "__" in line):
            current, line = name, content.strip(" *_")  # noqa: PLW2901 - the rest of a labelled line
        if current:
            parts.setdefault(current, []).append(line)
    joined = {name: "\n".join(lines).strip() for name, lines in parts.items()}
    return {name: text for name, text in joined.items() if text}


def _normalize_label(heading: str) -> str:
    """Return a heading or label in lower case without markup."""
    return heading[:80].strip(" \t-*_#:").lower()


def closing_comment(comments: tuple[str, ...]) -> str | None:
    """Return the last comment if it reports what ended the incident."""
    last = comments[-1].strip() if comments else ""
    return last if reports_closing(last) and not is_state(last) else None


def reports_closing(comment: str) -> bool:
    """Return whether a comment reports what ended the incident."""
    return _CLOSING.search(comment) is not None

"""Action items that a team tracks: what to do after an incident, who does it, by when, and whether it is done."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from onrecall.domain.errors import Invalid
from onrecall.domain.markdown_page import collapse_whitespace

ActionState = Literal["open", "done", "dropped"]
LONGEST_TEXT = 2000
LONGEST_OWNER = 200
LONGEST_URL = 2000
IMPORTED_STATES: Mapping[str, ActionState] = {"done": "done", "cancelled": "dropped"}
"""How states of postmortems are tracked; every other word, and none, is open."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class TrackedAction:
    """One action item of an incident, named by the incident and its number there."""

    incident: str
    number: int
    text: str
    owner: str | None = None
    due: date | None = None
    """The last day on which it is in time."""
    state: ActionState = "open"
    url: str | None = None
    """The issue in a tracker."""
    created_at: datetime | None = None
    """When a person added it; None: it comes from a postmortem."""
    created_by: str | None = None
    updated_at: datetime | None = None
    """When a person last changed it."""
    updated_by: str | None = None
    closed_at: datetime | None = None
    """When a person closed it."""
    imported_text: str | None = None
    """What the postmortem calls it; None: a person added it."""
    edited: bool = False
    """Whether a person changed it, so that another import leaves it alone."""

    def is_overdue(self, today: date) -> bool:
        """Return whether it is open after its due date."""
        return self.state == "open" and self.due is not None and self.due < today

    @property
    def imported(self) -> bool:
        """Whether it comes from a postmortem."""
        return self.imported_text is not None


@dataclass(frozen=True, slots=True)
class ActionEdit:
    """The fields to change; None leaves a field as it is, and an empty text clears it."""

    text: str | None = None
    owner: str | None = None
    due: str | None = None
    state: ActionState | None = None
    url: str | None = None

    def apply(self, action: TrackedAction, at: datetime, by: str | None) -> TrackedAction:
        """Return the changed action item, or the same one if nothing differs.

        Raises Invalid for an empty or overlong text, a date that is none, and a link that is no web address.
        """
        changed = replace(action, **dict(self._fields()))
        if changed == action:
            return action
        if changed.state != action.state:
            changed = replace(changed, closed_at=None if changed.state == "open" else at)
        return replace(changed, updated_at=at, updated_by=by, edited=True)

    def _fields(self) -> Iterator[tuple[str, Any]]:
        if self.text is not None:
            yield "text", parse_text(self.text)
        if self.owner is not None:
            yield "owner", parse_owner(self.owner)
        if self.due is not None:
            yield "due", parse_due(self.due)
        if self.state is not None:
            yield "state", self.state
        if self.url is not None:
            yield "url", parse_url(self.url)


def changed_fields(before: TrackedAction, after: TrackedAction) -> tuple[str, ...]:
    """Return the names of the fields that an edit changed."""
    return tuple(
        name for name in ("text", "owner", "due", "state", "url") if getattr(before, name) != getattr(after, name)
    )


def parse_text(text: str) -> str:
    """Return the text on one line. Raises Invalid if it is empty or too long."""
    line = collapse_whitespace(text)
    if not line:
        raise Invalid("the action item is empty; write what should be done", "text")
    return _bounded(line, "text", LONGEST_TEXT)


def parse_owner(owner: str) -> str | None:
    """Return the owner's name on one line; None if it is empty. Raises Invalid if it is too long."""
    return _bounded(collapse_whitespace(owner), "owner", LONGEST_OWNER) or None


def parse_due(due: str) -> date | None:
    """Return the due date; None for an empty text. Raises Invalid for anything but a day such as 2026-12-24."""
    text = due.strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else _refuse_date(text)
    except ValueError:
        return _refuse_date(text)


def parse_url(url: str) -> str | None:
    """Return the address of an issue; None for an empty text. Raises Invalid unless it is an http or https address."""
    text = url.strip()
    if not text:
        return None
    if not is_web_address(text):
        raise Invalid("url is not an address; copy the issue's whole address, which begins with https://", "url")
    return _bounded(text, "url", LONGEST_URL)


def is_web_address(text: str) -> bool:
    """Return whether a text is an http or https address without credentials."""
    if not text.isprintable() or any(letter.isspace() or letter in "<>\"'`\\" for letter in text):
        return False
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port  # a port that is no number raises ValueError
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and parts.username is None


def _bounded(text: str, field: str, longest: int) -> str:
    if len(text) > longest:
        raise Invalid(f"{field} has {len(text)} characters; at most {longest} fit", field)
    return text


def _refuse_date(text: str) -> date:
    raise Invalid(f"due: {text[:40]!r} is not a day; write it as 2026-12-24", "due")

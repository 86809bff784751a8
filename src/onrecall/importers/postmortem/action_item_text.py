"""Parse the text of an action item: its task, owner, due date and state."""

import re
from itertools import islice

from onrecall.importers.postmortem.action_facets import (
    STATES,
    ActionFacets,
    clean_owner,
    is_no_owner,
    is_subject,
    parse_state,
    split_facets,
)
from onrecall.importers.postmortem.clock import parse_due_day
from onrecall.importers.postmortem.rows import plain_text

LONGEST_DATE = 5
"""Maximum words of a date: `Fri 3 de julio 2026`."""
MAX_DATE_LENGTH = 80
"""Characters behind `due` that are searched for a date."""
_LABELLED_NAME = (
    r"@[\w.-]+|[A-ZÄÖÜ][\w.'’-]*(?:\s+[A-ZÄÖÜ][\w.'’-]*){0,2}|[a-z][\w.-]{1,20}(?:[ -](?:team|sre|ops|squad))?"
)
STATE_WORDS = "|".join(
    sorted(
        (re.escape(word) for word in STATES if len(word) > 1 and word.isascii() and word not in ("no", "yes", "new")),
        key=len,
        reverse=True,
    )
)
_STATE_AFTER = re.compile(
    rf"\s*(?:[-–—:;,|]\s*|\()\s*\**(?:status\s*[:=]\s*)?(?P<state>{STATE_WORDS})\**\s*\)?[.!]?\s*$"
    rf"|\s*\[(?P<boxed>{STATE_WORDS})\]\s*[.!]?$",
    re.IGNORECASE,
)
_STATE_BEHIND = re.compile(rf"(?<=[)\]])\s+(?P<state>{STATE_WORDS})\s*[.!]?$", re.IGNORECASE)
"""A state behind brackets: `… (Joe) [UPL-13] done`."""
_STATE_BEFORE = re.compile(
    rf"^\s*(?:\[(?P<boxed>{STATE_WORDS})\]|(?P<state>DONE|TODO|WIP|OPEN|IN PROGRESS|CLOSED|CANCELLED|STARTED)\b"
    rf"|\((?P<round>{STATE_WORDS})\))\s*[:–—-]?\s*(?=\S)",
    re.IGNORECASE,
)
_MARK_BEFORE = re.compile(r"^\s*(?P<mark>✅|☑️?|✔️?|❌|⬜|🚧|⏳|☐)\s*")
_MARK_AFTER = re.compile(r"\s*(?P<mark>✅|☑️?|✔️?|❌|⬜|🚧|⏳|☐)\s*$")
_OWNER_WITHIN = re.compile(
    rf"[\s,;(\[|–—-]*\**(?:owner|assignee|assigned to|responsible|dri|who|verantwortlich|zuständig"
    rf"|responsable|responsável|responsabile|verantwoordelijke?|eigenaar|lead)\**\s*[:=]\s*\**\s*(?P<owner>(?:{_LABELLED_NAME})(?:\s*(?:,|&|and|/)\s*(?:@[\w.-]+"
    rf"|[A-Z]\w+))*)\**\s*[)\]]?",
    re.IGNORECASE,
)
_OWNER_IN_BRACKETS = re.compile(
    r"\s*[(\[](?P<owner>@[\w./-]+(?:\s*(?:,|&|and)\s*@[\w./-]+)*|[A-Z][a-zäöüé]+(?:\s+[A-Z][\w.]+)?"
    r"|[a-z]+[ -](?:team|sre|ops|squad)|team[ -][a-z]+|facilities|ops|infra|dba|dbas|security|platform|network"
    r"|net-ops|sre|devops|support|finance|legal"
    r"|helpdesk)(?:\s*[,;–-]\s*(?P<more>[^()\[\]]{1,60}))?[)\]]\s*[.]?\s*$"
)
_OWNER_DASH = re.compile(
    r"\s+(?:[-–—]|→|->|=>)\s*(?P<owner>@[\w./-]+|[A-Z][a-zäöüé]+(?:\s[A-Z][a-zäöüé]*\.?)?)\s*[.]?\s*$"
)
_OWNER_AT = re.compile(r"(?:^|\s)(?P<owner>@[\w./-]*\w(?:\s[A-ZÄÖÜ][\w.'’-]+){0,2})\s*[.]?\s*$")
_OWNER_BEFORE = re.compile(r"^\s*(?P<owner>@[\w./-]*\w)(?:\s*(?:[:,–-]|to\b(?=\s+[a-z]))\s*(?=\S)|\s+(?=[a-z]))")
_OWNER_EAST_ASIAN = re.compile(
    r"\s*[(\uff08]?(?:担当者?|负责人|責任者)\s*[:\uff1a]\s*(?P<owner>[^()\uff08\uff09\uff0c\uff1b\s、,]{1,20})[)\uff09]?"
)
_TRAILING_LINK = re.compile(
    r"\s*[(\[]*\[(?:github |tracking |link to )?(?:issue|issues|pr|pull request|link|ticket|jira|bug|mr"
    r"|merge request|docs?|here|see here[\w ]*|issue here|issue for [\w ]*"
    r"|[\w ]{0,20}\bissue)\]\([^()\s]*\)[)\]]*\s*\.?\s*$",
    re.IGNORECASE,
)
_DUE_WITHIN = re.compile(
    r"[\s,;(\[|–—-]*\b(?:due(?: date| by| on)?|eta|deadline|by|target|fällig|bis)\b\s*[:=]?\s*(?=\w)", re.IGNORECASE
)
"""What stands before a date within an item."""
_STATE_WITHIN = re.compile(
    rf"[\s,;(\[|–—-]*\**(?:status|state)\**\s*[:=]\s*\**\s*(?P<state>{STATE_WORDS})\**\s*[)\]]?", re.IGNORECASE
)
_TICKET_AT_END = re.compile(r"\s*[(\[]#?[A-Z]*[A-Z0-9]*-?\d+[)\]]\s*$")


class _ItemDraft:
    """What is left of an item's text while owner, due date and state are taken out of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.owner: str | None = None
        self.due: str | None = None
        self.state: str | None = None
        self.ticket = ""

    def cut(self, begin: int, end: int) -> None:
        self.text = f"{self.text[:begin]} {self.text[end:]}".strip()

    def put_ticket_aside(self) -> None:
        """Leave out the ticket at the end until owner and date before it are taken: `… (Ada) [UPL-12]`."""
        if (match := _TICKET_AT_END.search(self.text)) is not None and self.text[: match.start()].strip():
            self.ticket = match[0].rstrip()
            self.text = self.text[: match.start()]

    def take_states(self, *patterns: re.Pattern[str]) -> None:
        """Take what marks and words say of the state, before and behind the item."""
        for pattern in patterns:
            match = pattern.search(self.text)
            if match and (state := parse_state(next((word for word in match.groups() if word), ""))):
                self.state = self.state or state
                self.cut(match.start(), match.end())

    def take_facets(self) -> None:
        """Take what stands in parts of its own at the end or at the beginning."""
        facets = split_facets(self.text)
        self.text = facets.text
        self.owner = self.owner or facets.owner
        self.due = self.due or facets.due
        self.state = self.state or facets.state

    def take_due(self) -> None:
        """Take the date behind `due` or the like within the text."""
        for label in _DUE_WITHIN.finditer(self.text) if self.due is None else ():
            behind = self.text[label.end() : label.end() + MAX_DATE_LENGTH]
            ends = [word.end() for word in islice(re.finditer(r"\S+", behind), LONGEST_DATE)]
            for end in reversed(ends):
                written = self.text[label.end() : label.end() + end]
                if day := parse_due_day(written.rstrip(")].,;")):
                    self.due = day
                    closing = _closing_bracket(self.text, label, written)
                    self.text = f"{self.text[: label.start()]}{closing}{self.text[label.end() + end :]}".strip()
                    return

    def take_owner_in_brackets(self) -> None:
        """Take the owner, and the state behind the name, of `… (Farah, in progress)`."""
        match = _OWNER_IN_BRACKETS.search(self.text) if self.owner is None else None
        if match is not None and not is_subject(match["owner"]):
            self.text = self.text[: match.start()].strip()
            self.owner = clean_owner(match["owner"])
            self.state = self.state or parse_state((match["more"] or "").strip())

    def take_owner(self) -> None:
        """Take the owner behind a label, a dash or an `@`."""
        patterns = (_OWNER_WITHIN, _OWNER_EAST_ASIAN, _OWNER_DASH, _OWNER_AT, _OWNER_BEFORE)
        for pattern in patterns if self.owner is None else ():
            match = pattern.search(self.text)
            if match is not None and not is_no_owner(match["owner"]):
                self.owner = clean_owner(match["owner"])
                self.cut(match.start(), match.end())
                return

    def facets(self) -> ActionFacets:
        """Return what was taken, and the rest as the task."""
        self.take_states(_STATE_AFTER)
        stripped = " ".join(self.text.split()).strip(" ;,|\u2013\u2014").removesuffix(" -").strip()
        return ActionFacets((stripped or self.text) + self.ticket, self.owner or None, self.due, self.state)


def parse_item(text: str, markup: str) -> ActionFacets:
    """Split an item into task, owner, due date and state.

    Args:
        text: The item as plain text.
        markup: The same as written, in which a struck item is done and a link to its ticket may stand at the end.
    """
    if (without := _TRAILING_LINK.sub("", markup)) != markup and plain_text(without):
        text = plain_text(without)
    draft = _ItemDraft(text.replace("~~", "").strip())
    if markup.strip().startswith("~~") and markup.strip().endswith("~~"):
        draft.state = "done"
    draft.take_states(_MARK_BEFORE, _MARK_AFTER, _STATE_BEFORE, _STATE_BEHIND)
    draft.put_ticket_aside()
    draft.take_facets()
    draft.take_owner_in_brackets()
    draft.take_states(_STATE_WITHIN, _STATE_AFTER)
    draft.take_due()
    draft.take_facets()
    draft.take_owner_in_brackets()
    draft.take_owner()
    return draft.facets()


def _closing_bracket(text: str, label: re.Match[str], written: str) -> str:
    """Return the closing bracket behind a date if its opening bracket is before the label."""
    before = text[: label.start()]
    opened_before = before.count("(") > before.count(")") and not label[0].strip().startswith(("(", "["))
    return written[-1] if written.endswith((")", "]")) and opened_before else ""

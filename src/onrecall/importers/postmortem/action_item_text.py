"""Parse the text of an action item: its task, owner, due date and state."""

import re
from itertools import islice

from onrecall.importers.postmortem.action_facets import (
    STATES,
    ActionFacets,
    clean_owner,
    is_no_owner,
    is_persons_name,
    is_subject,
    names_owner_label,
    parse_state,
    split_facets,
)
from onrecall.importers.postmortem.clock import parse_due_day
from onrecall.importers.postmortem.deeds import base_verb
from onrecall.importers.postmortem.rows import plain_text
from onrecall.importers.postmortem.word_lists import word_set

LONGEST_DATE = 5
"""Maximum words of a date: `Fri 3 de julio 2026`."""
FEWEST_BEFORE = 3
"""Minimum words of a task before a colon and the name of its owner."""
TASK_VERBS = word_set("verbs of tasks")
_BEFORE_PARTICLES = word_set("verbs before a particle")
"""Verbs of `Ivo follows up with …`; others there are nouns: `Browser tests in CI`."""
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
    r"\s*[(\[](?P<owner>[A-ZÀ-Þ][\w-]+\s(?:team|squad|crew|guild)|@[\w./-]+(?:\s*(?:,|&|and)\s*@[\w./-]+)*|[A-ZÀ-Þ][a-zà-ÿ]+(?:-[A-ZÀ-Þ][a-zà-ÿ]+)?(?:\s+[A-Z][\w.]+)?(?:\s*(?:&|\+|/|\band\b)\s*[A-ZÀ-Þ][a-zà-ÿ]+)?"
    r"|[a-z]+[ -](?:team|sre|ops|squad)|team[ -][a-z]+|facilities|ops|infra|dba|dbas|security|platform|network"
    r"|net-ops|sre|devops|support|finance|legal"
    r"|helpdesk)(?:(?:\s*[,;]\s*|\s+[–-]\s+)(?P<more>[^()\[\]]{1,60}))?[)\]]\s*[.]?\s*$"
)
_OWNER_DASH = re.compile(
    r"\s+(?:--?|[–—]|→|->|=>)\s*(?P<owner>@[\w./-]+|[A-Z][a-zäöüé]+(?:\s[A-Z][a-zäöüé]*\.?)?|SREs?|DBAs?|QA|IT|NOC|SOC)\s*[.]?\s*$"
)
_TO_DO_BY = re.compile(r"\s+[–—-]+\s+(?P<name>@?[\w.-]+(?:\s[A-ZÀ-Þ][\w.-]+)?)\s+to\s+(?:do|deliver|finish)\b\s*")
"""`add a test — Casper to do until 2026-08-01`."""
_LEAD_OWNER = re.compile(
    r"^\W*(?:(?P<doer>[A-ZÀ-Þ][a-zà-ÿ]+)\s+(?=(?P<verb>[a-z]+)(?:e?s)\s(?:the|an?|all|our"
    r"|its|their|every|each|(?P<particle>up|in|to|out))\s)|I\s+\((?P<self>[A-ZÀ-Þ][\w.-]+)\)\s+(?:will"
    r"|am going to)\s+|(?P<asked>[A-ZÀ-Þ][\w.-]+),\s+please\s+"
    r"|(?P<team>(?:the\s+)?[A-ZÀ-Þ][\w-]*\s(?:team|squad|crew|guild))\s*:\s+)(?=\S)"
)
"""`I (Pekka) will …`, `Minna, please …`, `Servers team: …`."""
_BOLD_OWNER = re.compile(
    r"^\W*(?:\*\*|__)(?P<owner>[A-ZÀ-Þ][\w.'\u2019-]+(?:\s(?:[A-ZÀ-Þ][\w.'\u2019-]+|team|squad|crew|guild))?)\s*(?:(?:\*\*|__)\s*[:–—-]+|:\s*(?:\*\*|__))\s+"
)
"""A name in bold in front of a task: `**Ottilie** – analyse the table`."""
_COLON_OWNER = re.compile(
    r":\s*(?P<owner>[A-ZÀ-Þ][a-zà-ÿ]+(?:\s[A-ZÀ-Þ][a-zà-ÿ]*\.?)?)(?=\s*,\s*(?:due\s|by\s"
    r"|bis\s)?\d|\s*\((?:done|open|todo|in progress)\)\s*$)",
    re.IGNORECASE,
)
"""A name behind a colon and before a date or a state: `two routes per country: Jörg, 2026-04-30`."""
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

    def take_lead(self, markup: str) -> None:
        """Take the owner that stands in front of the task in bold, as a team, or as who speaks or is asked."""
        bold = _BOLD_OWNER.match(markup)
        lead = _LEAD_OWNER.match(self.text)
        if bold is not None and not is_subject(bold["owner"]) and self.text.startswith(bold["owner"]):
            self.owner = bold["owner"]
            self.text = self.text[len(bold["owner"]) :].lstrip(" :–—-")
        elif lead is not None and lead["doer"]:
            self._take_doer(lead)
        elif lead is not None:
            self.owner = lead["self"] or lead["asked"] or lead["team"].removeprefix("the ")
            self.text = self.text[lead.end() :]

    def _take_doer(self, lead: re.Match[str]) -> None:
        """Take the name before what somebody does: `Ivo adds a check`."""
        is_task = any(base_verb(f"{lead['verb']}{ending}") for ending in ("", "s", "es")) or lead["verb"] in TASK_VERBS
        is_task = is_task and (lead["particle"] is None or lead["verb"].rstrip("e") in _BEFORE_PARTICLES)
        if is_task and is_persons_name(lead["doer"], self.text[lead.end() :]):
            self.owner, self.text = lead["doer"], self.text[lead.end() :]

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
    draft = _ItemDraft(_spell_out(text.replace("~~", "").strip()))
    if markup.strip().startswith("~~") and markup.strip().endswith("~~"):
        draft.state = "done"
    draft.take_states(_MARK_BEFORE, _MARK_AFTER, _STATE_BEFORE, _STATE_BEHIND)
    draft.put_ticket_aside()
    draft.take_lead(markup)
    draft.take_facets()
    draft.take_owner_in_brackets()
    draft.take_states(_STATE_WITHIN, _STATE_AFTER)
    draft.take_due()
    draft.take_facets()
    draft.take_owner_in_brackets()
    draft.take_owner()
    return draft.facets()


def _spell_out(text: str) -> str:
    """Return an item with its parts marked as most writers mark them."""
    text = text.replace(" :: ", " — ")
    text = _TO_DO_BY.sub(lambda match: f" — {match['name']}, ", text).rstrip(", ")
    named = _COLON_OWNER.search(text)
    if named is None or names_owner_label(text[: named.start()]) or len(text[: named.start()].split()) < FEWEST_BEFORE:
        return text
    return f"{text[: named.start()]} — {named['owner']}{text[named.end() :]}"


def _closing_bracket(text: str, label: re.Match[str], written: str) -> str:
    """Return the closing bracket behind a date if its opening bracket is before the label."""
    before = text[: label.start()]
    opened_before = before.count("(") > before.count(")") and not label[0].strip().startswith(("(", "["))
    return written[-1] if written.endswith((")", "]")) and opened_before else ""

"""Extract action items: what should be done to prevent recurrence, by whom, and whether it is done."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from onrecall.domain.incident import ActionItem
from onrecall.importers.postmortem.due_day import parse_due_day
from onrecall.importers.postmortem.prose import is_placeholder
from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.topic_by_content import is_ticket_line
from onrecall.importers.postmortem.word_lists import phrase_list, word_set

_COLUMNS = {name: phrase_list(f"column {name}") for name in ("text", "owner", "state", "due", "ticket", "type")}
_STATES = {
    word: state for state in ("done", "open", "in progress", "cancelled") for word in phrase_list(f"state {state}")
}
_STATE_WORDS = "|".join(
    sorted(
        (re.escape(word) for word in _STATES if len(word) > 1 and word.isascii() and word not in ("no", "yes", "new")),
        key=len,
        reverse=True,
    )
)
_STATE_AFTER = re.compile(
    rf"\s*(?:[-–—:;,|]\s*|\()\s*\**(?:status\s*[:=]\s*)?(?P<state>{_STATE_WORDS})\**\s*\)?[.!]?\s*$"
    rf"|\s*\[(?P<boxed>{_STATE_WORDS})\]\s*[.!]?$",
    re.IGNORECASE,
)
_STATE_LAST = re.compile(rf"(?:^|\s|\()(?P<state>{_STATE_WORDS})\)?\s*$", re.IGNORECASE)
_STATE_BEFORE = re.compile(
    rf"\s*(?:\[(?P<boxed>{_STATE_WORDS})\]|(?P<state>DONE|TODO|WIP|OPEN|IN PROGRESS|CLOSED|CANCELLED|STARTED)\b"
    rf"|\((?P<round>{_STATE_WORDS})\))\s*[:–—-]?\s*(?=\S)",
    re.IGNORECASE,
)
_MARK_BEFORE = re.compile(r"\s*(?P<mark>✅|☑️?|✔️?|❌|⬜|🚧|⏳|☐)\s*")
_MARK_AFTER = re.compile(r"\s*(?P<mark>✅|☑️?|✔️?|❌|⬜|🚧|⏳|☐)\s*$")
_NAME = r"@[\w.-]+|[A-ZÄÖÜ][\w.'’-]*(?:\s+[A-ZÄÖÜ][\w.'’-]*){0,2}|[a-z][\w.-]{1,20}(?:[ -](?:team|sre|ops|squad))?"
_OWNER_LABEL = re.compile(
    rf"[\s,;(\[|–—-]*\**(?:owner|assignee|assigned to|responsible|dri|who|verantwortlich|zuständig"
    rf"|responsable|responsável|responsabile|verantwoordelijke?|eigenaar|lead)\**\s*[:=]\s*\**\s*(?P<owner>(?:{_NAME})(?:\s*(?:,|&|and|/)\s*(?:@[\w.-]+"
    rf"|[A-Z]\w+))*)\**\s*[)\]]?",
    re.IGNORECASE,
)
_OWNER_IN_BRACKETS = re.compile(
    r"\s*[(\[](?P<owner>@[\w./-]+(?:\s*(?:,|&|and)\s*@[\w./-]+)*|[A-Z][a-zäöüé]+(?:\s+[A-Z][\w.]+)?"
    r"|[a-z]+[ -](?:team|sre|ops|squad)|team[ -][a-z]+|facilities|ops|infra|dba|dbas|security|platform|network"
    r"|net-ops|sre|devops|support|finance|legal"
    r"|helpdesk)(?:\s*[,;–-]\s*(?P<more>[^()\[\]]{1,60}))?[)\]]\s*[.]?\s*$"
)
_LOWER_OWNER = re.compile(r"\(([a-z][a-z.-]{1,20})\)(?=\s*\W?\s*(?:\w+)?$)")
"""A lower-case name; it counts as owner only if every item of the list ends with one."""
_OWNER_DASH = re.compile(
    r"\s+(?:[-–—]|→|->|=>)\s*(?P<owner>@[\w./-]+|[A-Z][a-zäöüé]+(?:\s[A-Z][a-zäöüé]*\.?)?)\s*[.]?\s*$"
)
_OWNER_AT = re.compile(r"(?:^|\s)(?P<owner>@[\w./-]*\w(?:\s[A-ZÄÖÜ][\w.'’-]+){0,2})\s*[.]?\s*$")
_OWNER_BEFORE = re.compile(r"\s*(?P<owner>@[\w./-]*\w)(?:\s*(?:[:,–-]|to\b(?=\s+[a-z]))\s*(?=\S)|\s+(?=[a-z]))")
_OWNER_EAST_ASIAN = re.compile(
    r"\s*[(\uff08]?(?:担当者?|负责人|責任者)\s*[:\uff1a]\s*(?P<owner>[^()\uff08\uff09\s、,]{1,20})[)\uff09]?"
)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_TRAILING_LINK = re.compile(
    r"\s*[(\[]*\[(?:github |tracking |link to )?(?:issue|issues|pr|pull request|link|ticket|jira|bug|mr"
    r"|merge request|docs?|here|see here[\w ]*|issue here|issue for [\w ]*"
    r"|[\w ]{0,20}\bissue)\]\([^()\s]*\)[)\]]*\s*\.?\s*$",
    re.IGNORECASE,
)
_DUE = re.compile(
    r"[\s,;(\[|–—-]*(?:due(?: date)?|eta|deadline|by|target|fällig|bis)\s*[:=]?\s*(?P<due>\d{4}-\d\d-\d\d"
    r"|\d{1,2}[./]\d{1,2}[./]\d{2,4}|(?:end of )?(?:Q[1-4](?:\s*\d{4})?|"
    + _MONTH
    + r"\.?\s+\d{1,2}(?:,?\s*\d{4})?|next (?:week|sprint|month|quarter)))\s*[)\]]?",
    re.IGNORECASE,
)
_STATE_LABEL = re.compile(
    rf"[\s,;(\[|–—-]*\**(?:status|state)\**\s*[:=]\s*\**\s*(?P<state>{_STATE_WORDS})\**\s*[)\]]?", re.IGNORECASE
)
_BOILERPLATE = re.compile(
    r"\b(?:these are only sample|every action item should|for example,?$|list of (?:things|action)"
    r"|the following (?:action|actions|items|follow)|we (?:will|have) (?:created|identified|filed"
    r"|opened) the following|see (?:the )?(?:tickets|board|jira|table)|action items? (?:are|were|is) tracked)\b"
    r"|:\s*$",
    re.IGNORECASE,
)


def action_items(sections: Sequence[LabelledSection]) -> tuple[ActionItem, ...]:
    """Return all action items in document order."""
    return tuple(item for section in sections if section.topic == "actions" for item in _section_items(section))


def _section_items(section: LabelledSection) -> Iterator[ActionItem]:
    part: list[DocumentRow] = []
    for row in [*section.rows, DocumentRow(0, "heading", "")]:
        if row.kind == "heading":
            yield from _part_items(part)
            part = []
        else:
            part.append(row)


def _part_items(rows: Sequence[DocumentRow]) -> Iterator[ActionItem]:
    """Yield the items under one heading: from its table, its list, or else its paragraphs."""
    if any(row.kind == "cells" and row.cells for row in rows):
        yield from _table_items([row for row in rows if row.kind == "cells"])
    rows = [replace(row, kind="item") if is_ticket_line(row) else row for row in rows]
    if any(row.kind == "item" for row in rows):
        yield from _list_items(rows)
    elif not any(row.kind == "cells" for row in rows):
        yield from _prose_items(rows)


def _table_items(rows: Sequence[DocumentRow]) -> Iterator[ActionItem]:
    columns: dict[str, int] = {}
    for row in rows:
        if not row.cells:
            continue
        if not columns:
            columns = _columns(row)
            if columns:
                continue
            columns = {"text": 0}
        cells = {name: plain_text(row.cells[place]) for name, place in columns.items() if place < len(row.cells)}
        text = cells.get("text", "")
        if not text or is_placeholder(text):
            continue
        item = _parse_item(text, row.number, row.cells[columns["text"]])
        owner = cells.get("owner", "").strip("@ ")
        due = parse_due_day(cells.get("due", ""))
        state = cells.get("state", "") or _state_in_reference(cells)
        yield replace(
            item,
            owner=owner if owner and not is_placeholder(owner) else item.owner,
            due=due or item.due,
            state=_parse_state(state) or (state if state and not is_placeholder(state) else item.state),
        )


def _state_in_reference(cells: Mapping[str, str]) -> str:
    """Return the state written behind a ticket or a type where no column holds it: `Bug 55 **DONE**`."""
    if "state" in cells:
        return ""
    for name in ("ticket", "type", "due"):
        if (match := _STATE_LAST.search(cells.get(name, ""))) is not None:
            return match["state"]
    return ""


def _columns(row: DocumentRow) -> dict[str, int]:
    names = [plain_text(cell).casefold().strip(" *:") for cell in row.cells]
    columns: dict[str, int] = {}
    for meaning, names_of_it in _COLUMNS.items():
        for word in names_of_it:
            if word in names and names.index(word) not in columns.values():
                columns.setdefault(meaning, names.index(word))
                break
    return columns if "text" in columns and len(columns) >= 2 else {}


def _list_items(rows: Sequence[DocumentRow]) -> Iterator[ActionItem]:
    drafts: list[tuple[DocumentRow, list[str]]] = []
    for row in rows:
        nested = bool(drafts) and row.level > drafts[0][0].level + 1
        if row.kind == "item" and not (nested and _is_detail(row.text)):
            drafts.append((row, [row.text]))
        elif drafts and (row.kind == "item" or (row.kind == "text" and row.nested)):
            drafts[-1][1].append(row.text.strip())
    named_at_end = len(drafts) > 1 and all(_ends_with_name(plain_text(" ".join(parts))) for _, parts in drafts)
    for row, parts in drafts:
        markup = " ".join(parts)
        text = plain_text(markup)
        if named_at_end:
            text = _LOWER_OWNER.sub(r"(@\1)", text)
        if not text or is_placeholder(text) or _BOILERPLATE.search(text):
            continue
        item = _parse_item(text, row.number, markup)
        if row.ticked is not None:
            item = replace(item, state="done" if row.ticked else item.state or "open")
        if item.text:
            yield item


def _ends_with_name(text: str) -> bool:
    """Return whether an item ends with a lower-case name in brackets, not with a state."""
    match = _LOWER_OWNER.search(text)
    return match is not None and _parse_state(match[1]) is None and not _is_not_name(match[1])


def _is_detail(text: str) -> bool:
    return bool(
        _OWNER_LABEL.match(f" {plain_text(text)}")
        or _STATE_LABEL.match(f" {plain_text(text)}")
        or _DUE.match(f" {plain_text(text)}")
    )


def _prose_items(rows: Sequence[DocumentRow]) -> Iterator[ActionItem]:
    block: list[DocumentRow] = []
    for row in [*rows, DocumentRow(0, "blank", "")]:
        if row.kind == "text":
            block.append(row)
            continue
        markup = " ".join(line.text.strip() for line in block)
        text = plain_text(markup)
        if text and not is_placeholder(text) and not _BOILERPLATE.search(text) and _is_demand(text):
            yield _parse_item(text, block[0].number, markup)
        block = []


def _is_demand(text: str) -> bool:
    """Return whether a paragraph states what should be done rather than what was done."""
    if len(text.split()) < 3 or text.rstrip().endswith("?"):
        return False
    first = text.split(maxsplit=1)[0].casefold()
    return (
        first not in _NARRATIVE_WORDS
        or re.search(r"\b(?:should|shall|will|must|need(?:s)? to|plan(?:s|ned)? to|going to|want to|consider)\b", text)
        is not None
    )


_NARRATIVE_WORDS = word_set("paragraphs that narrate")


def _parse_item(text: str, line: int, markup: str) -> ActionItem:
    """Parse an item; owner, state and due date are removed from its text."""
    if (without := _TRAILING_LINK.sub("", markup)) != markup and plain_text(without):
        text = plain_text(without)
    struck = markup.strip().startswith("~~") and markup.strip().endswith("~~")
    text, owner, state = _owner_in_brackets(text.replace("~~", "").strip())
    state = "done" if struck else state
    for pattern in (_STATE_LABEL, _MARK_BEFORE, _MARK_AFTER, _STATE_BEFORE, _STATE_AFTER):
        match = pattern.match(text) if pattern in (_MARK_BEFORE, _STATE_BEFORE) else pattern.search(text)
        if match and (parsed_state := _parse_state(next((word for word in match.groups() if word), ""))):
            state = state or parsed_state
            text = f"{text[: match.start()]} {text[match.end() :]}".strip()
    due_day = None
    if due := _DUE.search(text):
        due_day = parse_due_day(due["due"])
        text = f"{text[: due.start()]}{_closing_bracket(text, due)}{text[due.end() :]}".strip()
    if owner is None:
        text, owner, bracket_state = _owner_in_brackets(text)
        state = state or bracket_state
    for pattern in (_OWNER_LABEL, _OWNER_EAST_ASIAN, _OWNER_DASH, _OWNER_AT, _OWNER_BEFORE) if owner is None else ():
        match = pattern.match(text) if pattern is _OWNER_BEFORE else pattern.search(text)
        if match is not None:
            owner = match["owner"].strip("@ ").rstrip(".")
            text = f"{text[: match.start()]} {text[match.end() :]}".strip()
            break
    if behind := _STATE_AFTER.search(text):
        state = state or _parse_state(behind["state"] or behind["boxed"])
        text = text[: behind.start()].strip()
    stripped = " ".join(text.split()).strip(" ;,|\u2013\u2014").removesuffix(" -").strip()
    return ActionItem(stripped or text, owner or None, state, line, due_day)


def _owner_in_brackets(text: str) -> tuple[str, str | None, str | None]:
    """Split `… (Farah, in progress)` into the text, the owner and the state."""
    match = _OWNER_IN_BRACKETS.search(text)
    if match is None or _is_not_name(match["owner"]) or _parse_state(match["owner"]):
        return text, None, None
    return (
        f"{text[: match.start()]}".strip(),
        match["owner"].strip("@ ").rstrip("."),
        _parse_state((match["more"] or "").strip()),
    )


def _closing_bracket(text: str, match: re.Match[str]) -> str:
    """Return the closing bracket matched with a date if its opening bracket is before the date."""
    matched_text = match[0].strip()
    if (
        matched_text.endswith((")", "]"))
        and not matched_text.startswith(("(", "["))
        and text[: match.start()].count("(") > text[: match.start()].count(")")
    ):
        return matched_text[-1]
    return ""


def _is_not_name(name: str) -> bool:
    return name.casefold() in (
        "issue",
        "link",
        "pr",
        "done",
        "todo",
        "ticket",
        "jira",
        "optional",
        "open",
        "closed",
        "tbd",
        "new",
        "high",
        "low",
        "medium",
        "critical",
        "wip",
        "doc",
        "docs",
        "see",
    )


def _parse_state(text: str) -> str | None:
    return _STATES.get(text.strip(" .*_\ufe0f").casefold())

"""Extract action items: what should be done to prevent recurrence, by whom, and whether it is done."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from onrecall.domain.incident import ActionItem
from onrecall.importers.postmortem.action_facets import (
    clean_owner,
    is_no_owner,
    is_persons_name,
    names_facet,
    parse_state,
)
from onrecall.importers.postmortem.action_item_text import STATE_WORDS, TASK_VERBS, parse_item
from onrecall.importers.postmortem.action_rows import rows_as_items
from onrecall.importers.postmortem.clock import parse_due_day
from onrecall.importers.postmortem.deeds import base_verb
from onrecall.importers.postmortem.farewells import without_farewell
from onrecall.importers.postmortem.people import nouns_of_page, people_of_page
from onrecall.importers.postmortem.promises import promised_actions
from onrecall.importers.postmortem.prose import is_placeholder
from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.topic_by_content import is_ticket_line
from onrecall.importers.postmortem.vocabulary import section_topic
from onrecall.importers.postmortem.word_lists import phrase_list, word_set

_COLUMNS = {
    "text": phrase_list("column text"),
    "owner": (*phrase_list("column owner"), *phrase_list("owner")),
    "state": phrase_list("column state"),
    "due": (*phrase_list("column due"), *phrase_list("due")),
    "ticket": phrase_list("column ticket"),
    "type": phrase_list("column type"),
}
_STATE_LAST = re.compile(rf"(?:^|\s|\()(?P<state>{STATE_WORDS})\)?\s*$", re.IGNORECASE)
_LOWER_OWNER = re.compile(r"\(([a-z][a-z.-]{1,20})(?P<more>,\s*[\w -]{2,20})?\)(?=\s*\W?\s*(?:\w+)?$)")
"""A lower-case name; it counts as owner only if every item of the list ends with one."""
_BOILERPLATE = re.compile(
    r"\b(?:these are only sample|every action item should|for example,?$|list of (?:things|action)"
    r"|the following (?:action|actions|items|follow)|we (?:will|have) (?:created|identified|filed"
    r"|opened) the following|see (?:the )?(?:tickets|board|jira|table)|action items? (?:are|were|is) tracked)\b"
    r"|:\s*$",
    re.IGNORECASE,
)


class _PageWords(NamedTuple):
    """Words of a page in lower case: those of the people whom it lists, and those that it does not use as names."""

    people: frozenset[str]
    nouns: frozenset[str]


def action_items(sections: Sequence[LabelledSection]) -> tuple[ActionItem, ...]:
    """Return all action items in document order."""
    page = _PageWords(people_of_page(sections), nouns_of_page(sections))
    listed = [item for section in sections if section.topic == "actions" for item in _section_items(section, page)]
    return tuple(listed) or promised_actions(sections, page.nouns - page.people)


def _section_items(section: LabelledSection, page: _PageWords) -> Iterator[ActionItem]:
    part: list[DocumentRow] = []
    for row in [*section.rows, DocumentRow(0, "heading", "")]:
        if row.kind == "heading":
            yield from _part_items(part, page)
            part = []
        else:
            part.append(row)


def _part_items(rows: Sequence[DocumentRow], page: _PageWords) -> Iterator[ActionItem]:
    """Yield the items under one heading: from its table, its list, or else its paragraphs."""
    rows = without_farewell(rows)
    if any(row.kind == "cells" and row.cells for row in rows):
        yield from _table_items([row for row in rows if row.kind == "cells"])
    rows = _led_lines_as_items([replace(row, kind="item") if is_ticket_line(row) else row for row in rows], page)
    rows = rows_as_items(rows)
    if any(row.kind == "item" for row in rows):
        yield from _list_items(rows, page)
    elif not any(row.kind == "cells" for row in rows):
        yield from _without_subjects(list(_prose_items(rows)), rows, page)


def _led_lines_as_items(rows: Sequence[DocumentRow], page: _PageWords) -> list[DocumentRow]:
    """Return lines without marks as items where all of several begin with a word and a colon, or with a person."""
    lines = [row for row in rows if row.kind == "text" and not row.nested]
    words = [_leading_word(plain_text(row.text)) for row in lines]
    all_led = len(lines) > 1 and all(words)
    listed = {
        row.number
        for row, word in zip(lines, words, strict=True)
        if word and (all_led or word.casefold() in page.people)
    }
    return [replace(row, kind="item") if row.number in listed else row for row in rows]


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
        if cells.get("text") and not is_placeholder(cells["text"]):
            yield _table_item(row, cells, row.cells[columns["text"]])


def _table_item(row: DocumentRow, cells: Mapping[str, str], markup: str) -> ActionItem:
    """Return the item of a table's row; a due date that is no whole day, such as `Q3`, stays behind its text."""
    item = _build_item(cells["text"], row.number, markup)
    owner = clean_owner(cells.get("owner", ""))
    written = cells.get("due", "")
    due = parse_due_day(written)
    state = cells.get("state", "") or _state_in_reference(cells)
    is_vague = written and due is None and not is_placeholder(written) and _STATE_LAST.search(written) is None
    return replace(
        item,
        text=f"{item.text} ({written})" if is_vague else item.text,
        owner=owner if owner and not is_placeholder(owner) else item.owner,
        due=due or item.due,
        state=parse_state(state) or (state if state and not is_placeholder(state) else item.state),
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
    if "text" not in columns and (place := _action_column(names, columns.values())) is not None:
        columns["text"] = place
    return columns if "text" in columns and len(columns) >= 2 else {}


def _action_column(names: Sequence[str], taken: Collection[int]) -> int | None:
    """Return the column whose name is that of a section of action items, or one of them: `Preventive action`."""
    return next(
        (
            place
            for place, name in enumerate(names)
            if place not in taken and "actions" in (section_topic(name), section_topic(f"{name}s"))
        ),
        None,
    )


def _list_items(rows: Sequence[DocumentRow], page: _PageWords) -> Iterator[ActionItem]:
    """Yield the items of a list; a lower-case name in brackets is an owner where another item has the same."""
    items = _without_subjects(list(_read_list(rows)), rows, page)
    owners = {item.owner for item in items if item.owner}
    for item in items:
        match = _LOWER_OWNER.search(item.text) if item.owner is None else None
        if match is not None and match[1] in owners:
            yield replace(item, owner=match[1], text=item.text[: match.start()].strip())
        else:
            yield item


_LEAD = re.compile(
    r"\W*(?P<word>[A-ZÀ-ÖØ-Þ][\w'’-]*)(?:[:\uff1a]\s+|\s+(?:(?P<dash>[–—-]|->|=>|→)|(?P<to>to"
    r"|will|shall|should|is to))\s+(?=[^\W\dA-Z_]|`))"
)
"""A single word before a colon, a dash or `to`: `Lou: add a test`, `Checkout: add a retry`, `Lou to add a test`."""


_DOES = re.compile(r"\W*(?P<word>[A-ZÀ-ÖØ-Þ][a-zà-ÿ]+)\s+[a-z]+s\s")
"""A word before what it does: `Ivo adds a check`, `Gateway adds a header`."""


def _without_subjects(items: Sequence[ActionItem], rows: Sequence[DocumentRow], page: _PageWords) -> list[ActionItem]:
    """Return the items without owners that are single words before a colon, unless the page shows that they are names.

    It does where the word is among the people whom the page lists, where it owns another item, or where every item of
    several begins so, each with what may be a name.
    """
    words = {row.number: _leading_word(plain_text(row.text), page.nouns) for row in rows}
    written = [_with_subject(item, words.get(item.line or 0)) for item in items]
    items = [_with_lead_as_owner(item) for item in items]
    led = [item.owner is not None and item.owner == words.get(item.line or 0) for item in items]
    unlikely = [item.owner is not None and item.owner.casefold() in page.nouns for item in items]
    if len(items) > 1 and all(led) and not any(unlikely):
        return items
    others = [item.owner for item, is_led in zip(items, led, strict=True) if item.owner and not is_led]
    known = {*page.people, *(word.casefold() for owner in others for word in re.findall(r"[\w'’-]+", owner))}
    return [
        original if is_led and (item.owner or "").casefold() not in known else item
        for original, item, is_led in zip(written, items, led, strict=True)
    ]


def _with_lead_as_owner(item: ActionItem) -> ActionItem:
    """Return an item that begins with a name and a dash or `to` as one that it owns."""
    lead = _LEAD.match(item.text) if item.owner is None else None
    following = item.text[lead.end() :] if lead else ""
    if lead is None or not following or not is_persons_name(lead["word"], following):
        return item
    if lead["word"].casefold() in _PRONOUNS:
        return item
    if lead["to"] and base_verb(following.split(maxsplit=1)[0].casefold()) is None and not following[0].isalpha():
        return item
    return replace(item, owner=lead["word"], text=following)


def _with_subject(item: ActionItem, word: str | None) -> ActionItem:
    """Return an item whose owner is the word before its colon without owner, and with the word."""
    is_led = item.owner is not None and item.owner == word
    mark = "" if _DOES.match(f"{word} {item.text}") else ":"
    return replace(item, text=f"{item.owner}{mark} {item.text}", owner=None) if is_led else item


def _leading_word(text: str, nouns: Collection[str] = ()) -> str | None:
    """Return the word that opens an item and may be its owner.

    One before `to` and a verb, or before what somebody does, is a name, unless the page writes it in small letters.
    """
    match = _LEAD.match(text) or _DOES.match(text)
    if match is None:
        return None
    is_clear = match.re is _DOES or (match["to"] and _names_task(text[match.end() :]))
    return None if is_clear and match["word"].casefold() not in nouns else match["word"]


def _names_task(text: str) -> bool:
    """Return whether a text begins with the verb of a task."""
    first = text.split(maxsplit=1)[0].casefold() if text.strip() else ""
    return base_verb(first) == first or first in TASK_VERBS


_PRONOUNS = word_set("pronouns before a promise")


def _read_list(rows: Sequence[DocumentRow]) -> Iterator[ActionItem]:
    drafts: list[tuple[DocumentRow, list[str]]] = []
    for row in rows:
        nested = bool(drafts) and row.level > drafts[0][0].level + 1
        if row.kind == "item" and not (nested and names_facet(plain_text(row.text))):
            drafts.append((row, [row.text]))
        elif drafts and row.kind == "item":
            drafts[-1][1][-1] += ";"
            drafts[-1][1].append(row.text.strip())
        elif drafts and row.kind == "text" and row.nested:
            drafts[-1][1].append(row.text.strip())
    named_at_end = len(drafts) > 1 and all(_ends_with_name(plain_text(" ".join(parts))) for _, parts in drafts)
    for row, parts in drafts:
        markup = " ".join(parts)
        text = plain_text(markup)
        if named_at_end:
            text = _LOWER_OWNER.sub(r"(@\1\g<more>)", text)
        if not text or is_placeholder(text) or _BOILERPLATE.search(text):
            continue
        item = _build_item(text, row.number, markup)
        if row.ticked is not None:
            item = replace(item, state="done" if row.ticked else item.state or "open")
        if item.text:
            yield item


def _ends_with_name(text: str) -> bool:
    """Return whether an item ends with a lower-case name in brackets, not with a state."""
    match = _LOWER_OWNER.search(text)
    return match is not None and not is_no_owner(match[1])


def _prose_items(rows: Sequence[DocumentRow]) -> Iterator[ActionItem]:
    block: list[DocumentRow] = []
    for row in [*rows, DocumentRow(0, "blank", "")]:
        if row.kind == "text":
            block.append(row)
            continue
        markup = " ".join(line.text.strip() for line in block)
        text = plain_text(markup)
        if text and not is_placeholder(text) and not _BOILERPLATE.search(text) and _is_demand(text):
            yield _build_item(text, block[0].number, markup)
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


def _build_item(text: str, line: int, markup: str) -> ActionItem:
    facets = parse_item(text, markup)
    return ActionItem(facets.text, facets.owner, facets.state, line, facets.due)

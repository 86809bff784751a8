"""Track the action items that postmortems list: new ones are added, and later imports update what nobody edited."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, insert, select

from onrecall.domain.action_item import IMPORTED_STATES, TrackedAction, changed_fields
from onrecall.domain.incident import ActionItem
from onrecall.domain.markdown_page import collapse_whitespace, fold_words
from onrecall.storage.action_items import action_items, of_incidents, to_row, write
from onrecall.storage.batching import chunk_keys
from onrecall.storage.incident_reports import decode
from onrecall.storage.tables import incidents

FIRST_SCHEMA = 33
"""The schema that tracks action items; archives and backups of earlier ones have none."""


def track(connection: Connection, reported: Mapping[str, Sequence[ActionItem]]) -> None:
    """Track the action items of postmortems, keyed by incident.

    One that is tracked under the same text is updated, unless a person added or edited it; so is one whose text still
    holds the owner or the due date that are now told apart from it.
    """
    listed = {incident: items for incident, items in reported.items() if items}
    tracked: dict[str, list[TrackedAction]] = {incident: [] for incident in listed}
    for action in of_incidents(connection, listed) if listed else ():
        tracked[action.incident].append(action)
    rows = []
    for incident, items in listed.items():
        rows += [to_row(action) for action in _merge_items(connection, incident, items, tracked[incident])]
    if rows:
        connection.execute(insert(action_items), rows)


def track_stored(connection: Connection, names: Iterable[str] | None = None) -> None:
    """Track what the stored postmortems of these incidents list, by default of all."""
    query = select(incidents.c.id, incidents.c.report).where(incidents.c.report.is_not(None))
    chunks = [None] if names is None else chunk_keys(names)
    for chunk in chunks:
        rows = connection.execute(query if chunk is None else query.where(incidents.c.id.in_(chunk))).all()
        track(connection, {row.id: decode(row.report)["action_items"] for row in rows})


def _merge_items(
    connection: Connection, incident: str, items: Sequence[ActionItem], tracked: Sequence[TrackedAction]
) -> list[TrackedAction]:
    """Update tracked action items, and return those to add."""
    present = {fold_words(text): action for action in tracked for text in _texts_of(action)}
    last = max((action.number for action in tracked), default=0)
    added: dict[str, TrackedAction] = {}
    keys = [fold_words(item.text) for item in items]
    others = [action for action in tracked if _follows_import(action) and not _is_listed(action, keys)]
    for key, item in zip(keys, items, strict=True):
        if key not in present and (former := next((other for other in others if _is_same_line(other, item)), None)):
            others.remove(former)
            present[key] = former
        if key in present:
            _update_tracked(connection, present[key], item)
        elif key and key not in added:
            added[key] = _from_report(incident, last + len(added) + 1, item)
    return list(added.values())


def _follows_import(action: TrackedAction) -> bool:
    return action.imported and not action.edited


def _is_listed(action: TrackedAction, keys: Collection[str]) -> bool:
    """Return whether a tracked item has one of these texts, which are folded."""
    return any(fold_words(text) in keys for text in _texts_of(action))


def _texts_of(action: TrackedAction) -> tuple[str, ...]:
    return tuple(text for text in (action.text, action.imported_text) if text)


_VAGUE_DUE = re.compile(r"[\s,;(\u2013\u2014-]*\bby\s+[\w ]{1,40}\)?$", re.IGNORECASE)
_BESIDE_TASK = re.compile(
    r"owners?|assignee|assigned|dri|to|and|due|by|on|until|eta|deadline|status|state|open|todo|wip|in|progress|done"
)
"""Words that stand beside a task, besides the name of its owner and the due date."""
MOST_DATE_WORDS = 4
"""Maximum words beside the numbers of a date, in whatever language: `zu erledigen bis Oktober`."""
MOST_OWNER_WORDS = 1
"""Maximum words of another language beside an owner: `Zuständig: Lou`."""


def _is_same_line(tracked: TrackedAction, item: ActionItem) -> bool:
    """Return whether a tracked item is this one with owner or due date still in its text, or without its `by …`."""
    stored = fold_words(tracked.text)
    for text in (item.text, _VAGUE_DUE.sub("", item.text)):
        task = re.escape(fold_words(text).rstrip(". "))
        match = re.fullmatch(rf"{task}(?P<behind>(?:\W.*)?)|(?P<before>.*\W){task}\W*", stored) if task else None
        if match and _is_beside_task(match["behind"] or match["before"] or "", item):
            return True
    return False


def _is_beside_task(text: str, item: ActionItem) -> bool:
    """Return whether a text holds nothing but the item's owner, the date on which it is due, and words around them.

    The date's own numbers tell it, so that its month and the words around it may be in any language.
    """
    owner = set(re.findall(r"\w+", fold_words(item.owner or "")))
    words = re.findall(r"[^\W\d_]{2,}", text)
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    letters = [word for word in words if word not in owner and not _BESIDE_TASK.fullmatch(word)]
    if not _are_numbers_of(numbers, item.due):
        return False
    if numbers:
        return len(letters) <= MOST_DATE_WORDS
    return len(letters) <= (MOST_OWNER_WORDS if owner & set(words) else 0)


def _are_numbers_of(numbers: Sequence[int], due: str | None) -> bool:
    """Return whether all numbers are those of a day, its own among them; none are those of no day."""
    if not numbers or due is None:
        return not numbers
    day = date.fromisoformat(due)
    return day.day in numbers and set(numbers) <= {day.day, day.month, day.year, day.year % 100}


def _update_tracked(connection: Connection, present: TrackedAction, item: ActionItem) -> None:
    if not _follows_import(present):
        return
    after = _from_report(present.incident, present.number, item)
    if changed_fields(present, after):
        write(connection, after)


def _from_report(incident: str, number: int, item: ActionItem) -> TrackedAction:
    return TrackedAction(
        incident=incident,
        number=number,
        text=collapse_whitespace(item.text),
        owner=item.owner,
        due=date.fromisoformat(item.due) if item.due else None,
        state=IMPORTED_STATES.get(item.state or "", "open"),
        imported_text=item.text,
    )

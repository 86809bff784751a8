"""Split an action item into task, owner, due date and state, however they are written beside it.

`Rotate the key (@priya, due 2026-10-01)`, `rotate the key — priya — 2026-10-01` and `Priya: rotate the key` say the
same. What cannot be told apart from the task, such as `by Friday`, stays in its text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from onrecall.importers.postmortem.clock import parse_due_day
from onrecall.importers.postmortem.deeds import base_verb
from onrecall.importers.postmortem.word_lists import phrase_list, word_set

LONGEST_PART = 60
"""Maximum characters of a part that names an owner or a date."""
STATES = {
    word: state for state in ("done", "open", "in progress", "cancelled") for word in phrase_list(f"state {state}")
}
_TEAMS = "|".join(sorted(map(re.escape, phrase_list("teams that own")), key=len, reverse=True))
_DUE_LABELS = "|".join(sorted(map(re.escape, phrase_list("due")), key=len, reverse=True))
_OWNER_LABELS = "|".join(sorted(map(re.escape, phrase_list("owner")), key=len, reverse=True))
_NO_OWNERS = frozenset(phrase_list("no owners"))
_OPENING_WORDS = word_set("words that open items")
_MACHINES = word_set("machines")
_CAPITALISED = r"[A-ZÀ-ÖØ-Þ][\w.'’-]*"
_FULL_NAME = rf"@[\w./-]*\w(?:\s{_CAPITALISED}){{0,2}}|{_CAPITALISED}(?:\s{_CAPITALISED}){{0,2}}"
_TEAM = rf"(?i:(?:[\w-]+[ -])?(?:team|squad|sre|ops)|team[ -][\w-]+|{_TEAMS})"
_NAMED_TEAM = re.compile(_TEAM)
_EAST_ASIAN_NAME = r"[\u3400-\u9fff\u3040-\u30ff]{2,6}"
_LOWER_NAME = r"[a-zà-öø-ÿ][\w.-]{1,20}"


def _one_or_several(name: str) -> str:
    """Return the pattern of one to six names, joined by commas or `and`; without a limit it would take forever."""
    return rf"(?:{name})(?:\s*(?:,|&|\+|/|\band\b|\bund\b|\bet\b|\by\b|\be\b|\ben\b)\s*(?:{name})){{0,5}}"


_OWNER_LABEL = re.compile(rf"\W*(?:{_OWNER_LABELS})(?:\*\*|__)?\s*[:=\uff1a]\s*(?P<rest>.+)", re.IGNORECASE)
_OWNER_WORD = re.compile(rf"\W*(?:{_OWNER_LABELS})\s+(?P<rest>(?-i:@|[A-ZÀ-Þ]).+)", re.IGNORECASE)
_DUE_LABEL = re.compile(rf"\W*(?:{_DUE_LABELS})(?:\*\*|__)?(?:\s*[:=\uff1a]\s*|\s+|(?=\d))(?P<rest>.+)", re.IGNORECASE)
_STATE_LABEL = re.compile(
    r"\W*(?:status|state|stand|estado|statut|状态|状態)\s*[:=\uff1a]\s*(?P<rest>.+)", re.IGNORECASE
)
_HANDLE = re.compile(_one_or_several(rf"@[\w./-]*\w(?:\s{_CAPITALISED}){{0,2}}"))
_NAME = re.compile(_one_or_several(f"{_FULL_NAME}|{_TEAM}"))
_NAME_BESIDE = re.compile(f"{_NAME.pattern}|{_one_or_several(_LOWER_NAME)}|{_EAST_ASIAN_NAME}")
_ANY_NAME = re.compile(_one_or_several(rf"{_FULL_NAME}|{_LOWER_NAME}(?:\s{_LOWER_NAME})?|{_EAST_ASIAN_NAME}"))
_BRACKETS = re.compile(r"\s*[(\[\uff08](?P<inside>[^()\[\]\uff08\uff09]{1,120})[)\]\uff09]\s*[.。]?\s*$")
_COMMA = r",\s+(?!\d{4}(?![-/.\d]))"
"""A comma that does not stand before the year of a date."""
_PART_BREAK = re.compile(rf"\s*[;|、\uff0c\uff1b·•]\s*|{_COMMA}|\s+[–—-]+\s+")
_ANY_LABEL = rf"(?:{_OWNER_LABELS}|{_DUE_LABELS}|status|state|estado|statut|stand)\s*[:=\uff1a]"
_EXTRA = re.compile(
    r"#\d+|(?-i:[A-Z][A-Z0-9]+-\d+)|(?:priority|prio|priorität|priorité|prioridad|prioridade|effort|type|severity|category|ticket|jira|bug)\s*[:=\uff1a]\s*\S.*",
    re.IGNORECASE,
)
"""A ticket, or a label that says more of an item; it is kept with its text."""
_TAIL_MARK = re.compile(
    rf"\s+(?:[–—-]+|→|->|=>)\s+|\s*[;|·•\t]\s*|{_COMMA}|[.。]\s+(?=\W{{0,2}}(?:{_ANY_LABEL}|{_EXTRA.pattern}))",
    re.IGNORECASE,
)
_MONTHS = "|".join(
    word
    for name in ("english", "german", "french", "spanish", "portuguese", "italian", "dutch")
    for word in phrase_list(f"months {name}")
)
_SHORT_MONTHS = "|".join(phrase_list("months short"))
_HANDLE_BEFORE_DAY = re.compile(
    rf"(?:^|\s)(?P<owner>@[\w./-]*\w(?:\s{_CAPITALISED}){{0,2}}?)\s+(?P<day>(?:\d|(?i:{_MONTHS}|{_SHORT_MONTHS})\b)\S*(?:\s+\S+){{0,3}})$"
)
_FIRST_NAME = r"@[\w./-]*\w|[A-ZÀ-Þ][a-zß-ÿ]{1,14}(?:\s[A-ZÀ-Þ][a-zß-ÿ]*\.?)?|SREs?|DBAs?|Net-?Ops|Ops|DevOps"
_LEADING = re.compile(
    rf"\W*(?:(?P<to>@[\w./-]*\w)\s+to\s+(?=[a-z])|[(\[](?P<round>{_one_or_several(_FIRST_NAME)})[)\]]\s*:?\s+(?=\w)"
    rf"|(?P<name>{_one_or_several(_FIRST_NAME)})\s*[:\uff1a]\s+(?=[\w`]))"
)
_LABELLED_LEAD = re.compile(
    rf"\W*(?:{_OWNER_LABELS})\s*[:=\uff1a]\s*(?P<owner>{_ANY_NAME.pattern})\s*(?:[,;|]|\s[–—-])\s+(?=\w)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ActionFacets:
    """The parts of an action item; what it does not name is None."""

    text: str
    owner: str | None = None
    due: str | None = None
    state: str | None = None


def names_facet(text: str) -> bool:
    """Return whether a line only names an owner, a due date or a state."""
    return _kind_of(text, beside=False) in ("owner", "due", "state") or _STATE_LABEL.match(text) is not None


def names_owner_label(text: str) -> bool:
    """Return whether a text ends with a label such as `Owner`."""
    return re.search(rf"(?:^|\W)(?:{_OWNER_LABELS})\W*$", text, re.IGNORECASE) is not None


def parse_state(text: str) -> str | None:
    """Return the state that a word names: `open`, `in progress`, `done` or `cancelled`."""
    return STATES.get(text.strip(" .*_\ufe0f").casefold())


def clean_owner(name: str) -> str:
    """Return the name of an owner without marks."""
    return re.sub(r"(?<![\w/])@", "", name.strip("@ *_`,;:")).rstrip(".").strip()


def is_no_owner(name: str) -> bool:
    """Return whether a word beside an item is a state, a priority or the like rather than a name."""
    plain = name.strip("@ ").casefold()
    return plain in _NO_OWNERS or parse_state(plain) is not None


def is_subject(name: str) -> bool:
    """Return whether a lone word in brackets is a tool or a part of the system, such as `(Grafana)`."""
    return is_no_owner(name) or (name.casefold() in _OPENING_WORDS and not _NAMED_TEAM.fullmatch(name))


def split_facets(text: str) -> ActionFacets:
    """Take owner, due date and state from the end and the beginning of an item."""
    facets = _split_end(text.strip())
    return _split_beginning(facets) if facets.owner is None else facets


def _split_beginning(facets: ActionFacets) -> ActionFacets:
    """Take the owner from `Lou: add a test`, `@kim to add a test`, `(Lou) add a test`."""
    if labelled := _LABELLED_LEAD.match(facets.text):
        return replace(facets, text=facets.text[labelled.end() :], owner=clean_owner(labelled["owner"]))
    match = _LEADING.match(facets.text)
    if match is None:
        return facets
    name = match["to"] or match["round"] or match["name"]
    if not name.startswith("@") and not is_persons_name(name, facets.text[match.end() :]):
        return facets
    return replace(facets, text=facets.text[match.end() :].strip(), owner=clean_owner(name))


_TEAMS_ALONE = frozenset(
    ("sre", "sres", "dba", "dbas", "netops", "net-ops", "ops", "devops", "legal", "finance", "helpdesk")
)
"""Teams whose names open no task by themselves."""
_NOUN_ENDINGS = ("ing", "tion", "ment", "ity", "ness", "ung", "ción", "ção")
_NAMES_LIKE_VERBS = frozenset(("mark", "grant"))


def is_persons_name(name: str, following: str) -> bool:
    """Return whether a word before a colon is a person rather than the subject of the task."""
    if _NAMED_TEAM.fullmatch(name) and name.casefold() in _TEAMS_ALONE:
        return True
    first = name.split(maxsplit=1)[0].casefold().rstrip(".")
    known = first in _OPENING_WORDS or first in _MACHINES or first.endswith(_NOUN_ENDINGS)
    verb = base_verb(first) is not None and first not in _NAMES_LIKE_VERBS
    return not (known or verb or is_no_owner(first)) and re.search(rf"\b{re.escape(first)}\b", following) is None


_MOST_GROUPS = 8
"""Groups of brackets and parts between dashes at the end of an item that are read."""


def _split_end(text: str, groups: int = _MOST_GROUPS) -> ActionFacets:
    """Take the facets behind an item, one group of brackets or one part between dashes after the other."""
    if not groups:
        return ActionFacets(text)
    if (handle := _HANDLE_BEFORE_DAY.search(text)) is not None and (day := parse_due_day(handle["day"])):
        return ActionFacets(text[: handle.start()], clean_owner(handle["owner"]), day)
    before, taken = _last_group(text)
    if taken is None:
        return ActionFacets(text)
    if taken.text:
        return replace(taken, text=before + taken.text)
    inner = _split_end(before, groups - 1)
    return ActionFacets(inner.text, taken.owner or inner.owner, taken.due or inner.due, taken.state or inner.state)


def _last_group(text: str) -> tuple[str, ActionFacets | None]:
    """Return the text before the brackets or the parts at its end, and what these name; None if they name nothing."""
    match = _BRACKETS.search(text)
    if match is not None and text[: match.start()].strip():
        taken = _facets_of(_PART_BREAK.split(match["inside"]), bracketed=True)
        if taken is not None:
            return text[: match.start()], taken
    parts, before = _parts_at_end(text)
    return before, _facets_of(parts)


def _parts_at_end(text: str) -> tuple[list[str], str]:
    """Return the parts at the end that may be facets, and the text before them."""
    parts: list[str] = []
    for mark in reversed([*_TAIL_MARK.finditer(text)]):
        part = text[mark.end() :].strip(" .")
        if not (part and text[: mark.start()].strip()) or len(part) > LONGEST_PART:
            break
        if _kind_of(part, beside=not mark[0].startswith(",")) is None:
            break
        parts.insert(0, part)
        text = text[: mark.start()]
    return parts, text


def _facets_of(parts: Sequence[str], *, bracketed: bool = False) -> ActionFacets | None:
    """Return what some parts name, if they all name something and one of them names it without doubt."""
    kinds = [(_kind_of(part, beside=True), part.strip()) for part in parts if part.strip()]
    if not kinds or any(kind is None for kind, _ in kinds):
        return None
    names = [part for kind, part in kinds if kind in ("owner", "name", "lower name")]
    certain = [kind for kind, _ in kinds if kind in ("owner", "due", "state")]
    if not certain or (len(names) > 1 and any(kind == "lower name" for kind, _ in kinds)):
        return None
    days = [(part, parse_due_day(_without_label(part))) for kind, part in kinds if kind == "due"]
    state = next((parse_state(_value(part)) for kind, part in kinds if kind == "state"), None)
    subjects = [part for kind, part in kinds if bracketed and kind == "name" and is_subject(clean_owner(part))]
    extras = [part for kind, part in kinds if kind == "extra"]
    remaining = ", ".join([*subjects, *(part for part, day in days if day is None), *extras])
    remainder = (f" ({remaining})" if bracketed else f" — {remaining}") if remaining else ""
    named = (clean_owner(_without_owner_label(part)) for part in names if part not in subjects)
    owner = ", ".join(name for name in named if not is_no_owner(name)) or None
    return ActionFacets(remainder, owner, next((day for _, day in days if day), None), state)


def _kind_of(part: str, *, beside: bool) -> str | None:
    """Return what a part beside an item names, or None if it is none of them.

    `beside` is whether a lower-case word may be a name there: between dashes or in brackets, next to a date or a state.
    """
    part = part.strip()
    if parse_state(_value(part)):
        return "state"
    if parse_due_day(part) or (_DUE_LABEL.fullmatch(part) and _names_time(_without_label(part))):
        return "due"
    if _EXTRA.fullmatch(part):
        return "extra"
    labelled = _owner_label(part)
    if _HANDLE.fullmatch(part) or (labelled and _ANY_NAME.fullmatch(labelled["rest"].strip(" *"))):
        return "owner"
    return _kind_of_name(part, beside=beside)


def _kind_of_name(part: str, *, beside: bool) -> str | None:
    if is_no_owner(part) or len(part) > LONGEST_PART or (part.islower() and base_verb(part) is not None):
        return None
    if _NAME.fullmatch(part):
        return "name"
    return "lower name" if beside and _NAME_BESIDE.fullmatch(part) else None


_TIME_WORDS = re.compile(
    r"\d|\b(?:q[1-4]|mon|tue|wed|thu|fri|sat|sun|week|sprint|month|quarter|year|eo[dwmqy]|tomorrow|today|asap|end|jan|feb|mar|apr|may|jun|jul"
    r"|aug|sep|oct|nov|dec|woche|monat|ende|semaine|mois|fin|semana|mes|settimana|mese|maand|kw)",
    re.IGNORECASE,
)


def _names_time(text: str) -> bool:
    """Return whether what stands behind `due` is a time, if a vague one: `end of Q3`, `next sprint`."""
    return parse_due_day(text) is not None or (len(text.split()) <= 4 and _TIME_WORDS.search(text) is not None)


def _without_label(part: str) -> str:
    match = _DUE_LABEL.fullmatch(part) if parse_due_day(part) is None else None
    return match["rest"] if match else part


def _owner_label(part: str) -> re.Match[str] | None:
    return _OWNER_LABEL.fullmatch(part) or _OWNER_WORD.fullmatch(part)


def _without_owner_label(part: str) -> str:
    match = _owner_label(part)
    return match["rest"] if match else part


def _value(part: str) -> str:
    match = _STATE_LABEL.fullmatch(part)
    return match["rest"] if match else part

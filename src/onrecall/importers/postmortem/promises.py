"""Find action items in prose: who will do what, `Petra will turn the flag off`."""

import re
from collections.abc import Collection, Iterator, Sequence

from onrecall.domain.incident import ActionItem
from onrecall.importers.postmortem.action_facets import is_persons_name
from onrecall.importers.postmortem.action_item_text import parse_item
from onrecall.importers.postmortem.deeds import base_verb
from onrecall.importers.postmortem.prose import sentence_statements
from onrecall.importers.postmortem.sections import LabelledSection
from onrecall.importers.postmortem.word_lists import word_set

_NAME = r"[A-ZÀ-ÖØ-Þ][\w'\u2019-]{1,20}"
_PROMISE = re.compile(
    r"(?:(?:going forward|in (?:the )?future|from now on|next|also|finally|as a follow-up)\s*,?\s+)?"
    rf"(?:(?P<name>{_NAME}(?:\s(?:&|and)\s{_NAME})?)"
    r"|(?:and\s+)?the\s+(?P<team>[\w-]+(?:\s[\w-]+)?\s(?:team|squad|crew|guild)))\s+"
    r"(?:will|is going to|are going to|plans? to|is to|are to)\s+(?:(?:now|also)\s+)?"
    r"(?P<task>(?P<verb>[a-z][\w-]+)\b.*)",
    re.IGNORECASE,
)
_NEXT_CLAUSE = re.compile(
    r"[,;]\s+(?:and\s+)?(?=(?:the\s+)?[\w-]+(?:\s[\w-]+){0,2}\s+(?:will|is going to|are going to)\s)|;\s+"
)
_STATES = word_set("verbs that promise nothing")
"""Verbs that say how something will be, and not what somebody does."""
_OWN_SECTIONS = ("summary", None, "aside", "fix", "cause")


def promised_actions(sections: Sequence[LabelledSection], nouns: Collection[str] = ()) -> tuple[ActionItem, ...]:
    """Return what people or teams of the page say that they will do; for pages without a section of action items.

    Args:
        sections: The page.
        nouns: Words of the page, in lower case, that are nobody's name.
    """
    prose = (section for section in sections if section.topic in _OWN_SECTIONS)
    promises = (action for section in prose for action in _promises_in(section))
    return tuple(action for action in promises if (action.owner or "").casefold() not in nouns)


def _promises_in(section: LabelledSection) -> Iterator[ActionItem]:
    for statement in sentence_statements(section.rows):
        for clause in _NEXT_CLAUSE.split(statement.text):
            if (action := promise(clause, statement.line)) is not None:
                yield action


def promise(clause: str, line: int) -> ActionItem | None:
    """Return the action item of a clause such as `the storage team is going to add inode usage`."""
    match = _PROMISE.match(clause.strip())
    if match is None or match["verb"] in _STATES or not match["verb"][0].islower():
        return None
    name = match["name"]
    if name is not None and not (name[0].isupper() and is_persons_name(name, match["task"])):
        return None
    if base_verb(match["verb"]) is None and name is None and len(match["task"].split()) < 2:
        return None
    facets = parse_item(match["task"].rstrip(" ."), match["task"])
    return ActionItem(facets.text, name or match["team"], facets.state, line, facets.due)

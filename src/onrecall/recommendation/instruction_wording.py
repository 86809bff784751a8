"""The wording of runbooks: headings about acting, lists that give reasons, items that are instructions."""

import re
from functools import cache
from typing import Literal

from onrecall.domain.word_file import read_words

MAX_READ_LENGTH = 400
"""Characters of an item or a paragraph whose wording is looked at."""

SectionKind = Literal["act", "rollback", "other", "reasons"]

_OTHER = re.compile(
    r"\b(?:action items|meaning|impact|symptoms?|background|overview|references?|related|see also|escalat\w+|contacts?"
    r"|lessons|timeline|summary|description|prevent\w*|examples?|appendix|scope|severity|alerts?"
    r"|follow[- ]?ups?|notes?|links|queries)\b",
    re.IGNORECASE,
)
_ROLLBACK = re.compile(r"\b(?:roll(?:ing)?[ -]?back|revert\w*|undo\w*|back[ -]?out)\b", re.IGNORECASE)
_ACT = re.compile(
    r"\b(?:diagnos\w+|mitigat\w+|resol\w+|remed\w+|fix\w*|steps?|procedures?|investigat\w+|triage|troubleshoot\w*"
    r"|debug\w*|checks?|checking|verif\w+|recover\w*|actions?|what to do|how to|workarounds?|repair\w*"
    r"|restor\w+|runbook|playbook)\b",
    re.IGNORECASE,
)
_REASON_HEADING = re.compile(r"\b(?:causes?|reasons?|why|scenarios?|triggers?)\b", re.IGNORECASE)
_REASON_LEAD = re.compile(
    r"""\b(?:causes?|caused|reasons?|because|due\ to|culprits?|explanations?|factors?|scenarios?|circumstances
      |symptoms?|indications?|indicates?|signs?|consequences?|effects?|criteria
      |(?:may|might|can|could|will|would|usually|often|typically|normally|probably)\ (?:also\ )?
        (?:be|mean|happen|occur|result|come|stem|fire|trigger|arise|appear)
      |means?|happens?|occurs?|fires?|fired|triggers?|triggered|raised)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ACTION_LEAD = re.compile(
    r"\b(?:steps?|procedures?|actions?|commands?|instructions?|tasks?|checks?|remed\w+|mitigat\w+|fix\w*|resol\w+|options?"
    r"|workarounds?|solutions?|how to|as follows|follow)\b",
    re.IGNORECASE,
)
_INTRODUCER = re.compile(
    r"(?:please|then|next|now|first(?:ly)?|second(?:ly)?|third(?:ly)?|finally|lastly|afterwards?|also|always|immediately"
    r"|optionally|manually|carefully|temporarily|gradually|gracefully|quickly|simply|just|only|and|or|otherwise"
    r"|alternatively|again|once more|do not|don't|never"
    r"|(?:you|we|one|i)\s+(?:can|could|should|must|may|might|need to|have to|want to)(?:\s+(?:also|then))?"
    r"|(?:needs?|have|remember|be sure|make sure|step \d+|\d+[.)]))\b[\s,:.]*(?:to\s+)?",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"(?:if|when|once|after|before|in case|for|on|in|from|at|as|with|while|unless|until|to|since|using|via)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,:;\u2013\u2014]\s+|\s->\s|\s\u2192\s|\s-\s|\.\s+|\bthen\s+")
_WORD = re.compile(r"[A-Za-z][A-Za-z-]*")


def section_kind(heading: str) -> SectionKind | None:
    """Return what a heading says its section is about; None where it says nothing of that."""
    if _OTHER.search(heading):
        return "other"
    if _ROLLBACK.search(heading):
        return "rollback"
    if _ACT.search(heading):
        return "act"
    return "reasons" if _REASON_HEADING.search(heading) else None


def announces_reasons(lead: str) -> bool:
    """Return whether a paragraph says that the list below it tells why something happens, rather than what to do."""
    last = re.split(r"(?<=[.!?])\s+", lead.strip()[-MAX_READ_LENGTH:])[-1]
    return bool(_REASON_LEAD.search(last)) and not _ACTION_LEAD.search(last) and not is_instruction(last)


def is_instruction(text: str) -> bool:
    """Return whether a sentence tells somebody to do something, or asks what to look at."""
    words = text.strip()[:MAX_READ_LENGTH].lstrip("*_`\"'([ ")
    if words.rstrip("*_ ").endswith("?"):
        return True
    return any(_begins_with_a_verb(clause) for clause in _clauses(words))


def _clauses(text: str) -> list[str]:
    """The parts of a sentence that may hold its verb: the first, and after a condition or a label the next ones."""
    first, *later = _CLAUSE.split(text)
    return [first, *(later if _CONDITION.match(first) or len(first.split()) <= 4 else [])]


def _begins_with_a_verb(clause: str) -> bool:
    remaining = clause.strip(" *_`\"'(")
    while introducer := _INTRODUCER.match(remaining):
        remaining = remaining[introducer.end() :].lstrip(" *_`")
    first = _WORD.match(remaining)
    return first is not None and first[0].lower() in _verbs()


@cache
def _verbs() -> frozenset[str]:
    return read_words("onrecall.recommendation", "imperatives.txt")

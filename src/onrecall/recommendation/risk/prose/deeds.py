"""What a verb that changes something means, with the words around it: the rows of `prose_deeds.txt`."""

import re
from functools import cache
from typing import NamedTuple

from onrecall.domain.recommendation import Risk
from onrecall.recommendation.risk.assessment import Assessment, risk_named
from onrecall.recommendation.risk.prose.english import verb_forms
from onrecall.recommendation.risk.sections import lines

_REASONS: dict[Risk, str] = {
    "read_only": "only looks or tells",
    "reversible": "can be undone at once",
    "disruptive": "may interrupt service or sessions",
    "destructive": "may lose data or resources",
}


class _ChangeVerbRow(NamedTuple):
    risk: Risk
    verbs: frozenset[str]
    pattern: re.Pattern[str]


def judge_change_verb(verb: str, clause: str) -> Assessment | None:
    """Assess a verb by the first row that has it and matches the clause; None if there is none."""
    row = next((row for row in _rows() if verb in row.verbs and row.pattern.search(clause)), None)
    return Assessment(row.risk, f"“{verb}” {_REASONS[row.risk]}") if row else None


def is_change_verb(word: str) -> bool:
    """Whether a word is a form of a verb that changes something."""
    return word in _all_forms()


@cache
def _all_forms() -> frozenset[str]:
    return frozenset(form for row in _rows() for form in row.verbs)


@cache
def _rows() -> tuple[_ChangeVerbRow, ...]:
    rows = [line.split("|", 2) for line in lines("prose/prose_deeds.txt", "deeds")]
    return tuple(
        _ChangeVerbRow(
            risk_named(risk.strip()),
            frozenset(form for verb in verbs.split() for form in verb_forms(verb)),
            re.compile(pattern.strip(), re.IGNORECASE),
        )
        for risk, verbs, pattern in rows
    )

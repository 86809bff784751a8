"""How dangerous a step is that is told in words: its verbs, what they are done to, and what is only a condition."""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from onrecall.domain.incident import Risk
from onrecall.recommendation.risk.assessment import RISKS, Assessment, read_only, unknown, worst

_LONGEST = 2_000
_SENTENCE = re.compile(r"[.;:!?](?:\s|$)|\n|→|=>|\s[–—-]\s")
_CONDITION = re.compile(
    r"^\s*(?:if|when|whenever|once|before|after|until|unless|while|since|as soon as|in case|because)\b[^,]*(?:,|$)",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\b(?:without|instead of|rather than|if|when|whenever|once|before|after|until|unless|whether|because|since|so that"
    r"|that|which|who|whose|why|how)\b.*",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:do not|don't|never|avoid|must not|should not|no need to|cannot|did not)\b", re.IGNORECASE)
_AND = re.compile(
    r",|\b(?:and|then|or|but|by|via|to(?= [a-z]+ (?:the|a|an|all|it|its|them|every|any|old|stale)\b))\b", re.IGNORECASE
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_NOUN_FOLLOWS = re.compile(
    r"(?:counts?|loops?|rates?|polic(?:y|ies)|times?|status|errors?|reasons?|windows?|plans?|histor\w+|budget|codes?|events?"
    r"|probe|storm|frequency|numbers?|requests?|pressure|depth|lag)\b"
)
_MODIFIERS = frozenset(
    ("the", "a", "an", "its", "their", "this", "that", "each", "every", "any", "last", "next", "of", "recent")
)
_IRREGULAR = {
    "bring": ["brought"],
    "find": ["found"],
    "freeze": ["froze", "frozen"],
    "get": ["got"],
    "grow": ["grew", "grown"],
    "make": ["made"],
    "overwrite": ["overwrote", "overwritten"],
    "rebuild": ["rebuilt"],
    "run": ["ran"],
    "see": ["saw", "seen"],
    "take": ["took", "taken"],
    "tear": ["tore", "torn"],
    "tell": ["told"],
    "understand": ["understood"],
}


class _Row(NamedTuple):
    risk: Risk
    verbs: frozenset[str]
    rest: re.Pattern[str]


def judge(text: str) -> Assessment:
    """The worst of what the sentences tell to do."""
    found = [deed for clause in _clauses(text[:_LONGEST]) if (deed := _clause(clause))]
    return worst(found) or unknown("what it does is not recognised")


def _clauses(text: str) -> list[str]:
    told = (_CONDITION.sub("", sentence) for sentence in _SENTENCE.split(text))
    return [clause for sentence in told for clause in _AND.split(sentence) if clause and clause.strip()]


def _clause(clause: str) -> Assessment | None:
    """What the first verb that is known says, with the words around it; nothing when there is none."""
    if _NEGATED.search(clause):
        return read_only("says what not to do")
    told = _ASIDE.sub("", clause).lower()
    before = ""
    for match in _WORD.finditer(told):
        word = match[0]
        row = next((r for r in _rows() if word in r.verbs and r.rest.search(told)), None)
        if row and not _is_noun(word, before, told[match.end() :]):
            return Assessment(row.risk, f"“{word}” {_REASONS[row.risk]}")
        before = word
    return None


_REASONS: dict[Risk, str] = {
    "read_only": "only looks or tells",
    "reversible": "can be undone at once",
    "disruptive": "may interrupt service or sessions",
    "destructive": "may lose data or resources",
}


def _is_noun(word: str, before: str, after: str) -> bool:
    """`the restart`, `restart counts`, `config changes`: named, not done."""
    named = before in _MODIFIERS and not word.endswith(("ed", "ing"))
    plural = bool(before) and word.endswith("s") and not word.endswith("ss")
    return named or plural or _NOUN_FOLLOWS.match(after.lstrip()) is not None


def _forms(verb: str) -> set[str]:
    """The verb's own forms as a sentence has them: restart, restarts, restarted, restarting."""
    stem = verb[:-1] if verb.endswith(("e", "y")) else verb
    made = {verb, f"{verb}s", f"{verb}es", f"{verb}ed", f"{verb}d", f"{verb}ing", f"{stem}ing", f"{verb}{verb[-1]}ed"}
    return made | {f"{verb}{verb[-1]}ing", f"{stem}ied", f"{stem}ies", *_IRREGULAR.get(verb, ())}


@cache
def _rows() -> tuple[_Row, ...]:
    text = files("onrecall.recommendation.risk").joinpath("prose.txt").read_text(encoding="utf-8")
    rows = [line.split("|", 2) for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(
        _Row(
            next(r for r in RISKS if r == risk.strip()),
            frozenset(form for verb in verbs.split() for form in _forms(verb)),
            re.compile(rest.strip(), re.IGNORECASE),
        )
        for risk, verbs, rest in rows
    )

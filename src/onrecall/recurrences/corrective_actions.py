"""What was done against a family: the fix that worked time and again, and what was noted to end it for good."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from onrecall.domain import markdown_page as page
from onrecall.domain.incident import Citation, Document, Incident, ResolutionStep, StepOutcome
from onrecall.domain.markdown_page import PageLine

LOOKED_AT = 100
"""The newest members of a family whose steps are compared."""

_ALERT = r"(?:alerts?|alarms?|monitor(?:s|ing)?)"
_PERMANENT = re.compile(
    r"\b(?:permanent(?:ly)?(?! (?:delet|los|fail|unavail|damag))|long[- ]term|for good|once and for all|never again"
    r"|(?:add(?:ed|s)?|set up|creat(?:ed|es?)|introduc(?:ed|es?)|built|wrote)\b[^.;`]{0,60}\b"
    rf"{_ALERT}|with {_ALERT}|an? {_ALERT} watch(?:es)?"
    r"|automat(?:ed|es?|ion)|prevent(?:s|ed|ing)? (?:a |any )?(?:recurrence|repeat)|no longer possible"
    r"|so that (?:it|this|that|nobody|nothing|an?|the|no)\b[^.;`]{0,60}"
    r"\b(?:again|any ?more|no longer|cannot|can't|never))\b",
    re.IGNORECASE,
)
_NOT_PERMANENT = re.compile(
    r"\b(?:not|no|isn't|without|until|instead of|pending|before) (?:a |an |the |any |yet )*"
    r"(?:permanent|long[- ]term|automat)|\b(?:temporar(?:y|ily)|work-?around|for now|stop-?gap)\b",
    re.IGNORECASE,
)
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)[\s#]*")
_ACTIONS = re.compile(
    r"\b(?:action items?|actions|follow[- ]?ups?|prevent\w*|corrective|permanent fix|long[- ]term)\b", re.IGNORECASE
)
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+(?:\[([ xX])\]\s+)?(\S.*)")
_SENTENCE = re.compile(r"[^.!?]+(?:[.!?](?!\s)[^.!?]*)*[.!?]?")
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ProvenFix:
    """The step that worked in most members, where it last worked."""

    text: str
    command: str | None
    worked: int
    """Members in which it worked."""
    failed: int
    """Members in which it did not help or made it worse."""
    of: int
    """Members that say what was done; of many the newest are looked at."""
    citation: Citation


@dataclass(frozen=True, slots=True)
class CorrectiveAction:
    """Something written down that shall keep a family from coming back."""

    text: str
    state: Literal["done", "open", "noted"]
    """`noted`: it is written, not whether it is done."""
    at: datetime | None
    citation: Citation


def same_fix(
    members: Sequence[Incident], key: Callable[[ResolutionStep], str], changes: Callable[[ResolutionStep], bool]
) -> ProvenFix | None:
    """The change that worked in most members; None where none worked twice. Looking at something is no fix."""
    telling = [one for one in reversed(members) if _steps(one)][:LOOKED_AT]
    done: dict[str, dict[str, dict[StepOutcome, ResolutionStep]]] = {}
    for one in telling:
        for step in _steps(one):
            done.setdefault(key(step), {}).setdefault(one.id, {}).setdefault(step.outcome, step)
    worked = {name: [one for one in telling if "worked" in tries.get(one.id, ())] for name, tries in done.items()}
    order = {one.id: n for n, one in enumerate(telling)}
    often = [name for name, where in worked.items() if len(where) > 1]
    for name in sorted(often, key=lambda name: (-len(worked[name]), order[worked[name][0].id], name)):
        newest = worked[name][0]
        step = done[name][newest.id]["worked"]
        if changes(step):
            failed = sum(any(said != "worked" for said in tries) for tries in done[name].values())
            return ProvenFix(step.text, step.command, len(worked[name]), failed, len(telling), _cited(newest, step))
    return None


def actions(members: Iterable[Incident], documents: Iterable[Document]) -> tuple[CorrectiveAction, ...]:
    """Everything noted against a recurrence, the newest first; within one page the last line first."""
    found = [action for one in members for action in _told(one)]
    found += [action for document in documents for action in _listed(document)]
    return tuple(sorted(found, key=lambda one: (one.at or _EVER, one.citation.id, one.citation.line), reverse=True))


def _steps(incident: Incident) -> tuple[ResolutionStep, ...]:
    said = incident.resolution
    return said.steps if said and said.confirmed else ()


def _cited(incident: Incident, step: ResolutionStep) -> Citation:
    place = _steps(incident).index(step)
    line = next(line for line in page.lines(incident) if line.step == place)
    return Citation(incident.id, line.text, line.number)


def _told(incident: Incident) -> Iterator[CorrectiveAction]:
    """Steps that worked, and sentences of the summary, that say they are meant to last."""
    said = incident.resolution
    if said is None or not said.confirmed:
        return
    heading = ""
    for line in page.lines(incident):
        if line.part != "resolution":
            continue
        if line.text.startswith("## "):
            heading = line.text
        if line.step is not None and said.steps[line.step].outcome == "worked" and lasting(said.steps[line.step].text):
            yield CorrectiveAction(
                said.steps[line.step].text, "done", said.at, Citation(incident.id, line.text, line.number)
            )
        elif heading == "## Summary":
            yield from (
                CorrectiveAction(words, "noted", said.at, Citation(incident.id, words, line.number))
                for words in _sentences(line)
                if lasting(words)
            )


def lasting(text: str) -> bool:
    """Whether a text says that something is meant to last."""
    return bool(_PERMANENT.search(text)) and not _NOT_PERMANENT.search(text)


def _listed(document: Document) -> Iterator[CorrectiveAction]:
    """The list items under a heading such as "Action items", and whether they are ticked off."""
    within = 0
    fenced = False
    for line in page.lines(document):
        fenced ^= line.text.lstrip().startswith(("```", "~~~"))
        heading = None if fenced else _HEADING.fullmatch(line.text)
        if heading and not (within and len(heading[1]) > within):
            within = len(heading[1]) if _ACTIONS.search(heading[2]) else 0
        item = _ITEM.fullmatch(line.text) if within and not fenced else None
        if item:
            box = item[1]
            state: Literal["done", "open", "noted"] = "noted" if box is None else "open" if box == " " else "done"
            yield CorrectiveAction(
                item[2].strip(), state, document.dated, Citation(document.id, item[2].strip(), line.number)
            )


def _sentences(line: PageLine) -> Iterator[str]:
    return (found[0].strip() for found in _SENTENCE.finditer(line.text) if found[0].strip())

"""The proven fix of a family, and the corrective actions noted against its recurrence."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from onrecall.domain import markdown
from onrecall.domain import markdown_page as page
from onrecall.domain.document import Document
from onrecall.domain.evidence import Citation
from onrecall.domain.incident import Incident, ResolutionStep, StepOutcome
from onrecall.domain.markdown import Block, ItemList, Paragraph, Quote
from onrecall.domain.markdown_page import PageLine

MAX_MEMBERS = 100
"""Maximum number of newest members whose steps are compared."""

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
_ACTIONS = re.compile(
    r"\b(?:action items?|actions|follow[- ]?ups?|prevent\w*|corrective|permanent fix|long[- ]term)\b", re.IGNORECASE
)
_BOX = re.compile(r"\[([ xX])\]\s+")
_SENTENCE = re.compile(r"[^.!?]+(?:[.!?](?!\s)[^.!?]*)*[.!?]?")
_BEGINNING_OF_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ProvenFix:
    """The step that worked in most members, where it last worked."""

    text: str
    command: str | None
    worked: int
    """Incidents in which it worked."""
    failed: int
    """Incidents in which it did not help or made it worse."""
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


def find_proven_fix(
    members: Sequence[Incident], key: Callable[[ResolutionStep], str], changes: Callable[[ResolutionStep], bool]
) -> ProvenFix | None:
    """Return the change that worked in most members, and in at least two; steps that only inspect are ignored."""
    explained = [incident for incident in reversed(members) if _steps(incident)][:MAX_MEMBERS]
    steps_by_key = _first_tries(explained, key)
    worked = {
        name: [incident for incident in explained if "worked" in tries.get(incident.id, ())]
        for name, tries in steps_by_key.items()
    }
    order = {incident.id: n for n, incident in enumerate(explained)}
    often = [name for name, where in worked.items() if len(where) > 1]
    for name in sorted(often, key=lambda name: (-len(worked[name]), order[worked[name][0].id], name)):
        newest = worked[name][0]
        step = steps_by_key[name][newest.id]["worked"]
        if changes(step):
            failed = sum(any(outcome != "worked" for outcome in tries) for tries in steps_by_key[name].values())
            return ProvenFix(
                step.text, step.command, len(worked[name]), failed, len(explained), _cite_step(newest, step)
            )
    return None


def _first_tries(
    incidents: Iterable[Incident], key: Callable[[ResolutionStep], str]
) -> dict[str, dict[str, dict[StepOutcome, ResolutionStep]]]:
    """Return the first step of each outcome by action and incident."""
    steps_by_key: dict[str, dict[str, dict[StepOutcome, ResolutionStep]]] = {}
    for incident in incidents:
        for step in _steps(incident):
            steps_by_key.setdefault(key(step), {}).setdefault(incident.id, {}).setdefault(step.outcome, step)
    return steps_by_key


def find_corrective_actions(members: Iterable[Incident], documents: Iterable[Document]) -> tuple[CorrectiveAction, ...]:
    """Return all corrective actions, newest first; within a page, the last line first."""
    noted = [action for incident in members for action in _actions_in_resolution(incident)]
    noted += [action for document in documents for action in _actions_in_document(document)]
    return tuple(
        sorted(
            noted,
            key=lambda action: (action.at or _BEGINNING_OF_TIME, action.citation.id, action.citation.line),
            reverse=True,
        )
    )


def _steps(incident: Incident) -> tuple[ResolutionStep, ...]:
    resolution = incident.resolution
    return resolution.steps if resolution and resolution.confirmed else ()


def _cite_step(incident: Incident, step: ResolutionStep) -> Citation:
    place = _steps(incident).index(step)
    line = next(line for line in page.numbered_lines(incident) if line.step == place)
    return Citation(incident.id, line.text, line.number)


def _actions_in_resolution(incident: Incident) -> Iterator[CorrectiveAction]:
    """Yield permanent fixes among the steps that worked and the sentences of the summary."""
    resolution = incident.resolution
    if resolution is None or not resolution.confirmed:
        return
    heading = ""
    for line in (line for line in page.numbered_lines(incident) if line.part == "resolution"):
        heading = line.text if line.text.startswith("## ") else heading
        if line.step is not None:
            step = resolution.steps[line.step]
            if step.outcome == "worked" and is_permanent(step.text):
                citation = Citation(incident.id, line.text, line.number)
                yield CorrectiveAction(step.text, "done", resolution.at, citation)
        elif heading == "## Summary":
            for words in filter(is_permanent, _sentences(line)):
                citation = Citation(incident.id, words, line.number)
                yield CorrectiveAction(words, "noted", resolution.at, citation)


def is_permanent(text: str) -> bool:
    """Return whether a text describes a permanent measure."""
    return bool(_PERMANENT.search(text)) and not _NOT_PERMANENT.search(text)


def _actions_in_document(document: Document) -> Iterator[CorrectiveAction]:
    """Yield list items under headings such as "Action items", with their checkbox state."""
    if not _ACTIONS.search(document.text):
        return
    for section in markdown.sections(markdown.parse(document.text)):
        if any(_ACTIONS.search(heading.text) for heading in section.path):
            for words, line in _item_words(section.blocks):
                box = _BOX.match(words)
                text = words[box.end() :] if box else words
                if text:
                    yield CorrectiveAction(text, _state(box), document.dated, Citation(document.id, text, line))


def _item_words(blocks: Iterable[Block]) -> Iterator[tuple[str, int]]:
    """Yield the first line of each list item, at every depth, with its number."""
    for block in blocks:
        match block:
            case ItemList(items):
                for item in items:
                    if item.blocks and isinstance(first := item.blocks[0], Paragraph):
                        yield first.text.partition("\n")[0].strip(), first.line
                    yield from _item_words(item.blocks)
            case Quote(quoted_blocks):
                yield from _item_words(quoted_blocks)


def _state(box: re.Match[str] | None) -> Literal["done", "open", "noted"]:
    if box is None:
        return "noted"
    return "open" if box[1] == " " else "done"


def _sentences(line: PageLine) -> Iterator[str]:
    return (match[0].strip() for match in _SENTENCE.finditer(line.text) if match[0].strip())

"""What was done, drawn from what somebody wrote about it: lists, commands, and whether it helped."""

import re
from collections.abc import Sequence
from dataclasses import replace

from onrecall.domain.incident import ResolutionStep, StepOutcome
from onrecall.importers.markup.jira_wiki import to_markdown
from onrecall.importers.postmortem.deeds import outcome_of, sentences
from onrecall.importers.postmortem.resolution_steps import steps_told
from onrecall.importers.postmortem.rows import rows
from onrecall.importers.postmortem.sections import LabelledSection

LONGEST = 200_000
"""Characters of a text that are looked at for steps."""
_NUMBER = re.compile(r"\s*(?:step\s*)?\d{1,3}[.):]\s+", re.IGNORECASE)
_CLOSING_MARK = {"`": "`", '"': '"', "'": "'", "(": ")", "[": "]", "{": "}"}


def outcome(said: str) -> StepOutcome:
    """What came of it, by the writer's own words; where nothing says otherwise, it worked."""
    return outcome_of(said) or "worked"


def steps(text: str | None, *, prose: bool = False) -> tuple[ResolutionStep, ...]:
    """Return the steps in a text: the items of its lists with their commands, or else the sentences that tell a deed.

    With `prose` every sentence is a step: for fields that hold nothing but what was done.
    """
    if not text or not text.strip():
        return ()
    found = steps_of(fix_section(text))
    if not prose or _has_items(text):
        return found
    every = [(sentence, steps_of(fix_section(sentence))) for line in text.splitlines() for sentence in sentences(line)]
    told = [
        own or (ResolutionStep(sentence, outcome=outcome(sentence)),) for sentence, own in every if sentence.strip()
    ]
    return tuple(step for own in told for step in own)


def listed_steps(value: str | Sequence[str] | None) -> tuple[ResolutionStep, ...]:
    """Return the steps of a field that holds nothing but steps: a list, the lines of a text, or what semicolons part.

    Semicolons in code spans, quotes and brackets part nothing: there they belong to a command.
    """
    if isinstance(value, str):
        value = value.strip()
        parts = semicolon_parts(value) if "\n" not in value else []
        if len(parts) < 2:
            return steps(value, prose=True)
    else:
        parts = list(value or ())
    return steps("\n".join(f"- {_NUMBER.sub('', part)}" for part in parts), prose=True)


def semicolon_parts(text: str) -> list[str]:
    """Return what stands between the semicolons of a text, blanks and empty parts left out."""
    parts, start, closing = [], 0, ""
    for place, letter in enumerate(text):
        if closing:
            closing = closing.removesuffix(letter) if closing.endswith(letter) else closing + _nested(letter, closing)
        elif letter == ";":
            parts.append(text[start:place])
            start = place + 1
        elif letter in _CLOSING_MARK and text.find(_CLOSING_MARK[letter], place + 1) > 0:
            closing = _opens(letter, text, place)
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def _nested(letter: str, closing: str) -> str:
    """What closes a bracket inside of a bracket; in code and quotes brackets mean nothing."""
    return _CLOSING_MARK[letter] if letter in "([{" and closing[-1] in ")]}" else ""


def _opens(letter: str, text: str, place: int) -> str:
    """What closes a mark that opens here; an apostrophe within a word opens nothing."""
    apostrophe = letter == "'" and place > 0 and text[place - 1].isalnum()
    return "" if apostrophe else _CLOSING_MARK[letter]


def fix_section(text: str) -> LabelledSection:
    """Return a text as the section of a page that tells what was done."""
    return LabelledSection("fix", "", 0, 1, list(rows(to_markdown(text[:LONGEST]))))


def steps_of(section: LabelledSection) -> tuple[ResolutionStep, ...]:
    """Return the steps of one section, without the lines on which they stand."""
    return without_lines(steps_told([section], [], []))


def without_lines(found: tuple[ResolutionStep, ...]) -> tuple[ResolutionStep, ...]:
    """Return steps that cite no document."""
    return tuple(replace(step, line=None) for step in found)


def _has_items(text: str) -> bool:
    return any(row.kind in ("item", "code", "cells") for row in rows(to_markdown(text[:LONGEST])))

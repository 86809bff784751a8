"""Extract resolution steps from text: lists, commands, and whether they helped."""

import re
from collections.abc import Sequence
from dataclasses import replace

from onrecall.domain.incident import ResolutionStep, StepOutcome
from onrecall.importers.markup.jira_wiki import to_markdown
from onrecall.importers.postmortem.deeds import split_sentences
from onrecall.importers.postmortem.outcomes import detect_outcome
from onrecall.importers.postmortem.resolution_steps import extract_steps
from onrecall.importers.postmortem.rows import parse_rows
from onrecall.importers.postmortem.sections import LabelledSection

LONGEST = 200_000
"""Maximum characters of a text searched for steps."""
_NUMBER = re.compile(r"\s*(?:step\s*)?\d{1,3}[.):]\s+", re.IGNORECASE)
_CLOSING_MARK = {"`": "`", '"': '"', "'": "'", "(": ")", "[": "]", "{": "}"}


def outcome_or_worked(text: str) -> StepOutcome:
    """Return the outcome stated in the text; `worked` if it states none."""
    return detect_outcome(text) or "worked"


def parse_steps(text: str | None, *, prose: bool = False) -> tuple[ResolutionStep, ...]:
    """Return the steps in a text: list items with their commands, or else the sentences that report an action.

    With `prose` every sentence is a step: for fields that hold nothing but what was done.
    """
    if not text or not text.strip():
        return ()
    extracted = section_steps(fix_section(text))
    if not prose or _has_items(text):
        return extracted
    every = [
        (sentence, section_steps(fix_section(sentence)))
        for line in text.splitlines()
        for sentence in split_sentences(line)
    ]
    sentence_steps = [
        own or (ResolutionStep(sentence, outcome=outcome_or_worked(sentence)),)
        for sentence, own in every
        if sentence.strip()
    ]
    return tuple(step for own in sentence_steps for step in own)


def listed_steps(value: str | Sequence[str] | None) -> tuple[ResolutionStep, ...]:
    """Return the steps of a field that holds only steps: a list, lines, or parts separated by semicolons.

    Semicolons in code spans, quotes and brackets part nothing: there they belong to a command.
    """
    if isinstance(value, str):
        value = value.strip()
        parts = semicolon_parts(value) if "\n" not in value else []
        if len(parts) < 2:
            return parse_steps(value, prose=True)
    else:
        parts = list(value or ())
    return parse_steps("\n".join(f"- {_NUMBER.sub('', part)}" for part in parts), prose=True)


def semicolon_parts(text: str) -> list[str]:
    """Split a text at semicolons; parts are stripped, empty ones dropped."""
    parts, start, closing = [], 0, ""
    for place, letter in enumerate(text):
        if closing:
            closing = (
                closing.removesuffix(letter) if closing.endswith(letter) else closing + _nested_closing(letter, closing)
            )
        elif letter == ";":
            parts.append(text[start:place])
            start = place + 1
        elif letter in _CLOSING_MARK and text.find(_CLOSING_MARK[letter], place + 1) > 0:
            closing = _closing_for(letter, text, place)
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def _nested_closing(letter: str, closing: str) -> str:
    """Return the closing mark of a bracket nested in a bracket; empty inside code and quotes."""
    return _CLOSING_MARK[letter] if letter in "([{" and closing[-1] in ")]}" else ""


def _closing_for(letter: str, text: str, place: int) -> str:
    """Return the closing mark of an opening one; empty for an apostrophe within a word."""
    apostrophe = letter == "'" and place > 0 and text[place - 1].isalnum()
    return "" if apostrophe else _CLOSING_MARK[letter]


def fix_section(text: str) -> LabelledSection:
    """Return a text as the section of a page about the fix."""
    return LabelledSection("fix", "", 0, 1, list(parse_rows(to_markdown(text[:LONGEST]))))


def section_steps(section: LabelledSection) -> tuple[ResolutionStep, ...]:
    """Return the steps of one section, without the lines on which they stand."""
    return without_lines(extract_steps([section], [], []))


def without_lines(steps: tuple[ResolutionStep, ...]) -> tuple[ResolutionStep, ...]:
    """Return steps that cite no document."""
    return tuple(replace(step, line=None) for step in steps)


def _has_items(text: str) -> bool:
    return any(row.kind in ("item", "code", "cells") for row in parse_rows(to_markdown(text[:LONGEST])))

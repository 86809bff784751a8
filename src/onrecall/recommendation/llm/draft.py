"""The form of what a model answers: names of what it was given, and sentences with their receipts."""

import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_ANSWER_LENGTH = 60_000
_THOUGHT = re.compile(r"\A.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
"""What a model thinks aloud before its answer; the mark that begins it is often left out."""


class Form(BaseModel):
    """Nothing may be added."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Sentence(Form):
    """One plain sentence, and the names of the lines it rests on."""

    text: str = Field(min_length=1, max_length=400)
    cites: list[str] = Field(min_length=1, max_length=8)


class ChosenStep(Form):
    """A step that was offered, by its name."""

    step: str = Field(max_length=20)
    command: str | None = Field(default=None, max_length=8_000)
    """Its command with placeholders filled; null to leave it as it is."""
    why: Sentence | None = None


class Draft(Form):
    """What a model answers."""

    cause: str = Field(max_length=20)
    explanation: list[Sentence] = Field(min_length=1, max_length=4)
    steps: list[ChosenStep] = Field(max_length=20)


def parse_draft(text: str) -> Draft | str:
    """The draft, or in a few words why it is none; what it says is not repeated.

    Models put prose, fences and what they thought around their JSON: the last object that names a cause counts.
    """
    if len(text) > MAX_ANSWER_LENGTH:
        return "it is too long"
    objects = json_objects(text)
    drafts = [candidate for candidate in objects if "cause" in candidate]
    if not drafts and not _is_json_object(text):
        return "it is not JSON"
    try:
        return Draft.model_validate((drafts or objects)[-1])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        location = [str(part) for part in first["loc"] if isinstance(part, int) or part in FIELDS]
        return f"it has not the form that was asked for ({'.'.join(location) or 'the whole'}: {first['type']})"


def json_objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects of an answer, without those in what was thought before it, if any stand behind."""
    behind_thoughts = _THOUGHT.sub("", text)
    objects = _objects_in(behind_thoughts)
    return objects if objects or behind_thoughts == text else _objects_in(text)


def _objects_in(text: str) -> list[dict[str, Any]]:
    """The JSON objects in a text, one after the other; what only looks like the start of one is passed over."""
    objects: list[dict[str, Any]] = []
    position = text.find("{")
    while position >= 0:
        try:
            value, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            objects.append(value)
        position = text.find("{", end)
    return objects


def _is_json_object(text: str) -> bool:
    """Whether all of a text is one JSON object."""
    try:
        return isinstance(_DECODER.decode(text), dict)
    except (ValueError, RecursionError):
        return False


_DECODER = json.JSONDecoder(strict=False)
"""Line breaks within strings are read, as models write them; a sentence may have none all the same."""
FIELDS = frozenset({*Sentence.model_fields, *ChosenStep.model_fields, *Draft.model_fields})

"""The form of what a model answers: names of what it was given, and sentences with their receipts."""

import re

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LONGEST = 60_000
_FENCED = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)


class Form(BaseModel):
    """Nothing may be left out, and nothing added."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Sentence(Form):
    """One plain sentence, and the names of the lines it rests on."""

    text: str = Field(min_length=1, max_length=400)
    cites: list[str] = Field(min_length=1, max_length=8)


class ChosenStep(Form):
    """A step that was offered, by its name."""

    step: str = Field(max_length=20)
    command: str | None = Field(max_length=8_000)
    """Its command with placeholders filled; null to leave it as it is."""
    why: Sentence | None


class Draft(Form):
    """What a model answers."""

    cause: str = Field(max_length=20)
    explanation: list[Sentence] = Field(min_length=1, max_length=4)
    steps: list[ChosenStep] = Field(max_length=20)


def read(text: str) -> Draft | str:
    """The draft, or in a few words why it is none; what it says is not repeated."""
    if len(text) > LONGEST:
        return "it is too long"
    fenced = _FENCED.match(text)
    try:
        return Draft.model_validate_json(fenced[1] if fenced else text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            return "it is not JSON"
        known = [str(part) for part in first["loc"] if isinstance(part, int) or part in FIELDS]
        return f"it has not the form that was asked for ({'.'.join(known) or 'the whole'}: {first['type']})"


FIELDS = frozenset({*Sentence.model_fields, *ChosenStep.model_fields, *Draft.model_fields})

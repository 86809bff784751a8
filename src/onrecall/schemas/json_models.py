"""What every input and output of the interfaces is: strict about unknown fields, and about times."""

import re
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict


def _written_out(value: object) -> object:
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", value):
        raise ValueError("give a time such as 2026-03-01T08:00:00Z")
    return value


When = Annotated[AwareDatetime, BeforeValidator(_written_out)]
"""A time with its zone, written out: a bare number could mean seconds, milliseconds or a year."""


class OutputModel(BaseModel):
    """An output: built from an object of the domain by its attributes."""

    model_config = ConfigDict(from_attributes=True)

    def to_json(self) -> dict[str, Any]:
        """Return the model as JSON-ready data."""
        return self.model_dump(mode="json")


class InputModel(BaseModel):
    """An input: unknown fields are an error, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

"""Errors of validation are sentences that name the fix, and never repeat the value."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from onrecall.domain.validation_messages import describe_error


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    needed: str = ""
    count: int = Field(1, ge=1, le=65_535)
    share: float = Field(0.5, gt=0)
    mode: Literal["auto", "thread"] = "auto"
    flag: bool = True
    name: str = Field("ann", min_length=1, max_length=3)
    names: list[str] = Field(["ann"], min_length=1, max_length=2)
    secret: SecretStr = Field(SecretStr("0123456789"), min_length=10)
    word: str = "x"

    @field_validator("word")
    @classmethod
    def _refuse_blank(cls, word: str) -> str:
        if " " in word:
            raise ValueError("write one word")
        return word


class Required(BaseModel):
    needed: str


def message(model: type[BaseModel], values: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    return describe_error(caught.value.errors()[0])


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"count": 0}, "must be at least 1"),
        ({"count": 70_000}, "must be at most 65535"),
        ({"count": "many"}, "must be a whole number"),
        ({"share": 0}, "must be more than 0"),
        ({"share": "half"}, "must be a number"),
        ({"mode": "process"}, "must be 'auto' or 'thread'"),
        ({"flag": "perhaps"}, "must be true or false"),
        ({"needed": 7}, "must be text"),
        ({"name": ""}, "must have at least 1 character"),
        ({"name": "dana"}, "must have at most 3 characters"),
        ({"names": []}, "must have at least 1 entry"),
        ({"names": ["a", "b", "c"]}, "must have at most 2 entries"),
        ({"names": "ann"}, "must be a list"),
        ({"secret": "hunter2"}, "must have at least 10 characters"),
        ({"word": "two words"}, "write one word"),
        ({"unheard_of": 1}, "is unknown here; remove it"),
        ([], "must be an object"),
    ],
)
def test_an_error_names_the_fix(values: Any, sentence: str) -> None:
    assert message(Form, values) == sentence


def test_a_missing_field_is_to_be_added() -> None:
    assert message(Required, {}) == "is required; add it"


def test_a_kind_without_a_sentence_keeps_the_words_of_the_library() -> None:
    assert describe_error({"type": "some_new_kind", "msg": "Something else"}) == "Something else"

"""What a validated value lacks, as a sentence that names the fix, in place of the library's own words."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.count_noun import count_noun

LIBRARY_PREFIX = "Value error, "
"""What pydantic puts before the message of a validator of ours."""
COUNTED = {"List", "Set", "Frozenset", "Tuple", "Dictionary"}
"""Field types whose length counts entries; of all others, secrets among them, it counts characters."""
_SENTENCES = {
    "missing": "is required; add it",
    "extra_forbidden": "is unknown here; remove it",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "mapping_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
}
_LENGTHS = {
    "string_too_short": ("at least", "min_length"),
    "string_too_long": ("at most", "max_length"),
    "too_short": ("at least", "min_length"),
    "too_long": ("at most", "max_length"),
}


def describe_error(error: Mapping[str, Any]) -> str:
    """Return one error of `ValidationError.errors()` as a sentence without its field, such as `must be at least 1`.

    The rejected value is never repeated, because it may be a secret. A kind without a sentence keeps pydantic's words.
    """
    kind, context = error["type"], error.get("ctx") or {}
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**{name: _format_bound(value) for name, value in context.items()})
    if kind in _LENGTHS:
        return _describe_length(*_LENGTHS[kind], kind, context)
    return str(error["msg"]).removeprefix(LIBRARY_PREFIX)


def _format_bound(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) else value


def _describe_length(bound: str, limit_name: str, kind: str, context: Mapping[str, Any]) -> str:
    is_counted = not kind.startswith("string_") and context.get("field_type") in COUNTED
    noun = "entry" if is_counted else "character"
    plural = "entries" if is_counted else "characters"
    return f"must have {bound} {count_noun(context[limit_name], noun, plural)}"

"""The JSON schema of an answer, in the part of the language that every server takes."""

from typing import Any

from onrecall.recommendation.llm.draft import Draft

BOUNDS = frozenset({"title", "default", "minLength", "maxLength", "minItems", "maxItems", "description"})
"""What servers refuse in a schema, or do not need; the draft that comes back is held to the bounds all the same."""


def _plain(schema: Any, parts: dict[str, Any]) -> Any:
    """The schema without bounds, with what it refers to in place of the references."""
    if isinstance(schema, list):
        return [_plain(part, parts) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _plain(parts[schema["$ref"].removeprefix("#/$defs/")], parts)
    return {key: _plain(value, parts) for key, value in schema.items() if key not in BOUNDS and key != "$defs"}


def _strict(schema: Any) -> Any:
    """The schema with every property required, as servers that keep strictly to one ask for."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    whole = {key: _strict(value) for key, value in schema.items()}
    return {**whole, "required": list(whole["properties"])} if "properties" in whole else whole


_FULL = Draft.model_json_schema()
SCHEMA: dict[str, Any] = _strict(_plain(_FULL, _FULL.get("$defs", {})))

"""The JSON schema of an answer, in the part of the language that every server takes."""

from typing import Any

from onrecall.recommendation.llm.draft import Draft, Form

BOUNDS = frozenset({"title", "default", "minLength", "maxLength", "minItems", "maxItems", "description"})
"""What servers refuse in a schema, or do not need; the draft that comes back is held to the bounds all the same."""


def _inline_references(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema without bounds, with what it refers to in place of the references."""
    if isinstance(schema, list):
        return [_inline_references(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline_references(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    return {
        key: _inline_references(value, definitions)
        for key, value in schema.items()
        if key not in BOUNDS and key != "$defs"
    }


def _require_all(schema: Any) -> Any:
    """The schema with every property required, as servers that keep strictly to one ask for."""
    if isinstance(schema, list):
        return [_require_all(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _require_all(value) for key, value in schema.items()}
    return {**strict, "required": list(strict["properties"])} if "properties" in strict else strict


def schema_of(form: type[Form]) -> dict[str, Any]:
    """Return the JSON schema of what a model is to answer."""
    full = form.model_json_schema()
    schema: dict[str, Any] = _require_all(_inline_references(full, full.get("$defs", {})))
    return schema


SCHEMA = schema_of(Draft)

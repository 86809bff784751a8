"""Read values of unknown structure as a name, several names, or lines of text."""

from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 6
"""Maximum nesting depth of a value that is written out."""

_NAMES = (
    "display_value",
    "name",
    "displayName",
    "display_name",
    "title",
    "label",
    "value",
    "summary",
    "key",
    "id",
    "type",
)
"""Fields that name an object, most reliable first."""
_TEXTS = (
    "text",
    "description",
    "desc",
    "detail",
    "details",
    "body",
    "content",
    "message",
    "comment",
    "value",
    "summary",
)
"""Fields that hold an object's text, most reliable first."""
_AUTHORS = frozenset(("author", "user", "by", "created_by", "createdby", "author_id", "user_id", "id", "url", "self"))
"""Fields that are not part of the text: author and origin."""


def value_at(values: Mapping[str, Any], place: str) -> Any:
    """Return the value at a dotted path, or None."""
    if place in values:
        return values[place]
    head, dot, remainder = place.partition(".")
    inner = values.get(head) if dot else None
    return value_at(inner, remainder) if isinstance(inner, Mapping) else None


def name_of(value: Any) -> str | None:
    """Return the name in a value: the value itself, an object's name, or the first of a list."""
    return next(iter(names_of(value)), None)


def names_of(value: Any) -> tuple[str, ...]:
    """Return all names in a value, in order."""
    if isinstance(value, list):
        return tuple(name for part in value for name in names_of(part))
    if isinstance(value, Mapping):
        candidates = (names_of(value.get(key)) for key in _NAMES if not isinstance(value.get(key), list))
        return next((names[:1] for names in candidates if names), ())
    text = _scalar_text(value)
    return (text,) if text else ()


def lines_of(value: Any) -> tuple[str, ...]:
    """Return the text of a value as lines: list items, fields of an object, or the text itself."""
    return tuple(_bullet_lines(value)) if isinstance(value, list) else tuple(_value_lines(value, 0))


def _bullet_lines(values: list[Any]) -> Iterator[str]:
    """Yield the parts of a list, as bullets if there are several."""
    parts = [part for value in values if (part := "\n  ".join(_value_lines(value, 1)))]
    if len(parts) == 1:
        yield from parts
    else:
        yield from (part if part.startswith(("- ", "* ")) else f"- {part}" for part in parts)


def _value_lines(value: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        return
    if isinstance(value, Mapping):
        text_key = next((key for key in _TEXTS if isinstance(value.get(key), str) and value[key].strip()), None)
        if text_key:
            yield str(value[text_key]).strip()
        for key, inner in value.items():
            if (
                key != text_key
                and str(key).casefold() not in _AUTHORS
                and (text := " ".join(_value_lines(inner, depth + 1)))
            ):
                yield f"{key}: {text}"
    elif isinstance(value, list):
        yield ", ".join(text for part in value if (text := " ".join(_value_lines(part, depth + 1))))
    elif (plain := _scalar_text(value)) is not None:
        yield plain


def _scalar_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

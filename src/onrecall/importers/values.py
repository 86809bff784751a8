"""Values of other people's records, whatever they are: a name, several names, or lines of text."""

from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 6
"""Levels of objects and lists in one value that are written out."""

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
"""What a thing is called, the surest first."""
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
"""What a thing says, the surest first."""
_AUTHORS = frozenset(("author", "user", "by", "created_by", "createdby", "author_id", "user_id", "id", "url", "self"))
"""Who said it and where: no part of what it says."""


def value_at(values: Mapping[str, Any], place: str) -> Any:
    """Return what stands at a place, in whose name dots lead into objects; None where there is nothing."""
    if place in values:
        return values[place]
    head, dot, rest = place.partition(".")
    inner = values.get(head) if dot else None
    return value_at(inner, rest) if isinstance(inner, Mapping) else None


def name_of(value: Any) -> str | None:
    """Return what a value names: itself, the name of an object, or the first thing of a list."""
    return next(iter(names_of(value)), None)


def names_of(value: Any) -> tuple[str, ...]:
    """Return all that a value names, in its order."""
    if isinstance(value, list):
        return tuple(name for part in value for name in names_of(part))
    if isinstance(value, Mapping):
        named = (names_of(value.get(key)) for key in _NAMES if not isinstance(value.get(key), list))
        return next((names[:1] for names in named if names), ())
    said = _plain(value)
    return (said,) if said else ()


def lines_of(value: Any) -> tuple[str, ...]:
    """Return what a value says: the parts of a list, the fields of an object, or the text itself."""
    return tuple(_listed(value)) if isinstance(value, list) else tuple(_lines(value, 0))


def _listed(values: list[Any]) -> Iterator[str]:
    """The parts of a list as bullets, where there are several of them."""
    parts = [part for value in values if (part := "\n  ".join(_lines(value, 1)))]
    if len(parts) == 1:
        yield from parts
    else:
        yield from (part if part.startswith(("- ", "* ")) else f"- {part}" for part in parts)


def _lines(value: Any, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        return
    if isinstance(value, Mapping):
        told = next((key for key in _TEXTS if isinstance(value.get(key), str) and value[key].strip()), None)
        if told:
            yield str(value[told]).strip()
        for key, inner in value.items():
            if key != told and str(key).casefold() not in _AUTHORS and (said := " ".join(_lines(inner, depth + 1))):
                yield f"{key}: {said}"
    elif isinstance(value, list):
        yield ", ".join(said for part in value if (said := " ".join(_lines(part, depth + 1))))
    elif (plain := _plain(value)) is not None:
        yield plain


def _plain(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

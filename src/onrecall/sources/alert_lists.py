"""Finds where a message lists several alerts."""

from typing import Any

from onrecall.sources import payload
from onrecall.sources.candidate_values import is_sentence
from onrecall.sources.field_aliases import LISTS, SENTENCES, FieldCandidates, normalize_name
from onrecall.sources.payload import Fields

_LIST_WRAPS = frozenset(("data", "payload", "body", "detail", "result", "response"))
"""Objects in which the list of alerts may stand."""


def split_alert_list(body: Fields) -> tuple[tuple[str, ...], Fields, list[Any]] | None:
    """Return the path of the list of alerts, the fields around it, and its entries; None if it is one alert."""
    path = find_alert_list(body)
    if path is None:
        return None
    holder: Fields = body if len(path) == 1 else body[path[0]]
    if holder is not body and body.get("status") in ("success", "ok"):
        body = {field: value for field, value in body.items() if field != "status"}  # that of an answer, not of alerts
    around = {field: value for field, value in (*body.items(), *holder.items()) if field not in path}
    return path, around, holder[path[-1]]


def find_alert_list(body: Fields) -> tuple[str, ...] | None:
    """Return the path under which a body lists several alerts, of one or two names; None if it is one alert.

    What a search found (`results`, `items`) is no list of alerts where it says nothing by a title of its own.
    """
    if (name := _list_name(body, body)) is not None:
        return (name,)
    for wrapper, inner in body.items():
        if normalize_name(wrapper) in _LIST_WRAPS and isinstance(inner, dict) and (name := _list_name(inner, body)):
            return wrapper, name
    return None


def _list_name(holder: Fields, body: Fields) -> str | None:
    for name, value in holder.items():
        parts = payload.read_objects(value) if normalize_name(name) in LISTS else []
        if parts and (
            any(_has_title(part) for part in parts) or not _has_title({k: v for k, v in body.items() if v is not value})
        ):
            return name
    return None


def _has_title(part: Fields) -> bool:
    candidates = FieldCandidates(part, {})
    return any(
        isinstance(candidate.value, str) and (candidate.name not in SENTENCES or is_sentence(candidate.value))
        for candidate in candidates.of_field("title")
    )

"""The texts within JSON data."""

from collections.abc import Callable
from typing import Any


def map_texts(
    value: Any, change: Callable[[str], str], changes_names: Callable[[str], bool] = lambda _: False, field: str = ""
) -> Any:
    """Return JSON data with every text in it changed; tuples become lists.

    The names of an object are changed as well if `changes_names` says so of the field that holds it; `field` is the
    name of the field that holds `value`.
    """
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [map_texts(item, change, changes_names, field) for item in value]
    if isinstance(value, dict):
        name_of = change if changes_names(field) else str
        return {name_of(name): map_texts(item, change, changes_names, name) for name, item in value.items()}
    return value

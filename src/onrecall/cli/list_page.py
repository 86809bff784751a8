"""A page of a list on a terminal: its items, and where the next page begins."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from onrecall.cli.console import print_line
from onrecall.cli.output import print_result
from onrecall.schemas.json_models import OutputModel

Item = TypeVar("Item")
Output = TypeVar("Output", bound=OutputModel)


def print_page(
    items: Sequence[Output], next_cursor: str | None, as_json: bool, print_item: Callable[[Output], None], empty: str
) -> None:
    """Print a page as JSON or for people."""
    value = {"items": [item.to_json() for item in items], "next": next_cursor} if as_json else {}
    print_result(value, as_json, lambda: print_items(items, next_cursor, print_item, empty))


def print_items(items: Sequence[Item], next_cursor: str | None, print_item: Callable[[Item], None], empty: str) -> None:
    """Print a page for people; `empty` is said of a page without items."""
    for item in items:
        print_item(item)
    if not items:
        print_line(empty)
    if next_cursor:
        print_line(("more: --cursor ", "dim"), next_cursor)

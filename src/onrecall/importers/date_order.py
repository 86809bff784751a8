"""Tell whether dates such as 03/04/2026 put the day or the month first, by what else stands in the same source."""

import re
from collections.abc import Iterable

from onrecall.importers.postmortem.word_lists import phrase_list
from onrecall.importers.time_syntax import Order
from onrecall.importers.times import SLASHED, detect_date_order

FEWEST_NAMES = 2
"""Minimum names of a language that writes the day first."""
_SLASHED = re.compile(r"(?<![\d/.-])\d{1,2}(?P<mark>[/-])\d{1,2}(?P=mark)(?:19|20)\d\d(?!\d)", re.ASCII)


def page_date_order(text: str, names: Iterable[str]) -> tuple[Order | None, bool]:
    """Return the order of a page's dates, and whether only its language tells it.

    Args:
        text: The page, in which a date such as 25/03/2026 settles the order of the others.
        names: Its headings and labels in lower case.
    """
    dates = [match[0] for match in _SLASHED.finditer(text)]
    if not dates:
        return None, False
    order = detect_date_order(dates)
    if order is not None or not all_fit_day_first(dates):
        return order, False
    return ("day_first", True) if is_day_first_language(names) else (None, False)


def is_day_first_language(names: Iterable[str]) -> bool:
    """Return whether several names are those of a language in which the day always comes first."""
    return len(frozenset(phrase_list("day first")) & frozenset(names)) >= FEWEST_NAMES


def all_fit_day_first(texts: Iterable[str]) -> bool:
    """Return whether every date among the texts may put the day first."""
    return all(int(match[2]) <= 12 for text in texts if (match := SLASHED.match(text)))

"""Parse times that a chronology counts from its beginning: `T0`, `T+8m`, `T+1h05`, `+15 min`."""

import re
from datetime import timedelta
from typing import NamedTuple

_ORIGIN = re.compile(r"\bT\s?(?:0|\+\s?0)\s*(?:=|:|is|was|→|–|-)\s*(?P<time>\d.{8,40})", re.IGNORECASE)
_RELATIVE = re.compile(
    r"[\s\[(*_`|]*(?:T\s?(?=[+-])|(?=\+))(?P<sign>[+-])\s?"
    r"(?:(?P<hours>\d{1,2})\s?(?:h|:)\s?(?P<of_hour>\d{1,2})(?:\s?m(?:in)?)?|(?P<count>\d{1,4})\s*(?P<unit>mins?|minutes|hours?|hrs?|secs?|[mhs])?)\b[\])*_`]*"
    r"|[\s\[(*_`|]*T\s?0\b[\])*_`]*",
    re.IGNORECASE,
)


class RelativeTime(NamedTuple):
    """The time since the beginning, and where in the text it ends."""

    since: timedelta
    end: int


def relative_offset(text: str) -> RelativeTime | None:
    """Return the time since the beginning with which a line opens; a count without unit is in minutes."""
    match = _RELATIVE.match(text[:80])
    if match is None:
        return None
    if match["hours"]:
        since = timedelta(hours=int(match["hours"]), minutes=int(match["of_hour"]))
    elif match["count"]:
        unit = (match["unit"] or "m")[0].casefold()
        since = (
            int(match["count"]) * {"m": timedelta(minutes=1), "h": timedelta(hours=1), "s": timedelta(seconds=1)}[unit]
        )
    else:
        since = timedelta()
    return RelativeTime(-since if match["sign"] == "-" else since, match.end())


def stated_origin(text: str) -> str | None:
    """Return the time that a text gives for the beginning: `T0 = 2026-05-19 11:30 UTC`."""
    match = _ORIGIN.search(text)
    return match["time"] if match else None

"""Names and abbreviations of time zones, and what the ambiguous ones can mean."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

ZONES: Mapping[str, str | int] = {
    "utc": 0, "gmt": 0, "z": 0, "zulu": 0, "wet": 0, "west": 60, "cet": 60, "cest": 120, "mez": 60, "mesz": 120,
    "eet": 120, "eest": 180, "msk": 180, "sast": 120, "pst": -480, "pdt": -420, "mdt": -360, "cdt": -300, "edt": -240,
    "akst": -540, "akdt": -480, "hst": -600, "nst": -210, "ndt": -150, "brt": -180, "pkt": 300, "wib": 420,
    "jst": 540, "kst": 540, "sgt": 480, "hkt": 480, "awst": 480, "acst": 570, "acdt": 630,
    "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
    "pt": "America/Los_Angeles", "pacific time": "America/Los_Angeles", "us/pacific": "America/Los_Angeles",
    "pacific": "America/Los_Angeles", "et": "America/New_York", "eastern time": "America/New_York",
    "eastern": "America/New_York",
}  # fmt: skip
"""Unambiguous zone names in lower case: minutes ahead of UTC, or the IANA name of a zone that changes its clocks."""
AMBIGUOUS_ZONES: Mapping[str, tuple[str, ...]] = {
    "est": ("-05:00 in New York", "+10:00 in Sydney"),
    "cst": ("-06:00 in Chicago", "+08:00 in Shanghai", "-05:00 in Havana"),
    "mst": ("-07:00 in Denver", "+08:00 in Kuala Lumpur"),
    "ist": ("+05:30 in Kolkata", "+01:00 in Dublin", "+02:00 in Jerusalem"),
    "bst": ("+01:00 in London", "+06:00 in Dhaka"),
    "ast": ("-04:00 in Halifax", "+03:00 in Riyadh"),
    "sst": ("-11:00 in Pago Pago", "+08:00 in Singapore"),
    "gst": ("+04:00 in Dubai", "-02:00 in South Georgia"),
}
"""Abbreviations in lower case that mean different offsets in different places."""


def zone_named(name: str) -> tzinfo:
    """Return the zone with an unambiguous name in lower case."""
    zone = ZONES[name]
    if isinstance(zone, str):
        return ZoneInfo(zone)
    return UTC if zone == 0 else timezone(timedelta(minutes=zone))


def meant_in(abbreviation: str, zone: tzinfo | None, moment: datetime) -> tzinfo | None:
    """Return the offset that an abbreviation has in a zone; None if the zone does not use it.

    Args:
        abbreviation: Such as `EST`, in any case.
        zone: Where the times were written.
        moment: A naive time of the year in question.
    """
    if zone is None:
        return None
    for month in (moment.month, 1, 7):
        local = moment.replace(month=month, day=1, tzinfo=zone)
        if (local.tzname() or "").casefold() == abbreviation.casefold():
            offset = local.utcoffset()
            return timezone(offset) if offset is not None else None
    return None

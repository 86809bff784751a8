"""Times as tools write them: each the same instant in UTC, and what is no time is never taken for now."""

from datetime import UTC, datetime

import pytest

from onrecall.domain.errors import Invalid
from onrecall.sources.timestamps import read_formatted, read_timestamp

WANTED = datetime(2026, 2, 3, 16, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-03T16:05:09Z",
        "2026-02-03t16:05:09z",
        "2026-02-03 18:05:09,000+02",
        "03/Feb/2026:11:05:09 -0500",
        "2026-02-03T21:35:09+05:30",
        "2026-02-03T16:05:09.000000000Z",
        "2026-02-03 16:05:09",
        "2026-02-03 16:05:09 +0000 UTC",
        "2026-02-03 16:05:09 +0000 UTC m=+12.345",
        "2026/02/03 16:05:09",
        "20260203T160509Z",
        "Tue, 03 Feb 2026 16:05:09 GMT",
        "Tue, 3 Feb 2026 11:05:09 -0500",
        "Tue Feb  3 16:05:09 2026",
        "Tue Feb  3 16:05:09 UTC 2026",
        "Feb 3, 2026 4:05:09 PM",
        "3 February 2026 16:05:09 UTC",
        "03.02.2026 16:05:09",
        "Tue Feb  3 17:05:09 CET 2026",
        "Tue, 03 Feb 2026 08:05:09 PST",
        "2026-02-03T17:05:09+01:00[Europe/Zurich]",
        "2026-02-03 17:05:09 (UTC+1)",
        1770134709,
        1770134709000,
        1770134709000000,
        1770134709000000000,
        "1770134709",
        "1770134709000",
        1770134709.0,
    ],
)
def test_one_instant_in_many_hands(written):
    assert read_timestamp(written, "since") == WANTED


@pytest.mark.parametrize(
    ("written", "zone", "hour"),
    [
        ("2026-07-01 12:00:00", "America/New_York", 16),
        ("2026-07-01 12:00:00", "Asia/Tokyo", 3),
        ("2026-07-01 12:00:00", "UTC-3", 15),
        ("2026-07-01T12:00:00+02:00", "Asia/Tokyo", 10),
    ],
)
def test_a_zone_counts_where_the_time_names_none(written, zone, hour):
    assert read_timestamp(written, "since", zone) == datetime(2026, 7, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "nothing", [None, "", "  ", 0, "0", "0001-01-01T00:00:00Z", "0001-01-01 00:00:00 +0000 UTC", []]
)
def test_what_says_nothing_is_no_time(nothing):
    assert read_timestamp(nothing, "since") is None


@pytest.mark.parametrize(
    "wrong",
    [
        "yesterday evening",
        "5 minutes ago",
        "2026-13-40T99:99:99Z",
        "04/05/2026 10:00:00",
        "16:05",
        "Tue Feb  3 16:05:09 IST 2026",
        "2026-02-30 10:00:00",
        "-1",
        True,
        7,
        1e30,
        float("nan"),
        float("inf"),
        "9" * 40,
        "1969-07-20T20:17:00Z",
    ],
)
def test_what_can_not_be_a_time_is_said_by_the_name_of_its_field(wrong):
    with pytest.raises(Invalid, match="`since`"):
        read_timestamp(wrong, "since")


def test_a_zone_that_nobody_knows_is_said():
    with pytest.raises(Invalid, match="time zone 'Mars/Olympus'"):
        read_timestamp("2026-02-03 16:05:09", "since", "Mars/Olympus")


def test_a_day_that_stands_in_front_or_behind_is_told_by_its_size():
    assert read_timestamp("25/12/2026 08:00", "since") == read_timestamp("12/25/2026 08:00", "since")


def test_formats_of_a_file_go_first_and_the_usual_ones_after():
    assert read_formatted("03-02-26 16h05m09", "since", ["%d-%m-%y %Hh%Mm%S"]) == WANTED
    assert read_formatted("2026-02-03T16:05:09Z", "since", ["%d-%m-%y %Hh%Mm%S"]) == WANTED
    with pytest.raises(Invalid, match="`since`"):
        read_formatted("03-02-26", "since", ["%d-%m-%y %Hh%Mm%S"])


@pytest.mark.parametrize("digits", [91, 5000])
def test_a_wrapped_number_of_any_length_is_refused_as_no_time(digits):
    with pytest.raises(Invalid, match="since"):
        read_timestamp({"$numberLong": "9" * digits}, "since")

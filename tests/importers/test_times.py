"""Times: what people write, and what is refused because it could be read in two ways."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecall.domain.errors import Invalid
from onrecall.importers.times import Times, detect_date_order, parse_duration, parse_zone


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-01-31T09:30:00Z", "2024-01-31T09:30:00+00:00"),
        ("2024-01-31T09:30:00.123456789+01:00", "2024-01-31T08:30:00.123456+00:00"),
        ("2024-01-31T10:22:11.000+0100", "2024-01-31T09:22:11+00:00"),
        ("2024-01-31 09:30", "2024-01-31T09:30:00+00:00"),
        ("2024-01-31", "2024-01-31T00:00:00+00:00"),
        ("20240131", "2024-01-31T00:00:00+00:00"),
        ("31.01.2024 09:30", "2024-01-31T09:30:00+00:00"),
        ("02.01.2024", "2024-01-02T00:00:00+00:00"),
        ("31/01/2024 9:30 PM", "2024-01-31T21:30:00+00:00"),
        ("01/31/2024, 12:05 AM", "2024-01-31T00:05:00+00:00"),
        ("02/Jan/24 3:04 PM", "2024-01-02T15:04:00+00:00"),
        ("Mon, 02 Jan 2024 15:04:05 +0000", "2024-01-02T15:04:05+00:00"),
        ("Sep 27 2017 13:06", "2017-09-27T13:06:00+00:00"),
        ("January 2nd, 2024 at 3:04 pm", "2024-01-02T15:04:00+00:00"),
        ("2018-01-17 17:14pm", "2018-01-17T17:14:00+00:00"),
        ("2024-01-31 09:30 UTC", "2024-01-31T09:30:00+00:00"),
    ],
)
def test_it_reads_what_people_write(written, read):
    assert Times().read(written, "started_at").isoformat() == read


@pytest.mark.parametrize(
    "written",
    ["2024-02-30", "2024-13-01", "yesterday", "10", "45 minutes", "03/04/2024", "2024-01-31 09:30 EST", "0001-01-01T00:00:00Z",
     "9999-12-31T23:59:59Z", "2024-01-31T25:00:00Z", "2024-01-31 9", "", "2024-01-31" + " " * 100 + "x", "٢٠٢٤-01-01"],
)  # fmt: skip
def test_it_refuses_what_is_no_time_or_could_be_two(written):
    with pytest.raises(Invalid) as refused:
        Times().read(written, "started_at")
    assert refused.value.field == "started_at"
    assert "started_at" in str(refused.value)


def test_the_order_of_day_and_month_is_told_by_the_other_dates_or_by_the_user():
    assert detect_date_order(["03/04/2024", "31/01/2024"]) == "day_first"
    assert detect_date_order(["03/04/2024", "01/31/2024"]) == "month_first"
    assert detect_date_order(["03/04/2024"]) is None
    assert detect_date_order(["31/01/2024", "01/31/2024"]) is None
    assert Times(order="day_first").read("03/04/2024", "d").month == 4
    assert Times(order="month_first").read("03/04/2024", "d").month == 3


def test_a_time_without_a_zone_is_utc_and_counted_or_in_the_zone_that_was_named():
    times = Times()
    assert times.read("2024-07-01 12:00", "d").hour == 12
    assert times.assumed_utc == 1
    times.read("2024-07-01", "d")
    assert times.assumed_utc == 1, "a date alone has no clock to be wrong"
    local = Times(ZoneInfo("Europe/Berlin"))
    assert local.read("2024-07-01 12:00", "d") == datetime(2024, 7, 1, 10, tzinfo=UTC)
    assert local.assumed_utc == 0


@pytest.mark.parametrize("value", [1706693400, 1706693400000, 1706693400000000, 1706693400000000000])
def test_counts_since_1970_are_read_in_any_of_their_units(value):
    assert Times().unix(value, "createdAt") == datetime(2024, 1, 31, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("value", [0, -5, 10**400, float("inf"), 1e300])
def test_a_count_that_is_no_time_is_refused(value):
    with pytest.raises(Invalid):
        Times().unix(value, "createdAt")


def test_an_unknown_zone_is_named():
    with pytest.raises(Invalid, match="Mars/Olympus"):
        parse_zone("Mars/Olympus")
    with pytest.raises(Invalid):
        parse_zone("../../etc/passwd")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45 minutes", 2700), ("1h 30m", 5400), ("2 hours and 5 min", 7500), ("00:45:00", 2700), ("90s", 90), ("soon", None), (None, None),
     ("2024-01-31", None), ("3 moons", None)],
)  # fmt: skip
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@given(st.text(max_size=80))
def test_any_text_is_a_time_or_a_sentence(text):
    try:
        assert Times().read(text, "d").tzinfo is UTC
    except Invalid as refused:
        assert refused.field == "d"  # noqa: PT017 - either is fine, but never silence


def test_abbreviations_of_zones_that_everybody_knows_are_read_with_a_note():
    times = Times()
    assert times.read("2026-07-03 09:31 EDT", "started_at").hour == 13
    assert times.read("2026-02-03 09:31 CET", "started_at").hour == 8
    assert any("CET as +01:00 (1), EDT as -04:00 (1)" in note for note in times.notes())


def test_an_abbreviation_that_changes_its_offset_over_the_year_is_counted_by_offset():
    times = Times()
    for month in ("01", "07", "08"):
        times.read(f"2026-{month}-03 09:31 ET", "started_at")
    assert any("ET as -04:00 (2), ET as -05:00 (1)" in note for note in times.notes())


def test_ambiguous_abbreviations_name_their_meanings_and_a_place_settles_them():
    with pytest.raises(
        Invalid, match=r"'IST' is an ambiguous zone \(\+05:30 in Kolkata, \+01:00 in Dublin.*--timezone"
    ):
        Times().read("2026-07-03 09:31 IST", "started_at")
    assert Times(ZoneInfo("Asia/Kolkata")).read("2026-07-03 09:31 IST", "started_at").strftime("%H:%M") == "04:01"
    assert Times(ZoneInfo("America/New_York")).read("2026-07-03 09:31 EST", "started_at").hour == 14
    with pytest.raises(Invalid, match="ambiguous"):
        Times(ZoneInfo("Europe/Berlin")).read("2026-07-03 09:31 IST", "started_at")


@pytest.mark.parametrize(
    "text",
    [
        "Mon Feb 09 2026 11:00:00 GMT+0100 (Central European Standard Time)",
        "Mon Feb  9 10:00:00 UTC 2026",
        "Mon Feb  9 10:00:00 2026",
    ],
)
def test_times_as_javascript_and_the_shell_print_them_are_read(text):
    assert Times().read(text, "started_at").isoformat() == "2026-02-09T10:00:00+00:00"


def test_a_zone_in_brackets_is_the_zone_of_the_time():
    times = Times()
    assert times.read("2026-03-04 10:00 (PST)", "started_at").hour == 18
    assert times.read("2026-03-04 10:00 (Pacific Time)", "started_at").hour == 18
    assert times.read("2026-03-04 10:00 (UTC)", "started_at").hour == 10
    assert any("PACIFIC TIME as -08:00 (1), PST as -08:00 (1)" in note for note in times.notes())
    assert times.assumed_utc == 0
    for unknown in ("(EST)", "(Berlin)", "(local time)"):
        with pytest.raises(Invalid):
            times.read(f"2026-03-04 10:00 {unknown}", "started_at")


@pytest.mark.parametrize("offset", ["+0100", "+01:00", "GMT+0100", "UTC+01:00"])
def test_a_name_behind_an_offset_adds_nothing(offset):
    for name in ("CET", "Berlin", "Pacific Standard Time"):
        assert Times().read(f"2026-03-04 10:00 {offset} ({name})", "started_at").hour == 9


def test_a_year_before_brackets_is_no_offset():
    with pytest.raises(Invalid):
        Times().read("31-01-2026 (Berlin)", "started_at")


@pytest.mark.parametrize("zone", ["Z (UTC)", "UTC (Coordinated Universal Time)", "GMT (Greenwich Mean Time)"])
def test_a_zone_may_be_followed_by_its_name(zone):
    assert Times().read(f"2026-03-04 10:00 {zone}", "started_at").hour == 10


def test_a_date_may_be_followed_by_its_weekday():
    assert Times().read("2026-03-04 (Wed)", "started_at") == Times().read("2026-03-04", "started_at")

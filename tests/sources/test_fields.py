"""What parsers ask of hostile JSON."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecall.domain.errors import Invalid
from onrecall.sources import payload as fields


def at(*numbers):
    return datetime(*numbers, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-11-21T09:30:00Z", at(2026, 11, 21, 9, 30)),
        ("2026-11-21T09:30:00.123456789Z", at(2026, 11, 21, 9, 30, 0, 123456)),
        ("2021-10-12T09:51:03.157076+02:00", at(2021, 10, 12, 7, 51, 3, 157076)),
        ("2015-07-17T08:42:58.315+0000", at(2015, 7, 17, 8, 42, 58, 315000)),
        ("2015-07-17 08:42:58 UTC", at(2015, 7, 17, 8, 42, 58)),
        ("2015-07-17T08:42", at(2015, 7, 17, 8, 42)),
        (1420452191, at(2015, 1, 5, 10, 3, 11)),
        (1420452191104, at(2015, 1, 5, 10, 3, 11, 104000)),
        ("1420452191104", at(2015, 1, 5, 10, 3, 11, 104000)),
        (1420452193166002000, at(2015, 1, 5, 10, 3, 13, 166002)),
        ("0001-01-01T00:00:00Z", None),
        (0, None), ("", None), (None, None), (True, None), ([], None), ({}, None),
    ],
)  # fmt: skip
def test_moments(said, moment):
    if isinstance(said, bool):
        with pytest.raises(Invalid):
            fields.read_time({"t": said}, "t")
    else:
        found = fields.read_time({"t": said}, "t")
        assert found is moment or abs((found - moment).total_seconds()) < 1e-5


@pytest.mark.parametrize(
    "said",
    ["yesterday", "2026-13-01T00:00:00Z", "2026-11-21", "2026-11-21T25:00:00Z", "2500-01-01T00:00:00Z", 1e40, 12345, -5,
     "1969-01-01T00:00:00Z", "2026-11-21T09:30:00 IST", "9" * 20, "٢٠٢٦-11-21T09:30:00Z"],
)  # fmt: skip
def test_what_is_no_moment_is_refused_and_names_the_field(said):
    with pytest.raises(Invalid) as error:
        fields.read_time({"startsAt": said}, "startsAt")
    assert error.value.field == "startsAt"


def test_the_first_path_that_says_something_counts():
    values = {"a": {"b": "  "}, "c": 7, "d": "last"}
    assert fields.read_text(values, "a.b", "a.x.y", "c.z", "c", "d") == "7"
    assert fields.read_text(values, "a.b") is None


def test_text_is_storable_and_bounded():
    assert fields.read_text({"t": " a\0b\ud800c "}, "t") == "a�b�c"
    assert len(fields.read_text({"t": "x" * 99_999}, "t")) == fields.LONGEST_TEXT
    assert fields.read_line({"t": "a\n\n b\tc"}, "t") == "a b c"


def test_a_long_key_is_shortened_to_one_of_its_own_and_stays_so():
    one, other = "ä" * 600 + "1", "ä" * 600 + "2"
    short = fields.shorten_key(one)
    assert len(short.encode()) <= fields.LONGEST_KEY
    assert short != fields.shorten_key(other)
    assert fields.shorten_key(short) == short
    assert fields.shorten_key("x" * 500) == "x" * 500


def test_only_whole_web_addresses_are_links():
    offered = ["https://a.example/x", "https://a.example/x", "http://b", "javascript:alert(1)", "https://", "//c", "ftp://d",
               "https://e e", "https://[::1", None, 5, "data:text/html,x", "https://f\n.example", " https://g"]  # fmt: skip
    assert fields.safe_links(*offered) == ("https://a.example/x", "http://b")


def test_too_many_labels_are_refused_and_empty_ones_are_absent():
    assert fields.read_labels({"labels": {"a": "", "b": 1, "c": True, "d": ["x", "y"], "e": {"f": "g"}}}, "labels") == {
        "b": "1", "c": "true", "d": "x, y", "e.f": "g",
    }  # fmt: skip
    with pytest.raises(Invalid) as error:
        fields.read_labels({"labels": {str(n): "x" for n in range(300)}}, "labels")
    assert error.value.field == "labels"
    with pytest.raises(Invalid):
        fields.read_labels({"labels": ["x"]}, "labels")


def test_tags():
    assert fields.tags_to_labels(["env:prod", "team=blue", "urgent", "url:http://x", ":x", "x:", 5, None]) == {
        "env": "prod", "team": "blue", "url": "http://x", "tags": "urgent, :x, x:, 5",
    }  # fmt: skip
    assert fields.tags_to_labels("env:prod") == {}


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        ({"job": "checkout"}, "checkout"),
        ({"job": "x", "app": "y", "service": "z"}, "z"),
        ({"Service": "cart"}, "cart"),
        ({"service": "prometheus-kube-state-metrics", "job": "kube-state-metrics", "container": "api"}, "api"),
        ({"job": "node-exporter"}, None),
        ({}, None),
    ],
)
def test_the_service_is_what_is_ill_not_what_measures_it(labels, service):
    assert fields.service_from_labels(labels) == service


def test_a_part_that_cannot_be_read_keeps_none_out_and_can_be_read_alone_later():
    def read(part):
        return (fields.require(part.get("x"), "x", "1"),)

    parsed = fields.parse_items(
        [{"x": 1}, {"y": "\ud800"}, 5, {"x": 2}], "alerts", read, lambda part: {"alerts": [part]}
    )
    assert parsed.signals == (1, 2)
    assert [(one.where, one.field) for one in parsed.malformed] == [("alerts[1]", "x"), ("alerts[2]", "alerts[2]")]
    assert parsed.malformed[0].raw == '{"alerts": [{"y": "\\ud800"}]}'


@pytest.mark.parametrize("items", [None, {}, "x", [0] * 10_001])
def test_parts_are_a_list_of_bearable_length(items):
    with pytest.raises(Invalid) as error:
        fields.parse_items(items, "alerts", lambda part: (), lambda part: part)
    assert error.value.field == "alerts"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec=None)), inner),
    max_leaves=20,
)


@given(JSON)
def test_any_value_is_read_or_refused(value):
    inside = {"v": value}
    for read in (
        fields.read_text,
        fields.read_line,
        fields.read_name,
        fields.read_key,
        fields.read_number,
        fields.read_numbers,
    ):
        read(inside, "v")
    for refuses in (fields.read_time, fields.read_labels):
        with contextlib.suppress(Invalid):
            refuses(inside, "v")
    for said in (*fields.flatten(value).items(), *fields.tags_to_labels(value).items()):
        assert all(part.encode() for part in said)
    fields.safe_links(value)

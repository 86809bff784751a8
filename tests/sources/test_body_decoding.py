"""Bodies as tools and templates send them, and as nobody should."""

import json
from urllib.parse import urlencode

import pytest

from growth import grows_at_most
from onrecall.domain.errors import Invalid
from onrecall.sources.body_decoding import DEEPEST, MOST_LINES, decode_body, decode_text, parse_nested

PUMP = {"title": "Pump 3 stopped", "state": "down"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (json.dumps(PUMP).encode(), {}),
        (json.dumps(PUMP).encode(), {"content-type": "text/plain"}),
        (b"\xef\xbb\xbf" + json.dumps(PUMP).encode(), {}),
        (json.dumps(PUMP).encode("utf-16"), {}),
        (b"\r\n\n " + json.dumps(PUMP, indent=3).encode() + b"\n\n", {}),
        (urlencode(PUMP).encode(), FORM),
        (urlencode(PUMP).encode(), {}),
        (urlencode(PUMP).encode(), {"content-type": "application/json"}),
        (urlencode({"payload": json.dumps(PUMP)}).encode(), FORM),
        (urlencode({"token": "x", "Payload": json.dumps(PUMP)}).encode(), FORM),
        (json.dumps(PUMP).encode(), FORM),
        (b'{"title": "Pump 3 stopped", "state": "down", }', {}),
    ],
)
def test_the_same_message_in_many_wraps(body, headers):
    assert decode_body(body, headers) == PUMP


def test_a_comma_too_many_is_passed_over_and_a_text_keeps_its_own():
    assert decode_body(b'{"list": [1, 2,\n], "text": "a,} b,]\\" c,]",}') == {"list": [1, 2], "text": 'a,} b,]" c,]'}


def test_a_form_in_parts_is_read():
    body = b'--pump\r\nContent-Disposition: form-data; name="title"\r\n\r\nPump 3 stopped\r\n--pump--\r\n'
    decoded = decode_body(body, {"content-type": "multipart/form-data; boundary=pump"})
    assert decoded == {"title": "Pump 3 stopped"}


def test_a_field_that_is_given_twice_is_a_list():
    assert decode_body(b"tag=a&tag=b&host=h1", FORM) == {"tag": ["a", "b"], "host": "h1"}


def test_texts_with_raw_line_breaks_tabs_and_stray_backslashes():
    body = b'{"output": "first\nsecond\tthird", "path": "C:\\data\\queue"}'
    assert decode_body(body) == {"output": "first\nsecond\tthird", "path": "C:\\data\\queue"}


def test_letters_that_are_no_utf_8_are_latin_1():
    assert decode_body('{"title": "Übergabe gestört"}'.encode("latin-1")) == {"title": "Übergabe gestört"}
    assert decode_text("Größe – 5 €".encode("cp1252")) == "Größe – 5 €"


@pytest.mark.parametrize("between", ["\n", "\r\n", ",\n", "", " "])
def test_documents_one_after_the_other_are_a_list(between):
    body = between.join(json.dumps({"n": n}) for n in range(3)).encode()
    assert decode_body(body) == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    "body",
    [b"", b"   ", b"<alert>down</alert>", b'{"title": ', b'{"a": 1} and then', b"\xff\xfe\x00", b"[1, 2", b"NaN NaN x"],
)
def test_what_can_not_be_read_is_said(body):
    with pytest.raises(Invalid, match=r"body|form"):
        decode_body(body)


def test_what_is_too_deep_or_too_much_is_refused():
    deep = b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2)
    with pytest.raises(Invalid, match="deeper than"):
        decode_body(deep)
    with pytest.raises(Invalid, match=r"deeper|not JSON"):
        decode_body(b"[" * 200_000)
    with pytest.raises(Invalid, match="documents"):
        decode_body(b"{}\n" * (MOST_LINES + 1))


@pytest.mark.growth
def test_what_looks_like_a_form_and_is_none_takes_no_time():
    def decode(body):
        with pytest.raises(Invalid):
            decode_body(body)

    short, long = (b"a=b" + b"&c=d" * pairs + b" {" for pairs in (5_000, 40_000))
    assert grows_at_most(25, decode, short, long)
    assert grows_at_most(25, decode, b"a" * 100_000, b"a" * 800_000)


def test_json_inside_a_text_is_read_and_anything_else_stays():
    assert parse_nested(' {"a": [1]} ') == {"a": [1]}
    for other in ("plain", "{not json}", "[1, 2", 7, None, "", "{" * 5_000 + "}" * 5_000):
        assert parse_nested(other) == other

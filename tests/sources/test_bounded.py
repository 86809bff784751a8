"""Texts made to keep a processor busy keep it busy no longer than others."""

from datetime import UTC, datetime

import pytest

from growth import grows_at_most
from onrecall.domain.alert import Alert
from onrecall.domain.errors import Invalid
from onrecall.sources import payload
from onrecall.sources.body_decoding import decode_body
from onrecall.sources.field_readers import labels_from_value
from onrecall.sources.purposes import mark_alert
from onrecall.sources.states import is_resolved_word, split_state, subject_of
from onrecall.sources.timestamps import read_timestamp

AT = datetime(2026, 5, 4, tzinfo=UTC)
PIECES = [
    *"a 0-/:.,=()[]*_~`\"'{}&?\\",
    "[",
    "ok ",
    "is ",
    "[ok] ",
    "(up)",
    "-> ",
    "1% ",
    "1.",
    "a=b&",
    "a:b,",
    "has been ",
    "🔥",
    "\n",
    "http://a",
]


def texts(size):
    return [piece * (size // len(piece)) + end for piece in PIECES for end in ("", "\0", "x!")]


def titled(text):
    return mark_alert(Alert(source="a", key="k", title=text, starts_at=AT, told_at=AT))


def timed(text):
    try:
        return read_timestamp(text, "since")
    except Invalid as error:
        return error


def decoded(text):
    try:
        return decode_body(text.encode() * 20)
    except Invalid as error:
        return error


@pytest.mark.growth
@pytest.mark.parametrize(
    "read", [is_resolved_word, split_state, subject_of, titled, timed, decoded, labels_from_value, payload.filled_text, payload.safe_links, payload.to_text]
)  # fmt: skip
def test_odd_texts_take_no_longer_than_others(read):
    def read_all(texts):
        for text in texts:
            read(text)

    assert grows_at_most(25, read_all, texts(500), texts(4_000))

"""What hides in a text or turns its letters around goes; what a language is written with stays."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from example_counts import example_count
from onrecall.domain.hidden_characters import visible

VISIBLE_FORMATS = range(0x13430, 0x13460)
"""Joiners of hieroglyphs, which place the signs beside them."""


@pytest.mark.parametrize(
    "written",
    [
        "می\u200cشود سرور پایین است",  # Persian parts words with a non-joiner
        "क्\u200dष और क्\u200cष",  # Hindi: a half letter, and none
        "ශ්\u200dරී ලංකා",
        "שלום\u200f! מסד הנתונים",
        "\u200fمرحبا\u200e abc",
        "مرحبا بالعالم",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f 1\ufe0f\u20e3",
        "葛\U000e0100飾区",
        "ok\u00a0— „Größe“ 温度 12 °C",
    ],
)
def test_what_a_language_is_written_with_stays(written: str):
    assert visible(written) == written


@pytest.mark.parametrize(
    ("hidden", "seen"),
    [
        ("\u202egpj.exe\u202c", "gpj.exe"),
        ("rm \u2066-rf\u2069 /data", "rm -rf /data"),
        ("de\u200blete", "delete"),
        ("de\u200clete de\u200dlete", "delete delete"),
        ("pass\u00adword\ufeff\u2060", "password"),
        ("\u200frm -rf\u200e", "rm -rf"),
        ("ok\U000e0069\U000e0067\U000e006e", "ok"),
        ("a\ufe0f\ufe01b", "ab"),
        ("می\u200c\u200c\u200cشود", "می\u200cشود"),
        ("\u202eשלום\u202c", "שלום"),
        ("a\u3164b\u115fc", "abc"),
    ],
)
def test_what_hides_or_turns_letters_around_goes(hidden: str, seen: str):
    assert visible(hidden) == seen


def test_no_character_of_format_stays_between_latin_letters_unless_it_is_seen():
    formats = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"]
    kept = [char for char in formats if visible(f"a{char}b") != "ab" and ord(char) not in VISIBLE_FORMATS]
    seen = ("SIGN", "MARK", "POUND", "PIASTRE", "END OF AYAH", "ABBREVIATION")
    assert all(any(word in unicodedata.name(char) for word in seen) for char in kept), list(map(ascii, kept))


@settings(max_examples=example_count(200))
@given(
    st.text(alphabet=st.sampled_from("ab \nمش\u200c\u200d\u200e\u200f\u061c\u202e\u2066\ufe0f❤\U0001f468葛\U000e0100"))
)
def test_twice_is_once_and_no_line_is_lost(text: str):
    once = visible(text)
    assert visible(once) == once
    assert once.count("\n") == text.count("\n")

"""A text as it reads, and the way back to where each character stands in the text itself."""

import random

import pytest

from onrecall.redaction.decoded_view import SEPARATOR, decode

PIECES = [
    "abc",
    "x1",
    "\n",
    "&quot;",
    "%41%42",
    "\u200b",
    "\x1b[3m",
    "“",
    '\\"',
    "%c3%b1",
    "&amp;",
    "ｐａ",
    "%e2%82%ac%41",
    "<b>",
    "\\u0041",
    "│",
]


def test_every_character_has_its_place():
    chance = random.Random(3)
    for _ in range(3000):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randrange(1, 25)))
        view = decode(text)
        if view is None:
            continue
        places = [view.original(at, at + 1) for at in range(len(view.text))]
        assert places == sorted(places)
        assert all(0 <= start <= end <= len(text) for start, end in places)
        for letter, (start, end) in zip(view.text, places, strict=True):
            if letter in "bcx1":
                assert text[start:end] in (letter, f"%{ord(letter):x}")


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("password%3D%22a%22", 'password="a"'),
        ("a&#61;&quot;b&quot;", 'a="b"'),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("pass\u200bword\u00a0ｏ：", "password o:"),
        ("<tr><td>a</td><td>b</td></tr>", "| a | b |\n"),
        ('{\\"a\\": \\u0022b\\u0022}', '{"a": "b"}'),
        ("contrase%C3%B1a", "contraseña"),
        ("pаsswоrd", "password"),
        ("%00%ff stays", None),
        ("nothing to decode, 5 % of [m]", None),
    ],
)  # fmt: skip
def test_it_reads_as_people_read_it(text, reads):
    view = decode(text)
    assert (view.text if view else None) == reads


def test_only_lines_around_what_is_decoded_are_looked_at():
    far = [f"line {n}" for n in range(40)]
    far[20] = "a%41"
    view = decode("\n".join(far))
    assert view.text.split(SEPARATOR) == ["", "line 17\nline 18\nline 19\naA\nline 21\nline 22\nline 23\n"]
    at = view.text.index("line 22")
    start, end = view.original(at, at + 7)
    assert "\n".join(far)[start:end] == "line 22"

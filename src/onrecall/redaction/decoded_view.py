"""Decode a text as a reader sees it, with a mapping back to positions in the original.

Terminal colours, invisible characters, percent encoding, HTML, escaped quotes and full-width letters can separate a
name from its secret. Decoding them once spares every rule from handling them.
"""

import html
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

_LOOKALIKES = str.maketrans("аеорсухіѕԁ", "aeopcyxisd")  # noqa: RUF001 - Cyrillic letters that look Latin
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂「」『』", '"') | dict.fromkeys("‘’‚‛", "'"))  # noqa: RUF001
_BOX = str.maketrans("│┃║─━┄═┌┐└┘├┤┬┴┼╭╮╰╯╪╫╬╔╗╚╝╠╣╦╩┏┓┗┛", "|||----" + "+" * 28)
_INLINE = (
    "a|abbr|b|big|center|code|dd|dl|dt|em|font|i|kbd|li|mark|ol|p|pre|s|samp|small|span|strong|table|tbody"
    "|thead|tt|u|ul"
)
_HIDDEN = "\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_BLANK = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_COLOUR = r"\[[\d;]{0,40}m"
_ATTRIBUTES = r"(?:\s[^<>\n]{0,400})?"
_PIECES: Mapping[str, tuple[str, ...]] = {
    "invisible": (
        rf"(?<=[{_HIDDEN}])[{_HIDDEN}]*",
        r"(?<=\x1b)\[[\d;:?]{0,40}[A-Za-z]",
        r"(?<=\x1b)\][^\x07\x1b\n]{0,2048}(?:\x07|\x1b\\)",
        rf"(?<=\\)(?:x1b|u001b|033|e){_COLOUR}",
        rf"(?<=\^)\[{_COLOUR}",
        rf"(?<=#)033{_COLOUR}",
        r"(?<=\[)\d{1,2}(?:;\d{1,3}){0,4}m",
        rf"(?<=<)/?(?i:{_INLINE}){_ATTRIBUTES}>",
        r"(?<=\\)(?=[*_#`~|<>(){}\[\]!+.:=&@$%-])",
    ),
    "blank": (rf"(?<=[{_BLANK}])", r"(?<=&)nbsp;"),
    "wide": (r"(?<=[\uff01-\uff5e])[\uff01-\uff5e]*",),
    "sign": (r"(?<=[∶ː꞉︰﹕꞊])",),  # noqa: RUF001
    "box": (r"(?<=[│┃║─━┄═┌┐└┘├┤┬┴┼╭╮╰╯╪╫╬╔╗╚╝╠╣╦╩┏┓┗┛])[│┃║─━┄═┌┐└┘├┤┬┴┼╭╮╰╯╪╫╬╔╗╚╝╠╣╦╩┏┓┗┛]*",),
    "quotes": (r"(?<=[“”„‟«»「」『』‘’‚‛])[“”„‟«»「」『』‘’‚‛]*",),  # noqa: RUF001
    "escaped": (r"(?<=\\)\\*(?=[\"'/])",),
    "entity": (r"(?<=&)(?:#\d{1,6}|#[xX][\dA-Fa-f]{1,5}|[A-Za-z]{2,8});",),
    "percent": (r"(?<=%)[\dA-Fa-f]{2}(?:%[\dA-Fa-f]{2})*",),
    "unicode": (r"(?<=\\)(?:u[\dA-Fa-f]{4}|x[\dA-Fa-f]{2})",),
    "newline": (r"(?<=\\)(?:r\\n|n)",),
    "cell": (rf"(?<=<)/t[dh]>\s{{0,40}}<t[dh]{_ATTRIBUTES}>",),
    "row": (rf"(?<=<)/?t[rdh]{_ATTRIBUTES}>", r"(?<=<)br\s{0,3}/?>"),
    "joined": (
        r"(?<=[\"'])[ \t]{0,40}[\\+.&][ \t]{0,40}\r?\n[ \t]{0,80}[\"']",
        r"(?<=[\"'])[ \t]{0,40}\r?\n[ \t]{0,80}[+.&][ \t]{0,40}[\"']",
        r"(?<=[\"'])[ ][+.][ ][\"']",
    ),
    "printable": (r"(?<==)3[Dd][^\s=]{0,120}=\r?\n(?=[^\s=])", r"(?<==)3[Dd](?=[\"'\w])"),
    "lookalike": (r"(?<=[A-Za-z][аеорсухіѕԁ])[аеорсухіѕԁ]*(?=[A-Za-z])",),  # noqa: RUF001
}
"""Kind of encoding → patterns of what is decoded, after its first character."""
_DECORATION = re.compile(
    rf"[\x1b\\\[^#<&%=\"'{_HIDDEN}{_BLANK}\uff01-\uff5e“”„‟«»「」『』‘’‚‛аеорсухіѕԁ∶ː꞉︰﹕꞊│┃║─━┄═┌┐└┘├┤┬┴┼╭╮╰╯╪╫╬╔╗╚╝╠╣╦╩┏┓┗┛](?:"  # noqa: RUF001
    + "|".join(f"(?P<{kind}>{'|'.join(patterns)})" for kind, patterns in _PIECES.items())
    + ")"
)


SEPARATOR = "\n\0\n"
"""A separator that no pattern of a secret matches across."""
_CONTEXT_LINES = 3
"""Context lines around a decoded one: a name above its value, the header of a table."""
_Decoder = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class View:
    """A decoded text. Its arrays have one item per decoded piece, in order: start and end here and in the original."""

    text: str
    starts: "array[int]"
    ends: "array[int]"
    original_starts: "array[int]"
    original_ends: "array[int]"
    steps: "array[int]"
    """Original characters per decoded character if that is constant in a piece; else 0."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Map the range `start`..`end` to the original text."""
        return self._place(start), self._place(end - 1, after=1)

    def _place(self, at: int, after: int = 0) -> int:
        """Return where the character at `at` begins in the original, or with `after=1` where it ends."""
        piece = bisect_right(self.starts, at) - 1
        if piece < 0:
            return at + after
        if at >= self.ends[piece]:
            return self.original_ends[piece] + at - self.ends[piece] + after
        if step := self.steps[piece]:
            return self.original_starts[piece] + step * (at - self.starts[piece] + after)
        return self.original_ends[piece] if after else self.original_starts[piece]


class ViewBuilder:
    """Builds a view from the decoded pieces of a text, added in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._view = View("", *(array("q") for _ in range(5)))
        self._parts: list[str] = []
        self._length = 0
        """Length of the view so far."""
        self.end = 0
        """End of the last piece in the original text."""

    def add_piece(self, start: int, end: int, decoded: str, step: int = 0) -> None:
        """Replace the range `start`..`end` of the original with `decoded`."""
        view = self._view
        self._parts += (self._text[self.end : start], decoded)
        view.starts.append(self._length + start - self.end)
        self._length += start - self.end + len(decoded)
        view.ends.append(self._length)
        view.original_starts.append(start)
        view.original_ends.append(end)
        view.steps.append(step)
        self.end = end

    def view(self, end: int) -> View:
        """Return the view of the text up to `end`."""
        return replace(self._view, text="".join([*self._parts, self._text[self.end : end]]))


def decode(text: str) -> View | None:
    """Return the lines with encoded pieces, decoded, with their context lines; None if there are none.

    Omitted lines are replaced with `SEPARATOR`, which no pattern matches across.
    """
    builder = ViewBuilder(text)
    view_end = -1
    for match in _DECORATION.finditer(text):
        start, end = match.span()
        decoded = _DECODERS[match.lastgroup or ""](match[0])
        if decoded == match[0]:
            continue
        if end > view_end:
            above = max(_context_start(text, start), view_end, 0)
            if above > builder.end:
                builder.add_piece(max(view_end, 0), above, SEPARATOR)
            view_end = _context_end(text, end)
        even = match.lastgroup in _EVEN and (end - start) % len(decoded) == 0
        builder.add_piece(start, end, decoded, (end - start) // len(decoded) if even else 0)
    if view_end < 0:
        return None
    return builder.view(view_end)


def _context_start(text: str, at: int) -> int:
    """Return the start of the first context line above."""
    for _ in range(_CONTEXT_LINES + 1):
        at = text.rfind("\n", 0, at)
        if at < 0:
            return 0
    return at + 1


def _context_end(text: str, at: int) -> int:
    """Return the end of the last context line below."""
    for _ in range(_CONTEXT_LINES + 1):
        at = text.find("\n", at) + 1
        if not at:
            return len(text)
    return at


def _percent(codes: str) -> str:
    """Decode percent encoding; return it unchanged if the result is not printable."""
    raw = bytes.fromhex(codes.replace("%", ""))
    decoded = raw.decode(errors="replace")
    readable = "\ufffd" not in decoded and all(c.isprintable() or c in "\r\n\t" for c in decoded)
    return decoded if readable else codes


def _entity(code: str) -> str:
    decoded = html.unescape(code)
    return decoded if len(decoded) == 1 and (decoded.isprintable() or decoded in "\n\t") else code


def _unicode(code: str) -> str:
    decoded = bytes.fromhex(code[2:].zfill(4)).decode("utf-16-be", errors="replace")
    return decoded if decoded.isprintable() or decoded in "\n\t" else code


_EVEN = frozenset({"percent", "wide", "quotes", "lookalike", "sign", "box"})
_DECODERS: Mapping[str, _Decoder] = {
    "invisible": lambda _: "",
    "blank": lambda _: " ",
    "wide": lambda wide: "".join(chr(ord(c) - 0xFEE0) for c in wide),
    "sign": lambda sign: "=" if sign == "꞊" else ":",
    "box": lambda lines: lines.translate(_BOX),
    "quotes": lambda quotes: quotes.translate(_QUOTES),
    "escaped": lambda _: "",
    "entity": _entity,
    "percent": _percent,
    "unicode": _unicode,
    "newline": lambda _: "\n",
    "joined": lambda _: "",
    "printable": lambda wrapped: "=" + wrapped[3:].rstrip("\r\n").removesuffix("="),
    "cell": lambda _: " | ",
    "row": lambda tag: " |\n" if tag.lower().startswith("</tr") else "| " if tag[1:3].lower() in ("td", "th") else "",
    "lookalike": lambda letters: letters.translate(_LOOKALIKES),
}

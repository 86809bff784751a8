"""A text as a reader sees it, with a way back to where each character stands in the text itself.

Colours of a terminal, invisible characters, percent signs' codes, HTML, escaped quotes and full-width letters stand
between a name and its secret. Decoding them once spares every rule from knowing them.
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
    "lookalike": (r"(?<=[A-Za-z][аеорсухіѕԁ])[аеорсухіѕԁ]*(?=[A-Za-z])",),  # noqa: RUF001
}
"""What is decoded, by its kind, after its first character."""
_DECORATION = re.compile(
    rf"[\x1b\\\[^#<&%{_HIDDEN}{_BLANK}\uff01-\uff5e“”„‟«»「」『』‘’‚‛аеорсухіѕԁ∶ː꞉︰﹕꞊│┃║─━┄═┌┐└┘├┤┬┴┼╭╮╰╯╪╫╬╔╗╚╝╠╣╦╩┏┓┗┛](?:"  # noqa: RUF001
    + "|".join(f"(?P<{kind}>{'|'.join(patterns)})" for kind, patterns in _PIECES.items())
    + ")"
)


APART = "\n\0\n"
"""What no pattern of a secret gets over."""
_AROUND = 3
"""Lines above and below a decoded one that may belong to it: a name above its value, the heading of a table."""
_Decoder = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class View:
    """A decoded text. Its arrays have an item for each decoded piece, in order: from where to where it reaches."""

    text: str
    starts: "array[int]"
    ends: "array[int]"
    original_starts: "array[int]"
    original_ends: "array[int]"
    steps: "array[int]"
    """How many characters of the text each one here stands for, where that is the same for all; else 0."""

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The place in the text itself of what reaches from `start` to `end` here."""
        return self._place(start), self._place(end - 1, after=1)

    def _place(self, at: int, after: int = 0) -> int:
        """Where the character at `at` begins in the text itself, or where it ends."""
        piece = bisect_right(self.starts, at) - 1
        if piece < 0:
            return at + after
        if at >= self.ends[piece]:
            return self.original_ends[piece] + at - self.ends[piece] + after
        if step := self.steps[piece]:
            return self.original_starts[piece] + step * (at - self.starts[piece] + after)
        return self.original_ends[piece] if after else self.original_starts[piece]


class ViewBuilder:
    """Puts a view together from the pieces of a text that read otherwise, in their order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._view = View("", *(array("q") for _ in range(5)))
        self._parts: list[str] = []
        self._length = 0
        """Of the view so far."""
        self.end = 0
        """Where the last piece ends in the text itself."""

    def put(self, start: int, end: int, decoded: str, step: int = 0) -> None:
        """Let what reaches from `start` to `end` read `decoded`."""
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
        """The view of the text up to `end`."""
        return replace(self._view, text="".join([*self._parts, self._text[self.end : end]]))


def decode(text: str) -> View | None:
    """The lines in which something is to be decoded, as they read, with the lines around them; None without any.

    What is left out between them is `APART`, which nothing that is looked for gets over.
    """
    builder = ViewBuilder(text)
    shown = -1
    for match in _DECORATION.finditer(text):
        start, end = match.span()
        decoded = _DECODERS[match.lastgroup or ""](match[0])
        if decoded == match[0]:
            continue
        if end > shown:
            above = max(_lines_before(text, start), shown, 0)
            if above > builder.end:
                builder.put(max(shown, 0), above, APART)
            shown = _lines_after(text, end)
        even = match.lastgroup in _EVEN and (end - start) % len(decoded) == 0
        builder.put(start, end, decoded, (end - start) // len(decoded) if even else 0)
    if shown < 0:
        return None
    return builder.view(shown)


def _lines_before(text: str, at: int) -> int:
    """Where the line begins that stands some lines above."""
    for _ in range(_AROUND + 1):
        at = text.rfind("\n", 0, at)
        if at < 0:
            return 0
    return at + 1


def _lines_after(text: str, at: int) -> int:
    """Where the line ends that stands some lines below."""
    for _ in range(_AROUND + 1):
        at = text.find("\n", at) + 1
        if not at:
            return len(text)
    return at


def _percent(codes: str) -> str:
    """What percent signs' codes stand for, where it can be read."""
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
    "cell": lambda _: " | ",
    "row": lambda tag: " |\n" if tag.lower().startswith("</tr") else "| " if tag[1:3].lower() in ("td", "th") else "",
    "lookalike": lambda letters: letters.translate(_LOOKALIKES),
}

"""Decide whether non-UTF-8 bytes can be Windows-1252, and rank the other encodings they could be."""

import re
from dataclasses import dataclass, field

CANDIDATES = (
    "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254",
    "cp1255", "cp1256", "cp1257", "cp874", "cp850", "mac_roman",
)  # fmt: skip
"""Other encodings that exports use, besides Unicode and Windows-1252."""
NAMES = {
    "shift_jis": "Shift-JIS", "euc_jp": "EUC-JP", "gb18030": "GB 18030", "big5": "Big5", "euc_kr": "EUC-KR",
    "cp1250": "Windows-1250 (Central European)", "iso8859_2": "ISO 8859-2", "cp1251": "Windows-1251 (Cyrillic)",
    "koi8_r": "KOI8-R", "cp1253": "Windows-1253 (Greek)", "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)", "cp1256": "Windows-1256 (Arabic)", "cp1257": "Windows-1257 (Baltic)",
    "cp874": "Windows-874 (Thai)", "cp850": "DOS 850", "mac_roman": "Mac Roman",
}  # fmt: skip
MAX_CANDIDATES = 3
"""Candidates named in a message, most likely first."""
MIN_RELATIVE_PLAUSIBILITY = 0.6
"""Minimum plausibility of a named candidate, relative to the most likely one."""
MAX_LINES = 200
"""Lines whose bytes are kept for decoding in other encodings."""
MAX_LINE_BYTES = 2_000
"""Maximum bytes of one such line."""
EXAMPLE_LENGTH = 24
"""Characters of an example."""
_MARKS = frozenset("\u3001\u3002\u300c\u300d\u30fb\u30fc\uff0c\uff1a\uff1b\uff01\uff1f\uff08\uff09")
"""Chinese and Japanese punctuation."""
_PUNCTUATION = "\u201e\u201c\u201d\u201a\u2018\u2019\u00bb\u00ab\u2013\u2014\u2026\u20ac\u00a7\u00b0\u00b7\u00a0"
_LONG_RUN = 3
"""Runs of at least this many non-ASCII bytes are unlikely in Western European text."""
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_RUN = re.compile(rb"[\x80-\xff]+")
_WORD = re.compile(r"[A-Za-z]*[^\x00-\x7f\s](?:[A-Za-z]|[^\x00-\x7f\s])*")
_SIGN_IN_WORD = re.compile(rb"[A-Za-z][\xa1-\xa6\xa9\xac\xaf\xb1-\xb3\xb6\xb9\xbc\xbe\xbf][a-z\xe0-\xff]")
"""A Windows-1252 symbol between two letters, such as the superscript in `g³ówny`."""


_WESTERN = (
    "äöüßàâçéèêëîïôùûœæ",  # German, French, Dutch
    "áàâãçéêíñóôõúü",  # Spanish, Portuguese
    "áàâçéèêëíìîïñóòôúùûü",  # Spanish, Catalan, Italian, French
    "åäöæøéüßáíóúýþð",  # Nordic, German
)
"""Letters of neighbouring languages that a text in Windows-1252 may mix."""
_CENTRAL = (
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "ąćęłńóśźż",  # Polish
    "áéíóöőúüű",  # Hungarian
    "ăâîşţ",  # Romanian
    "čćđšž",  # Croatian, Slovene, Bosnian
)
"""Letters of each language that is written in Windows-1250."""
FEWEST_TELLING = 2
"""Minimum letters that the two encodings read differently."""


@dataclass(slots=True)
class EncodingEvidence:
    """Statistics of the lines that are not UTF-8."""

    first_line: int | None = None
    _undefined: int = 0
    _in_long_runs: int = 0
    _beyond_ascii: int = 0
    _signs: int = 0
    _lines: list[bytes] = field(default_factory=list)

    def add(self, number: int, line: bytes) -> None:
        """Add one more line."""
        if self.first_line is None:
            self.first_line = number
        runs = [len(run) for run in _RUN.findall(line)]
        self._beyond_ascii += sum(runs)
        self._in_long_runs += sum(length for length in runs if length >= _LONG_RUN)
        self._undefined += len(_UNDEFINED.findall(line))
        self._signs += len(_SIGN_IN_WORD.findall(line))
        if len(self._lines) < MAX_LINES:
            self._lines.append(line[:MAX_LINE_BYTES])

    @property
    def is_central(self) -> bool:
        """Return whether all letters are those of one language of Windows-1250, and of none in Windows-1252."""
        western, central = (self._letters(encoding) for encoding in ("cp1252", "cp1250"))
        telling = sum(first != second for first, second in zip(western, central, strict=False))
        return (
            len(western) == len(central)
            and telling >= FEWEST_TELLING
            and any(set(central) <= set(letters) for letters in _CENTRAL)
            and not any(set(western) <= set(letters) for letters in _WESTERN)
        )

    def _letters(self, encoding: str) -> str:
        """Return the non-ASCII characters of all words in lower case; bytes that the encoding lacks as U+FFFD."""
        text = b"\n".join(self._lines).decode(encoding, errors="replace")
        words = (word.strip(_PUNCTUATION).lower() for word in _WORD.findall(text))
        return "".join(letter for word in words for letter in word if not letter.isascii())

    @property
    def refusal(self) -> str | None:
        """Return why it can't be Windows-1252, with other candidates; None if it can."""
        if self._undefined:
            reason = "its bytes are neither UTF-8 nor Windows-1252"
        elif self._in_long_runs * 2 > self._beyond_ascii:
            reason = "its bytes are not UTF-8, and in Windows-1252 they would be no words"
        elif self._signs:
            reason = "its bytes are not UTF-8, and in Windows-1252 there would be signs within its words"
        else:
            return None
        readings = "; ".join(
            f"{NAMES[name]} reads {example!r} (--encoding {name})" for name, example in self._readings()
        )
        return f"{reason}; name the encoding with --encoding{': ' + readings if readings else ''}"

    @property
    def doubt(self) -> str:
        """Return how it reads in Windows-1250, the encoding hardest to tell from Windows-1252; empty if the same."""
        for western, central in zip(self._words("cp1252"), self._words("cp1250"), strict=False):
            if western != central:
                return f", so that it reads {western!r}; if that should be {central!r}, say --encoding cp1250"
        return ""

    def _readings(self) -> list[tuple[str, str]]:
        """Return the candidates that decode all lines, most likely first, each with an example."""
        readings = [(name, words) for name in CANDIDATES if (words := self._words(name))]
        scored = sorted(((_plausibility(words), name, words) for name, words in readings), key=lambda entry: -entry[0])
        best = scored[0][0] if scored else 0.0
        likely = [(name, words) for score, name, words in scored if score >= best * MIN_RELATIVE_PLAUSIBILITY]
        return [(name, max(words, key=len)) for name, words in likely[:MAX_CANDIDATES]]

    def _words(self, encoding: str) -> list[str]:
        """Return the non-ASCII words in an encoding; empty if the bytes are not valid in it."""
        try:
            text = b"\n".join(line for line in self._lines if len(line) < MAX_LINE_BYTES).decode(encoding)
        except UnicodeDecodeError:
            return []
        return [match[0][:EXAMPLE_LENGTH] for match in _WORD.finditer(text)]


def _plausibility(words: list[str]) -> float:
    """Return the mean plausibility of the non-ASCII letters in their words, 0 to 1."""
    rated = [_commonness(word, place) for word in words for place, letter in enumerate(word) if not letter.isascii()]
    return sum(rated) / len(rated) if rated else 0.0


def _commonness(word: str, place: int) -> float:
    """Return how plausible a letter is at its position; 0 for symbols, fragments and private-use characters."""
    letter = word[place]
    if not letter.isalnum():
        return 0.8 if letter in _MARKS else 0.0
    code = ord(letter)
    if 0x3040 <= code <= 0x30FF or 0x4E00 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3:
        joined = any(near.isascii() and near.isalpha() for near in word[max(place - 1, 0) : place + 2])
        return 0.2 if joined else 0.9 if 0x4E00 <= code <= 0x9FFF else 1.0
    if 0xFF61 <= code <= 0xFF9F or 0x3400 <= code <= 0x4DBF:  # half-width kana, rare ideographs
        return 0.1
    if place and letter.isupper() and word[place - 1].isalpha() and not word[place - 1].isupper():
        return 0.1
    return 0.9 if code > 0x24F or any(near.isascii() for near in word) else 0.3

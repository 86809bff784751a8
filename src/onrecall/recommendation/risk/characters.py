"""Characters that make a text look other than it is: control characters, invisible ones, letters of other scripts."""

import re
import unicodedata

VARIABLE = "\ufffc"
"""Stands in a command for a value that is not known: a variable, a placeholder."""
OUTPUT = "\ufffd"
"""Stands in a command for what another command prints."""

OTHER = "\u00bf"
"""Stands in the words of a command for a letter beyond ASCII."""

_LINE_BREAKS = re.compile("[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_TYPOGRAPHY = frozenset("\u2018\u2019\u201a–—“”„…•·→←↑↓⇒×÷−±≈≠≤≥°§€£¥©®™✓✔✗✘½¼¾µ‹›«»\u00a0\u202f")
"""Signs of ordinary English prose."""
_LOOKALIKES = str.maketrans(
    "авеёіїјкмнорсѕтухԁԛԝһгьАВЕЗІЈКМНОРСЅТУХαβγεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "abeeiijkmhopcstyxdqwhrbABE3IJKMHOPCSTYXabyeiknoptuxABEZHIKMNOPTYX",
)
"""Cyrillic and Greek letters that pass for Latin ones."""


def first_strange(text: str, *, prose: bool = False) -> str | None:
    """Names the first character that no ordinary command (or English sentence) has; None where there is none."""
    strange = next((char for char in text if not _is_ordinary(char, prose=prose)), None)
    if strange is None:
        return None
    return f"the character U+{ord(strange):04X} {unicodedata.name(strange, 'CONTROL')}"


def _is_ordinary(char: str, *, prose: bool) -> bool:
    if char < "\x7f":
        return char >= " " or char in "\t\n"
    if prose and char in _TYPOGRAPHY:
        return True
    return (
        char.isalpha()
        and unicodedata.name(char, "").startswith("LATIN ")
        and unicodedata.normalize("NFKC", char) == char
    )


def break_lines(text: str) -> str:
    """The text with each sign that some terminal takes for a line break made one."""
    return _LINE_BREAKS.sub("\n", text)


def unmask(text: str, *, breaks: bool = True) -> str:
    """The text as a reader sees it: no invisible characters, compatible forms and look-alikes made ASCII.

    With `breaks`, what some terminal takes for a line break is one; else it is left out.
    """
    broken = break_lines(text) if breaks else text
    visible = "".join(
        char for char in broken if unicodedata.category(char) not in ("Cf", "Cc", "Zl", "Zp") or char in "\t\n"
    )
    return unicodedata.normalize("NFKC", visible).translate(_LOOKALIKES)

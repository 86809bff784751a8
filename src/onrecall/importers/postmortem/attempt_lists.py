"""Part the attempts that one line lists: `Resending codes; lowering the rate`, `pruning caches, fewer builds`."""

import re
from collections.abc import Sequence
from dataclasses import replace

from onrecall.importers.postmortem.deed_verbs import PAST
from onrecall.importers.postmortem.outcomes import states_failure
from onrecall.importers.postmortem.sections import LabelledSection

FEWEST = 2
"""Minimum attempts of a list."""
LONGEST = 9
"""Maximum words of an attempt that commas part from others."""
_SEMICOLON = re.compile(r";\s+")
_SENTENCE = re.compile(r"(?<=[.!])\s+(?=[A-ZÀ-Þ])")
_COMMA = re.compile(r",\s+(?:and\s+|und\s+|et\s+|y\s+|e\s+|en\s+)?|\s+(?:and|und|et)\s+")
_HELD = re.compile(r"`[^`]*`|\([^()]*\)")
_REFERRING = re.compile(
    r"\W*(?:this|that|it|they|which|but|so|then|still|das|dies|es|cela|ça|esto|eso|isso)\b", re.IGNORECASE
)
LONGEST_OUTCOME = 3
"""Maximum words of a part that only states an outcome."""
_INFINITIVE = re.compile(r"[^\W\d_]{3,}(?:ar|er|ir|re|oir)")


def with_attempts_apart(section: LabelledSection) -> LabelledSection:
    """Return a section of attempts whose only text is a list without marks, with an item for each attempt."""
    rows = [row for row in section.rows if row.kind != "blank"]
    if len(rows) != 1 or rows[0].kind != "text":
        return section
    parts = _attempts(rows[0].text.strip())
    if len(parts) < FEWEST:
        return section
    return replace(section, rows=[replace(rows[0], kind="item", text=part) for part in parts])


def _attempts(line: str) -> Sequence[str]:
    by_semicolon = _split(line, _SEMICOLON)
    if len(by_semicolon) >= FEWEST and not any(map(_goes_on, by_semicolon)):
        return [part.rstrip(" .") for part in by_semicolon]
    by_sentence = [part.rstrip(" .") for part in _split(line, _SENTENCE)]
    if (
        len(by_sentence) >= FEWEST
        and all(len(part.split()) <= LONGEST for part in by_sentence)
        and _are_alike(by_sentence)
    ):
        return by_sentence if not any(map(_goes_on, by_sentence)) else [line]
    by_comma = [part.rstrip(" .") for part in _split(line, _COMMA)]
    if any(map(_goes_on, by_comma)):
        return [line]
    is_list = all(0 < len(part.split()) <= LONGEST for part in by_comma) and "." not in line.rstrip(" .").replace(
        "`", ""
    )
    return by_comma if is_list and _are_alike(by_comma) else [line]


def _goes_on(part: str) -> bool:
    """Return whether a part speaks of the one before: `no effect`, `this brought relief for a minute`."""
    return _REFERRING.match(part) is not None or (states_failure(part) and len(part.split()) <= LONGEST_OUTCOME)


def _split(line: str, mark: re.Pattern[str]) -> list[str]:
    """Split at marks outside of code and brackets."""
    masked = _HELD.sub(lambda span: "\0" * len(span[0]), line)
    parts, begin = [], 0
    for separator in mark.finditer(masked):
        parts.append(line[begin : separator.start()])
        begin = separator.end()
    return [part.strip() for part in (*parts, line[begin:]) if part.strip()]


def _are_alike(parts: Sequence[str]) -> bool:
    """Return whether all parts begin with the same form of a verb, or are noun phrases beside a gerund."""
    words = [part.split(maxsplit=1)[0].casefold().strip("`") for part in parts]
    gerunds = sum(word.endswith("ing") for word in words)
    if gerunds == len(words) or (gerunds and all(len(part.split()) > 1 for part in parts)):
        return True
    return all(word in PAST for word in words) or all(_INFINITIVE.fullmatch(word) for word in words)

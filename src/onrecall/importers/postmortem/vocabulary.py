"""What the headings and labels of postmortems mean, in the templates and languages that teams use."""

import re
from functools import cache, lru_cache
from typing import Literal, cast

from onrecall.domain.word_file import read_sections

Topic = Literal[
    "title", "summary", "impact", "cause", "trigger", "detection", "timeline", "fix", "failed_fix", "actions",
    "date", "start", "end", "detected_at", "mitigated_at", "duration", "severity", "service", "environment", "status",
    "incident_id", "facts", "published", "aside",
]  # fmt: skip
"""What a section or a labelled value is about; `aside` is known and holds none of the fields."""

SECTIONS = frozenset(
    ("summary", "impact", "cause", "trigger", "detection", "timeline", "fix", "failed_fix", "actions", "facts", "aside")
)
"""Topics that a heading opens a section for."""

_MARKS = re.compile(r"[*_`~]|\{#[^}]*\}|:[a-z_0-9+]+:")
_NUMBER = re.compile(r"^(?:\(?(?:\d{1,2}(?:\.\d{1,2})*|[ivx]{1,4}|[a-h])[.):]\)?|\d{1,2}(?:\.\d{1,2})*|§\s*\d+)\s+")
_BRACKETS = re.compile(r"\s*[(\uff08\[][^()\uff08\uff09\[\]]{0,60}[)\uff09\]]\s*$")
_ENDS = " \t:\uff1a-\u2013—.·|#>"


@lru_cache(maxsize=4096)
def bare(heading: str) -> str:
    """A heading or label in small letters, without marks, numbers, pictures and what stands in brackets behind it."""
    said = _unmarked(heading)
    return said if said in _topics() else " ".join(_NUMBER.sub("", said).strip(_ENDS).split())


def _unmarked(heading: str) -> str:
    said = _MARKS.sub("", heading[:200])
    if not said.isascii():
        said = "".join(letter for letter in said if letter.isprintable() and not _is_picture(letter))
    return " ".join(
        said.replace("\\", "")
        .replace("\u2019", "'")
        .strip(_ENDS)
        .casefold()
        .removesuffix("?")
        .removesuffix("\uff1f")
        .split()
    )


def topic(heading: str) -> Topic | None:
    """What a heading or label is about; None where it is none that templates use."""
    said = bare(heading)
    known = _topics()
    return known.get(said) or known.get(_BRACKETS.sub("", said).strip(_ENDS))


def section_topic(heading: str) -> Topic | None:
    """What the section under a heading is about; where a heading names two things, the one that holds fields."""
    if (found := topic(heading)) is not None:
        return found
    parts = re.split(r"\s*(?:/|&|\+| and | und | et | y )\s*", bare(heading))
    topics = [_topics().get(part) for part in parts]
    if len(parts) > 1 and all(topics):
        return next((one for one in topics if one in SECTIONS and one != "aside"), topics[0])
    return None


@cache
def _topics() -> dict[str, Topic]:
    """What each word is about, read from `headings.txt`; of two the first counts."""
    known: dict[str, Topic] = {}
    for heading, lines in read_sections("onrecall.importers.postmortem", "headings.txt").items():
        for word in filter(None, (part.strip() for line in lines for part in line.split("|"))):
            known.setdefault(word, cast("Topic", heading))
    return known


def without_pictures(line: str) -> str:
    """A line without the emoji it begins with."""
    if line.lstrip().isascii():
        return line
    start = next((n for n, letter in enumerate(line) if not (_is_picture(letter) or letter.isspace())), 0)
    return line[start:] if any(_is_picture(letter) for letter in line[:start]) else line


def _is_picture(letter: str) -> bool:
    """Whether it is an emoji or a dingbat."""
    code = ord(letter)
    return 0x2190 <= code <= 0x2BFF or 0x1F000 <= code <= 0x1FAFF or code in (0xFE0F, 0x200D, 0x20E3)

"""Map the headings and labels of postmortem templates, in several languages, to topics."""

import re
from functools import cache, lru_cache
from typing import Literal, cast

from onrecall.domain.word_file import read_sections

Topic = Literal[
    "title", "summary", "impact", "cause", "trigger", "detection", "timeline", "fix", "failed_fix", "actions",
    "date", "start", "end", "detected_at", "mitigated_at", "duration", "severity", "service", "environment", "status",
    "incident_id", "facts", "published", "aside",
]  # fmt: skip
"""The topic of a section or labelled value; `aside` is a known heading without any field."""

SECTIONS = frozenset(
    ("summary", "impact", "cause", "trigger", "detection", "timeline", "fix", "failed_fix", "actions", "facts", "aside")
)
"""Topics that open a section."""

_MARKS = re.compile(r"[*_`~]|\{#[^}]*\}|:[a-z_0-9+]+:")
_NUMBER = re.compile(r"^(?:\(?(?:\d{1,2}(?:\.\d{1,2})*|[ivx]{1,4}|[a-h])[.):]\)?|\d{1,2}(?:\.\d{1,2})*|§\s*\d+)\s+")
_BRACKETS = re.compile(r"\s*[(\uff08\[][^()\uff08\uff09\[\]]{0,60}[)\uff09\]]\s*$")
_ENDS = " \t¿¡:\uff1a-\u2013—.·|#>"


@lru_cache(maxsize=4096)
def normalize_heading(heading: str) -> str:
    """Normalise a heading or label: lower case, without markup, numbering and emoji."""
    text = _strip_marks(heading)
    return text if text in _topics() else " ".join(_NUMBER.sub("", text).strip(_ENDS).split())


def _strip_marks(heading: str) -> str:
    text = _MARKS.sub("", heading[:200])
    if not text.isascii():
        text = "".join(letter for letter in text if letter.isprintable() and not _is_picture(letter))
    return " ".join(
        text.replace("\\", "")
        .replace("\u2019", "'")
        .strip(_ENDS)
        .casefold()
        .removesuffix("?")
        .removesuffix("\uff1f")
        .split()
    )


def heading_topic(heading: str) -> Topic | None:
    """Return the topic of a heading or label, or None if it is unknown."""
    text = normalize_heading(heading)
    topics = _topics()
    return topics.get(text) or topics.get(_BRACKETS.sub("", text).strip(_ENDS))


def section_topic(heading: str) -> Topic | None:
    """Return the topic of a section heading; of two topics, the one with fields."""
    if (exact_topic := heading_topic(heading)) is not None:
        return exact_topic
    parts = re.split(r"\s*(?:/|&|\+| and | und | et | y )\s*", normalize_heading(heading))
    topics = [_topics().get(part) for part in parts]
    if len(parts) > 1 and all(topics):
        return next((candidate for candidate in topics if candidate in SECTIONS and candidate != "aside"), topics[0])
    return _topic_of_question(normalize_heading(heading))


_WE_DO = r"(?:we(?:['’]re| are| will|['’]ll| plan| intend)|(?:are|will|do|can) we)"
_LESSONS = re.compile(r"\b(?:well|right|better|learn\w*|luck\w*|as (?:planned|expected|intended))\b")
"""What a question about the work itself asks for: its answer is no field of the incident."""
_QUESTIONS: tuple[tuple[re.Pattern[str], Topic], ...] = (
    (
        re.compile(
            rf"(?:what|how|which)\b.*\b{_WE_DO}\b.*\b(?:do|doing|chang\w*|prevent\w*|improv\w*|avoid\w*|stop\w*"
            r"|differently|next|follow\w*|address\w*)\b.*"
            r"|(?:steps|measures|changes|actions|work) (?:(?:we are taking |taken )?to (?:prevent"
            r"|avoid) (?:this|it|a |such|rec|re-)"
            r"|we (?:are|will|plan))\b.*"
        ),
        "actions",
    ),
    (
        re.compile(
            r"what (?:we tried|did(?: not|n't) (?:help|work|fix|solve|resolve|mend))\b.*"
            r"|(?:things|steps|actions|fixes|attempts|measures|mitigations) (?:that|which) (?:did(?:"
            r" not|n't)|failed)\b.*"
        ),
        "failed_fix",
    ),
    (
        re.compile(
            r"(?:what|how) (?:did we|we|was it|was this|was the \w+) (?:finally |then |eventually )?"
            r"(?:do|did|fix\w*|resolv\w*|recover\w*|restor\w*|mitigat\w*|solv\w*)\b.*"
        ),
        "fix",
    ),
    (
        re.compile(
            r"why (?:did|was|were)\b.*|why (?:it|this|the [\w -]+) (?:happened|failed|broke|occurred"
            r"|stopped|went|crashed|fell)\b.*"
            r"|what (?:\w+ ){0,2}caused\b.*|what (?:was|were) the (?:\w+ )?(?:causes?|reasons?)\b.*"
        ),
        "cause",
    ),
    (
        re.compile(
            r"how (?:did we|we|was it|was this|was the \w+) (?:first )?"
            r"(?:detect\w*|notic\w*|find out|found|discover\w*|learn\w* (?:of|about))\b.*"
        ),
        "detection",
    ),
    (
        re.compile(
            r"(?:who|what|which \w+) (?:was|were) (?:affected|impacted|hit)\b.*"
            r"|how (?:were|was) (?:you|customers?|users?|we) (?:affected|impacted)\b.*"
        ),
        "impact",
    ),
)
"""Headings in the form of a question or a promise, in words of their own."""


def _topic_of_question(heading: str) -> Topic | None:
    if len(heading) > _LONGEST_QUESTION:
        return None
    topic = next((topic for pattern, topic in _QUESTIONS if pattern.fullmatch(heading)), None)
    return None if topic != "detection" and _LESSONS.search(heading) else topic


_LONGEST_QUESTION = 80


@cache
def _topics() -> dict[str, Topic]:
    """Return heading → topic, read from `headings.txt`; the first occurrence counts."""
    topics: dict[str, Topic] = {}
    for heading, lines in read_sections("onrecall.importers.postmortem", "headings.txt").items():
        for word in filter(None, (part.strip() for line in lines for part in line.split("|"))):
            topics.setdefault(word, cast("Topic", heading))
    return topics


def without_pictures(line: str) -> str:
    """Remove leading emoji from a line."""
    if line.lstrip().isascii():
        return line
    start = next((n for n, letter in enumerate(line) if not (_is_picture(letter) or letter.isspace())), 0)
    return line[start:] if any(_is_picture(letter) for letter in line[:start]) else line


def _is_picture(letter: str) -> bool:
    """Return whether a character is an emoji or dingbat."""
    code = ord(letter)
    return 0x2190 <= code <= 0x2BFF or 0x1F000 <= code <= 0x1FAFF or code in (0xFE0F, 0x200D, 0x20E3)

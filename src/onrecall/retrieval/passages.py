"""Incidents and documents in passages: about 120 words, overlapping, each beginning at a line that can be cited."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from onrecall.domain import markdown_page as page
from onrecall.domain.incident import Document, EvidenceKind, Incident, Part, Passage
from onrecall.domain.markdown_page import PageLine
from onrecall.domain.suggestion import Suggestion
from onrecall.retrieval.tokenizer import split_names

WORDS = 120
"""A passage's length: what the sentence model takes in whole, with title and heading."""
OVERLAP = 30
PIECE = 30
"""Words a passage is put together from at a time, within a line; shorter lines stay whole."""
CHARACTERS = 6
"""Characters that count as a word where blanks are rare: log lines, data, Chinese."""
MOST = 400
"""Passages of one part. What comes after 36,000 words is kept and shown, but not recalled."""

_HEADING = re.compile(r" {0,3}#{1,6}\s+(.*?)[\s#]*")
_FENCE = re.compile(r"\s*(```|~~~)")
_WORD = re.compile(rf"\S{{1,{PIECE * CHARACTERS}}}\s{{0,100}}")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line, or some words of a long one."""

    text: str
    number: int
    size: int
    heading: str | None
    opens: bool
    """Whether a passage may begin here: not within a code block, nor between a block and what introduces it."""
    section: bool = False
    """Whether it is a heading."""


def split(thing: Incident | Document | Suggestion) -> tuple[Passage, ...]:
    """The passages of a thing, in order, with `n` counted within each part. None is empty."""
    kind = _kind(thing)
    by_part = itertools.groupby(_readable(thing), key=lambda line: line.part)
    return tuple(
        Passage(thing.id, kind, part, n, text, line, heading, _known_from(thing, part))
        for part, rows in by_part
        for n, (text, line, heading) in enumerate(itertools.islice(_passages(rows), MOST))
    )


def _kind(thing: Incident | Document | Suggestion) -> EvidenceKind:
    if isinstance(thing, Suggestion):
        return "suggestion"
    return "document" if isinstance(thing, Document) else "incident"


def embedding_text(title: str, passage: Passage) -> str:
    """What is embedded of a passage: title and heading, so that it stands for itself, and its text, names split."""
    own = " ".join(passage.text.split("\n", 1)[0].strip("# ").split())
    above = [said for said in dict.fromkeys((title.strip(), passage.heading or "")) if said and said != own]
    return split_names("\n".join([*above, passage.text]))


def _readable(thing: Incident | Document | Suggestion) -> Iterator[PageLine]:
    """The lines worth matching: no front matter, no title where more is said, nothing that a model wrote."""
    rows = page.numbered_lines(thing)
    if not isinstance(thing, Incident):
        body = rows[_front_matter(rows) :]
        yield from body if any(row.text.strip() for row in body) else (PageLine(1, thing.title, "body"),)
        return
    if not thing.description.strip():
        yield PageLine(1, page.collapse_whitespace(thing.title), "opening")
    told = thing.resolution is not None and thing.resolution.confirmed
    yield from (row for row in rows[1:] if row.part == "opening" or (told and row.part == "resolution"))


def _front_matter(rows: Sequence[PageLine]) -> int:
    """How many lines of YAML a document begins with."""
    if not rows or rows[0].text.rstrip() != "---":
        return 0
    return next((n for n, row in enumerate(rows[1:100], start=2) if row.text.rstrip() in ("---", "...")), 0)


def _known_from(thing: Incident | Document | Suggestion, part: Part) -> datetime | None:
    if isinstance(thing, Suggestion):
        return thing.at
    if isinstance(thing, Document):
        return thing.dated
    if part == "resolution" and thing.resolution:
        return thing.resolution.at
    return thing.started_at


def _passages(rows: Iterable[PageLine]) -> Iterator[tuple[str, int, str | None]]:
    """Text, first line and heading of each passage of one part."""
    pieces = list(_within_reach(_pieces(rows)))
    start = end = 0
    while end < len(pieces):
        start = next((at for at in range(start, len(pieces)) if pieces[at].text.strip()), len(pieces))
        if start == len(pieces):
            return
        end = _end(pieces, start)
        yield _text(pieces[start:end]), pieces[start].number, pieces[start].heading
        start = _overlapping(pieces, start, end)


def _end(pieces: Sequence[_Piece], start: int) -> int:
    """Where a passage that starts here ends: after about `WORDS`, before a heading or at least not within a block."""
    totals = list(itertools.accumulate(piece.size for piece in pieces[start : start + WORDS * 2]))
    within = sum(total <= WORDS for total in totals) or 1
    if start + within == len(pieces):
        return len(pieces)
    half = sum(total < WORDS // 2 for total in totals) + 1
    stretch = sum(total <= WORDS * 3 // 2 for total in totals)
    back = [start + place for place in range(within, half - 1, -1)]
    on = [start + place for place in range(within, stretch + 1)]
    choices = (
        *(at for at in back if pieces[at].section),
        *(at for at in back if pieces[at].opens),
        *(at for at in on if at == len(pieces) or pieces[at].opens),
        start + within,
    )
    return choices[0]


def _overlapping(pieces: Sequence[_Piece], start: int, end: int) -> int:
    """Where the next passage starts: at most `OVERLAP` words back, within the same section."""
    if end == len(pieces) or pieces[end].section or not pieces[end].opens:
        return end
    best, size = end, 0
    for place in range(end - 1, start, -1):
        size += pieces[place].size
        if size > OVERLAP or pieces[place].section:
            break
        if pieces[place].opens:
            best = place
    return best


def _text(pieces: Sequence[_Piece]) -> str:
    """The pieces as they stood on their lines."""
    by_line = itertools.groupby(pieces, key=lambda piece: piece.number)
    return "\n".join("".join(piece.text for piece in row) for _, row in by_line).strip()


def _within_reach(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """As much as `MOST` passages hold."""
    total = 0
    for piece in pieces:
        total += piece.size
        if total > MOST * WORDS:
            return
        yield piece


def _pieces(rows: Iterable[PageLine]) -> Iterator[_Piece]:
    """The lines in pieces; of blank lines that follow each other one stays."""
    heading: str | None = None
    fenced = introduced = blank = False
    for row in rows:
        if blank and not row.text.strip():
            continue
        blank = not row.text.strip()
        fence = bool(_FENCE.match(row.text))
        found = None if fenced else _HEADING.fullmatch(row.text[:300])
        if found:
            heading = found[1] or heading
        opens = not fenced and not (fence and introduced)
        for text, size in _cut(row.text):
            yield _Piece(text, row.number, size, heading, opens, section=bool(found))
        fenced ^= fence
        introduced = not fence and (introduced or not blank)


def _cut(line: str) -> Iterator[tuple[str, int]]:
    """A line in pieces of about `PIECE` words, with their sizes; a line not much longer stays whole."""
    most = MOST * WORDS * CHARACTERS
    line = line if len(line) <= most else line.strip()[:most]
    size = _size(line)
    if size <= PIECE + PIECE // 2:
        yield line, size
        return
    part = ""
    for word in _WORD.finditer(line):
        part += word[0]
        if _size(part) >= PIECE:
            yield part, _size(part)
            part = ""
    if part:
        yield part, _size(part)


def _size(text: str) -> int:
    return max(len(text.split()), len(text.strip()) // CHARACTERS)

"""Incidents and documents in passages: about 120 words, overlapping, each beginning at a line that can be cited."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from onrecall.domain import markdown_page as page
from onrecall.domain.document import Document
from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.incident import Incident
from onrecall.domain.markdown_page import PageLine
from onrecall.domain.passage import Part, Passage
from onrecall.domain.suggestion import Suggestion
from onrecall.retrieval.tokenizer import split_names

PASSAGE_WORDS = 120
"""A passage's length: what the sentence model takes in whole, with title and heading."""
OVERLAP_WORDS = 30
PIECE_WORDS = 30
"""Words a passage is put together from at a time, within a line; shorter lines stay whole."""
CHARACTERS_PER_WORD = 6
"""Characters that count as a word where blanks are rare: log lines, data, Chinese."""
MAX_PASSAGES = 400
"""Passages of one part. What comes after 36,000 words is kept and shown, but not recalled."""

# Not read by `domain.markdown`: every stored alert and log passes here, and most are not Markdown. On the pages of
# docs/ and tests/ that reader finds the same headings and takes four times as long as all of the splitting.
_HEADING = re.compile(r" {0,3}#{1,6}\s+(.*?)[\s#]*")
_FENCE = re.compile(r"\s*(```|~~~)")
_WORD = re.compile(rf"\S{{1,{PIECE_WORDS * CHARACTERS_PER_WORD}}}\s{{0,100}}")


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


def split_passages(record: Incident | Document | Suggestion) -> tuple[Passage, ...]:
    """The passages of a thing, in order, with `n` counted within each part. None is empty."""
    kind = _kind(record)
    by_part = itertools.groupby(_searchable_lines(record), key=lambda line: line.part)
    return tuple(
        Passage(record.id, kind, part, n, text, line, heading, _known_since(record, part))
        for part, rows in by_part
        for n, (text, line, heading) in enumerate(itertools.islice(_passages(rows), MAX_PASSAGES))
    )


def _kind(record: Incident | Document | Suggestion) -> EvidenceKind:
    if isinstance(record, Suggestion):
        return "suggestion"
    return "document" if isinstance(record, Document) else "incident"


def embedding_text(title: str, passage: Passage) -> str:
    """What is embedded of a passage: title and heading, so that it stands for itself, and its text, names split."""
    own = " ".join(passage.text.split("\n", 1)[0].strip("# ").split())
    above = [line for line in dict.fromkeys((title.strip(), passage.heading or "")) if line and line != own]
    return split_names("\n".join([*above, passage.text]))


def _searchable_lines(record: Incident | Document | Suggestion) -> Iterator[PageLine]:
    """The lines worth matching: no front matter, no title where more is said, nothing that a model wrote."""
    rows = page.numbered_lines(record)
    if not isinstance(record, Incident):
        body = rows[_front_matter(rows) :]
        yield from body if any(row.text.strip() for row in body) else (PageLine(1, record.title, "body"),)
        return
    if not record.description.strip() or "title" in record.edited:  # edited: above its words stands the original one
        yield PageLine(1, page.collapse_whitespace(record.title), "opening")
    confirmed = record.resolution is not None and record.resolution.confirmed
    yield from (row for row in rows[1:] if row.part == "opening" or (confirmed and row.part == "resolution"))


def _front_matter(rows: Sequence[PageLine]) -> int:
    """How many lines of YAML a document begins with."""
    if not rows or rows[0].text.rstrip() != "---":
        return 0
    return next((n for n, row in enumerate(rows[1:100], start=2) if row.text.rstrip() in ("---", "...")), 0)


def _known_since(record: Incident | Document | Suggestion, part: Part) -> datetime | None:
    if isinstance(record, Suggestion):
        return record.at
    if isinstance(record, Document):
        return record.dated
    if part == "resolution" and record.resolution:
        return record.resolution.at
    return record.started_at


def _passages(rows: Iterable[PageLine]) -> Iterator[tuple[str, int, str | None]]:
    """Text, first line and heading of each passage of one part."""
    pieces = list(_limit_pieces(_split_lines(rows)))
    start = end = 0
    while end < len(pieces):
        start = next((at for at in range(start, len(pieces)) if pieces[at].text.strip()), len(pieces))
        if start == len(pieces):
            return
        end = _passage_end(pieces, start)
        yield _join_pieces(pieces[start:end]), pieces[start].number, pieces[start].heading
        start = _next_start(pieces, start, end)


def _passage_end(pieces: Sequence[_Piece], start: int) -> int:
    """Where a passage that starts here ends: after about `WORDS`, before a heading or at least not within a block."""
    totals = list(itertools.accumulate(piece.size for piece in pieces[start : start + PASSAGE_WORDS * 2]))
    within = sum(total <= PASSAGE_WORDS for total in totals) or 1
    if start + within == len(pieces):
        return len(pieces)
    half = sum(total < PASSAGE_WORDS // 2 for total in totals) + 1
    stretch = sum(total <= PASSAGE_WORDS * 3 // 2 for total in totals)
    back = [start + place for place in range(within, half - 1, -1)]
    on = [start + place for place in range(within, stretch + 1)]
    choices = (
        *(at for at in back if pieces[at].section),
        *(at for at in back if pieces[at].opens),
        *(at for at in on if at == len(pieces) or pieces[at].opens),
        start + within,
    )
    return choices[0]


def _next_start(pieces: Sequence[_Piece], start: int, end: int) -> int:
    """Where the next passage starts: at most `OVERLAP` words back, within the same section."""
    if end == len(pieces) or pieces[end].section or not pieces[end].opens:
        return end
    best, size = end, 0
    for place in range(end - 1, start, -1):
        size += pieces[place].size
        if size > OVERLAP_WORDS or pieces[place].section:
            break
        if pieces[place].opens:
            best = place
    return best


def _join_pieces(pieces: Sequence[_Piece]) -> str:
    """The pieces as they stood on their lines."""
    by_line = itertools.groupby(pieces, key=lambda piece: piece.number)
    return "\n".join("".join(piece.text for piece in row) for _, row in by_line).strip()


def _limit_pieces(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """As much as `MOST` passages hold."""
    total = 0
    for piece in pieces:
        total += piece.size
        if total > MAX_PASSAGES * PASSAGE_WORDS:
            return
        yield piece


def _split_lines(rows: Iterable[PageLine]) -> Iterator[_Piece]:
    """The lines in pieces; of blank lines that follow each other one stays."""
    heading: str | None = None
    fenced = introduced = blank = False
    for row in rows:
        if blank and not row.text.strip():
            continue
        blank = not row.text.strip()
        fence = bool(_FENCE.match(row.text))
        heading_match = None if fenced else _HEADING.fullmatch(row.text[:300])
        if heading_match:
            heading = heading_match[1] or heading
        opens = not fenced and not (fence and introduced)
        for text, size in _split_line(row.text):
            yield _Piece(text, row.number, size, heading, opens, section=bool(heading_match))
        fenced ^= fence
        introduced = not fence and (introduced or not blank)


def _split_line(line: str) -> Iterator[tuple[str, int]]:
    """A line in pieces of about `PIECE` words, with their sizes; a line not much longer stays whole."""
    most = MAX_PASSAGES * PASSAGE_WORDS * CHARACTERS_PER_WORD
    line = line if len(line) <= most else line.strip()[:most]
    size = _count_words(line)
    if size <= PIECE_WORDS + PIECE_WORDS // 2:
        yield line, size
        return
    part = ""
    for word in _WORD.finditer(line):
        part += word[0]
        if _count_words(part) >= PIECE_WORDS:
            yield part, _count_words(part)
            part = ""
    if part:
        yield part, _count_words(part)


def _count_words(text: str) -> int:
    return max(len(text.split()), len(text.strip()) // CHARACTERS_PER_WORD)

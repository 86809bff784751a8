"""Detectors find candidates, these are replaced, and that is repeated until nothing is found.

So redacting twice changes nothing. The number of lines stays the same, and time is linear in the text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from onrecall.redaction.decoded_view import APART, View, ViewBuilder
from onrecall.redaction.hashes import HASHES
from onrecall.redaction.kubernetes import KUBERNETES
from onrecall.redaction.named_secrets import NAMED
from onrecall.redaction.personal import PERSONAL
from onrecall.redaction.private_keys import PRIVATE_KEYS
from onrecall.redaction.programs import PROGRAM_ARGUMENTS
from onrecall.redaction.requests import REQUESTS
from onrecall.redaction.scanner import Detector, Scanner, SecretSpan, placed
from onrecall.redaction.sentences import SENTENCES
from onrecall.redaction.services import SERVICES
from onrecall.redaction.tables import TABLES
from onrecall.redaction.vendors import VENDORS

_DETECTORS: tuple[Detector, ...] = (
    *VENDORS, *PRIVATE_KEYS, *HASHES, *REQUESTS, *NAMED, *TABLES, *KUBERNETES, PROGRAM_ARGUMENTS, *SERVICES, *SENTENCES
)  # fmt: skip
_ROUNDS = 8
_LINES = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
"""What stands between any two characters that Python takes for the end of a line."""
_MARK = re.compile(r"\[redacted:[a-z-]+\]")


@cache
def _scanner(*, personal: bool) -> Scanner:
    return Scanner((*_DETECTORS, *PERSONAL) if personal else _DETECTORS)


@dataclass(frozen=True, slots=True)
class RedactionFinding:
    """One secret that was taken out, and where it stood in the text as it was."""

    kind: str
    line: int
    """Counted from 1, as columns are."""
    column: int
    start: int
    """In characters from the beginning of the text, up to `end`."""
    end: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets, and what was found in it, in the order in which it stood there."""

    text: str
    found: tuple[RedactionFinding, ...] = ()


def redact(text: str, personal: bool = False) -> Redacted:
    """The text with every secret replaced, and with `personal` also e-mail addresses and personal numbers."""
    scanner = _scanner(personal=personal)
    places: list[SecretSpan] = []
    rounds: list[View] = []
    shown = text
    for _ in range(_ROUNDS):
        spans = merge(_unmarked(shown, scanner.spans(shown)))
        if not spans:
            break
        places += [placed(span, rounds) for span in spans]
        rounds.append(_replaced(shown, spans))
        shown = rounds[-1].text
    return Redacted(shown, tuple(_findings(text, merge(places))))


def harmless(texts: Iterable[str], personal: bool = False) -> bool:
    """Whether texts in plain letters hold no secret, told by one look at all of them; False means look at each.

    No pattern gets over what parts them, so none of them hides another's secret.
    """
    together = APART.join(texts)
    return together.isascii() and _scanner(personal=personal).finds_nothing(f"{APART}{together}{APART}")


def secrets_in(text: str) -> list[SecretSpan]:
    """Where secrets and personal data stand, told by one look, in order and without overlaps."""
    return merge(_scanner(personal=True).spans(text))


def merge(spans: Iterable[SecretSpan]) -> list[SecretSpan]:
    """Overlapping spans as one, named after the one that begins first."""
    merged: list[SecretSpan] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if merged and span.start < merged[-1].end:
            last = merged.pop()
            merged.append(SecretSpan(last.start, max(last.end, span.end), last.kind))
        else:
            merged.append(span)
    return merged


def _unmarked(text: str, spans: Iterable[SecretSpan]) -> Iterator[SecretSpan]:
    """The spans that do not begin within a mark that stands for a secret already."""
    marks = [match.span() for match in _MARK.finditer(text)]
    begins = [begin for begin, _ in marks]
    for span in spans:
        mark = bisect_right(begins, span.start) - 1
        if mark < 0 or span.start >= marks[mark][1]:
            yield span


def _replaced(text: str, spans: Sequence[SecretSpan]) -> View:
    """The text with a mark for each line of each span."""
    builder = ViewBuilder(text)
    for span in spans:
        for line in _LINES.finditer(text, span.start, span.end):
            builder.put(line.start(), line.end(), f"[redacted:{span.kind}]")
    return builder.view(len(text))


def _findings(text: str, places: Iterable[SecretSpan]) -> Iterator[RedactionFinding]:
    line, begin, at = 1, 0, 0
    for place in places:
        line += text.count("\n", at, place.start)
        begin = max(begin, text.rfind("\n", at, place.start) + 1)
        at = place.start
        yield RedactionFinding(place.kind, line, place.start - begin + 1, place.start, place.end)

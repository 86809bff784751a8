"""Redact texts: detectors find candidates, these are replaced, and both repeat until nothing is found.

Redaction is idempotent, keeps the number of lines, and takes time linear in the text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from onrecall.redaction.accounts import ACCOUNTS
from onrecall.redaction.calls import CALLS
from onrecall.redaction.decoded_view import SEPARATOR, View, ViewBuilder
from onrecall.redaction.encoded import ENCODED
from onrecall.redaction.hashes import HASHES
from onrecall.redaction.kubernetes import KUBERNETES
from onrecall.redaction.named_secrets import NAMED
from onrecall.redaction.personal import PERSONAL
from onrecall.redaction.private_keys import PRIVATE_KEYS
from onrecall.redaction.programs import PROGRAM_ARGUMENTS
from onrecall.redaction.requests import REQUESTS
from onrecall.redaction.scanner import Detector, Scanner, SecretSpan, to_original_span
from onrecall.redaction.sentences import SENTENCES
from onrecall.redaction.services import SERVICES
from onrecall.redaction.tables import TABLES
from onrecall.redaction.token_formats import TOKEN_FORMATS
from onrecall.redaction.user_password_pairs import USER_PASSWORD_PAIRS
from onrecall.redaction.vendors import VENDORS

_DETECTORS: tuple[Detector, ...] = (
    *VENDORS, *TOKEN_FORMATS, *PRIVATE_KEYS, *HASHES, *REQUESTS, *NAMED, *TABLES, *KUBERNETES, *ENCODED,
    PROGRAM_ARGUMENTS, *USER_PASSWORD_PAIRS, *SERVICES, *ACCOUNTS, *CALLS, *SENTENCES,
)  # fmt: skip
_ROUNDS = 8
_LINES = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
"""The text between line breaks, as Python's `splitlines` defines them."""
_MARK = re.compile(r"\[redacted:[a-z-]+\]")


@cache
def _scanner(*, personal: bool) -> Scanner:
    return Scanner((*_DETECTORS, *PERSONAL) if personal else _DETECTORS)


@dataclass(frozen=True, slots=True)
class RedactionFinding:
    """One redacted secret, and its position in the original text."""

    kind: str
    line: int
    """Counted from 1, as columns are."""
    column: int
    start: int
    """In characters from the beginning of the text, up to `end`."""
    end: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets, and the findings in text order."""

    text: str
    findings: tuple[RedactionFinding, ...] = ()


def redact(text: str, personal: bool = False) -> Redacted:
    """Redact all secrets, and with `personal` also e-mail addresses and personal numbers."""
    scanner = _scanner(personal=personal)
    places: list[SecretSpan] = []
    rounds: list[View] = []
    redacted = text
    for _ in range(_ROUNDS):
        spans = merge_spans(_outside_marks(redacted, scanner.spans(redacted)))
        if not spans:
            break
        places += [to_original_span(span, rounds) for span in spans]
        rounds.append(_replace_spans(redacted, spans))
        redacted = rounds[-1].text
    return Redacted(redacted, tuple(_findings(text, merge_spans(places))))


def contains_no_secrets(texts: Iterable[str], personal: bool = False) -> bool:
    """Return whether ASCII texts contain no secrets, in one scan of all of them; False means to check each.

    No pattern matches across the separator, so texts can't hide each other's secrets.
    """
    together = SEPARATOR.join(texts)
    return together.isascii() and _scanner(personal=personal).finds_nothing(f"{SEPARATOR}{together}{SEPARATOR}")


def find_secrets(text: str) -> list[SecretSpan]:
    """Return the spans of secrets and personal data found in one scan, in order and without overlaps."""
    return merge_spans(_scanner(personal=True).spans(text))


def merge_spans(spans: Iterable[SecretSpan]) -> list[SecretSpan]:
    """Merge overlapping spans; a merged span has the kind of the one that begins first."""
    merged: list[SecretSpan] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if merged and span.start < merged[-1].end:
            last = merged.pop()
            merged.append(SecretSpan(last.start, max(last.end, span.end), last.kind))
        else:
            merged.append(span)
    return merged


def _outside_marks(text: str, spans: Iterable[SecretSpan]) -> Iterator[SecretSpan]:
    """Yield the spans that do not begin inside an existing redaction mark."""
    marks = [match.span() for match in _MARK.finditer(text)]
    begins = [begin for begin, _ in marks]
    for span in spans:
        mark = bisect_right(begins, span.start) - 1
        if mark < 0 or span.start >= marks[mark][1]:
            yield span


def _replace_spans(text: str, spans: Sequence[SecretSpan]) -> View:
    """Return the text with a redaction mark for each line of each span."""
    builder = ViewBuilder(text)
    for span in spans:
        for line in _LINES.finditer(text, span.start, span.end):
            builder.add_piece(line.start(), line.end(), f"[redacted:{span.kind}]")
    return builder.view(len(text))


def _findings(text: str, places: Iterable[SecretSpan]) -> Iterator[RedactionFinding]:
    line, begin, at = 1, 0, 0
    for place in places:
        line += text.count("\n", at, place.start)
        begin = max(begin, text.rfind("\n", at, place.start) + 1)
        at = place.start
        yield RedactionFinding(place.kind, line, place.start - begin + 1, place.start, place.end)

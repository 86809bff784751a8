"""Detectors, one per kind of secret, and a scanner that runs all of them in one pass.

A detector has anchors, the words at which it is tried. All anchors form one expression, so a text is read once, and a
detector costs time only where it may find something.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from onrecall.redaction import heuristics as looks
from onrecall.redaction.base64_text import encoded_texts
from onrecall.redaction.decoded_view import View, decode
from onrecall.redaction.pattern import Match, Pattern
from onrecall.redaction.repetitions import Repetition, repetitions

_FREQUENT = "etaoinsrhldcumfpgwybvkxjqz 01234567890"
"""Letters by frequency in text; frequent anchors are tried first."""
_DEEPEST_BASE64 = 2
"""Maximum rounds of base64 in base64."""
_USER_AND_PASSWORD = re.compile(r"[\w.@\\-]{1,64}:(?P<s>[^\s:]{4,128})\s?")
LONGEST_BEHIND = 300
"""Maximum characters before an anchor that are read."""
SURROUNDINGS_BEFORE, SURROUNDINGS_BEHIND = 1_000, 5_000
"""Characters around an anchor on which a hit there depends."""
_LEAST_ROUND, _MOST_ROUNDS = 64, 500
"""Characters of a round of a repeated stretch, and rounds that are read until one goes on as an earlier one did."""
DEEPEST_VIEW = 3
"""Maximum rounds of decoding: JSON in a string of JSON in a percent-encoded URL."""


@dataclass(frozen=True, slots=True)
class SecretSpan:
    """The position of a secret in characters: from `start` up to, not including, `end`."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class DetectorHit:
    """The result of a detector at an anchor: its secrets, if any, and where to try it again."""

    spans: tuple[SecretSpan, ...]
    resume: int


class Detector(Protocol):
    """A detector of one kind of secret."""

    @property
    def anchors(self) -> tuple[str, ...]:
        """Lower-case words, unless `exact`; without any, the whole text is searched."""

    @property
    def exact(self) -> bool:
        """Whether the anchors are case-sensitive."""

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the secrets at an anchor, or None."""


class LocalDetector:
    """A detector that reads no further around an anchor than its surroundings."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PatternDetector:
    """Detects by a pattern tried `back` characters before an anchor; its last group is the secret."""

    kind: str
    anchors: tuple[str, ...]
    pattern: Pattern
    holds: Callable[[Match], bool] | None = None
    """An additional check on a match."""
    back: tuple[int, ...] = (0,)
    exact: bool = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the pattern's match at an anchor."""
        for back in self.back:
            if anchor >= back and (match := self.pattern.match(text, anchor - back)):
                return self.hit(match)
        return None

    def scan_all(self, text: str) -> Iterator[DetectorHit]:
        """Yield all matches of the pattern."""
        return (self.hit(match) for match in self.pattern.finditer(text))

    def hit(self, match: Match) -> DetectorHit:
        """Return the hit of a match, with the secret if the check passes."""
        holds = secret_text(match).strip() and (self.holds is None or self.holds(match))
        spans = (SecretSpan(*match.span(match.lastgroup or 0), self.kind),) if holds else ()
        return DetectorHit(spans, match.end())


@dataclass(frozen=True, slots=True)
class PrefixDetector:
    """Detects the text before its anchors; its pattern, with a group `s`, matches the reversed text."""

    kind: str
    anchors: tuple[str, ...]
    pattern: Pattern
    look: Callable[[str], bool]
    follows: Pattern | None = None
    """A pattern that must match at the anchor, not reversed."""
    exact: bool = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the secret before an anchor."""
        if self.follows and not self.follows.match(text, anchor):
            return None
        match = self.pattern.match(text[max(0, anchor - LONGEST_BEHIND) : anchor][::-1])
        if match is None:
            return None
        span = SecretSpan(anchor - match.end("s"), anchor - match.start("s"), self.kind)
        return DetectorHit((span,) if self.look(match["s"][::-1]) else (), anchor + 1)


class Scanner:
    """Runs all detectors over a text."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        every = tuple(detectors)
        self._everywhere = tuple(d for d in every if isinstance(d, PatternDetector) and not d.anchors)
        self._exact = _Anchors(d for d in every if d.anchors and d.exact)
        self._folded = _Anchors(d for d in every if d.anchors and not d.exact)

    def spans(self, text: str, depth: int = 0) -> list[SecretSpan]:
        """Return all candidates in the raw and the decoded text, unordered and possibly overlapping."""
        spans = [*self._spans_in_base64(text, depth), *(span for hit in self._hits(text) for span in hit.spans)]
        views: list[View] = []
        for _ in range(DEEPEST_VIEW):
            view = decode(views[-1].text if views else text)
            if view is None:
                break
            views.append(view)
            for hit in self._hits(view.text):
                spans += [to_original_span(span, views) for span in hit.spans]
        return spans

    def _spans_in_base64(self, text: str, depth: int) -> Iterator[SecretSpan]:
        """Yield the blocks of base64 that hold a secret, each as a whole."""
        for encoded in encoded_texts(text) if depth < _DEEPEST_BASE64 else ():
            if kind := self._kind_within(encoded.plain, depth + 1):
                yield SecretSpan(encoded.start, encoded.end, kind)

    def _kind_within(self, plain: str, depth: int) -> str | None:
        """Return the kind of the first secret in a decoded text, if any."""
        login = _USER_AND_PASSWORD.fullmatch(plain)
        if login and looks.is_password_like(login["s"]):
            return "authorization"
        return next((span.kind for span in sorted(self.spans(plain, depth), key=lambda span: span.start)), None)

    def finds_nothing(self, text: str) -> bool:
        """Return whether there is no candidate in the raw and the decoded text."""
        if any(self._spans_in_base64(text, 0)):
            return False
        for _ in range(DEEPEST_VIEW + 1):
            if any(hit.spans for hit in self._hits(text)):
                return False
            view = decode(text)
            if view is None:
                return True
            text = view.text
        return True

    def _hits(self, text: str) -> Iterator[DetectorHit]:
        yield from self._exact.hits(text, text)
        yield from self._folded.hits(text, _lower_same_length(text))
        for rule in self._everywhere:
            yield from rule.scan_all(text)


class _Anchors:
    """The anchors of several detectors in one expression."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        every = tuple(detectors)
        self._at = _detectors_by_word(every)
        self._local = frozenset(
            id(each) for each in every if isinstance(each, PatternDetector | PrefixDetector | LocalDetector)
        )
        words = sorted(self._at)
        heads = sorted(
            {word[0] for word in words}, key=lambda head: (_FREQUENT.find(head) % (len(_FREQUENT) + 1), head)
        )
        branches = {
            head: f"{re.escape(head)}(?=({_prefix_tree([w[1:] for w in words if w[0] == head])}))" for head in heads
        }
        latin = "|".join(branch for head, branch in branches.items() if head.isascii())
        other = "|".join(branch for head, branch in branches.items() if not head.isascii())
        self._pattern = re.compile(rf"{latin}|(?=[^\x00-\x7f])(?:{other})" if other else latin)

    def hits(self, text: str, searched: str) -> Iterator[DetectorHit]:
        """Yield the hits of each detector at its anchors; it is not tried again inside its previous match."""
        resume: dict[int, int] = {}
        at = 0
        for repeated in repetitions(text) if self._at else ():
            first = repeated.start + SURROUNDINGS_BEFORE
            yield from (hit for _, hit in self._hits_between(text, searched, (at, first), resume))
            at = yield from self._hits_in_repetition(text, searched, repeated, resume)
        yield from (hit for _, hit in self._hits_between(text, searched, (at, len(text)), resume))

    def _hits_between(
        self, text: str, searched: str, part: tuple[int, int], resume: dict[int, int]
    ) -> Iterator[tuple[int, DetectorHit]]:
        """Yield the hits at anchors in a part of the text, each with the identity of its detector."""
        for at, detectors in self._places(searched, *part):
            for detector in detectors:
                key = id(detector)
                if at >= resume.get(key, 0) and (hit := detector.scan(text, at)):
                    resume[key] = hit.resume
                    yield key, hit

    def _places(self, searched: str, start: int, end: int) -> Iterator[tuple[int, tuple[Detector, ...]]]:
        """Yield the anchors from `start` up to `end` with their detectors."""
        for match in self._pattern.finditer(searched, start) if self._at else ():
            if match.start() >= end:
                return
            yield match.start(), self._at[match[0] + match[match.lastindex or 0]]

    def _hits_in_repetition(
        self, text: str, searched: str, repeated: Repetition, resume: dict[int, int]
    ) -> Generator[DetectorHit, None, int]:
        """Yield the hits in a repeated stretch and return how far it is read.

        Rounds are read until detectors go on as they did in an earlier one: all that follow are like those between.
        """
        length = repeated.period * -(-_LEAST_ROUND // repeated.period)
        at, end = repeated.start + SURROUNDINGS_BEFORE, repeated.end - SURROUNDINGS_BEHIND
        rounds, hits = dict[frozenset[tuple[int, int]], tuple[int, int]](), list[DetectorHit]()
        while at + length <= end and len(rounds) < _MOST_ROUNDS:
            under_way = self._under_way(resume, at)
            if under_way in rounds:
                begin, known = rounds[under_way]
                times, distance = (end - at) // (at - begin), at - begin
                yield from _repeat(hits[known:], distance, times)
                yield from self._hits_further_on(text, searched, (begin, at, times), resume)
                resume |= {key: at + times * distance + ahead for key, ahead in under_way}
                return at + times * distance
            rounds[under_way] = at, (known := len(hits))
            hits_here = [*self._hits_between(text, searched, (at, at + length), resume)]
            yield from (hit for _, hit in hits_here)
            hits += [hit for key, hit in hits_here if key in self._local]
            if any(hit.resume >= at + SURROUNDINGS_BEHIND for hit in hits[known:]):
                return at + length
            at += length
        return at

    def _under_way(self, resume: Mapping[int, int], at: int) -> frozenset[tuple[int, int]]:
        """Return the detectors that read on behind a place, each with how far."""
        return frozenset((key, to - at) for key, to in resume.items() if to > at and key in self._local)

    def _hits_further_on(
        self, text: str, searched: str, part: tuple[int, int, int], resume: dict[int, int]
    ) -> Iterator[DetectorHit]:
        """Yield the hits in repetitions of a part of those detectors that may read further than the surroundings."""
        start, end, times = part
        places = self._places(searched, start, end)
        every = [(at, detector) for at, detectors in places for detector in detectors]
        wide = [(at, detector) for at, detector in every if id(detector) not in self._local]
        for n in range(1, times + 1) if wide else ():
            for first, detector in wide:
                at = first + n * (end - start)
                if at >= resume.get(id(detector), 0) and (hit := detector.scan(text, at)):
                    resume[id(detector)] = hit.resume
                    yield hit


def _repeat(hits: Sequence[DetectorHit], distance: int, times: int) -> Iterator[DetectorHit]:
    for n in range(1, times + 1):
        yield from (_shifted(hit, n * distance) for hit in hits if hit.spans)


def _shifted(hit: DetectorHit, by: int) -> DetectorHit:
    spans = tuple(SecretSpan(span.start + by, span.end + by, span.kind) for span in hit.spans)
    return DetectorHit(spans, hit.resume + by)


def _detectors_by_word(detectors: Sequence[Detector]) -> dict[str, tuple[Detector, ...]]:
    """Return every anchor with the detectors of all anchors that it begins with, in their order."""
    places: dict[str, set[int]] = {}
    for place, detector in enumerate(detectors):
        for anchor in detector.anchors:
            places.setdefault(anchor, set()).add(place)
    prefixed = {word: [places.get(word[:end], ()) for end in range(1, len(word) + 1)] for word in places}
    return {word: tuple(detectors[place] for place in sorted({*chain(*each)})) for word, each in prefixed.items()}


def to_original_span(span: SecretSpan, views: Sequence[View]) -> SecretSpan:
    """Map a span of the last view to the original text."""
    start, end = span.start, span.end
    for view in reversed(views):
        start, end = view.original(start, end)
    return SecretSpan(start, end, span.kind)


def _prefix_tree(words: list[str]) -> str:
    """Return an expression that matches the longest of the words, as a prefix tree."""
    heads = sorted({word[0] for word in words if word})
    branches = [re.escape(head) + _prefix_tree([w[1:] for w in words if w and w[0] == head]) for head in heads]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)})" + ("?" if "" in words else "")


def _lower_same_length(text: str) -> str:
    """Lower-case a text without changing its length."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def secret_text(match: Match) -> str:
    """Return the secret part of a match."""
    return match[match.lastgroup or 0]

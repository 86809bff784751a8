"""Detectors, one per kind of secret, and how a text is searched for all of them in one pass.

A detector has anchors, the words at which it is tried: all anchors of all detectors stand in one expression, so a text
is read once, and a detector costs only where there may be something to find.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from onrecall.redaction.decoded_view import View, decode
from onrecall.redaction.pattern import Match, Pattern

_FREQUENT = "etaoinsrhldcumfpgwybvkxjqz 01234567890"
"""Letters in the order in which texts have them: what is tried first should be what is there most often."""
LONGEST_BEHIND = 300
"""Characters before an anchor that are read."""
DEEPEST_VIEW = 3
"""How often a text is decoded again: JSON in a string of JSON in a percent-encoded URL."""


@dataclass(frozen=True, slots=True)
class SecretSpan:
    """Where a secret stands, in characters: from `start` up to, not including, `end`."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class DetectorHit:
    """What a detector made of an anchor: the secrets, perhaps none, and where it is to be tried again."""

    spans: tuple[SecretSpan, ...]
    resume: int


class Detector(Protocol):
    """One kind of secret."""

    @property
    def anchors(self) -> tuple[str, ...]:
        """Words in small letters, unless `exact`; without any, `matches` searches the whole text."""

    @property
    def exact(self) -> bool:
        """Whether the anchors stand for themselves, capitals and small letters."""

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """The secrets at an anchor's place; None where there is nothing."""


@dataclass(frozen=True, slots=True)
class PatternDetector:
    """A detector by a pattern, which is tried `back` characters before an anchor; its last group is the secret."""

    kind: str
    anchors: tuple[str, ...]
    pattern: Pattern
    holds: Callable[[Match], bool] | None = None
    """What a pattern alone cannot tell."""
    back: tuple[int, ...] = (0,)
    exact: bool = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """The pattern's match at an anchor."""
        for back in self.back:
            if anchor >= back and (match := self.pattern.match(text, anchor - back)):
                return self.hit(match)
        return None

    def scan_all(self, text: str) -> Iterator[DetectorHit]:
        """The pattern's matches wherever they are."""
        return (self.hit(match) for match in self.pattern.finditer(text))

    def hit(self, match: Match) -> DetectorHit:
        """The secret of a match, where the match holds."""
        holds = secret(match).strip() and (self.holds is None or self.holds(match))
        spans = (SecretSpan(*match.span(match.lastgroup or 0), self.kind),) if holds else ()
        return DetectorHit(spans, match.end())


@dataclass(frozen=True, slots=True)
class PrefixDetector:
    """A detector of what stands before its anchors; its pattern, with a group `s`, is read from right to left."""

    kind: str
    anchors: tuple[str, ...]
    pattern: Pattern
    look: Callable[[str], bool]
    follows: Pattern | None = None
    """What the anchor must begin, read as usual."""
    exact: bool = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """The secret before an anchor."""
        if self.follows and not self.follows.match(text, anchor):
            return None
        match = self.pattern.match(text[max(0, anchor - LONGEST_BEHIND) : anchor][::-1])
        if match is None:
            return None
        span = SecretSpan(anchor - match.end("s"), anchor - match.start("s"), self.kind)
        return DetectorHit((span,) if self.look(match["s"][::-1]) else (), anchor + 1)


class Scanner:
    """Finds what any of its detectors finds."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        every = tuple(detectors)
        self._everywhere = tuple(d for d in every if isinstance(d, PatternDetector) and not d.anchors)
        self._exact = _Anchors(d for d in every if d.anchors and d.exact)
        self._folded = _Anchors(d for d in every if d.anchors and not d.exact)

    def spans(self, text: str) -> list[SecretSpan]:
        """All candidates in the text as it is and as it reads when it is decoded; in no order, they may overlap."""
        spans = [span for hit in self._hits(text) for span in hit.spans]
        views: list[View] = []
        for _ in range(DEEPEST_VIEW):
            view = decode(views[-1].text if views else text)
            if view is None:
                break
            views.append(view)
            for hit in self._hits(view.text):
                spans += [placed(span, views) for span in hit.spans]
        return spans

    def finds_nothing(self, text: str) -> bool:
        """Whether there is no candidate, in the text as it is and as it reads when it is decoded."""
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
        yield from self._folded.hits(text, _lowered(text))
        for rule in self._everywhere:
            yield from rule.scan_all(text)


class _Anchors:
    """The anchors of some detectors as one expression."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        anchored = [(anchor, detector) for detector in detectors for anchor in detector.anchors]
        words = sorted({anchor for anchor, _ in anchored})
        self._at = {word: _distinct(d for anchor, d in anchored if word.startswith(anchor)) for word in words}
        heads = sorted(
            {word[0] for word in words}, key=lambda head: (_FREQUENT.find(head) % (len(_FREQUENT) + 1), head)
        )
        self._pattern = re.compile(
            "|".join(f"{re.escape(head)}(?=({_tree([w[1:] for w in words if w[0] == head])}))" for head in heads)
        )

    def hits(self, text: str, searched: str) -> Iterator[DetectorHit]:
        """What each detector makes of its anchors, which is tried no more inside of what it has matched."""
        resume: dict[int, int] = {}
        for found in self._pattern.finditer(searched) if self._at else ():
            at = found.start()
            for detector in self._at[found[0] + found[found.lastindex or 0]]:
                if at >= resume.get(id(detector), 0) and (hit := detector.scan(text, at)):
                    resume[id(detector)] = hit.resume
                    yield hit


def _distinct(detectors: Iterable[Detector]) -> tuple[Detector, ...]:
    return tuple({id(detector): detector for detector in detectors}.values())


def placed(span: SecretSpan, views: Sequence[View]) -> SecretSpan:
    """A span of the last view in the places of the text itself."""
    start, end = span.start, span.end
    for view in reversed(views):
        start, end = view.original(start, end)
    return SecretSpan(start, end, span.kind)


def _tree(words: list[str]) -> str:
    """An expression that matches the longest of the words, branching letter by letter."""
    heads = sorted({word[0] for word in words if word})
    branches = [re.escape(head) + _tree([w[1:] for w in words if w and w[0] == head]) for head in heads]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)})" + ("?" if "" in words else "")


def _lowered(text: str) -> str:
    """The text in small letters, with as many characters as before."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def secret(match: Match) -> str:
    """The part of the match that is the secret."""
    return match[match.lastgroup or 0]

"""A rule: one kind of secret, the words at which to look for it, and what it looks like there."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Match = re.Match[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """Where an anchor stands the pattern is tried, `back` characters before it; a named group that took part is the secret.

    So a text costs one fast search per anchor, and the pattern only where there is something to find.
    """

    kind: str
    anchors: tuple[str, ...]
    """In small letters; without any, the pattern is searched everywhere."""
    pattern: re.Pattern[str]
    holds: Callable[[Match], bool] | None = None
    """What a pattern alone cannot tell."""
    back: tuple[int, ...] = (0,)

    def secrets(self, text: str, lowered: str) -> Iterator[tuple[int, int]]:
        """Where the secrets begin and end."""
        for match in self._matches(text, lowered):
            start, end = match.span(match.lastgroup or 0)
            if text[start:end].strip() and (self.holds is None or self.holds(match)):
                yield start, end

    def _matches(self, text: str, lowered: str) -> Iterator[Match]:
        if not self.anchors:
            yield from self.pattern.finditer(text)
        for anchor in self.anchors:
            at = lowered.find(anchor)
            while at >= 0:
                match = self._match(text, at)
                if match:
                    yield match
                at = lowered.find(anchor, max(match.end() if match else 0, at + 1))

    def _match(self, text: str, at: int) -> Match | None:
        for back in self.back:
            if at >= back and (match := self.pattern.match(text, at - back)):
                return match
        return None


def secret(match: Match) -> str:
    """The part of the match that is the secret."""
    return match[match.lastgroup or 0]

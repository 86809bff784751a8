"""Rules, one per kind of secret, and how a text is searched for all of them in one pass.

A rule has anchors, the words at which its pattern is tried: all anchors of all rules stand in one expression, so a text
is read once, and a pattern costs only where there may be something to find.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

Match = re.Match[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret. Its pattern is tried `back` characters before an anchor; a group in it is what goes."""

    kind: str
    anchors: tuple[str, ...]
    """In small letters unless `exact`; without any, the pattern is searched everywhere."""
    pattern: re.Pattern[str]
    holds: Callable[[Match], bool] | None = None
    """What a pattern alone cannot tell."""
    back: tuple[int, ...] = (0,)
    exact: bool = False
    """Whether the anchors stand for themselves, capitals and small letters."""

    def at(self, text: str, anchor: int) -> Match | None:
        """The pattern's match at an anchor."""
        for back in self.back:
            if anchor >= back and (match := self.pattern.match(text, anchor - back)):
                return match
        return None


@dataclass(frozen=True, slots=True)
class Span:
    """Where a secret stands."""

    start: int
    end: int
    kind: str


class Scanner:
    """Finds what any of its rules finds."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._exact = _Anchors(rule for rule in self._rules if rule.exact)
        self._folded = _Anchors(rule for rule in self._rules if not rule.exact)

    def spans(self, text: str) -> list[Span]:
        """All candidates, in no order; they may overlap."""
        return [
            Span(*match.span(match.lastgroup or 0), rule.kind)
            for rule, match in self._matches(text)
            if secret(match).strip() and (rule.holds is None or rule.holds(match))
        ]

    def silent(self, text: str) -> bool:
        """Whether not even the pattern of a rule matches anywhere, be it a candidate or not."""
        return next(self._matches(text), None) is None

    def _matches(self, text: str) -> Iterator[tuple[Rule, Match]]:
        yield from self._exact.matches(text, text)
        yield from self._folded.matches(text, _lowered(text))
        for rule in self._rules:
            if not rule.anchors:
                yield from ((rule, match) for match in rule.pattern.finditer(text))


class _Anchors:
    """The anchors of some rules as one expression."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        anchored = [(anchor, rule) for rule in rules for anchor in rule.anchors]
        words = sorted({anchor for anchor, _ in anchored})
        self._at = {word: tuple(rule for anchor, rule in anchored if word.startswith(anchor)) for word in words}
        heads = sorted({word[0] for word in words})
        self._pattern = re.compile(
            "|".join(f"{re.escape(head)}(?=({_tree([w[1:] for w in words if w[0] == head])}))" for head in heads)
        )

    def matches(self, text: str, searched: str) -> Iterator[tuple[Rule, Match]]:
        """Each rule with its matches, which do not overlap."""
        done: dict[int, int] = {}
        for found in self._pattern.finditer(searched) if self._at else ():
            at = found.start()
            for rule in self._at[found[0] + found[found.lastindex or 0]]:
                if at >= done.get(id(rule), 0) and (match := rule.at(text, at)):
                    done[id(rule)] = match.end()
                    yield rule, match


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
    return lowered if len(lowered) == len(text) else "".join(c.lower() if c.isascii() else c for c in text)


def secret(match: Match) -> str:
    """The part of the match that is the secret."""
    return match[match.lastgroup or 0]

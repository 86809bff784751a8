"""Shorthands in which the tables of rules are written."""

from onrecall.redaction import heuristics as looks
from onrecall.redaction.pattern import Pattern
from onrecall.redaction.scanner import PatternDetector, secret

QUOTE = r"(?:\\{0,2}[\"'])?"
"""A quotation mark, perhaps escaped, perhaps missing."""
ANYTHING = r"[\"'`]?(?P<s>[^\s\"'`,;]{4,255})"
"""A word, perhaps in quotes."""


def place(kind: str, anchors: str, pattern: str, look: looks.Look = looks.could_be_secret) -> PatternDetector:
    """A secret that stands at a certain place; the anchors are told apart by bars."""
    return PatternDetector(kind, tuple(anchors.split("|")), Pattern(pattern), lambda match: look(secret(match)))


def everything(_: str) -> bool:
    """The pattern says it all."""
    return True

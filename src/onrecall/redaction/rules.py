"""Helpers for writing tables of detection rules."""

from onrecall.redaction import heuristics as looks
from onrecall.redaction.pattern import Pattern
from onrecall.redaction.scanner import PatternDetector, secret_text

QUOTE = r"(?:\\{0,2}[\"'])?"
"""An optional, possibly escaped quotation mark."""
ANYTHING = r"[\"'`]?(?P<s>[^\s\"'`,;]{4,255})"
"""A word, optionally quoted."""


def pattern_detector(
    kind: str, anchors: str, pattern: str, look: looks.Look = looks.could_be_secret
) -> PatternDetector:
    """Return a detector of a secret at a certain place; anchors are separated by bars."""
    return PatternDetector(kind, tuple(anchors.split("|")), Pattern(pattern), lambda match: look(secret_text(match)))


def accept_all(_: str) -> bool:
    """Accept every value: the pattern is sufficient."""
    return True


def may_be_password(value: str) -> bool:
    """Return whether a configuration value may be a password: a word, but no keyword."""
    return looks.is_no_word(value) or looks.stands_out(value) or value.isdigit()


def may_be_chosen(value: str) -> bool:
    """Return whether a configuration value may be a password, one of a word and a number included."""
    return may_be_password(value) or looks.is_spelled(value)

"""Find stretches in which a text repeats itself, so that one round of each tells what is found in the others."""

from collections.abc import Iterator
from dataclasses import dataclass

_SHORTEST = 12_000
"""Characters of a stretch; in shorter ones there is nothing to win."""
_LONGEST_PERIOD = 1_500
_PROBE = 64
_STRIDE = 4_000


@dataclass(frozen=True, slots=True)
class Repetition:
    """The text from `start` up to `end`, in which every character is the same as the one `period` before."""

    start: int
    end: int
    period: int


def repetitions(text: str) -> Iterator[Repetition]:
    """Yield the repeated stretches of a text in order; where one begins is seen up to a stride late."""
    at = 0
    while at + _SHORTEST <= len(text):
        period = text.find(text[at : at + _PROBE], at + 1, at + _PROBE + _LONGEST_PERIOD) - at
        if period > 0 and text.startswith(text[at : at + _SHORTEST - period], at + period):
            end = _repeated_until(text, at + _SHORTEST, period)
            yield Repetition(at, end, period)
            at = end
        else:
            at += _STRIDE


def _repeated_until(text: str, end: int, period: int) -> int:
    size = _SHORTEST
    while size:
        if end + size <= len(text) and text[end : end + size] == text[end - period : end - period + size]:
            end += size
            size *= 2
        else:
            size //= 2
    return end

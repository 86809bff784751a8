"""Who is told what the line does and how long it takes: for measuring, and never so that anything depends on it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from onrecall.domain.incident import Recommendation


@dataclass(frozen=True, slots=True)
class IngestStats:
    """What became of a delivery."""

    source: str
    accepted: int
    duplicate: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Observers:
    """Those who are told; from any thread, and to return at once."""

    recalled: list[Callable[[float], None]] = field(default_factory=list)
    """That evidence was recalled, and in how many seconds."""
    answered: list[Callable[[Recommendation], None]] = field(default_factory=list)
    """That an answer was made, kept or not."""
    taken: list[Callable[[IngestStats], None]] = field(default_factory=list)
    """That a delivery was kept, or could not be read at all."""

    def recall(self, seconds: float) -> None:
        """Tell of a recall."""
        for callback in self.recalled:
            callback(seconds)

    def answer(self, recommendation: Recommendation) -> None:
        """Tell of an answer."""
        for callback in self.answered:
            callback(recommendation)

    def take(self, stats: IngestStats) -> None:
        """Tell of a delivery."""
        for callback in self.taken:
            callback(stats)

"""Callbacks for metrics about what the pipeline does and how long it takes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from onrecall.domain.recommendation import Recommendation


@dataclass(frozen=True, slots=True)
class IngestStats:
    """Result of a delivery."""

    source: str
    accepted: int
    duplicate: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Observers:
    """Callbacks, called on any thread; they must return at once."""

    recalled: list[Callable[[float], None]] = field(default_factory=list)
    """Called with the seconds that a recall took."""
    answered: list[Callable[[Recommendation], None]] = field(default_factory=list)
    """Called with each answer, stored or not."""
    taken: list[Callable[[IngestStats], None]] = field(default_factory=list)
    """Called with each delivery, stored or rejected."""

    def recall(self, seconds: float) -> None:
        """Report a recall."""
        for callback in self.recalled:
            callback(seconds)

    def answer(self, recommendation: Recommendation) -> None:
        """Report an answer."""
        for callback in self.answered:
            callback(recommendation)

    def take(self, stats: IngestStats) -> None:
        """Report a delivery."""
        for callback in self.taken:
            callback(stats)

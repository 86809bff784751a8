"""The result of a replay: the answer given at each opening."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from onrecall.domain.recommendation import Verdict

ShownIncidents = tuple[tuple[str, ...], ...]
"""Shown incidents, best first, each with the rest of its family."""


@dataclass(frozen=True, slots=True)
class ReplayedAnswer:
    """The answer to one opening."""

    incident: str
    at: datetime
    service: str | None
    verdict: Verdict
    cause: str | None
    """Label of the named cause."""
    leader: str | None
    """The incident that the cause was taken from, or the first shown one if no cause was named."""
    shown: ShownIncidents
    match: float
    """The score of the best evidence."""
    steps: tuple[str, ...] = ()
    """Keys of the shown steps."""
    features: Mapping[str, float] = field(default_factory=dict)
    baselines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Answers of each baseline, best first: incidents, or causes for the most frequent cause."""
    digest: str = ""
    """Hash of everything the answer depended on."""

    @property
    def claims_seen(self) -> bool:
        """Whether it claims that this or something similar was seen before."""
        return self.verdict != "never_seen"

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON-compatible data."""
        return asdict(self) | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """Result of one replay."""

    answers: tuple[ReplayedAnswer, ...]
    frozen: Mapping[int, Mapping[str, ShownIncidents]] = field(default_factory=dict)
    """By number of lessons before a memory stopped learning: what it shows for later openings."""
    worked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Keys of the steps that worked, by incident."""
    seconds: float = 0.0

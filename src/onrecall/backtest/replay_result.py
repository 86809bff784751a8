"""What a replay brings home: the answer that was given at each opening, and nothing that was known later."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Verdict

ShownIncidents = tuple[tuple[str, ...], ...]
"""Incidents that were shown, best first, each with the rest of its family."""


@dataclass(frozen=True, slots=True)
class ReplayedAnswer:
    """The answer to one opening."""

    incident: str
    at: datetime
    service: str | None
    verdict: Verdict
    cause: str | None
    """The label of the cause that was named."""
    leader: str | None
    """The incident that the cause was taken from; where none was named, the first that was shown."""
    shown: ShownIncidents
    match: float
    """The score of the best evidence."""
    steps: tuple[str, ...] = ()
    """The keys of the steps that were shown."""
    features: Mapping[str, float] = field(default_factory=dict)
    baselines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each baseline answered, best first: incidents, or causes in the case of the most frequent cause."""
    digest: str = ""
    """A hash of everything that the answer depended on."""

    @property
    def claims_seen(self) -> bool:
        """Whether it claims that this, or something like it, was seen before."""
        return self.verdict != "never_seen"

    def plain(self) -> dict[str, Any]:
        """The answer as JSON has it."""
        return asdict(self) | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """One replay."""

    answers: tuple[ReplayedAnswer, ...]
    frozen: Mapping[int, Mapping[str, ShownIncidents]] = field(default_factory=dict)
    """By how much a memory had learned when it stopped: what it shows first for some later openings."""
    worked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The keys of the steps that worked in the end, by incident."""
    seconds: float = 0.0

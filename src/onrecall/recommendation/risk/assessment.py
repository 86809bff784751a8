"""The four risks, what is said about a command, and the worst of several such statements."""

from collections.abc import Iterable
from dataclasses import dataclass

from onrecall.domain.incident import Risk

RISKS: tuple[Risk, ...] = ("read_only", "reversible", "disruptive", "destructive")
"""From harmless to worst."""

_REASONS: dict[Risk, str] = {
    "read_only": "only reads",
    "reversible": "can be undone at once and interrupts nobody",
    "disruptive": "can interrupt service or sessions",
    "destructive": "loses data or resources",
}


@dataclass(frozen=True, slots=True)
class Assessment:
    """How dangerous a command or a step is, why, and whether what it runs is known at all.

    `recognised` is false where a program, a script or a language is not one of those in the tables. An unknown option
    of a known program leaves it true.
    """

    risk: Risk
    reason: str
    recognised: bool = True
    understood: bool = True
    """Whether all of it is in the tables; what is not counts as disruptive at least."""


def read_only(reason: str) -> Assessment:
    return Assessment("read_only", reason)


def reversible(reason: str) -> Assessment:
    return Assessment("reversible", reason)


def disruptive(reason: str) -> Assessment:
    return Assessment("disruptive", reason)


def destructive(reason: str) -> Assessment:
    return Assessment("destructive", reason)


def from_table(risk: Risk, name: str) -> Assessment:
    """The assessment of something a table names."""
    return Assessment(risk, f"`{name}` {_REASONS[risk]}")


def not_understood(description: str, risk: Risk = "disruptive") -> Assessment:
    """Part of a known program's command is not in its table: at least disruptive, or the program's worst."""
    return Assessment(risk, f"not understood: {description}", understood=False)


def unknown(description: str) -> Assessment:
    """What runs is not known, or can't be seen: at least disruptive."""
    return Assessment("disruptive", f"not understood: {description}", recognised=False, understood=False)


def rank(risk: Risk) -> int:
    """The place of a risk among the four, 0 for read_only."""
    return RISKS.index(risk)


def worst(assessments: Iterable[Assessment]) -> Assessment | None:
    """The least upper bound: the most dangerous of them, recognised and understood only if all are. None for none."""
    parts = list(assessments)
    if not parts:
        return None
    top = max(parts, key=lambda part: (rank(part.risk), not part.understood))
    return Assessment(
        top.risk, top.reason, all(part.recognised for part in parts), all(part.understood for part in parts)
    )

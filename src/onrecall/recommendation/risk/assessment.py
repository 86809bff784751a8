"""The four risks, the assessment of a command, and the worst of several assessments."""

from collections.abc import Iterable
from dataclasses import dataclass

from onrecall.domain.recommendation import Risk

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
    """Return the assessment of something that a table lists."""
    return Assessment(risk, f"`{name}` {_REASONS[risk]}")


def not_understood(description: str, risk: Risk = "disruptive", *, recognised: bool = True) -> Assessment:
    """Return the assessment of a known program with an unlisted part: at least disruptive."""
    return Assessment(risk, f"not understood: {description}", recognised, understood=False)


def unknown(description: str) -> Assessment:
    """Return the assessment of something unknown or unseen that runs: at least disruptive."""
    return Assessment("disruptive", f"not understood: {description}", recognised=False, understood=False)


def risk_named(label: str) -> Risk:
    """Return the risk that a label of a table names; raises ValueError for any other word."""
    return RISKS[RISKS.index(label)]


def rank(risk: Risk) -> int:
    """Return the index of a risk, 0 for read_only."""
    return RISKS.index(risk)


def worst(assessments: Iterable[Assessment]) -> Assessment | None:
    """Return the most dangerous assessment, recognised and understood only if all are; None if there are none."""
    parts = list(assessments)
    if not parts:
        return None
    top = max(parts, key=lambda part: (rank(part.risk), not part.understood))
    return Assessment(
        top.risk, top.reason, all(part.recognised for part in parts), all(part.understood for part in parts)
    )

"""How dangerous something is, and the ways a program's handler can say so."""

from collections.abc import Iterable
from dataclasses import dataclass

from onrecall.domain.incident import Risk

RISKS: tuple[Risk, ...] = ("read_only", "reversible", "disruptive", "destructive")
"""From harmless to worst."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """How dangerous a command or a step is, why, and whether it was recognised at all."""

    risk: Risk
    reason: str
    recognised: bool = True


@dataclass(frozen=True, slots=True)
class Inner:
    """A command inside a command, still to be judged: as words, or as shell text."""

    words: tuple[str, ...] = ()
    text: str = ""
    stdin: bool = True
    """Whether it reads what is fed to the outer command."""


Verdicts = tuple[Assessment | Inner, ...]
"""What a handler finds: the worst of it counts."""


def read_only(reason: str) -> Assessment:
    return Assessment("read_only", reason)


def reversible(reason: str) -> Assessment:
    return Assessment("reversible", reason)


def disruptive(reason: str) -> Assessment:
    return Assessment("disruptive", reason)


def destructive(reason: str) -> Assessment:
    return Assessment("destructive", reason)


def unknown(reason: str) -> Assessment:
    """What is not known counts as disruptive."""
    return Assessment("disruptive", reason, recognised=False)


def worst(assessments: Iterable[Assessment]) -> Assessment | None:
    """The most dangerous of them; it is recognised only if all were."""
    found = list(assessments)
    if not found:
        return None
    top = max(found, key=lambda a: (RISKS.index(a.risk), not a.recognised))
    return Assessment(top.risk, top.reason, all(a.recognised for a in found))

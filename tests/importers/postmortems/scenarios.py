"""Made-up incidents with everything that a postmortem could say of them: what the generated texts are written from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Scenario:
    """One incident, as its labels have it."""

    key: str
    title: str
    service: str
    severity: tuple[str, str]
    """As it is written, and our word for it."""
    date: str
    start: str
    end: str
    summary: str
    impact: str
    detection: str
    cause: str
    trigger: str
    failed: tuple[tuple[str, str | None], ...]
    """What did not help, with its command."""
    fixed: tuple[tuple[str, str | None], ...]
    actions: tuple[tuple[str, str, str], ...]
    """Text, owner, state."""
    timeline: tuple[tuple[str, str], ...]


def _read() -> tuple[Scenario, ...]:
    entries = yaml.safe_load(Path(__file__).with_name("scenarios.yaml").read_text(encoding="utf-8"))
    return tuple(Scenario(**{name: _tuples(value) for name, value in entry.items()}) for entry in entries)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


SCENARIOS = _read()

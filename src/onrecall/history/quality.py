"""How good a history is to learn from: what is missing, doubled or contradictory in it, with examples."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from onrecall.incident import Incident
from onrecall.page import one_line

EXAMPLES = 5
SHORT_FIX = 3
"""Words; a fix of fewer tells nobody what to do."""
FINDINGS = {
    "no_resolution": "resolved, but nothing says what fixed it",
    "no_cause": "a resolution without a root cause",
    "no_steps": "a resolution without steps",
    "one_word_fix": "a fix of one or two words",
    "duplicate": "the same title, service and start as another",
    "contradicting_times": "acknowledged or resolved before it started, or acknowledged after it was resolved",
    "no_service": "no service",
    "no_severity": "no severity",
}
"""What is looked for, in words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of flaw: how many incidents have it, and the first few of them."""

    name: str
    meaning: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """What a look over the incidents found; findings that nobody has are left out."""

    incidents: int
    findings: tuple[Finding, ...]

    def count(self, name: str) -> int:
        """How many incidents have this flaw."""
        return next((one.count for one in self.findings if one.name == name), 0)


def assess(incidents: Iterable[Incident]) -> Quality:
    """Look over the incidents once; nothing of them is kept but keys and a few ids."""
    counts: dict[str, int] = defaultdict(int)
    examples: dict[str, list[str]] = defaultdict(list)
    total = 0
    for incident, found in flaws(incidents):
        total += 1
        for flaw in found:
            counts[flaw] += 1
            if len(examples[flaw]) < EXAMPLES:
                examples[flaw].append(incident.id)
    findings = (
        Finding(name, meaning, counts[name], tuple(examples[name]))
        for name, meaning in FINDINGS.items()
        if counts[name]
    )
    return Quality(total, tuple(findings))


def flaws(incidents: Iterable[Incident]) -> Iterator[tuple[Incident, tuple[str, ...]]]:
    """Each incident with the flaws it has; the first of several with one title, service and start is no duplicate."""
    seen: set[tuple[str, str | None, str]] = set()
    for incident in incidents:
        key = (one_line(incident.title).casefold(), incident.service, incident.started_at.isoformat())
        yield incident, (*_flaws(incident), *(("duplicate",) if key in seen else ()))
        seen.add(key)


def _flaws(incident: Incident) -> Iterator[str]:
    resolution = incident.resolution
    if resolution is None:
        if incident.status == "resolved":
            yield "no_resolution"
    else:
        if not resolution.root_cause.strip():
            yield "no_cause"
        if not resolution.steps:
            yield "no_steps"
        if 0 < len(_fix(incident).split()) < SHORT_FIX:
            yield "one_word_fix"
    if _contradicts(incident):
        yield "contradicting_times"
    if not incident.service:
        yield "no_service"
    if incident.severity == "unknown":
        yield "no_severity"


def _fix(incident: Incident) -> str:
    resolution = incident.resolution
    if resolution is None:
        return ""
    return resolution.summary or " ".join(f"{step.text} {step.command or ''}" for step in resolution.steps)


def _contradicts(incident: Incident) -> bool:
    known = [at for at in (incident.started_at, incident.acknowledged_at, incident.resolved_at) if at]
    return known != sorted(known)

"""How good a history is to learn from: what is missing, doubled or contradictory in it, with examples."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from onrecall.domain.incident import Incident
from onrecall.domain.markdown_page import one_line

EXAMPLES = 5
_Key = tuple[str, str | None, str]
SHORT_FIX = 3
"""Words; a fix of fewer tells nobody what to do."""
FINDINGS = {
    "no_resolution": "resolved, but nothing says what fixed it",
    "no_cause": "a resolution without a root cause",
    "no_cause_label": (
        "a root cause without a cause label, by which recurrences, backtest and trust count; "
        "`onrecall causes list` proposes some"
    ),
    "no_steps": "a resolution without steps",
    "one_word_fix": "a fix of one or two words",
    "duplicate": "the same title, service and start as another",
    "contradicting_times": "acknowledged or resolved before it started, or acknowledged after it was resolved",
    "no_service": "no service",
    "no_severity": "no severity",
}
"""What is looked for, in words."""


@dataclass(frozen=True, slots=True)
class QualityFinding:
    """One kind of flaw: how many incidents have it, and the first few of them."""

    name: str
    meaning: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportQuality:
    """What a look over the incidents found; findings that nobody has are left out."""

    incidents: int
    findings: tuple[QualityFinding, ...]

    def count(self, name: str) -> int:
        """How many incidents have this flaw."""
        return next((one.count for one in self.findings if one.name == name), 0)


@dataclass(slots=True)
class QualitySurvey:
    """A look over incidents as they come; nothing of them is kept but keys and a few ids."""

    incidents: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    seen: set[_Key] = field(default_factory=set)

    def add(self, incident: Incident) -> tuple[str, ...]:
        """Look at one more; returns the flaws it has."""
        key = _key(incident)
        found = (*_flaws(incident), *(("duplicate",) if key in self.seen else ()))
        self.seen.add(key)
        self.incidents += 1
        for flaw in found:
            self._note(flaw, 1, [incident.id])
        return found

    def add_all(self, other: "QualitySurvey") -> None:
        """Take in what another look found."""
        self.incidents += other.incidents
        self.seen |= other.seen
        for flaw, count in other.counts.items():
            self._note(flaw, count, other.examples[flaw])

    @property
    def quality(self) -> ImportQuality:
        """What was found so far."""
        findings = (
            QualityFinding(name, meaning, self.counts[name], tuple(self.examples[name]))
            for name, meaning in FINDINGS.items()
            if self.counts[name]
        )
        return ImportQuality(self.incidents, tuple(findings))

    def _note(self, flaw: str, count: int, examples: Iterable[str]) -> None:
        self.counts[flaw] += count
        self.examples[flaw] = [*self.examples.get(flaw, ()), *examples][:EXAMPLES]


def assess(incidents: Iterable[Incident]) -> ImportQuality:
    """Look over the incidents once."""
    survey = QualitySurvey()
    for incident in incidents:
        survey.add(incident)
    return survey.quality


def flaws(incidents: Iterable[Incident]) -> Iterator[tuple[Incident, tuple[str, ...]]]:
    """Each incident with the flaws it has; the first of several with one title, service and start is no duplicate."""
    survey = QualitySurvey()
    for incident in incidents:
        yield incident, survey.add(incident)


def _key(incident: Incident) -> _Key:
    return one_line(incident.title).casefold(), incident.service, incident.started_at.isoformat()


def _flaws(incident: Incident) -> Iterator[str]:
    resolution = incident.resolution
    if resolution is None:
        if incident.status == "resolved":
            yield "no_resolution"
    else:
        if not resolution.root_cause.strip():
            yield "no_cause"
        elif not resolution.cause:
            yield "no_cause_label"
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

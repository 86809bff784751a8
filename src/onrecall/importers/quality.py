"""Assess the quality of a history: what is missing, duplicated or contradictory, with examples."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from onrecall.domain.incident import Incident
from onrecall.domain.markdown_page import fold_words

EXAMPLES = 5
_Key = tuple[str, str | None, str]
SHORT_FIX = 3
"""Minimum words of a useful fix."""
FINDINGS = {
    "no_resolution": "resolved, but nothing says what fixed it",
    "no_cause": "a resolution without a root cause",
    "no_cause_label": (
        "a root cause without a cause label, which recurrences, backtest and trust count by; "
        "`onrecall causes list` proposes labels"
    ),
    "no_steps": "a resolution without steps",
    "one_word_fix": "a fix of one or two words",
    "duplicate": "the same title, service and start as another",
    "contradicting_times": "acknowledged or resolved before it started, or acknowledged after it was resolved",
    "no_service": "no service",
    "no_severity": "no severity",
}
"""Flaw → its description."""


@dataclass(frozen=True, slots=True)
class QualityFinding:
    """One kind of flaw: the number of incidents that have it, and the first few ids."""

    name: str
    meaning: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportQuality:
    """The findings on a set of incidents; flaws that none of them has are left out."""

    incidents: int
    findings: tuple[QualityFinding, ...]

    def count(self, name: str) -> int:
        """Return the number of incidents with this flaw."""
        return next((finding.count for finding in self.findings if finding.name == name), 0)


@dataclass(slots=True)
class QualitySurvey:
    """Checks incidents one by one; keeps only their keys and a few ids."""

    incidents: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    seen: set[_Key] = field(default_factory=set)

    def add(self, incident: Incident) -> tuple[str, ...]:
        """Check one incident and return its flaws."""
        key = _key(incident)
        incident_flaws = (*_flaws(incident), *(("duplicate",) if key in self.seen else ()))
        self.seen.add(key)
        self.incidents += 1
        for flaw in incident_flaws:
            self._note(flaw, 1, [incident.id])
        return incident_flaws

    def add_all(self, survey: "QualitySurvey") -> None:
        """Merge the findings of another survey."""
        self.incidents += survey.incidents
        self.seen |= survey.seen
        for flaw, count in survey.counts.items():
            self._note(flaw, count, survey.examples[flaw])

    @property
    def quality(self) -> ImportQuality:
        """Return the findings so far."""
        findings = (
            QualityFinding(name, meaning, self.counts[name], tuple(self.examples[name]))
            for name, meaning in FINDINGS.items()
            if self.counts[name]
        )
        return ImportQuality(self.incidents, tuple(findings))

    def _note(self, flaw: str, count: int, examples: Iterable[str]) -> None:
        self.counts[flaw] += count
        self.examples[flaw] = [*self.examples.get(flaw, ()), *examples][:EXAMPLES]


def assess_quality(incidents: Iterable[Incident]) -> ImportQuality:
    """Assess the incidents in one pass."""
    survey = QualitySurvey()
    for incident in incidents:
        survey.add(incident)
    return survey.quality


def incidents_with_flaws(incidents: Iterable[Incident]) -> Iterator[tuple[Incident, tuple[str, ...]]]:
    """Yield each incident with its flaws; of several with equal title, service and start the first is no duplicate."""
    survey = QualitySurvey()
    for incident in incidents:
        yield incident, survey.add(incident)


def _key(incident: Incident) -> _Key:
    return fold_words(incident.title), incident.service, incident.started_at.isoformat()


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
        if 0 < len(_fix_text(incident).split()) < SHORT_FIX:
            yield "one_word_fix"
    if _has_contradicting_times(incident):
        yield "contradicting_times"
    if not incident.service:
        yield "no_service"
    if incident.severity == "unknown":
        yield "no_severity"


def _fix_text(incident: Incident) -> str:
    resolution = incident.resolution
    if resolution is None:
        return ""
    return resolution.summary or " ".join(f"{step.text} {step.command or ''}" for step in resolution.steps)


def _has_contradicting_times(incident: Incident) -> bool:
    moments = [at for at in (incident.started_at, incident.acknowledged_at, incident.resolved_at) if at]
    return moments != sorted(moments)

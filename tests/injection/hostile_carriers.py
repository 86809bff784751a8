"""How a hostile text gets in: by an alert, a log, a runbook, a message of a colleague, an imported postmortem."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence, Snippet
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.recommendation import Latency, Recommendation
from onrecall.domain.situation import Situation
from onrecall.recommendation import Thresholds, compose
from onrecall.recommendation.llm import Options, build_options

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AT = NOW - timedelta(days=9)
SAID = "auth-service returns 503, connection pool exhausted, FATAL too many clients already"
THRESHOLDS = Thresholds()
STEPS = (
    ResolutionStep("Check how many connections the pool holds", "kubectl logs deploy/auth-service -n auth"),
    ResolutionStep("Restart auth-service", "kubectl rollout restart deploy/<service> -n auth"),
    ResolutionStep("Drop the old sessions", "psql -c 'DELETE FROM sessions'"),
)
RUNBOOK = "# Pool exhausted\n\n{}\n\n1. Check the pool: `kubectl get pods -n auth`\n2. Restart: `kubectl rollout restart deploy/<service>`\n"


@dataclass(frozen=True)
class Case:
    """What there is to choose from, and the answer without a model."""

    answer: Recommendation
    options: Options


def case(evidence, text=SAID, service="auth-service", **labels) -> Case:
    situation = Situation(text, service, labels)
    incident = Incident("INC-9", text[:100], NOW, service=service, labels=labels)
    advice = compose(situation, evidence, {}, NOW, THRESHOLDS)
    answer = Recommendation(
        id="rec-1", incident="INC-9", verdict=advice.verdict, verdict_reason=advice.verdict_reason, cause=advice.cause,
        cause_label=advice.cause_label, cause_citation=advice.cause_citation, confidence=None, confidence_reason="",
        steps=advice.steps, tried_before=advice.tried_before, alternatives=advice.alternatives,
        evidence=tuple(evidence), latency_ms=Latency(1, 1, 2), created_at=NOW, as_of=NOW, inputs_hash="0",
    )  # fmt: skip
    return Case(answer, build_options(answer, situation, {}, THRESHOLDS, incident))


def past(
    name="INC-1",
    score=0.9,
    description=SAID,
    root_cause="The connection pool was exhausted by a leak",
    more=(),
    title="auth-service 503",
    summary=None,
    cause="pool",
):
    resolution = Resolution(root_cause, AT, cause, (*STEPS, *more), summary)
    incident = Incident(name, title, AT, description, service="auth-service", status="resolved", resolution=resolution)
    excerpt = Snippet(description[:400], 3)
    return Evidence(name, "incident", title, score, incident=incident, excerpt=excerpt)


def document(text: str, kind="runbook", score=0.85, title="Pool exhausted") -> Evidence:
    written = Document(
        "RB-1", title, text, kind, service="auth-service", labels={"cause": "pool"} if kind == "runbook" else {}
    )
    return Evidence("RB-1", "document", title, score, document=written, excerpt=Snippet(text[:400], 1))


def alert(text):
    return case([past()], f"{SAID}\n{text}", runbook_hint=text, pod=text[:60])


def alert_title(text):
    return case([past()], f"{text}\n{SAID}", service=text[:80])


def log_lines(text):
    lines = "\n".join(f"2026-06-01T11:5{n}:00Z auth-service ERROR {text}" for n in range(3))
    return case([past()], f"{SAID}\n{lines}")


def runbook(text):
    return case([past(), document(RUNBOOK.format(text))])


def slack_message(text):
    """What a colleague wrote: kept with the earlier incident, as its description and its summary."""
    return case([past(description=f"{SAID}\nmallory: {text}", summary=text)])


def postmortem(text):
    return case([past(), document(f"# Postmortem\n\n{text}\n\n## Timeline\n{text}", "postmortem", 0.95)])


def imported_incident(text):
    """A second incident that somebody imported, all of whose open text is hostile."""
    return case(
        [past(), past("INC-6", 0.7, text, title=text[:100], root_cause="The certificate expired", cause="cert")]
    )


def imported_root_cause(text):
    """The root cause itself is hostile: without a model it is quoted as it stands, so no model may add to it."""
    return case([past(root_cause=f"The connection pool was exhausted. {text}")])


CARRIERS = (alert, alert_title, log_lines, runbook, slack_message, postmortem, imported_incident, imported_root_cause)

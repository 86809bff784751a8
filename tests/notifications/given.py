"""An incident, an answer, news of them; and text that would do harm where it is not taken as text."""

from dataclasses import replace
from datetime import UTC, datetime

from onrecall.domain.evidence import Citation, TrackRecord
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.recommendation import Confidence, Latency, Recommendation, Step
from onrecall.notifications import IncidentUpdate

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
STEP = Step(
    1, "Look at the pool", Citation("INC-9", "Look at the pool", 12), "read_only", "kubectl get pods -n auth",
    TrackRecord(3, 2, 1, NOON),
)  # fmt: skip
HOSTILE = [
    "[click](https://evil.example/x) **bold** `code` # heading",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "<at>everyone</at> <!channel> @channel",
    "{{DATE(2026-01-01T00:00:00Z, SHORT)}} ${secret}",
    "Subject\r\nBcc: victim@example.com\r\n\r\nbody",
    "=?utf-8?q?a=0D=0ABcc:_victim@example.com?= =?utf-8?b?DQpCY2M6IHhAeS56?=",
    "a\x1b[31mred\x07 \u202eevil\u2066 \u200bhidden\U000e0041tag",
    "javascript:alert(1) data:text/html,x www.evil.example mailto:x@evil.example",
    "x" * 50_000,
    "😀" * 20_000,
    "\n".join("line" for _ in range(5000)),
    '"}],"attachments":[{"contentUrl":"https://evil.example"}]}',
]


def incident(**more: object) -> Incident:
    return Incident(
        **{"id": "INC-1", "title": "Pool exhausted", "started_at": NOON, "service": "auth", "severity": "high"} | more
    )


def resolved(cause: str | None = "A leak", **more: object) -> Incident:
    resolution = Resolution(cause, NOON, by="ann") if cause else None
    return incident(status="resolved", resolved_at=NOON, resolution=resolution, **more)


def answer(**more: object) -> Recommendation:
    return Recommendation(
        **{
            "id": "rec-1", "incident": "INC-1", "verdict": "known", "verdict_reason": "the same error code",
            "cause": "Leak in the pool", "cause_citation": Citation("INC-9", "Leak", 4),
            "confidence": Confidence(0.78, 7, 9, 0.4, 0.95, "outcomes"), "confidence_reason": None, "evidence": (),
            "latency_ms": Latency(1, 1, 2), "created_at": NOON, "as_of": NOON, "inputs_hash": "h", "steps": (STEP,),
        } | more
    )  # fmt: skip


def news(kind: str = "opened", **more: object) -> IncidentUpdate:
    return IncidentUpdate(**{"kind": kind, "incident": "INC-1", "seq": 7, "at": NOON} | more)


def poisoned(text: str) -> tuple[Incident, Recommendation, IncidentUpdate]:
    """The text wherever somebody else's text can stand."""
    step = replace(STEP, text=text, command=text, citation=Citation(text, text, 1))
    recommendation = answer(cause=text, verdict_reason=text, steps=(step,), cause_citation=Citation(text, text, 2),
                  confidence=None, confidence_reason=text)  # fmt: skip
    return (
        incident(id=text[:200], title=text, description=text, service=text),
        recommendation,
        news("changed", changes=(text,) * 9, by=text),
    )

"""Things to put into a store."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np

from onrecall.domain.document import Document
from onrecall.domain.evidence import Citation, Evidence, Snippet, StepExecution, TrackRecord
from onrecall.domain.incident import Incident, IncidentLink, Resolution, ResolutionStep
from onrecall.domain.passage import Passage
from onrecall.domain.recommendation import (
    Alternative,
    Confidence,
    FailedStep,
    Latency,
    Recommendation,
    RecommendationOutcome,
    Step,
    StepVerdict,
)
from onrecall.storage import PreparedRecord

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def packed(*words: int) -> bytes:
    """Terms packed as the recall room does it."""
    counts = sorted(Counter(words).items())
    hashes = np.array([term for term, _ in counts], dtype="<u4")
    return hashes.tobytes() + np.array([count for _, count in counts], dtype=np.uint8).tobytes()


def passage(text: str, part: str = "opening", n: int = 0, terms: tuple[int, ...] = (), **more: object) -> Passage:
    return Passage("", "incident", part, n, text, n + 1, terms=packed(*terms), **more)


def incident(name: str = "", minutes: float = 0, **more: object) -> Incident:
    title = more.pop("title", "Connection pool exhausted")
    return Incident(name, title, at(minutes), **more)


def resolution(cause: str = "Leak in the pool", minutes: float = 60, **more: object) -> Resolution:
    steps = more.pop("steps", (ResolutionStep("Restart the pods", "kubectl rollout restart deploy/auth"),))
    return Resolution(cause, at(minutes), steps=steps, **more)


def entry(record: Incident | Document, *passages: Passage, performed: tuple[StepExecution, ...] = ()) -> PreparedRecord:
    return PreparedRecord(record, passages, performed)


def recommendation(
    name: str = "rec-1", about: str | None = None, minutes: float = 5, cites: str = "INC-9"
) -> Recommendation:
    """One in which every field that can be filled is filled."""
    old = incident(cites, -1000, labels={"region": "eu", "ü": "ß"}, resolution=resolution(minutes=-900, summary="long"))
    old = Incident(
        **{name: getattr(old, name) for name in old.__slots__}
        | {"status": "resolved", "links": (IncidentLink("recurrence", "INC-2"),)}
    )
    runbook = Document(
        "run/pool.md", "Pool", "# Pool\n\nLook.", labels={"team": "db"}, source="run/pool.md", dated=at(-5000)
    )
    citation = Citation(cites, "Restart the pods", 12)
    return Recommendation(
        id=name,
        incident=about,
        verdict="known",
        verdict_reason="the same error code",
        cause="Leak in the pool",
        confidence=Confidence(0.1 + 0.2, 7, 9, 0.4, 0.95, "outcomes"),
        confidence_reason=None,
        evidence=(
            Evidence(
                cites, "incident", "Pool", 1 / 3, {"words": 0.7}, ("both say 53300",), Snippet("a\nb", 3, "Why"), old
            ),
            Evidence(
                "run/pool.md",
                "document",
                "Pool",
                0.2,
                document=runbook,
                record=TrackRecord(3, 2, 1, at(1)),
                family=("INC-2",),
            ),
        ),
        latency_ms=Latency(1.25, 0.1, 1.35),
        created_at=at(minutes),
        as_of=at(minutes),
        inputs_hash="abc",
        cause_label="pool-exhaustion",
        steps=(
            Step(
                1, "Look at the pool", citation, "read_only", "psql -c 'select 1'", TrackRecord(1, 1, 0, at(-1)), "none"
            ),
            Step(
                2,
                "Restart the pods",
                Citation("INC-8", "Restart", 1),
                "disruptive",
                rollback="undo",
                stale="old",
                old_values=("pod-1",),
            ),
        ),
        tried_before=(FailedStep("Scale up", "did_not_help", citation, "kubectl scale"),),
        alternatives=(Alternative("Deadlock", ("INC-3",), ("pg_locks has rows",)),),
        tell_apart=("look at pg_locks",),
        model="m",
        tokens=12,
        cost_usd=None,
    )


def outcome(
    verdict: str = "helped", minutes: float = 10, by: str | None = "ann", **more: object
) -> RecommendationOutcome:
    return RecommendationOutcome(
        more.pop("recommendation", "rec-1"),
        verdict,
        at(minutes),
        more.pop("steps", (StepVerdict(1, "worked"),)),
        by=by,
        **more,
    )

"""Histories made up by rule, whose causes are known, and a sentence model of a few lines."""

import random
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, Resolution, ResolutionStep

START = datetime(2024, 1, 1, 6, 30, tzinfo=UTC)
SERVICES = ("checkout", "search", "login", "billing", "catalogue", "mail", "gateway", "reports")
OPENINGS = ["latency", "timeouts", "errors", "restarts", "backlog", "refused", "slow", "stuck", "dropped", "rejected"]
PLACES = ["api", "worker", "cache", "queue", "replica", "proxy", "disk", "scheduler", "broker", "index", "pool", "node"]
FAULTS = [
    "exhausted",
    "expired",
    "full",
    "leaked",
    "misrouted",
    "throttled",
    "corrupted",
    "outdated",
    "locked",
    "saturated",
]


class HashedEmbedder:
    """Meaning by words alone: each word votes for some dimensions."""

    name = "hashed"
    dimensions = 384

    def embed(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> np.ndarray:
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                seed = zlib.crc32(word.encode())
                rows[row, seed % self.dimensions] += 1
                rows[row, (seed >> 9) % self.dimensions] -= 0.5
            if progress:
                progress(row + 1, len(texts))
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def history(size: int, causes: int = 40, seed: int = 1, step: timedelta = timedelta(hours=5)) -> list[Incident]:
    """Incidents that recur, resolved three hours after they began; each cause has its own words and its own cure."""
    dice = random.Random(seed)
    return [_incident(n, dice.randrange(causes), START + step * n, dice) for n in range(size)]


def document(number: int, dated: datetime) -> Document:
    """A runbook about one cause."""
    place, fault = PLACES[number % len(PLACES)], FAULTS[number % len(FAULTS)]
    return Document(f"RB-{number}", f"When the {place} is {fault}", f"# Runbook\n\nDrain the {place}.", dated=dated)


def _incident(number: int, cause: int, at: datetime, dice: random.Random) -> Incident:
    own = random.Random(cause)
    place, fault, symptom = own.choice(PLACES), own.choice(FAULTS), own.sample(OPENINGS, 3)
    service = own.choice(SERVICES)
    code = f"E{1000 + cause}"
    noise = " ".join(dice.choices([*OPENINGS, *PLACES, *SERVICES], k=12))
    description = f"{symptom[0]} and {symptom[1]} since a while on host web-{number}, some {noise}."
    log = f"ERROR {service} {place}: {symptom[2]} ({code}) after {dice.randrange(900)} ms"
    return Incident(
        id=f"I-{number:05}",
        title=f"{service}: {symptom[0]} at the {place}",
        started_at=at,
        description=description + (f"\n\n{log}" if dice.random() < 0.5 else ""),
        service=service,
        severity="high",
        labels={"team": f"team-{cause % 5}"},
        status="resolved",
        resolved_at=at + timedelta(hours=3),
        source="made-up",
        resolution=Resolution(
            root_cause=f"The {place} was {fault} (case {cause}).",
            at=at + timedelta(hours=3),
            cause=f"{place}-{fault}-{cause}",
            steps=(
                ResolutionStep(f"Looked at the {place}", f"kubectl describe {place}"),
                ResolutionStep(f"Restarted the {place} of case {cause}", f"kubectl rollout restart {place}-{cause}"),
            ),
            provenance="imported",
        ),
    )

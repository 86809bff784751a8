"""Dense histories: what happens every week is seen before, with and without causes; what is new stays new."""

from datetime import datetime, timedelta

import pytest

from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.situation import make_situation
from onrecall.pipeline import IncidentService

OTHERS = (
    ("queue of invoices grows", "Consumer group billing lags behind on topic invoices"),
    ("certificate expired at the gateway", "x509: certificate has expired or is not yet valid"),
    ("replica behind the primary", "Replica two of the main database is minutes behind, write load is high"),
    ("name resolution fails", "payments cannot resolve the bank's gateway: SERVFAIL from coredns"),
    ("search is busy", "CPU usage of all search nodes is above ninety percent since the import"),
)
QUESTIONS = {
    "terse": "LogVolumeAlmostFull",
    "long": "LogVolumeAlmostFull node-99\nVolume /var/log of node-99 has 2.1 % left, device nvme1n1, written by the log shipper",
}
ELSEWHERE = (
    "BackupVolumeAlmostFull node-99\nVolume /var/backup of node-99 has 2.1 % left, device nvme1n1, written by the dump"
)
NEW = "Mail relay rejects messages: sender domain has no SPF record"
NOTES = ("Restarted it, unclear why.", "Went away by itself.", "Not found out.", "Closed after an hour.")


def resolution_of(causes: str, n: int, at: datetime) -> Resolution | None:
    """The resolution of the n-th repetition: none, notes in other words each time, or one cause with a label."""
    if causes == "none":
        return None
    text = NOTES[n % len(NOTES)] if causes == "notes" else "The shipper never rotates its own log."
    return Resolution(text, at, "no-rotation" if causes == "labels" else None)


def repeat(memory: IncidentService, clock, times: int, causes: str, others: int) -> None:
    """Store one incident so many times among others."""
    described = "Volume /var/log of node-{0} has {0}.1 % left, device nvme1n1, written by the log shipper"
    texts = [(f"LogVolumeAlmostFull node-{n}", described.format(n)) for n in range(times)]
    cases = OTHERS * (others // len(OTHERS))
    texts += [(f"{title}, {n}", f"{text}, case {n}") for n, (title, text) in enumerate(cases)]
    started = clock() - timedelta(days=300)
    memory.import_history(
        Incident(
            f"I-{n}",
            title,
            started + timedelta(hours=n),
            text,
            status="resolved",
            resolved_at=started + timedelta(hours=n + 1),
            resolution=resolution_of(causes, n, started + timedelta(hours=n + 1)) if n < times else None,
        )
        for n, (title, text) in enumerate(texts)
    )


@pytest.mark.parametrize("others", [0, 30])
@pytest.mark.parametrize("times", [5, 40])
@pytest.mark.parametrize("causes", ["none", "notes", "labels"])
def test_what_happens_again_and_again_is_seen_before(memory, clock, causes: str, times: int, others: int) -> None:
    repeat(memory, clock, times, causes, others)
    for form, text in QUESTIONS.items():
        answer = memory.ask(make_situation(text))
        assert answer.verdict != "never_seen", (form, answer.verdict_reason)
        assert int(answer.evidence[0].id.removeprefix("I-")) < times
    assert memory.ask(make_situation(ELSEWHERE)).verdict != "known"
    assert memory.ask(make_situation(NEW)).verdict == "never_seen"

"""Wrong answers that other assistants are known to have given with high confidence: none of them comes with any here."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from calibration.synthetic import history as judged
from onrecall import examples
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.situation import make_situation
from onrecall.importers import read
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
SESSIONS = Incident(
    "INC-2025-011",
    "Anomaly: session_store_overload +340 % on payments",
    NOW - timedelta(days=90),
    "Anomaly session_store_overload: logins on payments queue, the session store answers late.",
    service="payments",
    labels={"error_type": "session_store_overload", "alertname": "AnomalySpike"},
    status="resolved",
    resolved_at=NOW - timedelta(days=89),
    resolution=Resolution(
        "A crawler opened sessions without end.",
        NOW - timedelta(days=89),
        "session-store-overload",
        (ResolutionStep("Throttled sessions to 40 %, then blocked the crawler"),),
        provenance="imported",
    ),
)
ASKED = {
    "memory_leak": ("memory_leak +280 % on orders: heap grows without end, pods are killed (OOMKilled)", "orders"),
    "ssl_certificate_expired": ("ssl_certificate_expired on payments: certificate has expired", "payments"),
    "quantum_flux": ("quantum_flux +90 % on orders", "orders"),
}


@pytest.fixture
def memory() -> Iterator[IncidentService]:
    with closing(Storage.open("sqlite://")) as store:
        yield IncidentService(
            Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: NOW)
        )


def example(name: str) -> Incident:
    found = (one for one in read(examples.incidents_folder()) if isinstance(one, Incident))
    return next(one for one in found if one.id == name)


def answer_to(memory: IncidentService, kind: str):
    text, service = ASKED[kind]
    return memory.ask(make_situation(f"Anomaly: {text}", service, {"error_type": kind, "alertname": "AnomalySpike"}))


@pytest.mark.parametrize("kind", ASKED)
def test_another_kind_of_fault_is_never_answered_with_a_throttle(memory, kind):
    memory.import_history([example("INC-2025-001"), SESSIONS])
    memory.trust.record_replay(judged(300)[0], NOW)
    answer = answer_to(memory, kind)
    assert answer.verdict == "never_seen"
    assert (answer.cause, answer.steps) == (None, ())
    assert answer.confidence is None
    assert answer.probability == 0
    assert answer.confidence_reason == "no evidence is on record"


def test_the_same_memory_does_answer_what_it_has_seen_and_says_how_often_that_was_right(memory):
    memory.import_history([example("INC-2025-001"), SESSIONS])
    memory.trust.record_replay(judged(300)[0], NOW)
    known = example("INC-2025-001")
    answer = memory.ask(make_situation(known.text, known.service, dict(known.labels)))
    assert answer.cause_label == "database-timeout"
    assert answer.confidence is not None
    assert answer.confidence.basis == "backtest"


@pytest.mark.parametrize("kind", ["memory_leak", "ssl_certificate_expired"])
def test_with_the_whole_history_no_step_is_of_another_kind_of_fault(memory, kind):
    memory.import_history(one for one in read(examples.incidents_folder()) if isinstance(one, Incident))
    answer = answer_to(memory, kind)
    right = {"memory_leak": "memory-leak", "ssl_certificate_expired": "certificate-expired"}[kind]
    assert answer.cause_label in (None, right)
    cited = {step.citation.id for step in answer.steps}
    assert cited.isdisjoint({"INC-2025-001", "INC-2025-002", SESSIONS.id})


@pytest.mark.parametrize("matches", [1, 2, 5])
def test_a_number_of_matches_is_no_confidence(memory, matches):
    one = example("INC-2025-001")
    memory.import_history(replace(one, id=f"INC-{n}", source_id=f"{n}") for n in range(matches))
    answer = memory.ask(make_situation(one.text, one.service, dict(one.labels)))
    assert answer.cause_label == "database-timeout"
    assert answer.confidence.basis == "public"
    assert (answer.confidence.right, answer.confidence.of) != (matches, matches)
    assert answer.confidence_reason == "not measured on your incidents yet: 0 outcomes, 20 needed"


def test_canned_causes_of_a_model_poison_nothing(memory):
    text = "checkout answers 502, upstream connect error at the gateway"
    for n in range(40):
        at = NOW - timedelta(days=40 - n)
        incident, _ = memory.open(Incident(f"INC-{n}", f"{text}, pod {n}", at, service="checkout"))
        memory.recommend(incident.id)
        canned = Resolution(
            "High load.", at, "high-load", (ResolutionStep("Scale up the deployment"),), provenance="model"
        )
        memory.resolve(incident.id, canned)
    answer = memory.ask(make_situation(text, "checkout"))
    assert (answer.verdict, answer.cause, answer.steps) == ("known", None, ()), "it happened, and nobody knows why"
    assert answer.confidence.basis == "public"
    assert memory.store.verdicts.all() == ()
    assert memory.trust.summary().right.n == 0

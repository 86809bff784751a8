"""Advice on the example history: every incident, taken as evidence for itself and beside others, gives honest steps."""

from datetime import timedelta

import pytest
from recommendation_cases import NOW, line_of

from onrecall import examples
from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.situation import Situation
from onrecall.importers import read
from onrecall.recommendation import compose


@pytest.fixture(scope="module")
def history():
    folders = (examples.incidents_folder(), examples.documents_folder())
    records = [record for folder in folders for record in read(folder)]
    return {record.id: record for record in records if isinstance(record, Incident | Document)}


def evidence(history, *scored):
    return [
        Evidence(
            id=name,
            kind="incident" if isinstance(history[name], Incident) else "document",
            title=history[name].title,
            score=score,
            incident=history[name] if isinstance(history[name], Incident) else None,
            document=history[name] if isinstance(history[name], Document) else None,
        )
        for name, score in scored
    ]


def test_each_incident_with_its_neighbours_gives_cited_steps_of_its_own_cause(history):
    incidents = [record for record in history.values() if isinstance(record, Incident) and record.resolution]
    runbooks = [record for record in history.values() if isinstance(record, Document) and record.kind == "runbook"]
    assert len(incidents) >= 60
    for place, incident in enumerate(incidents):
        neighbours = [incidents[(place + step) % len(incidents)].id for step in (1, 7, 13)]
        pieces = evidence(
            history,
            (incident.id, 0.9),
            *((name, 0.6) for name in neighbours),
            *((record.id, 0.55) for record in runbooks[place % 5 :: 5]),
        )
        advice = compose(
            Situation(incident.text, incident.service), pieces, {}, incident.started_at + timedelta(days=9)
        )
        assert advice.cause_label == incident.resolution.cause
        assert advice.steps
        for cited_step in (*advice.steps, *advice.tried_before):
            source = history[cited_step.citation.id]
            cause = source.resolution.cause if isinstance(source, Incident) else source.labels["cause"]
            assert cause == incident.resolution.cause
            assert cited_step.citation.quote in line_of(pieces, cited_step.citation)
        by_source: dict[str, list[int]] = {}
        for step in advice.steps:
            by_source.setdefault(step.citation.id, []).append(step.citation.line)
        assert all(lines == sorted(lines) for lines in by_source.values())


def test_every_example_runbook_gives_steps_that_begin_with_a_check(history):
    for record in history.values():
        if isinstance(record, Document) and record.kind == "runbook":
            steps = compose(Situation("x"), evidence(history, (record.id, 0.6)), {}, NOW).steps
            assert len(steps) >= 3, record.id
            assert steps[0].risk == "read_only", record.id


def test_connection_pool_exhaustion_is_looked_at_before_sessions_are_ended(history):
    situation = Situation("DB connection pool at 95%, API p99 latency at 6.2s, auth service returning 503s")
    pieces = evidence(history, ("INC-001", 0.91), ("INC-116", 0.61), ("RB-postgres-connection-pool", 0.36))
    advice = compose(situation, pieces, {}, NOW)
    assert (advice.verdict, advice.cause_label) == ("known", "connection-pool-exhaustion")
    ending = next(step for step in advice.steps if step.command and "pg_terminate_backend" in step.command)
    assert ending.risk == "disruptive"
    assert ending.precondition.startswith("first confirm step ")
    assert advice.steps[0].risk == "read_only"
    assert advice.tried_before


@pytest.mark.parametrize(
    ("error_type", "wrong"),
    [
        ("memory_leak", "INC-2025-001"),
        ("ssl_certificate_expired", "INC-2025-006"),
        ("ssl_certificate_expired", "INC-2025-010"),
        ("quantum_flux_inversion", "INC-2025-001"),
    ],
)
def test_the_wrong_answers_of_old_are_never_given(history, error_type, wrong):
    advice = compose(
        Situation(f"{error_type} +280 %", labels={"error_type": error_type}), evidence(history, (wrong, 0.95)), {}, NOW
    )
    assert (advice.verdict, advice.cause, advice.steps) == ("never_seen", None, ())

"""Advice on the example history: every incident, taken as evidence for itself and beside others, gives honest steps."""

from datetime import timedelta

import pytest
from recommendation_cases import NOW, line_of

from onrecall import examples
from onrecall.domain.incident import Document, Evidence, Incident, Situation
from onrecall.importers import read
from onrecall.recommendation import compose


@pytest.fixture(scope="module")
def history():
    folders = (examples.incidents_folder(), examples.documents_folder())
    things = [thing for folder in folders for thing in read(folder)]
    return {thing.id: thing for thing in things if isinstance(thing, Incident | Document)}


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
    incidents = [one for one in history.values() if isinstance(one, Incident) and one.resolution]
    runbooks = [one for one in history.values() if isinstance(one, Document) and one.kind == "runbook"]
    assert len(incidents) >= 60
    for place, incident in enumerate(incidents):
        others = [incidents[(place + step) % len(incidents)].id for step in (1, 7, 13)]
        found = evidence(
            history,
            (incident.id, 0.9),
            *((name, 0.6) for name in others),
            *((one.id, 0.55) for one in runbooks[place % 5 :: 5]),
        )
        advice = compose(Situation(incident.text, incident.service), found, {}, incident.started_at + timedelta(days=9))
        assert advice.cause_label == incident.resolution.cause
        assert advice.steps
        for told in (*advice.steps, *advice.tried_before):
            source = history[told.citation.id]
            cause = source.resolution.cause if isinstance(source, Incident) else source.labels["cause"]
            assert cause == incident.resolution.cause
            assert told.citation.quote in line_of(found, told.citation)
        by_source: dict[str, list[int]] = {}
        for step in advice.steps:
            by_source.setdefault(step.citation.id, []).append(step.citation.line)
        assert all(lines == sorted(lines) for lines in by_source.values())


def test_every_example_runbook_gives_steps_that_begin_with_a_check(history):
    for one in history.values():
        if isinstance(one, Document) and one.kind == "runbook":
            steps = compose(Situation("x"), evidence(history, (one.id, 0.6)), {}, NOW).steps
            assert len(steps) >= 3, one.id
            assert steps[0].risk == "read_only", one.id


def test_connection_pool_exhaustion_is_looked_at_before_sessions_are_ended(history):
    situation = Situation("DB connection pool at 95%, API p99 latency at 6.2s, auth service returning 503s")
    found = evidence(history, ("INC-001", 0.91), ("INC-116", 0.61), ("RB-postgres-connection-pool", 0.36))
    advice = compose(situation, found, {}, NOW)
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

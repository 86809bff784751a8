"""Wrong answers of three earlier systems that must never come back, however alike the evidence is said to be."""

import pytest
from recommendation_cases import ask, did, resolved_incident, runbook

THROTTLE = did("Throttled database connections to 30 %", "ALTER SYSTEM SET max_connections = 30")
DATABASE = {
    "cause": "database-timeout",
    "root_cause": "Slow statements held every connection",
    "title": "Database timeouts",
}
SESSIONS = {"cause": "access-control", "root_cause": "A role lost its grant", "title": "Sessions rejected"}


@pytest.mark.parametrize(
    ("text", "labels", "about"),
    [
        ("memory_leak +280 % in checkout", {}, DATABASE),
        ("Memory leak: pods OOMKilled every hour", {}, DATABASE),
        ("spike of 280 % in checkout", {"error_type": "memory_leak"}, DATABASE),
        ("SSL certificate expired on the edge", {}, SESSIONS),
        ("spike of 100 %", {"error_type": "ssl_certificate_expired"}, SESSIONS),
        ("x509: certificate has expired or is not yet valid", {}, DATABASE),
        ("spike of 300 %", {"error_type": "quantum_flux_inversion"}, DATABASE),
        ("write error: no space left on device", {}, SESSIONS),
        ("NXDOMAIN for orders-db", {}, SESSIONS),
    ],
)
def test_evidence_of_another_fault_is_never_the_answer(text, labels, about):
    advice = ask([resolved_incident("OTHER", 0.99, steps=[THROTTLE], **about)], text=text, **labels)
    assert (advice.verdict, advice.cause, advice.steps, advice.tried_before) == ("never_seen", None, (), ())
    assert "OTHER" in advice.verdict_reason
    assert "does not mention" in advice.verdict_reason


def test_the_right_evidence_wins_though_the_wrong_one_matches_better():
    evidence = [
        resolved_incident("DB", 0.95, steps=[THROTTLE], **DATABASE),
        resolved_incident(
            "LEAK",
            0.6,
            cause="memory-leak",
            root_cause="A cache without bound",
            title="Heap grows",
            steps=[did("Took a heap dump")],
        ),
    ]
    advice = ask(evidence, text="memory_leak +280 %")
    assert advice.cause_label == "memory-leak"
    assert {step.citation.id for step in advice.steps} == {"LEAK"}
    assert advice.alternatives == ()


def test_what_each_side_declares_weighs_more_than_a_word_in_passing():
    evidence = [
        resolved_incident(
            "DB", 0.9, labels={"error_type": "database_timeout"}, description="memory is fine, no leak", **DATABASE
        )
    ]
    assert ask(evidence, error_type="memory_leak").verdict == "never_seen"
    assert ask(evidence, error_type="database_timeout").verdict == "known"
    assert ask(evidence, error_type="db_timeout").verdict == "known"


@pytest.mark.parametrize("kind", ["unknown", "error", "high_usage", "", "slow service"])
def test_a_type_that_says_nothing_contradicts_nothing(kind):
    assert ask([resolved_incident("DB", 0.9, **DATABASE)], error_type=kind).verdict == "known"


@pytest.mark.parametrize(
    "text",
    [
        "API p99 latency at 6.2s, auth service returning 503s",
        "timeouts, but no memory leak and never out of memory",
        "the coffee machine on floor 3 is leaking",
        "database slow, memory at 40 %",
    ],
)
def test_a_fault_that_is_not_named_contradicts_nothing(text):
    assert ask([resolved_incident("DB", 0.9, **DATABASE)], text=text).verdict == "known"


def test_what_a_log_guesses_contradicts_nothing():
    guess = "billing: Worker (pid:38) was sent SIGKILL! Perhaps out of memory?"
    assert ask([resolved_incident("DB", 0.9, **DATABASE)], text=guess).verdict == "known"
    assert ask([resolved_incident("DB", 0.9, **DATABASE)], text=guess.replace("Perhaps ", "")).verdict == "never_seen"


def test_one_of_several_named_faults_is_enough():
    evidence = [
        resolved_incident(
            "DISK", 0.9, cause="disk-full", root_cause="The WAL filled the volume", title="No space left on device"
        )
    ]
    assert ask(evidence, text="disk full on db-1, then pods were OOMKilled").verdict == "known"


def test_a_runbook_for_another_fault_gives_no_steps():
    evidence = [runbook("RB", 0.9, "## Fix\n1. Throttle the database\n", title="Database timeouts")]
    assert ask(evidence, text="memory leak in checkout").steps == ()

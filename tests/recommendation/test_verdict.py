"""Known, similar or never seen: by absolute scores and agreement, with a reason in plain words."""

import pytest
from recommendation_cases import NONE, NOW, ask, did, resolved_incident, runbook, unresolved

from onrecall.domain.situation import Situation
from onrecall.recommendation import Thresholds, compose

FIX = "## Fix\n1. Restart the web tier\n"


@pytest.mark.parametrize(
    ("score", "verdict"), [(0.95, "known"), (0.65, "known"), (0.64, "similar"), (0.45, "similar"), (0.44, "never_seen")]
)
def test_the_verdict_goes_by_the_absolute_score(score, verdict):
    advice = ask([resolved_incident("A", score, cause="a", root_cause="a", steps=[did("Restarted it")])])
    assert advice.verdict == verdict
    assert bool(advice.steps) is (verdict != "never_seen")
    assert f"{score:.2f}" in advice.verdict_reason


def test_thresholds_are_an_argument():
    evidence = [resolved_incident("A", 0.2, cause="a", root_cause="a")]
    assert compose(Situation("x"), evidence, NONE, NOW, Thresholds(similar=0.1, known=0.15)).verdict == "known"


def test_two_causes_that_match_alike_are_only_similar():
    advice = ask(
        [
            resolved_incident("A", 0.81, cause="a", root_cause="a"),
            resolved_incident("B", 0.80, cause="b", root_cause="b"),
        ]
    )
    assert advice.verdict == "similar"
    assert "B" in advice.verdict_reason
    assert [alternative.evidence for alternative in advice.alternatives] == [("B",)]


def test_nothing_recalled_is_never_seen():
    advice = ask([])
    assert (advice.verdict, advice.verdict_reason) == ("never_seen", "nothing like this was seen before")


def test_never_seen_gives_neither_cause_nor_steps_but_what_would_tell_the_near_misses_apart():
    evidence = [
        resolved_incident(
            "A",
            0.4,
            cause="pool",
            root_cause="a",
            description="FATAL: sorry, too many clients already",
            steps=[did("Restarted it")],
        ),
        resolved_incident("B", 0.35, cause="disk", root_cause="b", description="write failed: no space left on device"),
    ]
    advice = ask(evidence)
    assert advice.verdict == "never_seen"
    assert (advice.cause, advice.cause_label, advice.cause_citation) == (None, None, None)
    assert (advice.steps, advice.tried_before, advice.alternatives) == ((), (), ())
    assert advice.tell_apart == (
        "`FATAL: sorry, too many clients already` in the log points to pool (A)",
        "`write failed: no space left on device` in the log points to disk (B)",
    )


def test_what_is_far_off_is_not_even_a_near_miss():
    advice = ask(
        [
            resolved_incident(
                "A", 0.1, cause="pool", root_cause="a", description="FATAL: sorry, too many clients already"
            )
        ]
    )
    assert advice.tell_apart == ()


def test_seen_before_and_never_resolved():
    advice = ask(
        [unresolved("OPEN", 0.9), resolved_incident("A", 0.3, cause="a", root_cause="a", steps=[did("Restarted it")])]
    )
    assert (advice.verdict, advice.steps, advice.cause) == ("known", (), None)
    assert advice.verdict_reason == "seen before as OPEN “Something broke” (0.90), whose resolution is not on record"
    assert ask([unresolved("OPEN", 0.5)]).verdict == "similar"


def test_a_nearer_incident_that_was_never_resolved_is_told():
    advice = ask([unresolved("OPEN", 0.9), resolved_incident("A", 0.7, cause="a", root_cause="a")])
    assert advice.cause == "a"
    assert "OPEN “Something broke” matches better (0.90), but its resolution is not on record" in advice.verdict_reason


def test_a_resolution_by_a_model_is_no_resolution():
    advice = ask(
        [resolved_incident("M", 0.9, cause="a", root_cause="a", provenance="model", steps=[did("Restarted it")])]
    )
    assert (advice.verdict, advice.steps, advice.tried_before, advice.cause) == ("known", (), (), None)
    assert "written by a model and does not count" in advice.verdict_reason


def test_documents_alone_are_at_most_similar():
    advice = ask([runbook("RB", 0.95, FIX)])
    assert (advice.verdict, [step.text for step in advice.steps]) == ("similar", ["Restart the web tier"])
    assert ask([runbook("RB", 0.3, FIX)]).verdict == "never_seen"


def test_a_postmortem_alone_tells_but_does_not_advise():
    advice = ask([runbook("PM", 0.95, FIX, kind="postmortem")])
    assert (advice.verdict, advice.steps) == ("similar", ())


def test_a_runbook_for_the_very_alert_is_known():
    advice = ask([runbook("RB", 0.2, FIX, title="Web Errors High")], alertname="WebErrorsHigh")
    assert (advice.verdict, len(advice.steps)) == ("known", 1)


def test_only_one_runbook_gives_the_steps():
    advice = ask([runbook("RB1", 0.6, FIX), runbook("RB2", 0.59, "## Fix\n1. Wipe the disk\n")])
    assert {step.citation.id for step in advice.steps} == {"RB1"}


def test_never_resolved_with_a_runbook_says_whose_steps_they_are():
    advice = ask([unresolved("OPEN", 0.9), runbook("RB", 0.6, FIX)])
    assert {step.citation.id for step in advice.steps} == {"RB"}
    assert "the steps are those of the runbook RB" in advice.verdict_reason
    assert advice.verdict == "known"


def test_an_alternative_says_what_would_tell_it_from_the_first():
    evidence = [
        resolved_incident(
            "LEAK",
            0.8,
            cause="memory-leak",
            root_cause="leak",
            description="pod OOMKilled\nlatency high",
            title="Web down",
        ),
        resolved_incident(
            "INC-001",
            0.7,
            cause="connection-pool-exhaustion",
            root_cause="pool",
            title="Web down",
            description="2026-01-01T00:00:00Z FATAL: sorry, too many clients already\nlatency high",
            steps=[did("Counted the sessions", 'psql -c "SELECT count(*) FROM pg_stat_activity"')],
        ),
    ]
    (alternative,) = ask(evidence, text="web is down").alternatives
    assert alternative.tell_apart == (
        "`FATAL: sorry, too many clients already` in the log points to connection pool exhaustion (INC-001)",
        "the check “Counted the sessions” (INC-001, line 10) points to connection pool exhaustion if it has the same result",
    )
    (alternative,) = ask(evidence, text="web is down: FATAL: sorry, too many clients already").alternatives
    assert alternative.tell_apart[0].startswith("`FATAL: sorry, too many clients already` was reported and points to")


@pytest.mark.parametrize(
    ("name", "question", "is_named"),
    [
        ("5", "5 of 12 pods crash", False),
        ("redis", "Redis is slow", False),
        ("db2", "db2 is down", False),
        ("INC-204", "the same as inc-204?", True),
        ("INC0012345", "INC0012345 again", True),
    ],
)
def test_only_what_looks_like_an_id_names_a_record(name, question, is_named):
    far = resolved_incident(name, 0.1, cause="a", root_cause="a")
    reason = compose(Situation(question), [far], NONE, NOW).verdict_reason
    assert reason.startswith("the question names") is is_named

"""The next best check: read-only, cited, counted on the incidents of the causes in question, the most telling first."""

from dataclasses import replace

import pytest
from recommendation_cases import ask, did, line_of, resolved_incident, runbook

from onrecall.domain.evidence import Evidence
from onrecall.domain.situation import Situation
from onrecall.recommendation.diagnostics import CheckForm
from onrecall.recommendation.next_checks import (
    CheckedCause,
    expected_information,
    plan_checks,
    renumber_checks,
    update_chances,
)

LAG = did(
    "Read the lag of each partition", "kafka-consumer-groups.sh --bootstrap-server bus:9092 --describe --group mail"
)
DISK = did("Looked at what fills the volume", "df -h /var/lib/queue")
EVENTS = did("Read the warnings of the namespace", "kubectl -n mail get events --field-selector type=Warning")
SCALE = did("Scaled the senders", "kubectl -n mail scale deployment/sender --replicas=9")
WATCH = did("Watched the queue shrink", "kubectl -n mail logs deployment/sender --tail=20")
SITUATION = Situation(text="mail is late")


def lagging(name: str, score: float, *steps) -> Evidence:
    return resolved_incident(
        name, score, cause="consumer-lag", root_cause="Too few senders", steps=[*steps, SCALE, WATCH]
    )


def full(name: str, score: float, *steps) -> Evidence:
    grow = did("Grew the volume", "kubectl -n mail patch pvc queue -p '{}'")
    return resolved_incident(name, score, cause="disk-full", root_cause="The volume was full", steps=[*steps, grow])


def planned(evidence, earlier=None):
    advice = ask(evidence)
    return advice, plan_checks(advice, evidence, SITUATION, earlier or {})


def test_the_check_that_tells_two_causes_apart_comes_first_and_says_what_it_was_counted_on():
    evidence = [lagging("A", 0.62, EVENTS, LAG), full("B", 0.6, EVENTS, DISK)]
    earlier = {
        "consumer-lag": [lagging("A", 0, EVENTS, LAG), lagging("A2", 0, LAG), lagging("A3", 0, EVENTS)],
        "disk-full": [full("B", 0, EVENTS, DISK), full("B2", 0, EVENTS, DISK)],
    }
    advice, checks = planned(evidence, earlier)
    assert [alternative.evidence for alternative in advice.alternatives] == [("B",)]
    reasons = {check.text: check.reason for check in checks}
    assert reasons[LAG.text] == "tells consumer lag from disk full: done in 2 of 3 consumer lag, 0 of 2 disk full"
    assert reasons[DISK.text] == "tells disk full from consumer lag: done in 2 of 2 disk full, 0 of 3 consumer lag"
    assert {checks[0].text, checks[1].text} == {LAG.text, DISK.text}
    assert checks[-1].text == EVENTS.text, "what both causes were found by tells least"
    information = [check.information for check in checks]
    assert information == sorted(information, reverse=True)


def test_only_looks_before_the_fix_are_checks_and_each_is_cited():
    restart = did("Restarted it, in vain", "kubectl -n mail rollout restart deployment/sender", "did_not_help")
    evidence = [lagging("A", 0.7, EVENTS, restart, LAG)]
    advice, checks = planned(evidence)
    assert [check.text for check in checks] == [EVENTS.text, LAG.text]
    assert [check.n for check in checks] == [1, 2] == [step.n for step in advice.steps if step.risk == "read_only"][:2]
    assert all(check.from_precedent and check.information == 0 for check in checks)
    assert checks[1].text in line_of(evidence, checks[1].citation)
    assert checks[0].reason == "done in 1 of 1 consumer lag; no other cause is in question"


def test_checks_of_other_causes_are_numbered_after_the_steps_and_their_old_values_are_marked():
    there = did("Looked inside", "kubectl -n mail exec queue-7f9c5d8b4-x2x7k -- du -sh /var/lib/queue")
    advice, checks = planned([lagging("A", 0.62, LAG), full("B", 0.6, there)])
    other = next(check for check in checks if not check.from_precedent)
    assert other.n == len(advice.steps) + 1
    assert other.old_values == ("queue-7f9c5d8b4-x2x7k",)
    assert "‹queue-7f9c5d8b4-x2x7k›" in other.command


def test_the_same_look_in_other_words_is_one_check():
    elsewhere = did(
        "Described the group", "kafka-consumer-groups.sh --bootstrap-server bus:9092 --describe --group sms"
    )
    _, checks = planned([lagging("A", 0.62, LAG), full("B", 0.6, elsewhere)])
    assert [check.text for check in checks] == [LAG.text]
    assert checks[0].reason == "done in 1 of 1 consumer lag; it tells no other cause apart"


def test_a_runbooks_looks_are_checks_where_no_cause_is_known():
    book = runbook(
        "RB",
        0.9,
        "# Mail\n\n## Diagnose\n1. Look at the queue\n\n   ```\n   df -h /var/lib/queue\n   ```\n\n2. Restart the sender\n",
    )
    advice, checks = planned([book])
    assert advice.cause is None
    assert [(check.reason, check.from_precedent) for check in checks] == [
        (f"it stands in RB, line {checks[0].citation.line}", True)
    ]


def test_never_seen_and_told_without_looking_have_no_check():
    assert planned([lagging("A", 0.2, LAG)])[1] == ()
    told = did("Told the customers that mail is late")
    assert planned([lagging("A", 0.7, told)])[1] == ()


def test_other_steps_give_checks_other_numbers():
    advice, checks = planned([lagging("A", 0.62, EVENTS, LAG), full("B", 0.6, DISK)])
    kept = [replace(advice.steps[1], n=1)]
    renumbered = {check.text: (check.n, check.from_precedent) for check in renumber_checks(checks, kept)}
    assert renumbered[LAG.text] == (1, True)
    assert sorted([renumbered[EVENTS.text], renumbered[DISK.text]]) == [(2, False), (3, False)]


@pytest.fixture
def causes():
    look, other = CheckForm.of("", "df -h /data"), CheckForm.of("", "free -m")
    return (
        CheckedCause("full disk", "disk", 0.5, ((look,), (look,), (look,))),
        CheckedCause("no memory", "memory", 0.5, ((other,), (other,), (other,))),
    )


def test_information_is_that_of_the_outcomes(causes):
    check = CheckForm.of("", "df -h /data")
    after = update_chances(causes, check, finds=True)
    assert sum(after) == pytest.approx(1)
    assert after[0] > 0.95 > 0.5 > update_chances(causes, check, finds=False)[0]
    assert 0 < expected_information(causes, check) < 1
    assert expected_information(causes, CheckForm.of("", "uptime")) == 0
    assert expected_information(causes[:1], check) == 0

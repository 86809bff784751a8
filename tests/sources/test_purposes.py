"""Tests of senders and signals that are always there are known as such; and nothing else is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.alert import Acknowledgement, Alert
from onrecall.sources.purposes import TEST_EXPIRES_AFTER, mark_alert, mark_purposes
from onrecall.sources.webhook import ParsedWebhook

AT = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)


def alert(title, **labels):
    return Alert(source="acme", key="k", title=title, starts_at=AT, told_at=AT, labels=labels)


@pytest.mark.parametrize(
    "title",
    ["[TEST] Disk full", "(Test) Disk full", "This is a test alert", "This is a test notification from Acme", "Test alert", "TEST ALERT",
     "Sample alert", "dummy event", "This is a test.", "[Test notification] hello", "Test webhook from Acme"],
)  # fmt: skip
def test_titles_that_say_it_is_a_test(title):
    marked = mark_alert(alert(title))
    assert (marked.purpose, marked.expires_after) == ("test", TEST_EXPIRES_AFTER)
    assert marked.purpose_reason


@pytest.mark.parametrize(
    "title",
    ["Load test cluster is down", "The test suite fails on main", "Test environment unreachable", "A/B test service 5xx", "test-db-1 disk full",
     "Latest backup failed", "Contest API is slow", "Testimonials page is down", "Alert test coverage dropped", "smoke test failed: checkout",
     "This is a testing-cluster outage", "Penetration test alert storm on prod gateway", "Heartbeat of worker-7 missed", "Test alerting rule evaluation fails"],
)  # fmt: skip
def test_titles_in_which_the_word_only_stands_are_incidents(title):
    assert mark_alert(alert(title)).purpose == "incident"


@pytest.mark.parametrize(
    "name", ["Watchdog", "DeadMansSwitch", "Dead Mans Switch", "InfoInhibitor", "dead-mans-snitch"]
)
def test_alerts_that_always_fire(name):
    for marked in (mark_alert(alert("Alerting works", alertname=name)), mark_alert(alert(name))):
        assert marked.purpose == "heartbeat"
        assert name in marked.purpose_reason


@pytest.mark.parametrize(
    "name", ["WatchdogTimeout", "NodeWatchdogReset", "HeartbeatMissing", "TestRunnerDown", "Deadman", "HeartbeatAlert"]
)
def test_alerts_that_are_only_named_alike_are_incidents(name):
    assert mark_alert(alert("Something is wrong", alertname=name)).purpose == "incident"


def test_a_test_has_a_key_of_its_own_and_takes_along_what_was_said_of_it():
    taken = Acknowledgement("acme", "k", AT, "bo")
    other = replace(alert("Disk full"), key="other")
    told = mark_purposes(ParsedWebhook((alert("[TEST] Disk full"), taken, other)))
    assert [signal.key for signal in told.signals] == ["test:k", "test:k", "other"]


def test_a_test_that_is_over_needs_no_end():
    over = replace(alert("Test alert"), status="resolved", ends_at=AT + timedelta(seconds=1))
    assert mark_alert(over).expires_after is None


def test_what_a_file_says_of_the_purpose_stands():
    planned = replace(alert("[TEST] drill"), purpose="planned", purpose_reason="announced")
    assert mark_alert(planned) == planned

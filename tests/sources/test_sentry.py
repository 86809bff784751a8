"""Sentry: issues, metric alerts and comments; what its models say is not heard."""

import json
from datetime import UTC, datetime

import pytest

from onrecall.domain.alert import Acknowledgement, Note
from onrecall.domain.errors import Forbidden, Invalid
from onrecall.sources import ParsedWebhook, WebhookRequest, sentry
from sources.golden import NOW, body, only_signal, read

AT = 1566248777
TOLD = datetime.fromtimestamp(AT, UTC)


def parse_hook(name, resource, **headers):
    heads = {"sentry-hook-resource": resource, "sentry-hook-timestamp": str(AT), **headers}
    return sentry.parse(WebhookRequest(body("sentry", name), heads), NOW)


def test_an_event_that_a_rule_fired_on():
    (alert,) = parse_hook("event_alert", "event_alert").signals
    assert (alert.key, alert.title) == ("1117540176", "ReferenceError: heck is not defined")
    assert alert.starts_at == datetime(2019, 8, 19, 21, 6, 17, 677000, UTC)
    assert not alert.starts_known  # when the issue began to trouble people is told by nobody
    assert (alert.service, alert.environment, alert.severity) == ("front-end", "production", "high")
    assert alert.labels["rule"] == "Very Important Alert Rule!"
    assert alert.labels["exception"] == "ReferenceError"
    assert "error_type" not in alert.labels  # a class of Python or JavaScript is no kind of fault
    assert "user" not in alert.labels
    assert "at ? (/js/prod/runner-4.1.7.min.js:1)" in alert.description
    assert alert.links[0].startswith("https://sentry.io/organizations/test-org/issues/1117540176/")
    assert alert.told_at == TOLD


def test_an_issue_and_its_events_are_one_alert():
    names = ("error", "issue_created", "issue_resolved", "issue_unresolved")
    signals = [only_signal("sentry", name) for name in names]
    assert {signal.key for signal in signals} == {"1170820242"}
    assert [signal.status for signal in signals] == ["firing", "firing", "resolved", "firing"]
    assert not any(signal.starts_known for signal in signals)


def test_an_end_is_when_sentry_said_so_or_unknown():
    (alert,) = parse_hook("issue_resolved", "issue").signals
    assert (alert.ends_at, alert.told_at) == (TOLD, TOLD)
    assert only_signal("sentry", "issue_resolved").ends_at is None


@pytest.mark.parametrize(("name", "by"), [("issue_assigned", "colleen"), ("issue_archived", "colleen")])
def test_somebody_takes_an_issue_on(name, by):
    assert parse_hook(name, "issue").signals == (Acknowledgement("sentry", "1170820242", TOLD, by),)
    assert read("sentry", name) == ParsedWebhook()  # without the header nobody says when


def test_a_metric_alert_is_an_episode_of_its_rule():
    fires, over = only_signal("sentry", "metric_alert_critical"), only_signal("sentry", "metric_alert_resolved")
    assert (fires.key, fires.title, fires.severity) == ("metric-alert:7", "Too many errors", "critical")
    assert (fires.status, over.status) == ("firing", "resolved")
    assert fires.starts_known
    assert (fires.key, fires.starts_at) == (over.key, over.starts_at)
    assert over.ends_at is None  # date_closed is null in their own example


def test_a_comment_is_a_note():
    at = datetime(2022, 3, 2, 21, 51, 44, 118160, UTC)
    assert only_signal("sentry", "comment") == Note("sentry", "100", "1234", "adding a comment", at, "colleen")
    bots = json.loads(body("sentry", "comment")) | {"actor": {"type": "application", "name": "Seer"}}
    assert sentry.parse(WebhookRequest(json.dumps(bots).encode()), NOW) == ParsedWebhook()


@pytest.mark.parametrize("name", ["installation", "seer_root_cause_completed", "preprod_artifact"])
def test_what_says_nothing_about_an_alert_is_taken(name):
    assert read("sentry", name) == ParsedWebhook()
    assert parse_hook(name, "seer") == ParsedWebhook()


def test_a_kind_that_is_yet_to_be_invented_is_taken():
    delivery = WebhookRequest(b'{"action": "x", "data": {"quux": {}}}', {"sentry-hook-resource": "quux"})
    assert sentry.parse(delivery, NOW) == ParsedWebhook()
    with pytest.raises(Invalid, match="no event, issue"):
        sentry.parse(WebhookRequest(delivery.body), NOW)


def test_a_wrong_clock_in_a_header_is_no_time():
    (alert,) = parse_hook("event_alert", "event_alert", **{"sentry-hook-timestamp": "noon"}).signals
    assert alert.told_at == alert.starts_at


# The second test case of RFC 4231.
RFC, RFC_SECRET = b"what do ya want for nothing?", "Jefe"
RFC_SIGNATURE = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_its_signature():
    sentry.verify(WebhookRequest(RFC, {"sentry-hook-signature": RFC_SIGNATURE}), ["old", RFC_SECRET], NOW)
    for headers, secrets in (
        ({"sentry-hook-signature": RFC_SIGNATURE}, ["old"]),
        ({"sentry-hook-signature": RFC_SIGNATURE[:-1] + "4"}, [RFC_SECRET]),
        ({"sentry-hook-signature": RFC_SIGNATURE}, []),
        ({}, [RFC_SECRET]),
    ):
        with pytest.raises(Forbidden):
            sentry.verify(WebhookRequest(RFC, headers), secrets, NOW)

"""Rootly: incidents with what was written about them, pulses, and retrospectives once they are published."""

import json
from datetime import UTC, datetime

import pytest

from onrecall.domain.alert import Acknowledgement, Note
from onrecall.domain.errors import Forbidden, Invalid
from onrecall.sources import ParsedWebhook, WebhookRequest, rootly
from onrecall.sources.html_to_markdown import html_to_markdown
from sources.golden import NOW, body, only_signal, read

ID = "b7eed587-50e6-44fe-b010-7a2bb05d737a"
BEGAN = datetime(2022, 11, 28, 3, 36, tzinfo=UTC)


def test_an_incident_begins():
    alert = only_signal("rootly", "incident_created")
    assert (alert.key, alert.title, alert.status, alert.starts_at) == (ID, "Sparkling Frost", "firing", BEGAN)
    assert (alert.service, alert.environment, alert.severity) == ("auth", "Production", "critical")
    assert alert.labels == {"region": "us-west", "number": "19", "kind": "normal"}


def test_mitigated_is_not_over_and_its_message_is_a_note():
    alert, acknowledged, note = read("rootly", "incident_mitigated").signals
    assert alert.status == "firing"
    assert acknowledged == Acknowledgement("rootly", ID, datetime(2022, 11, 28, 3, 38, tzinfo=UTC))
    assert isinstance(note, Note)
    assert (note.id, note.text, note.by) == (f"{ID}:mitigation", "Rolled back auth to 1.41", "Ada")


def test_resolved_tells_both_messages_of_which_one_is_known():
    alert, mitigation, resolution = read("rootly", "incident_resolved").signals
    assert (alert.status, alert.starts_at) == ("resolved", BEGAN)
    assert alert.ends_at == datetime(2022, 11, 28, 4, 10, tzinfo=UTC)
    assert mitigation.id == read("rootly", "incident_mitigated").signals[2].id
    assert resolution.text == "The pool is 50 again"


@pytest.mark.parametrize("kind", ["incident.cancelled", "incident.deleted"])
def test_an_incident_that_was_none_ends(kind):
    said = json.loads(body("rootly", "incident_created"))
    said["event"]["type"] = kind
    (alert,) = rootly.parse(WebhookRequest(json.dumps(said).encode()), NOW).signals
    assert (alert.status, alert.ends_at) == ("resolved", None)


def test_a_published_retrospective_is_a_document():
    (document,) = read("rootly", "post_mortem_published").documents
    assert (document.id, document.kind) == ("rootly-2c7497e5-5d15-4fa4-aeac-cac063aafe19", "postmortem")
    assert document.dated == datetime(2022, 11, 28, 17, tzinfo=UTC)
    assert document.text.splitlines()[:3] == ["# 2022-11-27 - Sparkling Frost", "", "# Leadup"]
    assert "A deploy halved the pool & nobody saw it." in document.text
    assert "2. Raised the pool: `kubectl set env deploy/auth POOL=50`" in document.text
    assert "alert(1)" not in document.text


def test_a_draft_is_nobodys_word():
    assert read("rootly", "post_mortem_created") == ParsedWebhook()


def test_an_empty_retrospective_is_kept_with_its_field():
    said = json.loads(body("rootly", "post_mortem_published"))
    said["data"]["content"] = "<p> </p>"
    (part,) = rootly.parse(WebhookRequest(json.dumps(said).encode()), NOW).malformed
    assert part.field == "data.content"


def test_alerts_pulses_and_maintenance():
    alert = only_signal("rootly", "alert_created")
    assert alert.key.startswith("alert:")
    assert alert.labels["origin"] == "pagerduty"
    pulse, work = only_signal("rootly", "pulse_created"), only_signal("rootly", "scheduled_in_progress")
    assert (pulse.kind, pulse.service, pulse.environment) == ("deployment", "auth", "production")
    assert pulse.labels["ref.sha"] == "cd62148"
    assert (work.kind, work.title) == ("other", "Database upgrade")


@pytest.mark.parametrize("kind", ["genius_workflow_run.queued", "incident.scheduled.created", "status_page.created"])
def test_other_events_are_taken_and_say_nothing(kind):
    assert (
        rootly.parse(WebhookRequest(json.dumps({"event": {"type": kind}, "data": {}}).encode()), NOW) == ParsedWebhook()
    )
    with pytest.raises(Invalid, match=r"event\.type"):
        rootly.parse(WebhookRequest(b'{"event": {}, "data": {}}'), NOW)


# Made with: printf '%s' '1492774588{"event":…' | openssl dgst -sha256 -hmac 'webhook secret'
SIGNED = (
    b'{"event":{"id":"9839c4ca","type":"incident.created","issued_at":"2017-04-21T11:36:28Z"},'
    b'"data":{"id":"b7eed587","title":"Sparkling Frost"}}'
)
SIGNATURE = "771511016bd524df47c78ec7ce711b947fba5a0b7a377245308a05a65e372b6e"
THEN = datetime.fromtimestamp(1492774588, UTC)


@pytest.mark.parametrize("mark", ["t=1492774588,v1=", "t=1492774588, v1=", "t=1492774588,v1=00,v1="])
def test_its_signature(mark):
    rootly.verify(WebhookRequest(SIGNED, {"x-rootly-signature": mark + SIGNATURE}), ["old", "webhook secret"], THEN)


@pytest.mark.parametrize(
    ("header", "secret", "now"),
    [
        (f"t=1492774588,v1={SIGNATURE}", "another secret", THEN),
        (f"t=1492774589,v1={SIGNATURE}", "webhook secret", THEN),
        (f"t=1492774588,v1={SIGNATURE}", "webhook secret", NOW),
        (f"v1={SIGNATURE}", "webhook secret", THEN),
        ("t=1492774588,v1=", "webhook secret", THEN),
        ("t=1492774588", "webhook secret", THEN),
        ("", "webhook secret", THEN),
    ],
)
def test_what_is_not_signed_just_now_is_forbidden(header, secret, now):
    with pytest.raises(Forbidden):
        rootly.verify(WebhookRequest(SIGNED, {"x-rootly-signature": header}), [secret], now)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("plain text\nstays", "plain text\nstays"),
        ("a < b", "a < b"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<script>x</script>y<style>z</style>", "y"),
        ("<p>a<br>b</p><p>c</p>", "a\nb\n\nc"),
        ("&lt;b&gt; &amp;", "&lt;b&gt; &amp;"),
        ("<p>&lt;b&gt; &amp;</p>", "<b> &"),
        ("<div><div><unclosed>x", "x"),
        ("<", "<"),
        ("<script>never closed", ""),
    ],
)
def test_markup(html, expected):
    assert html_to_markdown(html) == expected

"""GitHub: issues that are incidents, what people say on them, and deployments."""

import json
from datetime import UTC, datetime
from urllib.parse import quote_plus

import pytest

from onrecall.domain.alert import ChangeEvent, Note
from onrecall.domain.errors import Forbidden, Invalid
from onrecall.sources import ParsedWebhook, WebhookRequest, github
from sources.golden import NOW, body, only_signal, read


def changed(name, **issue):
    said = json.loads(body("github", name))
    said["issue"] |= issue
    return github.parse(WebhookRequest(json.dumps(said).encode(), {"x-github-event": "issues"}), NOW)


def test_an_issue_that_is_an_incident():
    fires, over = only_signal("github", "issues_incident_opened"), only_signal("github", "issues_incident_closed")
    assert (fires.key, fires.title, fires.status) == ("Codertocat/Hello-World#7", "Checkout answers 503", "firing")
    assert (fires.service, fires.environment, fires.severity) == ("checkout", "production", "high")
    assert (fires.key, fires.starts_at) == (over.key, over.starts_at)
    assert (over.status, over.ends_at) == ("resolved", datetime(2019, 5, 15, 16, 10, tzinfo=UTC))


def test_other_issues_are_no_outages():
    assert read("github", "issues_opened") == ParsedWebhook()


@pytest.mark.parametrize(
    ("label", "counts"),
    [("incident", True), ("Outage", True), ("type: incident", True), ("kind/incident", True), ("SEV-1", True),
     ("sev2", True), ("production incident", True), ("several", False), ("incidental", False), ("alerting", False)],
)  # fmt: skip
def test_labels_that_make_an_issue_an_incident(label, counts):
    assert bool(changed("issues_incident_opened", labels=[{"name": label}]).signals) == counts


def test_a_comment_is_a_note_unless_a_bot_wrote_it():
    at = datetime(2019, 5, 15, 15, 20, 21, tzinfo=UTC)
    text = "Fixed by rolling back to 1.41."
    assert only_signal("github", "issue_comment") == Note(
        "github", "Codertocat/Hello-World#7", "492700400", text, at, "Codertocat"
    )
    said = json.loads(body("github", "issue_comment"))
    said["comment"]["user"]["type"] = "Bot"
    assert github.parse(WebhookRequest(json.dumps(said).encode()), NOW) == ParsedWebhook()


def test_a_deployment_and_its_status_are_one_change():
    made, went = only_signal("github", "deployment"), only_signal("github", "deployment_status")
    assert isinstance(made, ChangeEvent)
    assert (made.key, made.at) == (went.key, went.at) == (
        "Codertocat/Hello-World/deployments/145988746", datetime(2019, 5, 15, 15, 20, 53, tzinfo=UTC),
    )  # fmt: skip
    assert made.title == "Deployed Codertocat/Hello-World master (f95f852) to production"
    assert (made.kind, made.service, made.environment) == ("deployment", "Hello-World", "production")
    assert went.labels == {**made.labels, "state": "success"}


def test_a_deployment_may_name_its_service():
    said = json.loads(body("github", "deployment"))
    said["deployment"]["payload"] = {"service": "checkout"}
    (change,) = github.parse(WebhookRequest(json.dumps(said).encode()), NOW).signals
    assert change.service == "checkout"


@pytest.mark.parametrize("kind", ["ping", "push", "star", "workflow_run"])
def test_other_events_are_taken_and_say_nothing(kind):
    assert github.parse(WebhookRequest(body("github", "ping"), {"x-github-event": kind}), NOW) == ParsedWebhook()


def test_a_body_of_somebody_else_is_invalid():
    with pytest.raises(Invalid, match="X-GitHub-Event"):
        github.parse(WebhookRequest(b"{}"), NOW)


def test_a_form_is_read_as_well():
    form = b"payload=" + quote_plus(body("github", "deployment")).encode()
    assert github.parse(WebhookRequest(form), NOW).signals == (only_signal("github", "deployment"),)
    for broken in (b"payload=", b"payload=%7B", b"payload=\xff", b"payload=1" + b"&a=1" * 50):
        with pytest.raises(Invalid):
            github.parse(WebhookRequest(broken), NOW)


# The example of GitHub's documentation.
HELLO, SECRET = b"Hello, World!", "It's a Secret to Everybody"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_its_signature():
    github.verify(WebhookRequest(HELLO, {"x-hub-signature-256": SIGNATURE}), ["old", SECRET], NOW)
    for headers, secrets in (
        ({"x-hub-signature-256": SIGNATURE}, ["old"]),
        ({"x-hub-signature-256": SIGNATURE.removeprefix("sha256=")}, [SECRET]),
        ({"x-hub-signature": SIGNATURE}, [SECRET]),
        ({}, [SECRET]),
    ):
        with pytest.raises(Forbidden):
            github.verify(WebhookRequest(HELLO, headers), secrets, NOW)

"""The webhook: signed JSON that says it all, also as a CloudEvent."""

import hashlib
import hmac
import json

import pytest

from onrecall.notifications import Links, Message
from onrecall.notifications.webhook import Webhook, signature
from onrecall.sources import SOURCES, WebhookRequest

from .given import HOSTILE, answer, incident, news, poisoned, resolved
from .twin import twin

SECRET = "a-secret-of-some-length"
LINKS = Links("https://recall.example.com/")


def sent(form: str = "json", secret: str | None = SECRET, about=None):
    with twin() as server:
        hook = Webhook(server.posting(), LINKS, secret, form, lambda: 1_780_000_000.9)
        message = hook.render(*(about or (incident(), answer(), news())), {})
        stored = json.loads(json.dumps(message.body))
        assert hook.send(Message(stored, "key-1"), {}).remote == {}
    (request,) = server.asked
    return request, json.loads(request.body)


def test_the_secret_is_not_shown() -> None:
    with twin() as server:
        assert SECRET not in repr(Webhook(server.posting(), LINKS, SECRET))


def test_it_says_what_is_known() -> None:
    request, body = sent()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == body["id"] == "key-1"
    assert (body["type"], body["seq"], body["time"]) == ("incident.opened", 7, "2026-06-01T12:00:00+00:00")
    assert body["incident"]["url"] == "https://recall.example.com/incidents/INC-1"
    recommendation = body["recommendation"]
    assert recommendation["verdict_words"] == "Known: this happened before"
    assert recommendation["confidence"] == {
        "probability": 0.78,
        "right": 7,
        "of": 9,
        "low": 0.4,
        "high": 0.95,
        "basis": "outcomes",
    }
    assert recommendation["first_safe_step"]["citation"] == {"id": "INC-9", "quote": "Look at the pool", "line": 12}
    assert recommendation["first_safe_step"]["risk"] == "read_only"


def test_the_signature_is_over_time_and_body() -> None:
    request, _ = sent()
    assert request.headers["x-onrecall-timestamp"] == "1780000000"
    expected = hmac.new(SECRET.encode(), b"1780000000." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-onrecall-signature"] == f"v1={expected}"


def test_a_known_answer() -> None:
    """Made with: printf '1780000000.{}' | openssl dgst -sha256 -hmac secret"""
    expected = "f2dadf9ad78978e9a3a09f360d82463bb247403b8a15405e9a194ed17a4d5357"
    assert signature("secret", "1780000000", b"{}") == expected


def test_without_a_secret_nothing_is_signed() -> None:
    request, _ = sent(secret=None)
    assert "x-onrecall-signature" not in request.headers


def test_as_a_cloud_event() -> None:
    request, body = sent("cloudevents")
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert {name: body[name] for name in ("specversion", "id", "source", "type", "subject", "datacontenttype")} == {
        "specversion": "1.0", "id": "key-1", "source": "https://recall.example.com/", "type": "onrecall.incident.opened",
        "subject": "INC-1", "datacontenttype": "application/json",
    }  # fmt: skip
    assert body["data"]["incident"]["id"] == "INC-1"


def test_its_cloud_events_are_read_by_our_own_reader() -> None:
    request, _ = sent("cloudevents")
    SOURCES["cloudevents"].parse(WebhookRequest(request.body, request.headers), news().at)


def test_the_end_and_a_merge() -> None:
    _, body = sent(about=(resolved(), answer(), news("resolved", changes=("it is over",))))
    assert body["incident"]["resolution"] == {"root_cause": "A leak", "cause": None, "by": "ann"}
    assert body["changes"] == ["it is over"]
    _, body = sent(about=(resolved(None), None, news("merged", into="INC-7")))
    assert (body["merged_into"], body["recommendation"]) == ("INC-7", None)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_in_json(text: str) -> None:
    _, body = sent(about=poisoned(text))
    assert body["recommendation"]["cause"] == text
    assert body["recommendation"]["confidence"] is None
    assert body["recommendation"]["confidence_reason"] == text

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
    with twin() as other:
        hook = Webhook(other.posting(), LINKS, secret, form, lambda: 1_780_000_000.9)
        message = hook.render(*(about or (incident(), answer(), news())), {})
        kept = json.loads(json.dumps(message.body))
        assert hook.send(Message(kept, "key-1"), {}).remote == {}
    (asked,) = other.asked
    return asked, json.loads(asked.body)


def test_it_says_what_is_known() -> None:
    asked, said = sent()
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["idempotency-key"] == said["id"] == "key-1"
    assert (said["type"], said["seq"], said["time"]) == ("incident.opened", 7, "2026-06-01T12:00:00+00:00")
    assert said["incident"]["url"] == "https://recall.example.com/incidents/INC-1"
    told = said["recommendation"]
    assert told["verdict_words"] == "Known: this happened before"
    assert told["confidence"] == {
        "probability": 0.78,
        "right": 7,
        "of": 9,
        "low": 0.4,
        "high": 0.95,
        "basis": "outcomes",
    }
    assert told["first_safe_step"]["citation"] == {"id": "INC-9", "quote": "Look at the pool", "line": 12}
    assert told["first_safe_step"]["risk"] == "read_only"


def test_the_signature_is_over_time_and_body() -> None:
    asked, _ = sent()
    assert asked.headers["x-onrecall-timestamp"] == "1780000000"
    wanted = hmac.new(SECRET.encode(), b"1780000000." + asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["x-onrecall-signature"] == f"v1={wanted}"


def test_a_known_answer() -> None:
    """Made with: printf '1780000000.{}' | openssl dgst -sha256 -hmac secret"""
    known = "f2dadf9ad78978e9a3a09f360d82463bb247403b8a15405e9a194ed17a4d5357"
    assert signature("secret", "1780000000", b"{}") == known


def test_without_a_secret_nothing_is_signed() -> None:
    asked, _ = sent(secret=None)
    assert "x-onrecall-signature" not in asked.headers


def test_as_a_cloud_event() -> None:
    asked, said = sent("cloudevents")
    assert asked.headers["content-type"] == "application/cloudevents+json"
    assert {name: said[name] for name in ("specversion", "id", "source", "type", "subject", "datacontenttype")} == {
        "specversion": "1.0", "id": "key-1", "source": "https://recall.example.com/", "type": "onrecall.incident.opened",
        "subject": "INC-1", "datacontenttype": "application/json",
    }  # fmt: skip
    assert said["data"]["incident"]["id"] == "INC-1"


def test_its_cloud_events_are_read_by_our_own_reader() -> None:
    asked, _ = sent("cloudevents")
    SOURCES["cloudevents"].parse(WebhookRequest(asked.body, asked.headers), news().at)


def test_the_end_and_a_merge() -> None:
    _, said = sent(about=(resolved(), answer(), news("resolved", changes=("it is over",))))
    assert said["incident"]["resolution"] == {"root_cause": "A leak", "cause": None, "by": "ann"}
    assert said["changes"] == ["it is over"]
    _, said = sent(about=(resolved(None), None, news("merged", into="INC-7")))
    assert (said["merged_into"], said["recommendation"]) == ("INC-7", None)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_in_json(text: str) -> None:
    _, said = sent(about=poisoned(text))
    assert said["recommendation"]["cause"] == text
    assert said["recommendation"]["confidence"] is None
    assert said["recommendation"]["confidence_reason"] == text

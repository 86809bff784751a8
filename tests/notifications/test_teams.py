"""Teams: a card that is small enough, and in which untrusted text is nothing but text."""

import json
from dataclasses import replace

import pytest

from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import Citation
from onrecall.notifications import Links, Message, PermanentDeliveryError
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.teams import LARGEST, Teams, check_workflow_url

from .given import HOSTILE, STEP, answer, incident, news, poisoned, resolved
from .twin import HERE, twin

LINKS = Links("https://recall.example.com")


def card(about=None, links: Links = LINKS):
    channel = Teams(check_workflow_url(HERE, "http://127.0.0.1:8080/"), links)
    body = channel.render(*(about or (incident(), answer(), news())), {}).body
    json.dumps(body)
    return body["attachments"][0]["content"]


def runs(card):
    """Untrusted text, as Teams shows it."""
    return [run["text"] for part in card["body"] if part["type"] == "RichTextBlock" for run in part["inlines"]]


def blocks(card):
    """What Teams reads as Markdown."""
    return [part["text"] for part in card["body"] if part["type"] == "TextBlock"]


def test_it_says_what_matters() -> None:
    content = card()
    assert blocks(content) == ["New incident", "Known: this happened before"]
    assert runs(content) == [
        "INC-1 Pool exhausted",
        "auth · severity high · open",
        "Cause: Leak in the pool (INC-9, line 4)",
        "Right 7 of 9 times at this level (40–95 %)",
        "First safe step: Look at the pool",
        "kubectl get pods -n auth",
        "read only; INC-9, line 12; worked 2 of 3",
    ]
    assert content["actions"] == [
        {"type": "Action.OpenUrl", "title": "Open in OnRecall", "url": "https://recall.example.com/incidents/INC-1"}
    ]


def test_no_address_no_link() -> None:
    assert card(links=Links())["actions"] == []


def test_an_id_can_not_leave_the_link() -> None:
    content = card((incident(id='../"x)<&y'), answer(), news()))
    assert content["actions"][0]["url"] == "https://recall.example.com/incidents/..%2F%22x%29%3C%26y"


def test_a_step_that_can_do_harm_is_not_the_first() -> None:
    harm = replace(STEP, text="Drop it", command="drop table x", risk="destructive")
    undone = replace(STEP, n=2, text="Restart", command=None, risk="reversible")
    unsafe = blocks(card((incident(), answer(steps=(harm, undone)), news())))
    assert unsafe[-1].startswith("No safe first step")
    look = replace(undone, n=3, text="Look", citation=Citation("INC-8", "1. Look", 9))
    assert "First safe step: Look" in runs(card((incident(), answer(steps=(harm, undone, look)), news())))
    content = card((incident(), answer(steps=(harm,)), news()))
    assert not any("drop" in text.lower() for text in runs(content))
    assert blocks(content)[-1].startswith("No safe first step")


def test_the_end_says_what_was_wrong() -> None:
    assert "What was wrong: A leak (ann)" in runs(card((resolved(), answer(), news("resolved"))))
    assert any("not on record yet" in text for text in runs(card((resolved(None), answer(), news("resolved")))))


def test_why_there_is_no_confidence() -> None:
    recommendation = answer(confidence=None, confidence_reason="not measured yet: 3 outcomes")
    assert "Confidence: not measured yet: 3 outcomes" in runs(card((incident(), recommendation, news())))


@pytest.mark.parametrize("text", HOSTILE)
def test_untrusted_text_is_small_and_never_markdown(text: str) -> None:
    content = card(poisoned(text))
    assert blocks(content) == ["Answer changed", "Known: this happened before"]
    assert {action["type"] for action in content["actions"]} == {"Action.OpenUrl"}
    texts = runs(content)
    commands = [run["text"] for part in content["body"] for run in part.get("inlines", ()) if run.get("fontType")]
    prose = [shown_text for shown_text in texts if shown_text not in commands] + [content["fallbackText"]]
    assert not any(
        "https://" in shown_text or "www." in shown_text or "javascript:" in shown_text for shown_text in prose
    )
    for hidden in ("\r", "\n", "\x1b", "\x07", "\u202e", "\u2066", "\u200b", "\U000e0041"):
        assert not any(hidden in shown_text for shown_text in texts)
    message = {"type": "message", "attachments": [{"content": content}]}
    assert len(json.dumps(message, ensure_ascii=False).encode()) < LARGEST


def test_202_is_there_and_the_limit_is_kept() -> None:
    with twin(status=[202]) as server:
        channel = Teams(check_workflow_url(HERE, server.address + "/workflows/x?sig=y"), LINKS)
        channel.send(Message(channel.render(incident(), answer(), news(), {}).body, "key-1"), {})
        with pytest.raises(PermanentDeliveryError, match="Teams takes 28672"):
            channel.send(Message({"text": "x" * LARGEST}, "key-2"), {})
    (request,) = server.asked
    assert request.path == "/workflows/x?sig=y"
    assert json.loads(request.body)["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/x", "http://prod-1.westus.logic.azure.com/x", "https://logic.azure.com.evil.example/x",
        "https://evil.example/.logic.azure.com", "https://logic.azure.com@evil.example/", "https://xlogic.azure.com/",
    ],
)  # fmt: skip
def test_other_hosts_are_refused(url: str) -> None:
    with pytest.raises(Invalid):
        check_workflow_url(EgressGuard(), url)


@pytest.mark.parametrize(
    "url",
    ["https://prod-1.westus.logic.azure.com:443/workflows/a", "https://x.environment.api.powerplatform.com/p?sig=1"],
)
def test_workflows_are_taken(url: str) -> None:
    assert check_workflow_url(EgressGuard(), url).url == url

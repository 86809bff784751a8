"""What is shown in Slack: within its limits and dead, whatever others wrote."""

from dataclasses import replace

import pytest
from hypothesis import Phase, example, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from example_counts import example_count
from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import Citation, Evidence
from onrecall.domain.recommendation import Alternative, FailedStep, RecommendationOutcome, StepVerdict
from onrecall.notifications import Links, Notice
from onrecall.notifications.slack import block_kit
from onrecall.notifications.slack import message as slack_message
from onrecall.notifications.slack import modal as slack_modal
from onrecall.notifications.slack.channel import ChannelRouting, SlackBot, SlackWebhook, check_webhook

from . import slack_limits
from .given import HOSTILE, NOON, STEP, answer, incident, news, poisoned, resolved
from .twin import HERE

LINKS = Links("https://recall.example.com")
MARKUP = [
    "<!channel> <!here> <!everyone> <@U0ANN> <#C0INCIDENTS> <!subteam^S1> <!date^1^{date}|x>",
    "<https://evil.example|https://bank.example> https://evil.example www.evil.example",
    "*bold* _italic_ ~gone~ `code` ```block``` > quote :fire: @channel @here",
    "& < > &lt;!channel&gt;",
    "```\n<!channel>\n```",
]
NASTY = st.one_of(
    st.sampled_from([*HOSTILE, *MARKUP]),
    st.text(max_size=400),
    st.lists(st.sampled_from(["<!channel>", "<@U1>", "*x*", "`", "```", "https://e.x", "@here", "\n", " ", '"', "\\", "&"])).map("".join),
    st.integers(1, 6000).map(lambda n: '"\\' * n),
)  # fmt: skip


def everything(text: str, steps: int) -> tuple:
    about, recommendation, event = poisoned(text or "x")
    many = tuple(
        replace(recommendation.steps[0], n=n, precondition=text, rollback=text, stale=text) for n in range(1, steps + 1)
    )
    cited = Citation(text, text, 3)
    more = replace(
        recommendation,
        steps=many,
        tried_before=(FailedStep(text, "made_it_worse", cited),) * 6,
        alternatives=(Alternative(text, (text, text), (text,)),) * 6,
        tell_apart=(text,) * 6,
        evidence=(Evidence(text, "incident", text, 0.5, why=(text, text)),) * 6,
    )
    return about, more, event


def rendered(about, recommendation, event, links: Links = LINKS) -> list:
    body = SlackBot(None, ChannelRouting("C0INCIDENTS"), links).render(about, recommendation, event, {}).body
    hook = SlackWebhook(None, links).render(about, recommendation, event, {}).body
    answered = slack_message.answer_message(recommendation, links)
    return [message for message in (body["root"], body["news"], *body["details"], hook, answered) if message]


@settings(max_examples=example_count(40), deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@example("\N{FIRE}" * 200, 14, "opened")
@example("\x7f\x01" * 100, 3, "opened")
@examples(NASTY, st.integers(0, 30), st.sampled_from(["opened", "changed", "resolved", "reopened", "merged"]))
def test_whatever_others_wrote_slack_takes_it_and_it_is_dead(text: str, steps: int, kind: str) -> None:
    about, recommendation, event = everything(text, steps)
    event = replace(event, kind=kind, into=text if kind == "merged" else None)
    if kind == "resolved":
        about = resolved(text or None, id=about.id, title=about.title)
    for message in rendered(about, recommendation, event):
        assert slack_limits.message(message) == []
        assert slack_limits.alive(message) == []
    view = slack_modal.view(
        about, recommendation, [RecommendationOutcome("r", "helped", NOON, (StepVerdict(1, "worked"),))]
    )
    assert slack_limits.view(view) == []
    assert slack_limits.alive(view) == []


@settings(max_examples=example_count(40), deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@examples(NASTY)
def test_a_notice_is_dead_text_too_and_slack_takes_it(text: str) -> None:
    message = slack_message.notice_message(
        Notice("ntf-1", text, (("Symptom", text), ("", text), (text, text)), text, NOON)
    )
    assert slack_limits.message(message) == []
    assert slack_limits.alive(message) == []


@pytest.mark.parametrize("text", MARKUP)
def test_the_validator_knows_what_is_alive(text: str) -> None:
    live = {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}
    assert slack_limits.alive(live) != [] or "&lt;" in text
    assert slack_limits.alive({"text": block_kit.fallback(text), "blocks": []}) == []


def test_the_validator_refuses_what_slack_refuses() -> None:
    text = {"type": "plain_text", "text": "x"}
    assert slack_limits.message({"text": "x", "blocks": [{"type": "divider"}] * 51})
    assert slack_limits.message({"text": "x", "blocks": [{"type": "header", "text": {**text, "text": "x" * 151}}]})
    assert slack_limits.message({"text": "x", "blocks": [{"type": "section", "text": {**text, "text": "x" * 3001}}]})
    long = {"type": "section", "text": {**text, "text": "x" * 2900}}
    assert slack_limits.message({"text": "x", "blocks": [long] * 5}) == ["msg_blocks_too_long"]
    button = {"type": "button", "text": text, "action_id": "a", "value": "v" * 2001}
    assert slack_limits.message({"text": "x", "blocks": [{"type": "actions", "elements": [button]}]})
    assert slack_limits.message({"text": "", "blocks": [{"type": "divider"}]})


def words_of(message) -> str:
    return " ".join(run["text"] for block in message["blocks"] if block["type"] == "rich_text"
                    for part in block["elements"] for run in part["elements"])  # fmt: skip


def test_the_root_says_verdict_cause_confidence_first_step_and_where_to_read_on() -> None:
    step = replace(STEP, command="kubectl get pods -n auth && echo '<done>' > /tmp/x")
    message = slack_message.root_message(incident(), answer(steps=(step,)), news(), LINKS)
    text = words_of(message)
    assert message["blocks"][0]["text"]["text"] == "Open · severity high · Known"
    assert "Cause:  Leak in the pool" in text
    assert "(INC-9, line 4)" in text
    assert "Right 7 of 9 times at this level (40–95 %)" in text
    assert "read only; INC-9, line 12; worked 2 of 3" in text
    assert "kubectl get pods -n auth && echo '<done>' > /tmp/x" in text, "a command is copied as it is"
    labels = [element["text"]["text"] for element in message["blocks"][-1]["elements"]]
    assert labels == ["It helped", "It did not help", "Resolve…", "Open in OnRecall"]
    assert message["blocks"][-1]["elements"][-1]["url"] == "https://recall.example.com/incidents/INC-1"


def test_without_a_confidence_it_says_why() -> None:
    message = slack_message.root_message(
        incident(), answer(confidence=None, confidence_reason="only 3 outcomes"), news(), Links()
    )
    assert "Confidence: only 3 outcomes" in words_of(message)


def test_every_step_has_its_buttons() -> None:
    steps = tuple(replace(STEP, n=n) for n in range(1, 4))
    (page,) = slack_message.detail_messages(answer(steps=steps), "INC-1")
    pressed = [[e["text"]["text"] for e in block["elements"]] for block in page["blocks"] if block["type"] == "actions"]
    assert pressed == [["This fixed it", "Did not help"]] * 3


def test_many_long_steps_come_in_several_messages() -> None:
    steps = tuple(replace(STEP, n=n, command="x" * 1200) for n in range(1, 40))
    pages = slack_message.detail_messages(answer(steps=steps), "INC-1")
    assert len(pages) == slack_message.MOST_PAGES
    assert "There is more" in str(pages[-1]["blocks"][-1])


def test_the_room_is_that_of_the_service_then_of_the_severity() -> None:
    rooms = ChannelRouting("C0ALL", {"auth": "C0AUTH"}, {"high": "C0HIGH"})
    assert rooms.channel_for(incident()) == "C0AUTH"
    assert rooms.channel_for(incident(service="web")) == "C0HIGH"
    assert rooms.channel_for(incident(service=None, severity="low")) == "C0ALL"


def test_the_guard_of_the_webhook() -> None:
    check_webhook(HERE, "https://hooks.slack.com/services/T/B/x")
    for url in ("https://evil.example/x", "http://hooks.slack.com/x", "https://hooks.slack.com.evil.example/"):
        with pytest.raises(Invalid):
            check_webhook(HERE, url)

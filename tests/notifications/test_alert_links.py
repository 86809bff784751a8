"""Where alerts say that people can look is told on the channels, and nothing else than what is safe to open."""

from dataclasses import replace

from onrecall.domain.alert import AlertLink
from onrecall.notifications import Links
from onrecall.notifications.slack import block_kit
from onrecall.notifications.slack.channel import ChannelRouting, SlackBot
from onrecall.notifications.webhook import Webhook

from . import slack_limits
from .given import answer, incident, news
from .twin import twin

RUNBOOK = AlertLink("https://wiki.dam.example/spillway", "runbook")
GRAPH = AlertLink("https://graphs.dam.example/d/4?from=now-1h", "dashboard")
ENDLESS = AlertLink(f"https://dam.example/{'x' * block_kit.LONGEST_URL}", "source")


def update_of(*links):
    return replace(news(), alert_links=links)


def test_slack_has_a_button_for_each_with_the_host_that_it_leads_to():
    message = (
        SlackBot(None, ChannelRouting("C0INCIDENTS"), Links())
        .render(incident(), answer(), update_of(RUNBOOK, GRAPH, ENDLESS), {})
        .body["root"]
    )
    buttons = [
        element
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if "url" in element
    ]
    assert [(button["text"]["text"], button["url"]) for button in buttons] == [
        ("Runbook: wiki.dam.example", RUNBOOK.url),
        ("Dashboard: graphs.dam.example", GRAPH.url),
    ]
    assert slack_limits.message(message) == []


def test_the_webhook_tells_each_with_what_it_leads_to():
    with twin() as server:
        body = (
            Webhook(server.posting(), Links(), None, "json", lambda: 1.0)
            .render(incident(), answer(), update_of(RUNBOOK, GRAPH), {})
            .body
        )
    assert body["links"] == [{"kind": "runbook", "url": RUNBOOK.url}, {"kind": "dashboard", "url": GRAPH.url}]

"""Where alerts say that people can look is told on the channels, and nothing else than what is safe to open."""

from dataclasses import replace

from onrecall.domain.alert import AlertLink
from onrecall.notifications import Links
from onrecall.notifications.slack import blocks
from onrecall.notifications.slack.channel import ChannelRouting, SlackBot
from onrecall.notifications.webhook import Webhook

from . import slack_limits
from .given import answer, incident, news
from .twin import twin

RUNBOOK = AlertLink("https://wiki.dam.example/spillway", "runbook")
GRAPH = AlertLink("https://graphs.dam.example/d/4?from=now-1h", "dashboard")
ENDLESS = AlertLink(f"https://dam.example/{'x' * blocks.LONGEST_URL}", "source")


def told(*links):
    return replace(news(), alert_links=links)


def test_slack_has_a_button_for_each_with_the_host_that_it_leads_to():
    shown = (
        SlackBot(None, ChannelRouting("C0INCIDENTS"), Links())
        .render(incident(), answer(), told(RUNBOOK, GRAPH, ENDLESS), {})
        .body["root"]
    )
    buttons = [
        one for block in shown["blocks"] if block["type"] == "actions" for one in block["elements"] if "url" in one
    ]
    assert [(one["text"]["text"], one["url"]) for one in buttons] == [
        ("Runbook: wiki.dam.example", RUNBOOK.url),
        ("Dashboard: graphs.dam.example", GRAPH.url),
    ]
    assert slack_limits.message(shown) == []


def test_the_webhook_tells_each_with_what_it_leads_to():
    with twin() as other:
        body = (
            Webhook(other.posting(), Links(), None, "json", lambda: 1.0)
            .render(incident(), answer(), told(RUNBOOK, GRAPH), {})
            .body
        )
    assert body["links"] == [{"kind": "runbook", "url": RUNBOOK.url}, {"kind": "dashboard", "url": GRAPH.url}]

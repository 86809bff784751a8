"""Prometheus itself: what it posts to an Alertmanager's `/api/v2/alerts`, so that it can be pointed here."""

from datetime import datetime

from onrecall.domain.alert import Alert
from onrecall.sources import alertmanager, payload
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import Parse, ParsedWebhook, WebhookRequest

NAME = "prometheus"


def parser(source: str) -> Parse:
    """Returns a parser for a list of alerts, sent again every minute while they fire and for a while after."""

    def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
        def read(part: Fields) -> tuple[Alert, ...]:
            return (alertmanager.read_alert(part, source, now),)

        return payload.parse_items(delivery.decoded(), "body", read, lambda part: [part])

    return parse


parse = parser(NAME)
"""The alerts of Prometheus itself."""

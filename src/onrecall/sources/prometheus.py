"""Prometheus itself: what it posts to an Alertmanager's `/api/v2/alerts`, so that it can be pointed here."""

from datetime import datetime

from onrecall.domain.alert import Alert
from onrecall.sources import alertmanager
from onrecall.sources import payload as fields
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import Delivery, Parsed, load_json

NAME = "prometheus"


def parse(delivery: Delivery, now: datetime) -> Parsed:
    """A list of alerts, sent again every minute or so while they fire and for a while after they ended."""

    def read(part: Fields) -> tuple[Alert, ...]:
        return (alertmanager.alert(part, NAME, now),)

    return fields.parts(load_json(delivery.body), "body", read, lambda part: [part])

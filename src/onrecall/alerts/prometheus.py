"""Prometheus itself: what it posts to an Alertmanager's `/api/v2/alerts`, so that it can be pointed here."""

from datetime import datetime

from onrecall.alert import Alert
from onrecall.alerts import alertmanager, fields
from onrecall.alerts.delivery import Delivery, Parsed, payload
from onrecall.alerts.fields import Fields

NAME = "prometheus"


def parse(delivery: Delivery, now: datetime) -> Parsed:
    """A list of alerts, sent again every minute or so while they fire and for a while after they ended."""

    def read(part: Fields) -> tuple[Alert, ...]:
        return (alertmanager.alert(part, NAME, now),)

    return fields.parts(payload(delivery.body), "body", read, lambda part: [part])

"""Grafana Alerting: its webhook, version 1, in Alertmanager's form with more fields; signed if it has a secret."""

from collections.abc import Sequence
from datetime import datetime

from onrecall.sources import alertmanager, signatures
from onrecall.sources.webhook import WebhookRequest

NAME = "grafana"
SIGNATURE = ("X-Grafana-Alerting-Signature", "X-Grafana-Alert-Signature")
"""The header's name as documented, and as older releases have it in their code."""
TIMESTAMP = "X-Grafana-Alerting-Timestamp"
"""Grafana lets its user name this header; this is the name our documentation asks for."""


parse = alertmanager.parser(NAME)
"""Each alert of the notification."""


def verify(delivery: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:
    """HMAC-SHA256 over the body; with the timestamp's header, over the time, a colon and the body."""
    offered = signatures.require_header(delivery, *SIGNATURE)
    stamp = delivery.headers.get(TIMESTAMP.lower())
    if stamp is None:
        signatures.verify_hmac(delivery.body, [offered], secrets)
        return
    signatures.verify_hmac(stamp.encode("utf-8", "replace") + b":" + delivery.body, [offered], secrets)
    signatures.check_timestamp(stamp, now)

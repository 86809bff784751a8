"""Grafana Alerting, signed and not."""

from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.errors import Forbidden
from onrecall.sources import WebhookRequest
from onrecall.sources.grafana import verify
from sources.golden import NOW, body, only_signal, read

STAMP = "1795255200"
"""2026-11-21T10:00:00Z"""


def test_a_firing_notification():
    first, second = read("grafana", "firing").signals
    assert first.key == "c6eadffa33fcdf37"
    assert first.title == "High memory usage: This alert was triggered for zone us-1"
    assert first.starts_at == datetime(2021, 10, 12, 7, 51, 3, 157076, UTC)
    assert (first.status, first.ends_at, first.group) == ("firing", None, None)
    assert first.values == {"B": 44.23943737541908, "C": 1}
    assert first.links[:2] == ("https://myrunbook.com/runbook/1234", "https://play.grafana.org/alerting/1afz29v7z/edit")
    assert [first.link_kinds[link] for link in first.links] == ["runbook", "generator", "silence"]
    assert second.labels["zone"] == "eu-1"


def test_resolved():
    alert = only_signal("grafana", "resolved")
    assert (alert.status, alert.ends_at) == ("resolved", datetime(2021, 10, 12, 8, 11, 3, tzinfo=UTC))
    assert alert.group == '{}:{alertname="High memory usage"}'


def test_no_data_is_told_by_the_rules_name_and_private_fields_stay_out():
    alert = only_signal("grafana", "no_data")
    assert alert.title.startswith("Checkout error rate (DatasourceNoData): ")
    assert not [name for name in (*alert.labels, *alert.annotations) if name.startswith("__")]
    assert "https://play.grafana.org/d/abc?viewPanel=4" in alert.links
    assert alert.values == {}


# What `openssl dgst -sha256 -hmac secret` says of the bytes, and of 1795255200:… for the stamped one.
PLAIN = "6f35757d9097ad70c3f4116ac31657f8bbc9b33c218fac47b17b7cc0b455c9f7"
STAMPED = "a37cb26806c9944908c468450cf2f485b4c145c2af5430578cdc982e64a5561c"


def signed(signature, stamp=None, name="X-Grafana-Alerting-Signature"):
    headers = {name.lower(): signature}
    if stamp is not None:
        headers["x-grafana-alerting-timestamp"] = stamp
    return WebhookRequest(body("grafana", "firing"), headers)


@pytest.mark.parametrize("name", ["X-Grafana-Alerting-Signature", "X-Grafana-Alert-Signature"])
def test_a_signed_body(name):
    verify(signed(PLAIN, name=name), ["old", "secret"], NOW)


def test_a_signed_time_and_body():
    verify(signed(STAMPED, STAMP), ["secret"], NOW)
    verify(signed(STAMPED, STAMP), ["secret"], NOW + timedelta(seconds=299))


@pytest.mark.parametrize(
    ("delivery", "secrets", "now"),
    [
        (signed(PLAIN), ["other"], NOW),
        (signed(PLAIN), [], NOW),
        (signed(PLAIN), [""], NOW),
        (signed(""), ["secret"], NOW),
        (signed("ä"), ["secret"], NOW),
        (signed(PLAIN[:-1] + "g"), ["secret"], NOW),
        (signed(PLAIN, STAMP), ["secret"], NOW),
        (signed(STAMPED), ["secret"], NOW),
        (signed(STAMPED, STAMP), ["secret"], NOW + timedelta(seconds=301)),
        (signed(STAMPED, STAMP), ["secret"], NOW - timedelta(seconds=301)),
        (signed(STAMPED, "1795255201"), ["secret"], NOW),
        (signed(STAMPED, "soon"), ["secret"], NOW),
        (WebhookRequest(body("grafana", "firing")), ["secret"], NOW),
        (WebhookRequest(body("grafana", "firing") + b" ", {"x-grafana-alerting-signature": PLAIN}), ["secret"], NOW),
    ],
)  # fmt: skip
def test_anything_else_is_forbidden(delivery, secrets, now):
    with pytest.raises(Forbidden):
        verify(delivery, secrets, now)

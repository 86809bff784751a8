"""Ties by what texts say of machines: sites that fall silent, hosts elsewhere, one rule in two clusters."""

from datetime import timedelta

import pytest

from onrecall.domain.alert import Alert
from onrecall.grouping import plan_grouping
from onrecall.grouping.words import remote_hosts, says_silent

from .labelled import NOON


def alert(name: str, text: str, at: float = 0, service: str | None = None, **labels: str) -> Alert:
    labels = {"alertname": name, **labels}
    key = f"{name}/{service}/{labels}"
    return Alert("prtg", key, name, NOON + timedelta(seconds=at), description=text, service=service, labels=labels)


def count_incidents(*alerts: Alert) -> int:
    return len(plan_grouping(dict(enumerate(alerts)), []).opens)


def test_a_site_that_falls_silent_is_one_outage() -> None:
    router = alert("Ping", "no answer", host="router-5", branch="5")
    till = alert("Device", "till-5 does not answer", 20, host="till-5", branch="5")
    elsewhere = alert("Device", "till-8 does not answer", 30, host="till-8", branch="8")
    assert count_incidents(router, till) == 1
    assert count_incidents(router, till, elsewhere) == 2


def test_a_site_ties_nothing_if_its_machines_answer() -> None:
    assert (
        count_incidents(alert("Toner", "low", host="p-5", site="5"), alert("Fan", "loud", 9, host="n-5", site="5")) == 2
    )


def test_services_that_call_the_same_host_elsewhere_are_one_outage() -> None:
    first = alert("Geo", "429 from api.maps.example", service="eta")
    second = alert("Form", "POST https://api.maps.example/v1: 429", 30, service="address")
    linked = alert("Heap", "see https://api.maps.example/heap", 40, service="pdf")
    assert count_incidents(first, second) == 1
    assert count_incidents(first, linked) == 2


def test_one_rule_in_two_clusters_is_two_outages() -> None:
    places = ({"cluster": "eu", "region": "eu-1"}, {"cluster": "us", "region": "us-1"})
    alerts = [
        alert("Lag", "offsets fall behind the producers", n * 1200, service="bill", **place)
        for n, place in enumerate(places)
    ]
    assert count_incidents(*alerts) == 2


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("timeout while calling api.pay.example", {"api.pay.example"}),
        ("read from settings.json", set()),
        ("runbook: https://wiki.example/x", set()),
    ],
)
def test_hosts_that_a_text_calls(text: str, hosts: set[str]) -> None:
    assert remote_hosts(text) == hosts


@pytest.mark.parametrize(
    ("text", "silent"), [("host is unreachable", True), ("did not respond", True), ("is slow", False)]
)
def test_texts_of_silence(text: str, silent: bool) -> None:
    assert says_silent(text) is silent

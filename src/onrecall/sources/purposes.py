"""What is no incident though it comes as an alert: tests of a sender, signals that are always there, planned work.

A source's file says what marks its own; here is what marks them whichever tool sends them. Only what is sure counts.
"""

import re
from dataclasses import replace
from datetime import timedelta

from onrecall.domain.alert import Acknowledgement, Alert, InboundEvent, Note, Purpose
from onrecall.sources.payload import shorten_key
from onrecall.sources.webhook import ParsedWebhook

TEST_EXPIRES_AFTER = timedelta(minutes=5)
"""A test message is over after this, for nobody sends its end."""
TEST_KEY = "test:"
"""Before the key of a test, so that the test of a monitor never touches the monitor's own alert."""
HEARTBEATS = frozenset(
    {"watchdog", "deadmansswitch", "deadmanssnitch", "deadmanswitch", "deadmansswitchalert", "infoinhibitor"}
    | {"alwaysfiring", "prometheusalwaysfiring"}
)
"""Alerts that fire as long as the alerting itself works, or that only hold back others: their names, bare."""
_HELD_BACK_BY = "infoinhibitor"
"""It comes and goes with what it holds back, so that its absence says nothing."""
_TEST_NAMES = frozenset({"testalert", "testnotification", "testalertnotification", "testwebhook", "testmessage"})
_TEST_TITLE = re.compile(
    r"\s*[\[(](?:this is )?(?:a )?test(?:ing| alert| notification| message)?[\])].*"
    r"|\s*this is an? (?:\w+ ){0,3}?test(?:ing)?(?: (?:alert|notification|message|event|incident|webhook)\b.*|\W*)"
    r"|\s*(?:test|dummy|sample) (?:alert|notification|message|webhook|event|incident)\b(?: (?:from|by|of|sent)\b.*|\W*)"
    r"|.*\btest notification test run\b.*",
    re.IGNORECASE | re.DOTALL,
)
_BARE = re.compile(r"[^a-z0-9]+")


def mark_purposes(parsed: ParsedWebhook) -> ParsedWebhook:
    """Returns what was read with each alert marked that surely is a test or a heartbeat; others stay as they are."""
    if not any(isinstance(signal, Alert) for signal in parsed.signals):
        return parsed
    marked = tuple(mark_alert(signal) if isinstance(signal, Alert) else signal for signal in parsed.signals)
    return replace(parsed, signals=_with_test_keys(marked))


def mark_alert(alert: Alert) -> Alert:
    """Returns an alert with its purpose, and as it is where nothing marks it."""
    if alert.purpose == "incident" and (purpose_and_reason := _purpose_of(alert)):
        alert = replace(alert, purpose=purpose_and_reason[0], purpose_reason=purpose_and_reason[1])
    if alert.purpose == "test":
        return replace(alert, expires_after=TEST_EXPIRES_AFTER if alert.status == "firing" else None, group=None)
    return alert


def is_constant(alert: Alert) -> bool:
    """Returns whether an alert is a heartbeat that is always there while alerting works, so that it can be missed."""
    names = (alert.labels.get("alertname"), alert.title)
    return alert.purpose == "heartbeat" and not any(_normalize_name(name) == _HELD_BACK_BY for name in names)


def _normalize_name(name: str | None) -> str:
    return _BARE.sub("", (name or "").lower())


def _purpose_of(alert: Alert) -> tuple[Purpose, str] | None:
    for name in (alert.labels.get("alertname"), alert.title):
        bare = _normalize_name(name)
        if bare == _HELD_BACK_BY:
            return "heartbeat", f"{name} only holds back other alerts"
        if bare in HEARTBEATS:
            return "heartbeat", f"{name} always fires, to show that alerting works"
        if bare in _TEST_NAMES:
            return "test", f"{name} is a test message of the sender"
    if _TEST_TITLE.fullmatch(alert.title):
        return "test", "its title says that it is a test"
    return None


def _with_test_keys(signals: tuple[InboundEvent, ...]) -> tuple[InboundEvent, ...]:
    """Tests under keys of their own; what else was said of a test goes with it."""
    tests = {signal.key for signal in signals if isinstance(signal, Alert) and signal.purpose == "test"}
    if not tests:
        return signals
    return tuple(
        replace(signal, key=shorten_key(f"{TEST_KEY}{signal.key}"))
        if signal.key in tests and isinstance(signal, Alert | Acknowledgement | Note)
        else signal
        for signal in signals
    )

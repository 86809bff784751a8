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
"""A test alert expires after this, because no end is sent."""
TEST_KEY = "test:"
"""Prefix for the keys of tests, so that a monitor's test never affects the monitor's own alert."""
HEARTBEATS = frozenset(
    {"watchdog", "deadmansswitch", "deadmanssnitch", "deadmanswitch", "deadmansswitchalert", "infoinhibitor"}
    | {"alwaysfiring", "prometheusalwaysfiring"}
)
"""Alerts that fire as long as the alerting itself works, or that only hold back others: their names, bare."""
_HELD_BACK_BY = "infoinhibitor"
"""Its absence means nothing, because it comes and goes with the alerts that it inhibits."""
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
    """Mark alerts that are certainly tests or heartbeats; others stay as they are."""
    if not any(isinstance(signal, Alert) for signal in parsed.signals):
        return parsed
    marked = tuple(mark_alert(signal) if isinstance(signal, Alert) else signal for signal in parsed.signals)
    return replace(parsed, signals=_with_test_keys(marked))


def mark_alert(alert: Alert) -> Alert:
    """Return an alert with its purpose; unchanged if nothing marks it."""
    if alert.purpose == "incident" and (purpose_and_reason := _purpose_of(alert)):
        alert = replace(alert, purpose=purpose_and_reason[0], purpose_reason=purpose_and_reason[1])
    if alert.purpose == "test":
        return replace(alert, expires_after=TEST_EXPIRES_AFTER if alert.status == "firing" else None, group=None)
    return alert


def is_constant(alert: Alert) -> bool:
    """Return whether an alert is a heartbeat that always fires while alerting works, so its absence means trouble."""
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
    """Give tests keys of their own, and their acknowledgements and notes too."""
    tests = {signal.key for signal in signals if isinstance(signal, Alert) and signal.purpose == "test"}
    if not tests:
        return signals
    return tuple(
        replace(signal, key=shorten_key(f"{TEST_KEY}{signal.key}"))
        if signal.key in tests and isinstance(signal, Alert | Acknowledgement | Note)
        else signal
        for signal in signals
    )

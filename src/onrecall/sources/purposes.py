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
    r"|.*\btest notification test run\b.*"
    r"|(?:webhook|notification|connection|integration)s? test(?: message| notification| alert| successful)?\W*"
    r"|(?:[^,.!:–—-]{1,60}[,.!:–—-]\s*)(?:this|it) is (?:only |just )?a test\W*",
    re.IGNORECASE | re.DOTALL,
)
_GOOD_NEWS = re.compile(
    r".*\b(?:completed|finished|succeeded|ended|passed|renewed|restored|deployed|updated|created|executed)"
    r" successfully(?:\s(?:in|after|within|at|on|for)\b.{1,60})?\W*"
    r"|.*\b(?:was|were|has been|have been) successfully (?:completed|finished|renewed|restored|deployed|updated)\W*"
    r"|.*\b(?:was|has been) renewed\W*"
    r"|(?:your )?(?:daily|weekly|monthly) (?:[\w-]+ ){0,3}(?:report|summary|digest)\W*",
    re.IGNORECASE | re.DOTALL,
)
_BAD_NEWS = re.compile(
    r"\b(?:not|never|no|none|nothing|cannot|without|un\w+|fail\w*|error\w*|wrong|missing|late|but|except|only|before|until"
    r"|since|hasn|haven|wasn|isn|didn|could|should|must|late)\b",
    re.IGNORECASE,
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
    if _is_good_news(alert):
        return "informational", "its title says that all went well"
    return None


def _is_good_news(alert: Alert) -> bool:
    is_grave = alert.severity in ("critical", "high", "medium")
    return not is_grave and bool(_GOOD_NEWS.fullmatch(alert.title)) and not _BAD_NEWS.search(alert.title)


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

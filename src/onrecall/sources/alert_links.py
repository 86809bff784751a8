"""Links of alerts: only whole http and https addresses, each once, and what each leads to."""

import re
from collections.abc import Iterable

from onrecall.domain.alert import AlertLinkKind
from onrecall.sources import payload

_KINDS: tuple[tuple[AlertLinkKind, re.Pattern[str]], ...] = (
    ("runbook", re.compile(r"run_?book|play_?book|\bsop\b|wiki|troubleshoot|remediation", re.IGNORECASE)),
    ("silence", re.compile(r"silence|mute|snooze|suppress", re.IGNORECASE)),
    ("dashboard", re.compile(r"dashboard|panel|grafana|chart|graph|snapshot", re.IGNORECASE)),
    ("generator", re.compile(r"generator|prometheus|rule_?url|query", re.IGNORECASE)),
)


def kind_by_name(name: str) -> AlertLinkKind:
    """Return what a link leads to, by the name of its field; `source` if the name says nothing."""
    return next((kind for kind, pattern in _KINDS if pattern.search(name)), "source")


def collect_links(offered: Iterable[tuple[AlertLinkKind, object]]) -> tuple[tuple[str, ...], dict[str, AlertLinkKind]]:
    """Return the safe links in the order given, and the kind of each link that is not just a source."""
    kinds: dict[str, AlertLinkKind] = {}
    for kind, link in offered:
        if len(kinds) < payload.MOST_LINKS and (safe := payload.safe_links(link)):
            kinds.setdefault(safe[0], kind)
    return tuple(kinds), {link: kind for link, kind in kinds.items() if kind != "source"}

"""Everybody's words for how bad it is → ours."""

import re

from onrecall.domain.incident import Severity

_WORDS: dict[str, Severity] = {
    **dict.fromkeys(
        ("critical", "crit", "blocker", "highest", "emergency", "fatal", "disaster", "catastrophic"), "critical"
    ),
    **dict.fromkeys(("high", "major", "error", "severe", "significant", "page"), "high"),
    **dict.fromkeys(("medium", "moderate", "normal", "warning", "warn", "average"), "medium"),
    **dict.fromkeys(("low", "lowest", "minor", "trivial", "cosmetic"), "low"),
    **dict.fromkeys(("info", "informational", "information", "planning", "notice", "none"), "info"),
}
_LEVELS: tuple[Severity, ...] = ("critical", "critical", "high", "medium", "low", "info")
_LEVEL = re.compile(r"(?:^|\b(?:p|s|sev|severity|prio|priority)[\s_-]?)([0-5])\b", re.IGNORECASE | re.ASCII)


def severity(said: str | None) -> Severity:
    """Our word for P1, SEV-2, `1 - Critical`, Major …; `unknown` where it says nothing we know."""
    if not said:
        return "unknown"
    for word in re.findall(r"[a-z]+", said.lower()):
        if word in _WORDS:
            return _WORDS[word]
    found = _LEVEL.search(said.strip())
    return _LEVELS[int(found[1])] if found else "unknown"

"""Map the severities of other tools to ours."""

import re

from onrecall.domain.incident import Severity

_WORDS: dict[str, Severity] = {
    **dict.fromkeys(
        ("critical", "crit", "blocker", "highest", "emergency", "emerg", "fatal", "disaster", "catastrophic", "panic"),
        "critical",
    ),
    **dict.fromkeys(("high", "major", "error", "err", "severe", "significant", "page"), "high"),
    **dict.fromkeys(("medium", "moderate", "normal", "warning", "warn", "average"), "medium"),
    **dict.fromkeys(("low", "lowest", "minor", "trivial", "cosmetic"), "low"),
    **dict.fromkeys(
        ("info", "informational", "information", "informative", "planning", "notice", "none", "debug", "verbose"),
        "info",
    ),
}
_ALONE: dict[str, Severity] = {
    "alert": "critical",
    "urgent": "critical",
    "danger": "high",
    **dict.fromkeys(
        (
            "kritisch",
            "critique",
            "crítica",
            "crítico",
            "critica",
            "critico",
            "kritiek",
            "sehr hoch",
            "重大",
            "緊急",
            "严重",
            "致命",
        ),
        "critical",
    ),
    **dict.fromkeys(
        ("hoch", "élevé", "élevée", "haute", "majeur", "majeure", "alta", "alto", "grave", "hoog", "高"), "high"
    ),
    **dict.fromkeys(("mittel", "moyen", "moyenne", "gemiddeld", "media", "média", "medio", "médio", "中"), "medium"),
    **dict.fromkeys(
        (
            "niedrig",
            "gering",
            "faible",
            "mineur",
            "mineure",
            "basse",
            "baja",
            "bajo",
            "baixa",
            "baixo",
            "bassa",
            "basso",
            "laag",
            "低",
        ),
        "low",
    ),
}
"""Words that count only if they are the whole value; `alert` is syslog's, between critical and emergency."""
_LEVELS: tuple[Severity, ...] = ("critical", "critical", "high", "medium", "low", "info")
_LEVEL = re.compile(r"(?:^|\b(?:p|s|sev|severity|prio|priority)[\s_-]?)([0-5])\b", re.IGNORECASE | re.ASCII)


def parse_severity(value: str | None) -> Severity:
    """Return our severity for P1, SEV-2, `1 - Critical`, Major …; `unknown` if it is not recognised."""
    if not value:
        return "unknown"
    for word in re.findall(r"[a-z]+", value.lower()):
        if word in _WORDS:
            return _WORDS[word]
    if (alone := value.strip().lower()) in _ALONE:
        return _ALONE[alone]
    match = _LEVEL.search(value.strip())
    return _LEVELS[int(match[1])] if match else "unknown"

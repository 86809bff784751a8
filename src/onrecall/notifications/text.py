"""The words that all channels share. What they quote is untrusted, and not yet safe for any medium."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from onrecall.domain.alert import AlertLinkKind
from onrecall.domain.incident import (
    Citation,
    Confidence,
    Incident,
    Ongoing,
    Recommendation,
    Resolution,
    Risk,
    Step,
    Verdict,
    first_safe_step,
)
from onrecall.domain.suggestion import Suggestion
from onrecall.notifications.channel import IncidentUpdate, Kind

HEADLINE: Mapping[Kind, str] = {
    "opened": "New incident",
    "changed": "Answer changed",
    "resolved": "Resolved",
    "reopened": "Reopened",
    "merged": "Merged",
}
VERDICT: Mapping[Verdict, str] = {
    "known": "Known: this happened before",
    "similar": "Similar: something like this happened before",
    "never_seen": "Never seen: nothing like this is on record",
}
RISK: Mapping[Risk, str] = {
    "read_only": "read only",
    "reversible": "reversible",
    "disruptive": "disruptive",
    "destructive": "destructive",
}
LINK: Mapping[AlertLinkKind, str] = {
    "runbook": "Runbook",
    "dashboard": "Dashboard",
    "source": "Alert",
    "generator": "Rule",
    "silence": "Silence",
}
"""What a link of an alert is called."""
NO_SAFE_STEP = "No safe first step is on record; look at the incident before you act."
_SCHEME = re.compile(r"\b([a-z][a-z0-9+.-]{1,20}):(?=//)", re.IGNORECASE)
_BARE = re.compile(r"\b(www|mailto|tel|data|javascript)([.:])(?=\S)", re.IGNORECASE)

_DOMAIN = re.compile(
    r"(?<![\w.-])(?P<labels>(?:[\w-]{1,63}[.\u3002\uff0e\uff61])+)(?P<end>[^\W\d_]{2,24}|xn--[a-z0-9-]{1,59})"
    r"(?P<more>(?=[/:?#]\S))?(?![\w-]|[.]\w)",
    re.IGNORECASE,
)
"""A bare domain: mail programs make links of these without any scheme."""
_DOT = re.compile("[.\u3002\uff0e\uff61]")
_ENDINGS = frozenset(
    (
        "py", "sh", "md", "rs", "pl", "js", "ts", "go", "java", "rb", "yaml", "yml", "json", "toml", "log", "txt",
        "conf", "cfg", "ini", "sql", "csv", "xml", "html", "gz", "lock", "service", "socket", "timer", "target",
        "local", "internal", "localdomain", "svc", "lan", "cluster", "slice", "mount",
    )
)  # fmt: skip
"""What files, units and hosts of the own network end with; almost none of them is a domain of the internet."""


def host_of(url: str) -> str:
    """The host that a link leads to, as it is written there, so that nobody is led elsewhere unawares."""
    return (urlsplit(url).hostname or "").encode("ascii", "backslashreplace").decode()[:60]


def first_safe(recommendation: Recommendation) -> Step | None:
    """Return the step to begin with if nothing is to be disturbed."""
    return first_safe_step(recommendation.steps)


def confidence(found: Confidence | None, reason: str | None) -> str:
    """How far to trust it, as a frequency, with the reason where it is not counted on the own incidents."""
    if found is None:
        return f"Confidence: {reason or 'not measured yet'}"
    low, high = round(found.low * 100), round(found.high * 100)
    public = f" on public data; {reason}" if found.basis == "public" else ""
    return f"Right {found.right} of {found.of} times at this level ({low}–{high} %){public}"


def cited(citation: Citation) -> str:
    """Where it stands."""
    return f"{citation.id}, line {citation.line}"


def step_note(step: Step) -> str:
    """The risk of a step, where it comes from, and what came of it so far."""
    record = f"; worked {step.record.worked} of {step.record.tried}" if step.record.tried else ""
    return f"{RISK[step.risk]}; {cited(step.citation)}{record}"


def facts(incident: Incident) -> str:
    """Service, severity and state in a line."""
    parts = [incident.service, incident.environment, f"severity {incident.severity}", incident.status]
    return " · ".join(part for part in parts if part)


def ending(resolution: Resolution | None, suggestions: Sequence[Suggestion] = ()) -> str:
    """What fixed it, as far as somebody said so."""
    if resolution is None and suggestions:
        return f"Its alerts are over. {suggested(suggestions[0])}"
    if resolution is None:
        return "Its alerts are over. What was wrong is not told yet: say it, and the next one is known."
    by = f" ({resolution.by})" if resolution.by else ""
    return f"What was wrong: {resolution.root_cause}{by}"


def suggested(suggestion: Suggestion) -> str:
    """What a sender says, with its name and that nobody confirmed it."""
    return f"Suggested by {suggestion.by}, not confirmed: {suggestion.text}"


def going_on(incident: Ongoing) -> str:
    """An incident that goes on now and looks alike."""
    return f"{incident.id} {incident.title} ({incident.status})"


def headline(incident: Incident, told: IncidentUpdate) -> str:
    """The news in a line: what happened, to which incident, under which title."""
    into = f" into {told.into}" if told.into else ""
    return f"{HEADLINE[told.kind]}{into}: {incident.id} {incident.title}"


def flat(value: str, limit: int) -> str:
    """On one line, without what no medium should obey, and not longer than this."""
    return cut(" ".join(_inert(value).split()), limit)


def block(value: str, limit: int) -> str:
    """The same with its line breaks, as commands need them."""
    return cut("\n".join(row.rstrip() for row in _inert(value).splitlines()).strip("\n"), limit)


def cut(value: str, limit: int) -> str:
    """Not longer than this, and marked where something is missing."""
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def unlinked(value: str) -> str:
    """Without what a reader's program would make a link of by itself; commands are not prose, and stay as they are."""
    return _DOMAIN.sub(_without_dots, _BARE.sub(r"\1[\2]", _SCHEME.sub(r"\1[:]", value)))


def _without_dots(domain: re.Match[str]) -> str:
    """A domain with its dots in brackets; a file's name keeps them, unless a path or a port follows."""
    if domain["end"].lower() in _ENDINGS and domain["more"] is None:
        return domain[0]
    return _DOT.sub("[.]", domain["labels"]) + domain["end"]


def _inert(value: str) -> str:
    """Without control characters, direction marks, invisible ones and tags, which can hide what is said."""
    kept = (" " if letter == "\t" else letter for letter in value)
    return "".join(letter for letter in kept if letter == "\n" or unicodedata.category(letter) not in _HIDDEN)


_HIDDEN = ("Cc", "Cf", "Cs", "Co")

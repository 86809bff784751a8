"""Texts shared by all channels. They may quote untrusted text that is not yet safe for any medium."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from onrecall.domain.alert import AlertLinkKind
from onrecall.domain.confidence_sentence import confidence_sentence
from onrecall.domain.evidence import Citation, Ongoing
from onrecall.domain.hidden_characters import visible
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.recommendation import Recommendation, Risk, Step, Verdict, first_safe_step
from onrecall.domain.suggestion import Suggestion
from onrecall.notifications.channel import IncidentUpdate, Kind

HEADLINES: Mapping[Kind, str] = {
    "opened": "New incident",
    "changed": "Answer changed",
    "resolved": "Resolved",
    "reopened": "Reopened",
    "merged": "Merged",
}
VERDICT_SENTENCES: Mapping[Verdict, str] = {
    "known": "Known: this happened before",
    "similar": "Similar: something like this happened before",
    "never_seen": "Never seen: nothing like this is on record",
}
RISK_LABELS: Mapping[Risk, str] = {
    "read_only": "read only",
    "reversible": "reversible",
    "disruptive": "disruptive",
    "destructive": "destructive",
}
LINK_LABELS: Mapping[AlertLinkKind, str] = {
    "runbook": "Runbook",
    "dashboard": "Dashboard",
    "source": "Alert",
    "generator": "Rule",
    "silence": "Silence",
}
"""Alert link kind → its label."""
NO_SAFE_STEP = "No safe first step is on record; look at the incident before you act."
_SCHEME = re.compile(r"\b([a-z][a-z0-9+.-]{1,20}):(?=//)", re.IGNORECASE)
_BARE = re.compile(r"\b(www|mailto|tel|data|javascript)([.:])(?=\S)", re.IGNORECASE)

_DOMAIN = re.compile(
    r"(?<![\w.-])(?P<labels>(?:[\w-]{1,63}[.\u3002\uff0e\uff61])+)(?P<end>[^\W\d_]{2,24}|xn--[a-z0-9-]{1,59})"
    r"(?P<more>(?=[/:?#]\S))?(?![\w-]|[.]\w)",
    re.IGNORECASE,
)
"""A bare domain, which mail programs auto-link."""
_DOT = re.compile("[.\u3002\uff0e\uff61]")
_LOCAL_ENDINGS = frozenset(
    (
        "py", "sh", "md", "rs", "pl", "js", "ts", "go", "java", "rb", "yaml", "yml", "json", "toml", "log", "txt",
        "conf", "cfg", "ini", "sql", "csv", "xml", "html", "gz", "lock", "service", "socket", "timer", "target",
        "local", "internal", "localdomain", "svc", "lan", "cluster", "slice", "mount",
    )
)  # fmt: skip
"""Endings of files, units and internal hosts; almost none of them is a public top-level domain."""


def host_of(url: str) -> str:
    """Return the literal host of a link, so that its target is visible."""
    return (urlsplit(url).hostname or "").encode("ascii", "backslashreplace").decode()[:60]


def first_safe(recommendation: Recommendation) -> Step | None:
    """Return the first non-disruptive step."""
    return first_safe_step(recommendation.steps)


def trust_sentence(answer: Recommendation) -> str:
    """Return how often such answers were right, as a sentence of a message."""
    words = confidence_sentence(answer)
    is_frequency = answer.confidence is not None or answer.nearest_rates is not None
    return words[:1].upper() + words[1:] if is_frequency else f"Confidence: {words}"


def format_citation(citation: Citation) -> str:
    """Return the cited document and line."""
    return f"{citation.id}, line {citation.line}"


def step_note(step: Step) -> str:
    """Return risk, citation and track record of a step."""
    record = f"; worked {step.record.worked} of {step.record.tried}" if step.record.tried else ""
    return f"{RISK_LABELS[step.risk]}; {format_citation(step.citation)}{record}"


def facts_line(incident: Incident) -> str:
    """Return service, environment, severity and status in one line."""
    parts = [incident.service, incident.environment, f"severity {incident.severity}", incident.status]
    return " · ".join(part for part in parts if part)


def resolution_sentence(resolution: Resolution | None, suggestions: Sequence[Suggestion] = ()) -> str:
    """Return the resolution, or what is known of it."""
    if resolution is None and suggestions:
        return f"All its alerts have ended. {suggestion_sentence(suggestions[0])}"
    if resolution is None:
        return (
            "All its alerts have ended. Its root cause is not on record yet: "
            "add it, so that OnRecall recognizes the next one."
        )
    by = f" ({resolution.by})" if resolution.by else ""
    return f"What was wrong: {resolution.root_cause}{by}"


def suggestion_sentence(suggestion: Suggestion) -> str:
    """Return a suggestion with its source, marked as unconfirmed."""
    return f"Suggested by {suggestion.by}, not confirmed: {suggestion.text}"


def ongoing_line(incident: Ongoing) -> str:
    """Return a similar ongoing incident in one line."""
    return f"{incident.id} {incident.title} ({incident.status})"


def headline(incident: Incident, update: IncidentUpdate) -> str:
    """Return the update in one line: what happened, to which incident."""
    into = f" into {update.into}" if update.into else ""
    return f"{HEADLINES[update.kind]}{into}: {incident.id} {incident.title}"


def single_line(value: str, limit: int) -> str:
    """Return the text on one line, without control and invisible characters, cut to the limit."""
    return truncate(" ".join(_strip_invisible(value).split()), limit)


def multi_line(value: str, limit: int) -> str:
    """Return the same with line breaks, as commands need them."""
    return truncate("\n".join(row.rstrip() for row in _strip_invisible(value).splitlines()).strip("\n"), limit)


def truncate(value: str, limit: int) -> str:
    """Cut a text to the limit, with an ellipsis."""
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def defang_links(value: str) -> str:
    """Defang everything that clients would auto-link; not for commands."""
    return _DOMAIN.sub(_defang_domain, _BARE.sub(r"\1[\2]", _SCHEME.sub(r"\1[:]", value)))


def _defang_domain(domain: re.Match[str]) -> str:
    """Put a domain's dots in brackets; file names are kept unless a path or port follows."""
    if domain["end"].lower() in _LOCAL_ENDINGS and domain["more"] is None:
        return domain[0]
    return _DOT.sub("[.]", domain["labels"]) + domain["end"]


def _strip_invisible(value: str) -> str:
    """Remove control, direction, invisible and tag characters, which can disguise text."""
    letters = (" " if letter == "\t" else letter for letter in visible(value))
    return "".join(letter for letter in letters if letter == "\n" or unicodedata.category(letter) not in _HIDDEN)


_HIDDEN = ("Cc", "Cs", "Co")

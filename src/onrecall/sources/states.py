"""Words for the state of an alert, and titles without them: the state is not part of an alert's name."""

import re
from typing import Any

LONGEST = 200
"""Longest word for a state, in characters; anything longer is text."""


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


RESOLVED_WORDS = _word_set(
    """
    available cancelled canceled clear cleared clears close closed complete completed deactivated end ended ends fixed
    green
    healthy inactive mitigated normal ok okay online operational passed passing reachable recover recovered recovering
    recovers recovery resolve resolved resolves restored solved stopped succeed succeeded success successful up
    """
)
FIRING_WORDS = _word_set(
    """
    acknowledged activated active alarm alarming alerting anomalous breached create created critical crit degraded
    disrupted down error errored fail failed failing failure fatal fire fired fires firing investigating late lost
    missed
    missing new offline open opened outage overdue raised red reopened start started timeout trigger triggered triggers
    unavailable unhealthy unknown unreachable unresolved unsuccessful violated warn warning
    """
)
_NOUNS = _word_set("alarm alert incident issue problem")
_NEGATIONS = frozenset({"not", "never", "no", "isn", "wasn"})
_LEADING_OVER = frozenset({"resolved", "recovered", "recovery", "restored", "cleared", "closed"})
"""In `ResolvedCritical` the first word says the state, the second what it was."""
_CHANGE = re.compile(r"->|→|=>|\bto\b")
_STEADY = _word_set("acknowledged monitoring identified")
"""With one of these words, a later word never ends the alert."""
_MARKS = r"[\s*_~`\u2190-\u2bff\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff]*"
"""Emphasis marks and emojis."""
_STATE = (
    r"(?:re-?)?(?:alert(?:ing|ed)?|alarm|triggered|trigger|resolved|recovered|recovery|restored|firing|fired|problem|ok"
    r"|cleared|closed|opened|open|new|down|up|warn(?:ing)?|crit(?:ical)?|error|no ?data|pending|acknowledged|monitoring"
    r"|investigating|identified|info|renotify|degraded|failed|failure|success|test|unknown|normal)"
)
_BRACKETED = re.compile(
    rf"{_MARKS}[\[(]{_MARKS}(?P<state>{_STATE})(?:\s*[:/,]?\s*x?\d+)?(?:\s+on\s+\{{[^}}]*\}})?{_MARKS}[\])]{_MARKS}[:|–—-]?\s*",
    re.IGNORECASE,
)
_LED = re.compile(
    rf"{_MARKS}(?P<state>triggered|resolved|recovered|recovery|restored|alerting|firing|fired|problem|ok|cleared|closed"
    rf"|opened|alarm|back to normal)\b{_MARKS}(?::|\s[|–—-])\s*|{_MARKS}(?P<polled>up|down){_MARKS}:\s+",
    re.IGNORECASE,
)
_SHOUTED = re.compile(rf"{_MARKS}(?P<state>DOWN|UP|WARN(?:ING)?|CRIT(?:ICAL)?|ALERT|UNKNOWN){_MARKS}(?::|\s[|–—-])\s*")
_PICTURES = re.compile(r"^[\s\u2190-\u2bff\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff]+")
_EMPHASISED = re.compile(r"(?P<mark>\*{1,3}|_{2}|~{2}|`)(?P<text>[^*_~`]+)(?P=mark)")
_TRAILING = re.compile(
    r"[\s:,;|–—-]*(?:\b(?:is|are|went|now|back|state|status|changed|to|been|still)\b[\s:]*)*[\[(]?\b"
    r"(?:(?:has|have) (?:been )?"
    r"(?:failed|recovered|resolved|triggered|cleared)|ok|up|down|critical|crit|warning|warn|problem|recovered|resolved"
    r"|restored|cleared|reachable|unreachable|online|offline|healthy|unhealthy|available|unavailable|normal)\b[\])!.]?\s*$",
    re.IGNORECASE,
)
_LONGEST_TRAILING = 80
_MEASURED = re.compile(
    r"(?<![\w.-])[-+]?\d[\d.,]*\s?(?:%|percent|ms|s|sec|seconds|min|minutes|h|hours|d|days|[kmgt]i?b)(?![\w-])"
    r"|(?<![\w.-])[-+]?\d+\.\d+(?![\w.-])",
    re.IGNORECASE,
)


def is_resolved_word(word: Any) -> bool | None:
    """Return whether a word such as `Recovered` or `incident.resolved` means resolved; None if it says nothing."""
    if not isinstance(word, str) or len(word) > LONGEST:
        return None
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word).lower())
    telling_words = [part for part in words if part in RESOLVED_WORDS or part in FIRING_WORDS]
    if not telling_words:
        return False if _NOUNS & set(words) else None
    if words[0] in _LEADING_OVER and not _CHANGE.search(word):
        return True
    if _STEADY & set(words):
        return False
    return (telling_words[-1] in RESOLVED_WORDS) is not bool(_NEGATIONS & set(words))


def split_state(title: str) -> tuple[str, str | None]:
    """Split a title into the text and its state prefix; the title is unchanged if nothing else would be left."""
    remaining, state = title, None
    for _ in range(3):
        match = _BRACKETED.match(remaining) or _LED.match(remaining) or _SHOUTED.match(remaining)
        if not match or not remaining[match.end() :].strip():
            break
        remaining, state = remaining[match.end() :], state or next(filter(None, match.groupdict().values()))
    remaining = _PICTURES.sub("", remaining).strip()
    if emphasised := _EMPHASISED.fullmatch(remaining):
        remaining = emphasised["text"].strip()
    elif remaining.count("*") == 1 and remaining.endswith("*"):  # its twin stood before the state
        remaining = remaining[:-1].rstrip()
    return (remaining, state) if remaining else (title, None)


def subject_of(title: str) -> str:
    """Return the subject of a title: without states at either end, and without measured numbers.

    `Disk 93 % full on db-1`, `RESOLVED: Disk 12 % full on db-1` and `Disk 93 % full on db-1 is OK` are about the same.
    """
    subject, _ = split_state(title)
    for _ in range(2):
        match = _TRAILING.search(subject, max(0, len(subject) - _LONGEST_TRAILING))
        if not match or not subject[: match.start()].strip():
            break
        subject = subject[: match.start()]
    return " ".join(_MEASURED.sub("#", subject).split())

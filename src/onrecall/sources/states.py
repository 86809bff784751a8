"""Words for the state of an alert, and titles without them: the state is not part of an alert's name."""

import html
import re
from typing import Any

from onrecall.domain.incident import Severity
from onrecall.domain.severity import parse_severity

LONGEST = 200
"""Longest word for a state, in characters; anything longer is text."""


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


RESOLVED_WORDS = _word_set(
    """
    available cancelled canceled clear cleared clears close closed complete completed deactivated end ended ends fixed
    green
    healthy inactive mitigated normal ok okay online operational passed passing reachable recover recovered recovering
    recovers recovery resolve resolved resolves restored solved succeed succeeded success successful up
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
_STOPPED = "stopped"
"""Over if an alert stopped; of a service or a job it is the trouble itself."""
_NOUNS = _word_set("alarm alert incident issue problem")
_FILLERS = _word_set(
    "a again an are back been check for has have is monitor now of on rule service still the to was were"
)
_SAYS_STATE = RESOLVED_WORDS | FIRING_WORDS | _NOUNS | _FILLERS
"""Words of which a title that names nothing is made."""
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
    rf"|opened|alarm|alert|warning|critical|back to normal)\b{_MARKS}(?::|\s[|–—-])\s*"
    rf"|{_MARKS}(?P<polled>up|down){_MARKS}:\s+",
    re.IGNORECASE,
)
_SHOUTED = re.compile(rf"{_MARKS}(?P<state>DOWN|UP|WARN(?:ING)?|CRIT(?:ICAL)?|ALERT|UNKNOWN){_MARKS}(?::|\s[|–—-])\s*")
_LED_BY_WORD = re.compile(rf"{_MARKS}(?P<state>RESOLVED|RECOVERED|RECOVERY|CLEARED|FIRING|TRIGGERED|PROBLEM)\s+(?=\w)")
"""Capitals alone tell such a word from the first word of a sentence."""
_TIMED = re.compile(
    rf"{_MARKS}\[?(?P<state>resolved|recovered|restored|cleared|closed|updated problem)\s(?:in|after)\s"
    r"\d[\w\s.]{0,30}(?:\]|:\s)\s*",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    rf"{_MARKS}(?:new\s)?(?:incident|alert|alarm|problem|issue|monitor|check)(?:\s#?\d+)?\s(?:(?:is|was|has)\s)?(?:been\s)?"
    r"(?P<state>opened|created|started|triggered|resolved|recovered|closed|ended|down|back up|up):\s+"
    rf"|{_MARKS}(?P<fresh>new (?:incident|alert|alarm|problem|issue)):\s+",
    re.IGNORECASE,
)
_PREFIXES = (_BRACKETED, _LED, _SHOUTED, _LED_BY_WORD, _TIMED, _REPORTED)
_TAGGED = re.compile(r"((?:\[[^\[\]]{1,40}\]\s*){1,3})(?=[\[(])")
"""Other tags before the state, such as that of an environment; they stay."""
_REPLY = re.compile(r"(?:(?:re|fwd?|aw|wg):\s+)+|(?::[a-z][a-z0-9_+-]{1,40}:\s*)+", re.IGNORECASE)
"""A mail that was answered or passed on, and emojis by their names."""
_MARKUP = re.compile(
    r"</?(?:b|strong|i|em|u|p|h[1-6]|span|div|br|code|font|a)(?:\s[^<>]*)?/?>|<https?://[^|<>\s]+\|([^<>]+)>",
    re.IGNORECASE,
)
_MARK_CHARACTERS = "*_~` "
_PICTURES = re.compile(r"^[\s\u2190-\u2bff\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff]+")
_EMPHASISED = re.compile(r"(?P<mark>\*{1,3}|_{2}|~{2}|`)(?P<text>[^*_~`]+)(?P=mark)")
_TRAILING = re.compile(
    r"[\s:,;|–—-]*(?:\b(?:is|are|went|now|back|state|status|changed|to|been|still)\b[\s:]*)*[\[(]?\b"
    r"(?:(?:has|have) (?:been )?"
    r"(?:failed|recovered|resolved|triggered|cleared)|ok|up|down|critical|crit|warning|warn|problem|recovered|resolved"
    r"|restored|cleared|reachable|unreachable|online|offline|healthy|unhealthy|available|unavailable|normal)\b[\])!.]?\s*$",
    re.IGNORECASE,
)
_LEVELLED = re.compile(
    rf"(?:{_MARKS}\[[^\[\]]{{1,40}}\]){{0,2}}{_MARKS}[\[(]?(p[1-5]|sev-?[0-5]|critical|crit|warning|warn|major|minor|fatal|emergency|error)"
    r"(?:[\])]|\s?:|\s[|–—-])\s*",
    re.IGNORECASE,
)
_LONGEST_TRAILING = 80
_OVER_AT_LAST = re.compile(
    r"\b(?:(?:has|have|is|was)(?: now)?(?: been)? )?(?:recovered|resolved|restored|cleared)[.!]?$"
    r"|\b(?:is|are) (?:now |back )?(?:ok|up|online|healthy|reachable|available|operational|normal) again[.!]?$"
    r"|\b(?:is|are) (?:now )?(?:ok|up|healthy|back up|back online|back to normal)[.!]?$",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:not|never|no|none|nothing|cannot|unable|un\w+|fail\w*|without|until|unless|if|when|whether|be|to)\b|n't\b"
    r"|\b(?:\d+|all|some|few|most) of\b",
    re.IGNORECASE,
)
"""With one of these words a title may say the opposite."""
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
    if _STOPPED in words and _NOUNS & set(words):
        return True
    if not telling_words:
        return False if _NOUNS & set(words) else None
    if words[0] in _LEADING_OVER and not _CHANGE.search(word):
        return True
    if _STEADY & set(words):
        return False
    return (telling_words[-1] in RESOLVED_WORDS) is not bool(_NEGATIONS & set(words))


def split_state(title: str) -> tuple[str, str | None]:
    """Split a title into the text and its state prefix; the title is unchanged if nothing else would be left."""
    plain = _without_markup(title)
    remaining = _REPLY.sub("", plain, count=1) if _REPLY.match(plain) else plain
    states: list[str] = []
    for _ in range(3):
        split = _split_prefix(remaining)
        if split is None or not split[0].strip(_MARK_CHARACTERS):
            break
        remaining = split[0]
        states.append(split[1])
    remaining = _without_marks(_PICTURES.sub("", remaining).strip(), plain)
    if not remaining:
        return title, None
    telling_states = (state for state in states if is_resolved_word(state) is not None)
    return remaining, next(telling_states, next(iter(states), None))


def severity_of_title(title: str) -> Severity:
    """Return the severity that a title begins with, as `[P2] Queue is stuck` does; else `unknown`."""
    plain = _REPLY.sub("", _without_markup(title), count=1)
    match = _LEVELLED.match(plain)
    return parse_severity(match[1]) if match else "unknown"


def title_is_over(title: str) -> bool:
    """Return whether a title surely ends by saying that it is over: `Uplink has recovered`, `Mail is up again`."""
    return bool(_OVER_AT_LAST.search(title[-_LONGEST_TRAILING:])) and not _DOUBT.search(title)


def _split_prefix(title: str) -> tuple[str, str] | None:
    """Return the title without its first state prefix, and that state; other tags before it stay."""
    tagged = _TAGGED.match(title)
    tags = tagged[1] if tagged and not _BRACKETED.match(title) else ""
    prefixes = (_BRACKETED,) if tags else _PREFIXES
    match = next(filter(None, (prefix.match(title, len(tags)) for prefix in prefixes)), None)
    if match is None:
        return None
    return tags + title[match.end() :], next(filter(None, match.groupdict().values()))


def _without_markup(title: str) -> str:
    if "<" not in title or not _MARKUP.search(title):
        return title
    return html.unescape(" ".join(_MARKUP.sub(r"\1", title).split())) or title


def _without_marks(remaining: str, title: str) -> str:
    """Return what remains of a title without emphasis marks whose twin is gone."""
    if emphasised := _EMPHASISED.fullmatch(remaining):
        return emphasised["text"].strip()
    if title[:1] in _MARK_CHARACTERS and remaining != title:
        return remaining.strip(_MARK_CHARACTERS)
    return remaining


def only_tells_state(title: str, name: str) -> bool:
    """Return whether a title says no more than the state of what has this name, as `Check "Mail" has failed` does."""
    if name.lower() not in title.lower():
        return False
    rest = re.findall(r"\w+", title.lower().replace(name.lower(), " ", 1))
    return _SAYS_STATE.issuperset(rest)


def is_only_state(title: str) -> bool:
    """Return whether a title names nothing, as `check.down` or `Alert triggered`."""
    words = re.findall(r"[a-z]+", title.lower())
    return bool(words) and _SAYS_STATE.issuperset(words)


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

"""What people and senders paste, prose, log lines, stack traces, JSON or all at once, taken apart into what matters."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onrecall.retrieval import log_templates as loglines
from onrecall.retrieval.tokenizer import STOPS

LIMIT = 200_000
"""Characters that are read; what matters of a situation stands at its beginning or is said again."""
LOGS, FRAMES, DEEPEST = 20, 3, 8
"""Different log lines, stack frames below a cause, and levels of JSON that are taken in."""
LIST_LENGTH, LIST_LINES, LISTED = 10, 500, 40
"""Lines that make a list, lines that are looked at for one, and kinds of its lines that are kept."""
REPEATED, LIST_SHARE = 3, 2 / 3
"""A line belongs to a list when such a share of its words stands in at least so many lines."""
ATTEMPTS = 50
"""Brackets that may turn out not to open JSON."""

_CAUSED = re.compile(r"\s*Caused by:\s*(.*)")
_THROWN = re.compile(
    r"\s*(?:Exception in thread \"[^\"]*\" |Uncaught |Unhandled )?"
    r"(?:[\w$]+[.:/\\]+)*[A-Z_a-z][\w$]*(?:Exception|Error|Failure|Fault|Interrupt|Panic|Warning)\b"
    r"|\s*(?:panic: |fatal error: |thread '[^']*' panicked at |Traceback \(most recent)"
)
_BAD = re.compile(
    r"ERROR|FATAL|CRIT|PANIC|SEVERE|EMERG|\b(?:error|exception|fail|refused|denied|timed? ?out|timeout|unable|cannot"
    r"|could not|can't|killed|unreachable|unavailable|exhausted|exceeded|deadlock|corrupt|panic|abort)",
)
_LIST_WORD = re.compile(r"[^\W\d_]{2,}")
_URL = re.compile(r"https?://\S+")

HEADLINES = ("title", "summary", "subject", "short_description", "headline", "monitor_name", "rule_name", "problem")
NAMES = ("alertname", "alert_name", "alert", "monitor", "rule", "check", "name")
TEXTS = (
    *("description", "message", "msg", "body", "details", "text", "reason", "cause", "note", "event", "log", "output"),
    *("error", "err", "exception", "stacktrace", "stack_trace", "stack", "error_message", "errormessage"),
)
LABELS = ("labels", "commonlabels", "grouplabels", "tags", "dimensions")
SERVICES = ("service", "service_name", "servicename", "app", "application", "component")
LEVELS = ("level", "severity", "lvl", "loglevel")


@dataclass(slots=True)
class ParsedText:
    """A situation taken apart."""

    headlines: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Error lines: the deepest cause first, then as they stood, each kind once."""
    listing: list[str] = field(default_factory=list)
    """Lines that look like many others: a list of events, a table; each kind once."""
    labels: dict[str, str] = field(default_factory=dict)
    service: str | None = None


def take_apart(text: str) -> ParsedText:
    """Prose, errors, lists, and what JSON says of title, description, labels and service."""
    pasted = ParsedText()
    rest = "".join(_without_json(text[:LIMIT], pasted))
    rows = rest.splitlines()
    listed = _listed(rows)
    kinds: dict[frozenset[str], str] = {}
    for row in rows:
        if row in listed and not loglines.is_stamped(row):
            kinds.setdefault(listed[row], row.strip())
    pasted.listing = list(kinds.values())[:LISTED]
    _lines([row for row in rows if row not in listed or loglines.is_stamped(row)], pasted, listed)
    return pasted


def _listed(rows: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """The lines of a list with their words: those of which most words stand in other lines, too.

    What stands out in a list of events is told in words that its other lines lack.
    """
    words = [frozenset(_LIST_WORD.findall(loglines.mask_line(row).lower())) - STOPS for row in rows[:LIST_LINES]]
    held = Counter(word for own in words for word in own)
    repeated = [sum(held[word] >= REPEATED for word in own) >= max(LIST_SHARE * len(own), 2) for own in words]
    if sum(repeated) < LIST_LENGTH:
        return {}
    return {row: own for row, own, listed in zip(rows, words, repeated, strict=False) if listed}


def _without_json(text: str, pasted: ParsedText) -> Iterator[str]:
    """The text without the JSON in it, which goes into `pasted`; a JSON log record comes back as a log line."""
    decoder, at, failed = json.JSONDecoder(), 0, 0
    for opening in re.finditer(r"(?:^|(?<=[\s:=]))[{\[](?=\s*[\"{\[}\]])", text):
        if opening.start() < at or failed == ATTEMPTS:
            continue
        try:
            found, end = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            failed += 1
            continue
        yield text[at : opening.start()]
        yield _log_record(found) or ""
        if not _log_record(found):
            _walk(found, pasted, DEEPEST)
        at = end
    yield text[at:]


def _log_record(found: Any) -> str | None:
    """A structured log record as the line it stands for."""
    if not isinstance(found, dict) or not any(isinstance(found.get(level), str) for level in LEVELS):
        return None
    said = [str(found[key]) for key in ("msg", "message", "event", "error", "err", "exception") if found.get(key)]
    level = next(str(found[level]) for level in LEVELS if isinstance(found.get(level), str))
    if not said or any(key in found for key in ("title", "summary", "labels", "alertname")):
        return None
    return f"{level.upper()}: {' '.join(said)}"


def _walk(found: Any, pasted: ParsedText, depth: int) -> None:
    if isinstance(found, list) and depth:
        for item in found[:50]:
            _walk(item, pasted, depth - 1)
    elif isinstance(found, dict) and depth:
        for key, value in list(found.items())[:200]:
            _field(str(key).lower().replace("-", "_"), value, pasted, depth)


def _field(key: str, value: Any, pasted: ParsedText, depth: int) -> None:
    if key in LABELS:
        pasted.labels.update(_labels(value))
        _name(pasted.labels, pasted)
    elif not isinstance(value, str):
        _walk(value, pasted, depth - 1)
    elif key in SERVICES:
        pasted.service = pasted.service or value
    elif key in NAMES or key in HEADLINES:
        _add(pasted.headlines, value)
    elif key in TEXTS or (" " in value.strip() and not _URL.fullmatch(value.strip())):
        _lines(value.splitlines(), pasted)


def _labels(value: Any) -> dict[str, str]:
    """Labels as a mapping, as `name:value` strings, or as name and value pairs."""
    if isinstance(value, Mapping):
        return {str(name): str(one) for name, one in value.items() if isinstance(one, str | int | float | bool)}
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Sequence):
        return {}
    pairs = [one.split(":", 1) for one in value if isinstance(one, str) and ":" in one]
    return {name.strip(): said.strip() for name, said in pairs}


def _name(labels: Mapping[str, str], pasted: ParsedText) -> None:
    for name in ("alertname", "alert_name"):
        if name in labels:
            _add(pasted.headlines, labels[name])
    pasted.service = pasted.service or next((labels[name] for name in SERVICES if name in labels), None)


def _lines(rows: Sequence[str], pasted: ParsedText, listed: Collection[str] = ()) -> None:
    """Sort lines into prose and errors; of a stack trace only what was thrown, the deepest cause, and where.

    Of the log lines errors come first, and of these what is not like many others.
    """
    seen: set[str] = set()
    logs: list[tuple[bool, bool, str]] = []
    frames, source = 0, False
    for row in rows:
        line = row.strip()
        if source and row[:1].isspace():
            source = False
            continue
        source = line.startswith('File "')
        if not line:
            continue
        caused = _CAUSED.match(row)
        if caused and caused[1]:
            pasted.errors.insert(0, caused[1])
            frames = 0
        elif loglines.is_frame(row):
            frames += 1
            if frames <= FRAMES:
                _add(pasted.errors, line)
        elif loglines.is_log(row) or _THROWN.match(row):
            frames = 0
            template = loglines.mask_line(line)
            if template not in seen and len(logs) < LOGS * 20:
                seen.add(template)
                logs.append((not (_BAD.search(line) or _THROWN.match(row)), row in listed, line))
        else:
            frames = 0
            _add(pasted.prose, line)
    logs.sort(key=lambda log: log[:2])
    for *_, line in logs[:LOGS]:
        _add(pasted.errors, line)


def _add(found: list[str], line: str) -> None:
    line = line.strip()
    if line and line not in found[-200:]:
        found.append(line)

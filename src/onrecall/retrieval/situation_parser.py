"""What people and senders paste, prose, log lines, stack traces, JSON or all at once, taken apart into what matters."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onrecall.retrieval import log_templates
from onrecall.retrieval.tokenizer import STOP_WORDS

MAX_CHARACTERS = 200_000
"""Maximum number of characters parsed; important facts come early or are repeated."""
MAX_LOG_LINES, MAX_FRAMES, MAX_DEPTH = 20, 3, 8
"""Maximum number of distinct log lines, of stack frames below a cause, and of nested JSON levels."""
MIN_LIST_LINES, MAX_SCANNED_LINES, MAX_LISTED = 10, 500, 40
"""Lines that make a list, lines that are looked at for one, and kinds of its lines that are kept."""
MIN_REPEATS, MIN_REPEATED_SHARE = 3, 2 / 3
"""A line belongs to a list if at least this share of its words occurs in at least this many lines."""
MAX_JSON_FAILURES = 50
"""Maximum number of brackets tried that turn out not to open JSON."""

_CAUSED = re.compile(r"\s*Caused by:\s*(.*)")
_THROWN = re.compile(
    r"\s*(?:Exception in thread \"[^\"]*\" |Uncaught |Unhandled )?"
    r"(?:[\w$]+[.:/\\]+)*[A-Z_a-z][\w$]*(?:Exception|Error|Failure|Fault|Interrupt|Panic|Warning)\b"
    r"|\s*(?:panic: |fatal error: |thread '[^']*' panicked at |Traceback \(most recent)"
)
_ERROR_WORD = re.compile(
    r"ERROR|FATAL|CRIT|PANIC|SEVERE|EMERG|\b(?:error|exception|fail|refused|denied|timed? ?out|timeout|unable|cannot"
    r"|could not|can't|killed|unreachable|unavailable|exhausted|exceeded|deadlock|corrupt|panic|abort)",
)
_LIST_WORD = re.compile(r"[^\W\d_]{2,}")
_URL = re.compile(r"https?://\S+")

HEADLINE_KEYS = ("title", "summary", "subject", "short_description", "headline", "monitor_name", "rule_name", "problem")
ALERT_NAME_KEYS = ("alertname", "alert_name", "alert", "monitor", "rule", "check", "name")
TEXT_KEYS = (
    *("description", "message", "msg", "body", "details", "text", "reason", "cause", "note", "event", "log", "output"),
    *("error", "err", "exception", "stacktrace", "stack_trace", "stack", "error_message", "errormessage"),
)
LABEL_KEYS = ("labels", "commonlabels", "grouplabels", "tags", "dimensions")
SERVICE_KEYS = ("service", "service_name", "servicename", "app", "application", "component")
LEVEL_KEYS = ("level", "severity", "lvl", "loglevel")


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


def parse_text(text: str) -> ParsedText:
    """Prose, errors, lists, and what JSON says of title, description, labels and service."""
    parsed = ParsedText()
    plain_text = "".join(_extract_json(text[:MAX_CHARACTERS], parsed))
    rows = plain_text.splitlines()
    listed = _find_list_lines(rows)
    kinds: dict[frozenset[str], str] = {}
    for row in rows:
        if row in listed and not log_templates.has_log_prefix(row):
            kinds.setdefault(listed[row], row.strip())
    parsed.listing = list(kinds.values())[:MAX_LISTED]
    _sort_lines([row for row in rows if row not in listed or log_templates.has_log_prefix(row)], parsed, listed)
    return parsed


def _find_list_lines(rows: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Return the lines of a list with their words: lines most of whose words occur in other lines, too.

    An unusual event in a list stands out by words that the other lines lack.
    """
    words = [
        frozenset(_LIST_WORD.findall(log_templates.mask_line(row).lower())) - STOP_WORDS
        for row in rows[:MAX_SCANNED_LINES]
    ]
    counts = Counter(word for own in words for word in own)
    repeated = [
        sum(counts[word] >= MIN_REPEATS for word in own) >= max(MIN_REPEATED_SHARE * len(own), 2) for own in words
    ]
    if sum(repeated) < MIN_LIST_LINES:
        return {}
    return {row: own for row, own, listed in zip(rows, words, repeated, strict=False) if listed}


def _extract_json(text: str, parsed: ParsedText) -> Iterator[str]:
    """The text without the JSON in it, which goes into `parsed`; a JSON log record comes back as a log line."""
    decoder, at, failed = json.JSONDecoder(), 0, 0
    for opening in re.finditer(r"(?:^|(?<=[\s:=]))[{\[](?=\s*[\"{\[}\]])", text):
        if opening.start() < at or failed == MAX_JSON_FAILURES:
            continue
        try:
            node, end = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            failed += 1
            continue
        yield text[at : opening.start()]
        yield _log_record(node) or ""
        if not _log_record(node):
            _walk_json(node, parsed, MAX_DEPTH)
        at = end
    yield text[at:]


def _log_record(node: Any) -> str | None:
    """A structured log record as the line it stands for."""
    if not isinstance(node, dict) or not any(isinstance(node.get(level), str) for level in LEVEL_KEYS):
        return None
    messages = [str(node[key]) for key in ("msg", "message", "event", "error", "err", "exception") if node.get(key)]
    level = next(str(node[level]) for level in LEVEL_KEYS if isinstance(node.get(level), str))
    if not messages or any(key in node for key in ("title", "summary", "labels", "alertname")):
        return None
    return f"{level.upper()}: {' '.join(messages)}"


def _walk_json(node: Any, parsed: ParsedText, depth: int) -> None:
    if isinstance(node, list) and depth:
        for item in node[:50]:
            _walk_json(item, parsed, depth - 1)
    elif isinstance(node, dict) and depth:
        for key, value in list(node.items())[:200]:
            _add_field(str(key).lower().replace("-", "_"), value, parsed, depth)


def _add_field(key: str, value: Any, parsed: ParsedText, depth: int) -> None:
    if key in LABEL_KEYS:
        parsed.labels.update(_parse_labels(value))
        _add_alert_name(parsed.labels, parsed)
    elif not isinstance(value, str):
        _walk_json(value, parsed, depth - 1)
    elif key in SERVICE_KEYS:
        parsed.service = parsed.service or value
    elif key in ALERT_NAME_KEYS or key in HEADLINE_KEYS:
        _append_unique(parsed.headlines, value)
    elif key in TEXT_KEYS or (" " in value.strip() and not _URL.fullmatch(value.strip())):
        _sort_lines(value.splitlines(), parsed)


def _parse_labels(value: Any) -> dict[str, str]:
    """Labels as a mapping, as `name:value` strings, or as name and value pairs."""
    if isinstance(value, Mapping):
        return {
            str(name): str(label_value)
            for name, label_value in value.items()
            if isinstance(label_value, str | int | float | bool)
        }
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Sequence):
        return {}
    pairs = [text.split(":", 1) for text in value if isinstance(text, str) and ":" in text]
    return {name.strip(): label_value.strip() for name, label_value in pairs}


def _add_alert_name(labels: Mapping[str, str], parsed: ParsedText) -> None:
    for name in ("alertname", "alert_name"):
        if name in labels:
            _append_unique(parsed.headlines, labels[name])
    parsed.service = parsed.service or next((labels[name] for name in SERVICE_KEYS if name in labels), None)


def _sort_lines(rows: Sequence[str], parsed: ParsedText, listed: Collection[str] = ()) -> None:
    """Sort lines into prose and errors; of a stack trace only what was thrown, the deepest cause, and where.

    Of the log lines errors come first, and of these what is not like many others.
    """
    seen_templates: set[str] = set()
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
            parsed.errors.insert(0, caused[1])
            frames = 0
        elif log_templates.is_stack_frame(row):
            frames += 1
            if frames <= MAX_FRAMES:
                _append_unique(parsed.errors, line)
        elif log_templates.is_log_line(row) or _THROWN.match(row):
            frames = 0
            template = log_templates.mask_line(line)
            if template not in seen_templates and len(logs) < MAX_LOG_LINES * 20:
                seen_templates.add(template)
                logs.append((not (_ERROR_WORD.search(line) or _THROWN.match(row)), row in listed, line))
        else:
            frames = 0
            _append_unique(parsed.prose, line)
    logs.sort(key=lambda log: log[:2])
    for *_, line in logs[:MAX_LOG_LINES]:
        _append_unique(parsed.errors, line)


def _append_unique(lines: list[str], line: str) -> None:
    line = line.strip()
    if line and line not in lines[-200:]:
        lines.append(line)

"""Log lines: recognising them, masking what changes from one run to the next, and the template that is left."""

import re
from functools import lru_cache

MASK = "<*>"
MAX_INSPECTED = 2_000
"""Characters of a line that are looked at when deciding what kind of line it is."""
CACHE_SIZE, MAX_CACHED_LENGTH = 8192, 300
"""So many lines are looked at once, as long as they are no longer than usual: the same ones come again and again."""

_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL|CRIT|ALERT|EMERG|FATAL|PANIC)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"

_LOG_PREFIX = re.compile(
    rf"""\s*(?:<\d+>\d?\s*|[-\[("]\s*)*(?:
      \d{{4}}[-/.]\d\d[-/.]\d\d(?:[T\s,_:-]|$)                # 2024-05-01 …, 2024/05/01 …
    | \d\d[-/]\d\d[-/]\d\d(?:\d\d)?[\sT]\d\d:\d\d            # 17/06/09 20:10:40
    | \d\d?[-/]\d\d\s\d\d:\d\d:\d\d                          # 03-17 16:13:38
    | \d\d/{_MONTH}/\d{{4}}:\d\d                             # 01/May/2024:12:00
    | (?:{_DAY}\s+)?{_MONTH}\s+\d{{1,2}}\s+\d\d:\d\d         # May  1 12:00:00
    | \d{{8}}[-T]\d\d:?\d\d                                  # 20171223-22:15
    | \d{{6}}\s\d{{6}}\s                                     # 081109 203615
    | \d\d:\d\d:\d\d[.,\s\]]                                 # 12:00:00.123
    | \d{{10,19}}(?:\.\d+)?[\s\]|]                           # 1117838570
    | [IWEF]\d{{4}}\s\d\d:\d\d:\d\d                          # E0501 12:00:00 of klog
    | {_LEVEL}(?=[\s:\]|)])
    )""",
    re.VERBOSE,
)
_FRAME = re.compile(
    r'\s*(?:at\s+[\w$.<>/]+\s?\(|File ".{1,300}", line \d|\.{3} \d+ more|goroutine \d+ \[|from \S{1,300}:\d+:in )'
)
_LOG_LEVEL = re.compile(
    rf"""[\[\s|(]{_LEVEL}[\]\s|:)]  |  \blevel=\w  |  "(?:level|severity|lvl)"\s?:  |  \b\w[\w.-]{{1,60}}\[\d+\]:\s""",
    re.VERBOSE,
)

_UUID = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
_IP = r"(?<![\w.])/?\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d{1,5})?(?![\w.]?\d)"
_IP6 = r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}\b"
_HEX = r"\b0[xX](?![8cC][0-9a-fA-F]{7}\b)[0-9a-fA-F]+\b|\b(?=[0-9a-f]{0,40}\d)(?=\d{0,40}[a-f])[0-9a-f]{8,}\b"
_LONG = r"(?<![\w.])-?\d{6,}\b"
_JOINED = r"(?<=[A-Za-z]_)-?\d{3,}\b|(?<=[A-Za-z]-)\d{4,}(?=-)"
_TIME = (
    rf"\b\d{{4}}[-/.]\d\d[-/.]\d\d(?:[T\s_-]\d\d[:.]\d\d(?:[:.]\d\d(?:[.,]\d+)?)?)?(?:Z|\s?[+-]\d\d:?\d\d)?"
    rf"|\b\d\d/{_MONTH}/\d{{4}}(?::\d\d){{3}}(?:\s[+-]\d{{4}})?"
    rf"|\b(?:{_DAY},?\s+)?{_MONTH}\s+\d{{1,2}}\s+\d\d:\d\d(?::\d\d)?(?:\s\d{{4}})?"
    r"|\b\d\d?[-/]\d\d(?:[-/]\d\d(?:\d\d)?)?\s\d\d:\d\d:\d\d(?:[.,]\d+)?|\b\d\d?:\d\d:\d\d(?:[.,:]\d+)?"
)
_KEEP = (
    r"(?i:\b(?:error|err|errno|code|status|sqlstate|sqlcode|exit|signal|http(?:/\d(?:\.\d)?)?)\b[\s\"'`:=(\[]{0,4}"
    r"(?:code|status)?[\s\"'`:=(\[]{0,3}(?=[A-Z]{0,5}\d)[0-9A-Z]{1,6}\b(?:\s\([0-9A-Z]{5}\))?)"
    r"|\b[A-Z][A-Z0-9]{1,9}-\d{3,6}\b|(?<=\" )[1-5]\d\d\b"
    r"|(?<![\w.])v?\d{1,4}\.\d{1,4}\.\d{1,5}(?:-\w{1,20})?(?![\w.]?\d)"
)
_POD = r"(?<=[a-z0-9]-)[a-f0-9]{8,10}-[a-z0-9]{5}\b"
_NUMBER = r"(?<![\w.])[-+]?\d+(?:[.,:]\d+)*(?:[a-zA-Z%]{1,3})?(?![\w])"

_MAY_BE_VOLATILE = re.compile(r"\d|[a-fA-F]{8}|(?:[a-fA-F]{1,4}:){4}")
"""What every volatile piece has: to look for this alone is many times as fast, and prose has none."""
_VOLATILE = re.compile(f"{_UUID}|{_IP}|{_IP6}|{_POD}|{_HEX}|{_LONG}|{_JOINED}")
_MASKED = re.compile(
    f"{_UUID}|{_TIME}|{_IP}|{_IP6}|{_POD}|{_HEX}|(?P<keep>{_KEEP})|{_LONG}|{_JOINED}|{_NUMBER}",
)
_KLOG = re.compile(r"^(\s*)[IWEF]\d{4}\s")


def is_stack_frame(line: str) -> bool:
    """Whether a line is a frame of a stack trace."""
    return bool(_FRAME.match(line[:MAX_INSPECTED]))


def has_log_prefix(line: str) -> bool:
    """Whether a line says when, how bad or where in the code, as logs do; ids alone make it no such line."""
    head = line[:MAX_INSPECTED]
    return bool(_LOG_PREFIX.match(head) or _FRAME.match(head) or _LOG_LEVEL.search(head[:200]))


def is_log_line(line: str) -> bool:
    """Whether a line was written by a program: it says when, how bad, where in the code, or is full of ids."""
    return _cached_is_log_line(line) if len(line) <= MAX_CACHED_LENGTH else _detect_log_line(line)


def _detect_log_line(line: str) -> bool:
    head = line[:MAX_INSPECTED]
    if has_log_prefix(head):
        return True
    volatile = len(_VOLATILE.findall(head)) if _MAY_BE_VOLATILE.search(head) else 0
    return volatile > 0 and volatile * 8 >= head.count(" ") + 1


_cached_is_log_line = lru_cache(CACHE_SIZE)(_detect_log_line)


def mask_variables(text: str, by: str = MASK) -> str:
    """The text with ids, addresses, times and numbers of its log lines replaced; prose stays as it is."""
    return "\n".join(mask_line(line, by) if is_log_line(line) else line for line in text.split("\n"))


def mask_line(line: str, by: str = MASK) -> str:
    """One log line without what changes from run to run; error codes, HTTP statuses and versions stay."""
    return _cached_mask_line(line, by) if len(line) <= MAX_CACHED_LENGTH else _mask_line(line, by)


def _mask_line(line: str, by: str) -> str:
    line = _KLOG.sub(r"\1", line)
    return _MASKED.sub(lambda match: match[0] if match["keep"] else by, line)


_cached_mask_line = lru_cache(CACHE_SIZE)(_mask_line)

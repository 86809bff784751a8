"""Whether a line of code is a command or output, by its shape: log lines, settings, tables and queries are output."""

import re
from dataclasses import dataclass
from functools import cache

from onrecall.domain.word_file import read_sections

READ_CHARACTERS = 2_000
"""Characters of a line whose shape is looked at."""

_OUTPUT = re.compile(
    r"""
      [IWEFD]\d{4}\s\d\d:\d\d                                        # klog
    | [\[(<"']?\d{4}[-/.]\d\d[-/.]\d\d                               # a date, and what is logged after it
    | [\[(<"']?\d{1,2}[-/.]\w{2,3}[-/.]\d{2,4}\b
    | \[?\d\d?:\d\d:\d\d
    | (?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,?\s+)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*\s+\d{1,2}\b
    | \[\s*\d+\.\d+\]                                                # dmesg
    | \d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d+)?(?:\s|$)                    # a hosts file, an access log
    | [0-9a-fA-F:]*::[0-9a-fA-F:]*(?:/\d+)?\s
    | (?!7za?\s)[\d.,%]+[A-Za-z%]{0,3}(?:\s|$)                       # a number, a size
    | (?i:level|ts|time|timestamp|msg|lvl|caller|severity)=\S*\s+\w+=  # logfmt
    | [\[<(]?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRITICAL|CRIT|ALERT|EMERG|SEVERE|PANIC)\b
    | (?i:error|warning|fatal|panic|exception|failed|failure|caused\ by|traceback|note|hint|usage|output|expected)
      \b[^=|;&]{0,40}[:(]
    | [\w.$]+(?:Error|Exception)\b
    | at\s[\w.$<>]+\( | at\s[\w$]+(?:\.[\w$<>]+)+\s*$               # a stack trace
    | goroutine\s\d+
    | HTTP/\d | [<>*]\s | (?:GET|POST|PUT|PATCH|DELETE|HEAD)\s/
    | [{}\[\]][\s"'{}\[\],]*$ | \{\s*" | \[["{\d] | ["'][^"']*["']\s*[:,]  # JSON
    | </?[A-Za-z][\w:-]*(?:\s[\w:-]+="[^>]*)?/?>\s*(?:$|[^\s|>])     # XML
    | \[[\w.\s"-]+\]\s*$ | @@ | \+\+\+\s | ---                       # an ini section, a diff
    | \$?[\w."'\[\]-]+\s+[:+?]?=\s                                   # a setting, an assignment of a program
    | [\w."'-]+\s*:=
    | (?!if\b)[\w./"'-]+:(?:\s|$)                                    # YAML, a label
    | -\s+[\w"'{]                                                    # a list
    | [|+=_*~-]{3,} | \|[^|].*\| | [┌│├└╭╰] | \.\.\.|…               # rules, tables, ellipses
    | \(?\d+\s+rows?\b | Query\sOK | Empty\sset | OK$
    | \w+\{[^}]*=~?" | [\w.]+\s+(?:==|!=|>=|<=)\s                    # a query of metrics
    | (?:sum|avg|max|min|count|rate|irate|topk|increase|absent|histogram_quantile|label_replace)
      \b\s*(?:\(|by\b|without\b)
    | (?:func|def|class|import|from|package|const|var|public|private|return|struct|interface)\s+[\w"'{(]
    | (?:resource|variable|module|provider|data)\s+"
    """,
    re.VERBOSE,
)
_TABLE_HEADER = re.compile(r"[A-Z][A-Z0-9_()%/#-]+(?:\s{2,}|\t)\s*[A-Z][A-Z0-9_()%/# -]*")
_CAPITALISED = re.compile(r"[A-Z][a-z]+(?:\s|$|[,.;:!?])")
_VERB_NOUN = re.compile(r"[A-Z][a-z]+-[A-Z]\w+\b")
"""PowerShell names its commands like this."""
_CMDLET_RESULT = re.compile(r"\$\w+\s*\+?=\s*\(*[A-Z][a-z]+-[A-Z]\w+\b")
"""PowerShell that keeps what a cmdlet gives: `$s = New-Thing -Name x`."""
_SENTENCE_END = re.compile(r"[a-z)]\s*[.!?:]$")
_FLAG = re.compile(r"[a-z][\w.-]*\s(?:.*\s)?--?[A-Za-z]")
_SCRIPT = re.compile(
    r"(?:~|\.{1,2})?/[\w./-]+(?:\s|$)|[\w./-]+\.(?:sh|py|rb|pl|ps1|js)(?:\s|$)|[\w-]+(?:ctl|cli|adm|admin)\s+\S"
)
_SQL = re.compile(
    r"(?:alter|analyze|begin|call|commit|create|delete|drop|explain|grant|insert|kill|optimize|reindex|revoke|rollback|select|set"
    r"|show|truncate|update|use|vacuum|with)\s+\S.*(?:;|\\G)\s*$|(?:alter|create|drop|truncate)\s+(?:table|index|database|user|role|view)\s"
    r"|select\s.+\sfrom\s|(?:delete\s+from|insert\s+into)\s|update\s+\S+\s+set\s|vacuum\s+(?:full|analyze|verbose|freeze)\b",
    re.IGNORECASE,
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=\S*")
_PREFIXES = frozenset(("sudo", "time", "nohup", "env", "exec", "command", "doas", "nice", "then", "do", "else", "!"))


def is_command(code: str) -> bool:
    """Return whether a line that is marked as code is a command: a program, and something after it."""
    line = code.strip()[:READ_CHARACTERS]
    if not line or looks_like_output(line):
        return False
    if _SQL.match(line):
        return True
    words = _without_prefixes(line.split())
    if len(words) < 2 or (_SENTENCE_END.search(line) and not _FLAG.match(line)):
        return False
    return is_program(words[0]) or any(shape.match(" ".join(words)) for shape in (_SCRIPT, _FLAG, _VERB_NOUN))


def is_program(word: str) -> bool:
    """Return whether a word is the name of a program that people run by hand, with or without its path."""
    return word.rstrip(";").rpartition("/")[2].removesuffix(".exe") in _programs().names


def is_command_in_comment(text: str) -> bool:
    """Return whether what follows a `#` is a command at a root prompt rather than a comment in English."""
    words = _without_prefixes(text.split())
    if not is_command(text) or text[:1].isupper():
        return False
    return words[0] not in _programs().english or any(not word.isalpha() for word in words[1:])


def looks_like_output(line: str) -> bool:
    """Return whether a line is a log line, a setting, a row of a table or other output."""
    bare = line.strip()[:READ_CHARACTERS]
    if _VERB_NOUN.match(bare) or _CMDLET_RESULT.match(bare):
        return False
    if _OUTPUT.match(bare) or is_table_header(bare):
        return True
    return bool(_CAPITALISED.match(bare)) and not _SQL.match(bare)


def is_table_header(line: str) -> bool:
    """Return whether a line names the columns of a table, such as `NAME  READY  STATUS`."""
    return bool(_TABLE_HEADER.match(line.strip()[:READ_CHARACTERS]))


def _without_prefixes(words: list[str]) -> list[str]:
    """Return the words from the program on; a prefix with options of its own stays, since it is a program itself."""
    for place, word in enumerate(words):
        if word not in _PREFIXES and not _ASSIGNMENT.fullmatch(word):
            return words[place - 1 :] if place and word.startswith("-") else words[place:]
    return []


@dataclass(frozen=True, slots=True)
class _Programs:
    names: frozenset[str]
    english: frozenset[str]
    """Those that are English words as well: in a comment they are no commands."""


@cache
def _programs() -> _Programs:
    sections = read_sections("onrecall.domain", "programs.txt")
    return _Programs(*(frozenset(" ".join(sections[name]).split()) for name in ("programs", "also English words")))

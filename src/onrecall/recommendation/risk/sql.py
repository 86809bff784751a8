"""How dangerous a statement sent to a database is: SQL (read with sqlglot's tokenizer), Redis, the MongoDB shell."""

import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from onrecall.domain.incident import Risk
from onrecall.recommendation.risk.assessment import (
    RISKS,
    Assessment,
    destructive,
    disruptive,
    read_only,
    reversible,
    unknown,
    worst,
)
from onrecall.recommendation.risk.command_table import look_up

_OBJECT = (
    "table|index|database|schema|view|materialized|user|role|extension|function|sequence|trigger|type|publication"
    "|subscription|procedure|policy|tablespace|event|server|login"
)
_LOOKS_LIKE_SQL = re.compile(
    rf"""(?: select\b(?!\s+\w+\s+in\b) | with\s+(?:recursive\s+)?[\w"]+\s*(?:\([^)]*\)\s*)?as\b
    | insert\s+(?:into|ignore)\b | update\s+[\w."`<\u2039]+\S*\s+(?:\w+\s+)?set\b | delete\s+(?:\w+\s+)?from\b
    | truncate\s+(?:table\s+|only\s+)?[\w"`] | drop\s+(?:{_OBJECT}|column|constraint|owned|keyspace|collection)\b
    | alter\s+(?:{_OBJECT}|system|instance|session|default)\b
    | create\s+(?:or\s+replace\s+|unique\s+|temp\w*\s+|materialized\s+|if\s+)?(?:{_OBJECT})\b
    | explain\s+(?:\(|(?:analy[sz]e|verbose|select|update|delete|insert|format|with|extended)\b) | vacuum\b | reindex\b
    | analy[sz]e\s+(?:table\s+|verbose\s+)?[\w"]+\s*;?\s*$ | grant\s+.*\bto\b | revoke\s+.*\bfrom\b
    | show\s+(?:\w+\s+)*\w+\s*(?:(?:like|where|from)\b.*|\\G)?;?\s*$
    | set\s+(?:global|session|local|persist|@@|\w[\w.]*\s*(?:=|\bto\b)) | kill\s+(?:query|connection|hard|soft)\b
    | flush\s+(?:tables|privileges|logs|hosts|status|binary)\b | purge\s+(?:binary|master)\b
    | (?:start|stop|reset|change)\s+(?:slave|replica|master|replication|group_replication)\b
    | (?:lock|unlock)\s+tables?\b | lock\s+\w+\s+in\b | (?:repair|check|rename)\s+table\b
    | optimize\s+(?:local\s+)?table\b | refresh\s+materialized\b | cluster\s+\w+\s+using\b | checkpoint\s*;
    | (?:merge|replace)\s+into\b | copy\s+[\w."(]+.*\b(?:from|to)\b | call\s+[\w.]+\s*\( | begin\s*(?:;|$|transaction)
    | start\s+transaction | (?:commit|rollback)\s*; | do\s+\$\$ | comment\s+on\b | load\s+data\b
    | (?:describe|desc|use|table)\s+\w+\s*; | (?:execute|notify|listen)\s+\w+ | reassign\s+owned | cancel\s+query
    | prepare\s+\w+\s+as | (?:discard|reset)\s+all )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_COMMENTS = re.compile(r"^\s*(?:--[^\n]*\n\s*|/\*(?!!).*?\*/\s*|\(\s*(?=select|with))+", re.DOTALL | re.IGNORECASE)
_SUSPECT = re.compile(
    r"(?:^|_)(?:DELETE|DROP|PURGE|TERMINATE|KILL|TRUNCATE|REMOVE|RESET|UPDATE|DISABLE|FAILOVER|CLEANUP|STOP|DESTROY"
    r"|WIPE|EXEC|SHELL)(?:_|$)"
)
_LOSING = re.compile(r"\b(?:drop|truncate|delete|update|purge|replace)\b", re.IGNORECASE)
_CHANGING = ("DELETE", "UPDATE", "INSERT", "MERGE", "TRUNCATE", "DROP", "ALTER")
_LOCKS = re.compile(r"\bFOR (?:UPDATE|NO KEY UPDATE|SHARE|KEY SHARE)\b|\bLOCK IN SHARE MODE\b")
_MAKES = re.compile(r"\bINTO (?:OUTFILE|DUMPFILE|TEMP|TEMPORARY|TABLE|\w+ FROM)\b")
_HIDDEN = ("\\!", "\\i", "\\ir", "\\include", "\\gexec", "\\copy", "\\o", "\\w", "\\source", "\\.")
_SCRIPT_DELETES = re.compile(r"['\"](?:DEL|UNLINK|FLUSH\w+)['\"]", re.IGNORECASE)


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    risk: Risk
    reason: str


def looks_like_sql(text: str) -> bool:
    """Whether the text begins as an SQL statement does."""
    return _LOOKS_LIKE_SQL.match(_COMMENTS.sub("", text).lstrip()) is not None


def sql(text: str) -> Assessment:
    """The worst of the statements; psql's own backslash commands are understood too."""
    lines = [line for line in text.splitlines() if line.strip()]
    own = [line.strip() for line in lines if line.lstrip().startswith("\\")]
    found = [_meta(line) for line in own] + _statements("\n".join(x for x in lines if x.strip() not in own))
    return worst(found) or read_only("no statement")


def is_redis(name: str) -> bool:
    """Whether the word, in capitals, is a Redis command of its own."""
    return name.isupper() and (look_up("redis-cli", [name]) or look_up("redis-cli", [name, "get"])) is not None


def redis(words: list[str]) -> Assessment:
    """How dangerous a Redis command is."""
    if words[0].upper() in ("EVAL", "FCALL") and _SCRIPT_DELETES.search(" ".join(words)):
        return destructive("the script deletes keys")
    return look_up("redis-cli", words) or unknown(f"the Redis command `{words[0]}` is not known")


def mongo(text: str) -> Assessment:
    """How dangerous a piece for the MongoDB shell is."""
    return _first("mongo", " ".join(text.split())) or read_only("only reads")


def _meta(line: str) -> Assessment:
    name = line.split(maxsplit=1)[0]
    if name in _HIDDEN:
        return unknown(f"`{name}` runs or writes what is not seen here")
    if name == "\\password":
        return disruptive("`\\password` changes a password")
    return read_only(f"`{name}` only reads")


def _statements(text: str) -> list[Assessment]:
    from onrecall.recommendation.risk import sql_tokens as tokens  # noqa: PLC0415 - sqlglot takes long to import, and few steps are SQL

    read = tokens.read(text)
    if read is None:
        lost = _LOSING.search(text)
        return [destructive("unreadable SQL that speaks of losing data") if lost else unknown("unreadable SQL")]
    return [_statement(one.words, one.rest) for one in read]


def _statement(words: list[str], rest: str) -> Assessment:
    while words and words[0] in ("(", "{"):
        words = words[1:]
    if words[:1] == ["DO"] or (words[:1] == ["DECLARE"] and "BEGIN" in words):
        return _block(rest)
    return _explain(words) if words[:1] == ["EXPLAIN"] else _run(words)


def _run(words: list[str]) -> Assessment:
    first = words[0] if words else ""
    if first == "WITH":
        return _with(words)
    if first in ("SELECT", "VALUES", "TABLE", "PERFORM"):
        return _select(words)
    said = " ".join(w for w in words if w)
    return _first("statement", said) or unknown(f"the statement `{first.lower()}` is not known")


def _block(body: str) -> Assessment:
    """A block of code is never fully seen, but what it plainly does counts."""
    inner = _statements(re.sub(r"(?i)\bbegin\b", ";", body.replace("$$", " ")))
    return worst([unknown("a block of code"), *inner]) or unknown("a block of code")


def _explain(words: list[str]) -> Assessment:
    """EXPLAIN only plans; EXPLAIN ANALYZE runs the statement."""
    runs = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "CREATE", "REFRESH")
    begin = next((n for n, w in enumerate(words) if w in runs), len(words))
    if begin == len(words) or not {"ANALYZE", "ANALYSE"} & set(words[:begin]):
        return read_only("EXPLAIN only plans")
    found = _run(words[begin:])
    return Assessment(found.risk, f"EXPLAIN ANALYZE runs the statement: {found.reason}", found.recognised)


def _with(words: list[str]) -> Assessment:
    """A statement of the WITH clause may change something, or the one that follows it."""
    changing = [_run(words[n:]) for n, word in enumerate(words) if word in _CHANGING and _is_verb(words, n)]
    return worst(changing) or _select(words)


def _is_verb(words: list[str], n: int) -> bool:
    return words[n - 1] not in ("FOR", "DO", ".", "NO", "KEY") and words[n + 1 : n + 2] != ["("]


def _select(words: list[str]) -> Assessment:
    said = " ".join(words)
    found = [read_only("SELECT only reads")]
    found += [_function(name) for name, following in pairwise(words) if following == "("]
    if _LOCKS.search(said):
        found.append(disruptive("holds row locks that block other sessions"))
    if _MAKES.search(said):
        found.append(reversible("SELECT … INTO creates a table or file"))
    return worst(found) or found[0]


def _function(name: str) -> Assessment:
    found = _first("function", name)
    if found:
        return Assessment(found.risk, f"{name.lower()}() {found.reason}")
    suspect = _SUSPECT.search(name)
    return unknown(f"{name.lower()}() sounds as if it changes something") if suspect else read_only("only reads")


def _first(table: str, said: str) -> Assessment | None:
    """What the first rule of a table says that fits."""
    rule = next((rule for rule in _tables()[table] if rule.pattern.match(said)), None)
    return Assessment(rule.risk, rule.reason) if rule else None


@cache
def _tables() -> dict[str, list[_Rule]]:
    tables: dict[str, list[_Rule]] = {}
    rules: list[_Rule] = []
    text = files("onrecall.recommendation.risk").joinpath("statements.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            rules = tables.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            name, _, rest = line.partition(" | ")
            pattern, _, reason = rest.rpartition(" | ")
            rules.append(_Rule(re.compile(pattern), next(r for r in RISKS if r == name), reason))
    return tables

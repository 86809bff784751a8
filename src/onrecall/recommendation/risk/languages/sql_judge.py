"""Judges SQL: a query of known parts and known functions only reads; a table says what other statements do."""

import re
from collections.abc import Iterator

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import (
    Assessment,
    destructive,
    disruptive,
    not_understood,
    read_only,
    worst,
)
from onrecall.recommendation.risk.characters import OUTPUT, VARIABLE
from onrecall.recommendation.risk.languages.sql import DIALECTS
from onrecall.recommendation.risk.languages.sql_syntax import (
    SqlStatement,
    first_unknown_function,
    read_statements,
    unknown_functions,
    unknown_part,
)
from onrecall.recommendation.risk.languages.sql_tables import first_rule
from onrecall.recommendation.risk.programs.file_targets import judge_overwrite

_MAX_LENGTH = 10_000
_MAX_DEPTH = 40
"""Parentheses nested deeper than this are not read."""
_MAX_STATEMENTS = 200
_RUN_COMMENT = re.compile(r"/\*M?!\d*(.*?)(?:\*/|$)", re.DOTALL)
"""A comment that MySQL and MariaDB run."""
_OPENING = re.compile(r"'|\"|\$\w*\$|--|/\*")
_CLOSING = {"--": "\n", "/*": "*/"}
_DURATION = re.compile(r"\b(\d+)(?:ns|us|u|ms|s|m|h|d|w)\b")
_KEPT = re.compile(r"'[\w.]*(?:retention|expir|ttl)[\w.]*'\s*=", re.IGNORECASE)
"""A property of a table, in quotes, that says how long data are kept."""
_CQL_ENDS = re.compile(
    r"\bALLOW\s+FILTERING\b|^\s*(?:CONSISTENCY\s+\w+|TRACING\s+\w+|EXPAND\s+\w+|PAGING\s+\w+)\s*;?", re.IGNORECASE
)
_TSQL = re.compile(r"\s*SELECT\s+(?:DISTINCT\s+)?TOP\s*[(\d]|\s*DBCC\b", re.IGNORECASE)
_ORACLE_NAME = re.compile(r"\b([A-Za-z]\w*)#(?=[\s,;)=<>.])")
"""A name such as `serial#`."""
_WHOLE_QUOTES = re.compile(r"[^'\"`\\]*(?:(?:'[^'\\]*'|\"[^\"\\]*\")[^'\"`\\]*)*")
_MARKS = str.maketrans({VARIABLE: "x", OUTPUT: "x"})
_VACUUM = re.compile(r"(?:^|;)\s*vacuum\b", re.IGNORECASE | re.MULTILINE)
"""In SQLite, a rewrite of the whole database."""


def judge(text: str, kind: str | None = None) -> Assessment:
    """The worst of the statements of a text; without a kind, as PostgreSQL and as MySQL would read it."""
    if len(text) > _MAX_LENGTH:
        return evidence.suspect(text, "too long to judge")
    text = "\n".join(map(_spell_oracle_names, text.split("\n"))) if "#" in text else text
    if kind is not None:
        return _judge_as(text, kind)
    if _TSQL.match(text):
        return _judge_as(text, "tsql")
    if "`" in text or re.search(r"\\G\s*;?\s*$", text):
        return _judge_as(text, "mysql")
    readings = [_judge_as(text, "sql")]
    if re.search(r"\\|--\S|#", text):
        readings.append(_judge_as(text, "mysql"))
    return worst(readings) or read_only("no statement")


def _spell_oracle_names(line: str) -> str:
    """Return a line without the signs in names that begin a comment in MySQL, where such a comment hides no quote."""
    comment = line.partition("#")[2]
    return _ORACLE_NAME.sub(r"\1_", line) if _WHOLE_QUOTES.fullmatch(comment) else line


def _judge_as(text: str, kind: str) -> Assessment:
    comments = _RUN_COMMENT.findall(text)
    assessments = [
        part for comment in comments for part in (_judge_as(comment, kind), not_understood("a comment that MySQL runs"))
    ]
    text = text.translate(_MARKS)
    if kind == "sqlite":
        text, client_assessments = _extract_sqlite_commands(text)
        assessments += client_assessments
    elif kind == "influxql":
        text = _DURATION.sub(r"\1", text)
    elif kind == "cql":
        text = _CQL_ENDS.sub("", text)
    if kind != "sqlite":
        text, client_assessments = _extract_client_commands(text, escapes=kind == "mysql")
        assessments += client_assessments
    result = worst([*assessments, *_judge_statements(text, kind)]) or read_only("no statement")
    if result.understood or result.risk == "destructive":
        return result
    return worst([result, evidence.suspect(text, result.reason)]) or result


def _extract_sqlite_commands(text: str) -> tuple[str, list[Assessment]]:
    """The statements without the commands of sqlite3 itself, and what these and a VACUUM do."""
    dots = [line.strip() for line in text.splitlines() if line.lstrip().startswith(".")]
    assessments = [_judge_client_command(line, "dot") for line in dots]
    if _VACUUM.search(text):
        assessments.append(disruptive("locks the database while its whole file is rewritten"))
    return "\n".join(line for line in text.splitlines() if line.strip() not in dots), assessments


def _blank_literals(text: str, *, escapes: bool) -> str:
    """The text with strings, quoted names and comments blanked out; `escapes` where a backslash escapes a quote."""
    parts, position = [], 0
    while (opening := _OPENING.search(text, position)) is not None:
        closing = _CLOSING.get(opening[0], opening[0])
        end = text.find(closing, opening.end())
        while escapes and end > 0 and closing in "'\"" and text[end - 1] == "\\" and text[end - 2 : end] != "\\\\":
            end = text.find(closing, end + 1)
        end = len(text) if end < 0 else end + len(closing)
        parts += [text[position : opening.start()], "~" * (end - opening.start())]
        position = end
    return "".join([*parts, text[position:]])


def _extract_client_commands(text: str, *, escapes: bool) -> tuple[str, list[Assessment]]:
    """The text without a client's own commands, those after a backslash, and what they do."""
    masked = _blank_literals(text, escapes=escapes)
    starts = [match.start() for match in re.finditer(r"\\", masked)]
    parts, assessments, end = [], [], 0
    for start in starts:
        if start < end:
            continue
        line_end = masked.find("\n", start)
        parts.append(text[end:start])
        end = len(text) if line_end < 0 else line_end
        if re.match(r"\\[gG]?[;\s]*$", masked[start:end]) or re.match(r"\\G\s*;", masked[start:end]):
            end = start + 2
            parts.append(";")
            continue
        command = text[start:end].strip()
        parts.append(";")
        assessments.append(_judge_client_command(command, "backslash"))
    return "".join([*parts, text[end:]]), assessments


def _judge_client_command(command: str, table: str) -> Assessment:
    """What a client's own command does."""
    result = first_rule(table, command)
    if result is not None:
        return result
    if re.match(r"\\copy\b.*\bto\s+(?!stdout)", command, re.IGNORECASE):
        return judge_overwrite(command.rsplit(maxsplit=1)[-1].strip("'\""))
    written = re.match(
        r"(?:\\o|\\out|\\g|\\gx|\\w|\\write|\.output|\.once|\.backup|\.save|\.dump_to|\.log)\s+([^\s|]\S*)", command
    )
    if written:
        return judge_overwrite(written[1].strip("'\""))
    return evidence.suspect(command, f"`{command[:40]}`")


def _judge_statements(text: str, kind: str) -> Iterator[Assessment]:
    if _nesting_depth(text) > _MAX_DEPTH:
        yield evidence.suspect(text, "nested too deeply to judge")
        return
    statements = read_statements(text, DIALECTS[kind])
    if statements is None:
        yield evidence.suspect(text, "SQL that can't be read")
        return
    if len(statements) > _MAX_STATEMENTS:
        yield evidence.suspect(text, "too many statements to judge")
        return
    for statement in statements:
        yield _judge_statement(statement, DIALECTS[kind])


def _nesting_depth(text: str) -> int:
    """How deep brackets and the words that open something are nested at most."""
    depth = deepest = 0
    for match in re.finditer(r"[(\[{]|[)\]}]|\b(?:case|not|exists)\b|[-+~!]{2,}", text, re.IGNORECASE):
        depth = depth - 1 if match[0] in ")]}" else depth + len(match[0]) if match[0][0] in "-+~!" else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _judge_statement(statement: SqlStatement, dialect: str) -> Assessment:
    statement_words = (
        [word for word in statement.words if word not in ("(", "{")]
        if statement.words[:1] == ["("]
        else statement.words
    )
    first = statement_words[0] if statement_words else ""
    if first in ("SELECT", "VALUES", "TABLE", "WITH", "FROM"):
        return _judge_query(statement, dialect)
    if first == "EXPLAIN":
        return _judge_explain(statement, dialect)
    if (
        first == "DO"
        or (first == "DECLARE" and "BEGIN" in statement_words)
        or (first in _CLIENT_COMMANDS and dialect == "mysql")
    ):
        return evidence.suspect(statement.text, f"`{statement.text[:40]}`")
    return _judge_copy_to_file(statement) or _judge_by_table(statement, first)


def _judge_copy_to_file(statement: SqlStatement) -> Assessment | None:
    """`COPY table TO 'file'`: the file is written on the server."""
    if statement.words[:1] != ["COPY"] or statement.words[1:2] == ["("]:
        return None
    written = re.search(r"\bTO\s+'([^']*)'", statement.text, re.IGNORECASE)
    return judge_overwrite(written[1]) if written else None


def _judge_by_table(statement: SqlStatement, first: str) -> Assessment:
    """A statement that is no query: what the table says; a function in it that is not known makes it worse."""
    if first == "ALTER" and (property_name := _KEPT.search(statement.text)) is not None:
        return destructive(f"“{property_name[0]}” decides what is kept")
    result = first_rule("statement", " ".join(word for word in statement.words if word))
    if result is None:
        return not_understood(f"the statement `{first.lower()}`")
    if result.risk in ("read_only", "reversible") and (problem := first_unknown_function(statement)):
        return worst([result, _judge_function(problem)]) or result
    return result


_CLIENT_COMMANDS = frozenset(["SYSTEM", "SOURCE", "PAGER", "TEE", "EDIT", "PROMPT"])
"""What the client of MySQL runs itself."""


def _judge_query(statement: SqlStatement, dialect: str) -> Assessment:
    """A query: each of its parts and functions has to be known."""
    changing = [
        assessment
        for n, word in enumerate(statement.words)
        if word in _CHANGING_WORDS
        and statement.words[n - 1] not in ("FOR", "DO", ".", "NO", "KEY")
        and statement.words[n + 1 : n + 2] != ["("]
        if n
        and (
            assessment := first_rule(
                "statement", " ".join(following_word for following_word in statement.words[n:] if following_word)
            )
        )
    ]
    calls = [_judge_function(name) for name in unknown_functions(statement)]
    unknown = unknown_part(statement, dialect)
    problems = [] if unknown is None else [_judge_query_part(unknown)]
    if "INTO" in statement.words:
        problems.append(_judge_select_into(statement.text))
    return worst([read_only("SELECT only reads"), *changing, *calls, *problems]) or read_only("")


def _judge_query_part(part: str) -> Assessment:
    return disruptive("holds row locks that block other sessions") if part == "Lock" else not_understood(part)


_CHANGING_WORDS = frozenset(["DELETE", "UPDATE", "INSERT", "MERGE", "TRUNCATE", "DROP", "ALTER", "CREATE"])


def _judge_select_into(text: str) -> Assessment:
    """`SELECT … INTO`: a file that is written, or a table that is made."""
    written = re.search(r"\bINTO\s+(?:OUTFILE|DUMPFILE)\s+'([^']*)'", text, re.IGNORECASE)
    return judge_overwrite(written[1]) if written else disruptive("SELECT … INTO makes a table")


def _judge_explain(statement: SqlStatement, dialect: str) -> Assessment:
    """EXPLAIN only plans; EXPLAIN ANALYZE runs the statement."""
    words = statement.words
    begin = next((n for n, word in enumerate(words) if word in _EXPLAINABLE), None)
    if begin is None:
        return not_understood("what EXPLAIN explains")
    if not {"ANALYZE", "ANALYSE", "PROFILE"} & set(words[:begin]):
        return read_only("EXPLAIN only plans")
    body = read_statements(statement.text_from(words[begin]), dialect)
    if not body:
        return evidence.suspect(statement.text, "the statement that EXPLAIN ANALYZE runs")
    result = _judge_statement(body[0], dialect)
    return Assessment(
        result.risk, f"EXPLAIN ANALYZE runs the statement: {result.reason}", result.recognised, result.understood
    )


_EXPLAINABLE = frozenset(
    [
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "WITH",
        "MERGE",
        "CREATE",
        "REFRESH",
        "VALUES",
        "TABLE",
        "REPLACE",
        "EXECUTE",
    ]
)


def _judge_function(name: str) -> Assessment:
    """What a function does that is not known to only read: it may do anything to the data."""
    result = first_rule("function", name.upper().rpartition(".")[2])
    if result is not None:
        return Assessment(result.risk, f"{name.lower()}() {result.reason}")
    return not_understood(f"the function {name.lower()}()", "destructive")

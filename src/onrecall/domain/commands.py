"""Command lines out of a block of code: prompts are taken off, output is left out, continued lines stay together.

A block of code in a runbook, a postmortem or a ticket is shell, a terminal session with prompts and output, statements
of a database, or no commands at all (a log, a configuration, a query, a program). Which of them follows from its
language, its prompts and the shapes of its lines. A line that looks like output or a setting is never a command.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import dedent

from onrecall.domain.command_shapes import (
    is_command,
    is_command_in_comment,
    is_program,
    is_table_header,
    looks_like_output,
)
from onrecall.domain.shell_lines import ShellLines

MAX_LINES = 400
"""Lines of one command; a quote that doesn't close within them joins nothing."""
LOOKED_AHEAD = 4_000
"""Lines of one block that are looked at in vain for the end of a quote; then each line is a command of its own."""
USED_WITHIN = 50
"""Lines after an assignment within which its variable must be used for it to be a command."""

_SHELLS = frozenset(("bash", "bat", "batch", "cmd", "fish", "ksh", "powershell", "ps1", "pwsh", "sh", "shell", "zsh"))
_SESSIONS = frozenset(
    ("", "ansi", "cli", "code", "console", "none", "plain", "plaintext", "raw", "session", "sh-session")
) | {"shell-session", "shellsession", "terminal", "text", "txt"}
"""Blocks that may hold anything: only what looks like a command is one."""
_SQL = frozenset(
    ("cql", "cypher", "mysql", "pgsql", "plpgsql", "postgres", "postgresql", "psql", "sql", "sqlite", "tsql")
)
_LINE_STATEMENTS = frozenset(("mongo", "mongodb", "mongosh", "redis"))

_PROMPT = re.compile(
    r"""(?:\([\w.-]+\)\s+)?(?:
        (?P<shell>\$ | \u276f | \u279c\s+\S+
      | PS\ [^>\n]{0,120}> | [A-Za-z]:\\[^>\n]{0,120}>
      | \[[\w.-]+@[^\]\n]{1,120}\]\s?[$\#%]
      | [\w.-]+@[\w.-]+(?::\S{0,120}?|\s~\S{0,120}?|\s/\S{0,120}?)?\s?[$\#%]
      | (?:ba|k|z|da)?sh-\d[\w.]{0,10}[$\#])
      | [\w-]+=[\#>] | [\w-]+\([\w.-]{1,40}\)[\#>]
      | (?:mysql|redis|mongosh?|sqlite|cqlsh(?::\w+)?|hive|etcd|influx|trino|duckdb|ksql|psql|SQL|gremlin|s?ftp)>
      | rs\d*:[A-Z]+>
      | MariaDB\ \[[^\]\n]{0,80}\]> | [\w.-]+:\d{2,5}(?:\[\d+\])?>
      )(?:\s+|$)(?P<command>.*)""",
    re.VERBOSE,
)
_ROOT_PROMPT = re.compile(r"#\s+(?P<command>\S.*)")
"""A comment elsewhere: it counts where what follows it is a command, in a block that isn't called a script."""
_SECONDARY_PROMPT = re.compile(r"(?:\s*->|[\w-]+[-'\"(*$][\#>]|\s*\.\.\.>?)\s(?P<rest>.*)")
"""What a database client shows before a line that continues the statement."""
_SHELL_SECONDARY_PROMPT = re.compile(r">\s(?P<rest>.*)")
_WINDOWS_JOIN = re.compile(r"\s[`^]$")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_SENTENCE_WORD = re.compile(
    r"\s(?:the|a|an|and|then|until|because|which|was|were|is|are|after|before|again|did|didn['’]t|helped|worked)\s"
    r"|\s(?:again|worked|helped|failed|(?:did not|didn['’]t) (?:help|work))$",
    re.IGNORECASE,
)
"""Words that make a line a sentence about a command."""
_ASSIGNMENT = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_]\w*)\+?=(?P<value>.*)", re.DOTALL)
_COMPOUND = re.compile(r"(?:if|for|while|until|case)\s|\{\s|[\w-]+\s?\(\)\s*\{")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One whole command, over as many lines as it takes."""

    text: str
    """Without the prompt; continued lines are joined by line breaks."""
    line: int


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    line: int
    prompted: str | None
    """What stands after the prompt; None where there is no prompt."""


def read_commands(code: str, language: str = "", first_line: int = 1) -> tuple[CommandLine, ...]:
    """Return the commands of a block of code in their order.

    Args:
        code: The rows between the fences.
        language: The first word of the fence's info string; empty where there is none.
        first_line: The line number of the first row; each command has the number of its own first row.

    Returns:
        Whole commands; none for logs, settings, output, queries and programs.
    """
    language = language.lower()
    rows = _rows(code, language, first_line)
    if any(row.prompted is not None for row in rows):
        return tuple(_session(rows))
    if language in _SQL:
        return tuple(_statements(rows))
    if language in _SHELLS | _LINE_STATEMENTS:
        return tuple(_script(rows, trusted=True))
    return tuple(_script(rows, trusted=False)) if language in _SESSIONS else ()


def bare_command(text: str) -> str | None:
    """Return the command if a text of one line is nothing but one, without its prompt; None for a sentence."""
    line = without_prompt(text.strip().strip("`"))
    unquoted = _QUOTED.sub(" ", line)
    if "\n" in line or "`" in line or _SENTENCE_WORD.search(unquoted) or unquoted.endswith((".", ":", "!", ",")):
        return None
    return line if is_command_in_comment(line) else None


def without_prompt(line: str) -> str:
    """Return a line of code without the prompt it begins with."""
    prompt = _PROMPT.match(line.strip())
    return prompt["command"].strip() if prompt else line.strip()


def _rows(code: str, language: str, first_line: int) -> list[_Row]:
    lines = [line.rstrip() for line in dedent(code).splitlines()]
    prompted = _prompted_commands(lines, language)
    return [_Row(line, first_line + n, prompted[n]) for n, line in enumerate(lines)]


def _prompted_commands(lines: Sequence[str], language: str) -> list[str | None]:
    """For each line what stands after its prompt, or None; in a program only prompts of a shell count."""
    runs = language in _SESSIONS | _SHELLS
    prompts = [_PROMPT.match(line.lstrip()) for line in lines]
    if not runs and language not in _SQL | _LINE_STATEMENTS:
        prompts = [prompt if prompt and prompt["shell"] else None for prompt in prompts]
    root_counts = language in _SESSIONS or (runs and any(prompts))
    return [
        prompt["command"] if prompt else _root_command(line) if root_counts else None
        for prompt, line in zip(prompts, lines, strict=True)
    ]


def _root_command(line: str) -> str | None:
    root = _ROOT_PROMPT.fullmatch(line.strip())
    return root["command"] if root and is_command_in_comment(root["command"]) else None


def _session(rows: Sequence[_Row]) -> Iterator[CommandLine]:
    """Yield what follows the prompts, each with the lines that continue it; the rest is output."""
    joiner, at = _Joiner(prompted=True), 0
    while at < len(rows):
        row, at = rows[at], at + 1
        if row.prompted is None:
            continue
        end = next((n for n in range(at, len(rows)) if rows[n].prompted is not None), len(rows))
        parts = joiner.join(row.prompted, rows[at:end])
        at += len(parts) - 1
        if (text := "\n".join(parts).strip()) and not text.startswith("#"):
            yield CommandLine(text, row.line)


def _script(rows: Sequence[_Row], *, trusted: bool) -> Iterator[CommandLine]:
    """Yield the commands of a block without prompts; if it is not called a script, only what looks like a command."""
    joiner, at, in_table = _Joiner(), 0, False
    while at < len(rows):
        row, at = rows[at], at + 1
        in_table = (in_table and bool(row.text.strip())) or is_table_header(row.text)
        if in_table or not row.text.strip() or _is_comment(row.text) or looks_like_output(row.text):
            continue
        following = rows[at : at + MAX_LINES]
        parts = joiner.join(row.text, following)
        if trusted or _is_plausible(parts, following):
            at += len(parts) - 1
            yield CommandLine("\n".join(parts).strip(), row.line)
        else:
            joiner.charge(parts)


def _statements(rows: Sequence[_Row]) -> Iterator[CommandLine]:
    """Statements of SQL: each ends with a semicolon at the end of a line, or with an empty line."""
    parts: list[str] = []
    first = 0
    for row in (*rows, _Row("", 0, None)):
        if not parts and (_is_comment(row.text) or looks_like_output(row.text)):
            continue
        first = row.line if not parts else first
        parts += [row.text] * bool(row.text.strip())
        if parts and (not row.text.strip() or row.text.endswith((";", "\\G", "\\gx"))):
            yield CommandLine("\n".join(parts).strip(), first)
            parts = []


class _Joiner:
    """Joins the lines of one block that belong to one command, without looking at the same lines for ever."""

    def __init__(self, *, prompted: bool = False) -> None:
        self._prompted = prompted
        self._ahead = LOOKED_AHEAD

    def join(self, first: str, following: Sequence[_Row]) -> list[str]:
        """Return the first line and those after it that belong to the same command."""
        shell, parts = ShellLines(), [first]
        shell.feed(_WINDOWS_JOIN.sub("", first))
        for row in following[: min(MAX_LINES, self._ahead)]:
            secondary = _SECONDARY_PROMPT.match(row.text) if self._prompted else None
            if not secondary and shell.complete and not _WINDOWS_JOIN.search(parts[-1]):
                break
            if not secondary and self._prompted:
                secondary = _SHELL_SECONDARY_PROMPT.match(row.text)
            parts.append(secondary["rest"] if secondary else row.text)
            shell.feed(_WINDOWS_JOIN.sub("", parts[-1]))
        if shell.complete or shell.joined:
            return parts
        self.charge(parts)
        return parts[:1]

    def charge(self, parts: Sequence[str]) -> None:
        """Count lines that were looked at in vain."""
        self._ahead -= len(parts) - 1


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(("#", "--", "//", "rem ", "REM ", "::"))


def _is_plausible(parts: Sequence[str], following: Sequence[_Row]) -> bool:
    first = parts[0].strip()
    if is_command(first) or (" " not in first and is_program(first)):
        return True
    if _COMPOUND.match(first):
        return any(is_command(part) for line in parts for part in re.split(r"[;|]|\bdo\b|\bthen\b", line))
    assignment = _ASSIGNMENT.fullmatch("\n".join(parts).strip())
    return assignment is not None and (
        "$(" in assignment["value"] or any(_uses(row.text, assignment["name"]) for row in following[:USED_WITHIN])
    )


def _uses(line: str, variable: str) -> bool:
    return f"${variable}" in line or f"${{{variable}}}" in line

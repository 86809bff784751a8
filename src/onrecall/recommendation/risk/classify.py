"""How dangerous a command or a step is.

- read_only: it changes nothing.
- reversible: a change that can be undone at once and interrupts nobody: scaling up, a setting whose old value is known.
- disruptive: it interrupts service or sessions, or is hard to notice: restart, kill, failover, terminate, scale down.
- destructive: data or resources are lost.

What is not recognised counts as disruptive and says so. Something composed of several commands is as dangerous as the
worst of them. A wrong label towards danger costs a moment, one towards safety may cost the data: in doubt the worse one
is given.
"""

import re

from onrecall.recommendation.risk import command_wrappers as wrappers
from onrecall.recommendation.risk import db_clients as clients
from onrecall.recommendation.risk import host_programs as tools
from onrecall.recommendation.risk import orchestration as clusters
from onrecall.recommendation.risk import program_rules as switches
from onrecall.recommendation.risk import risk_from_text as prose
from onrecall.recommendation.risk import sql as statements
from onrecall.recommendation.risk.assessment import (
    Assessment,
    Inner,
    Verdicts,
    read_only,
    unknown,
    worst,
)
from onrecall.recommendation.risk.command_table import ALIASES, look_up
from onrecall.recommendation.risk.shell_parser import Command, parse

__all__ = ["Assessment", "classify", "classify_text"]

_LONGEST = 20_000
_DEEPEST = 8
_MOST = 1_000
_FENCE = re.compile(r"^\s*```\w*\s*\n?|\n?\s*```\s*$")
_PROMPT = re.compile(
    r"^[ \t]*(?:\$ |PS [^>\n]*> |\[?[\w.-]+@[\w.-]+[^\n$#]{0,80}[$#] |\w+[=-][#>] "
    r"|(?:mysql|redis|mongosh?|MariaDB \[[^\]]*\]|sqlite|[\d.]+:\d+|cqlsh)> )",
    re.MULTILINE,
)
_PLACEHOLDER = re.compile(
    r"<([A-Za-z](?:[\w .:/|-]{0,40}\w)?)>(?![\w]*\.\w)|\{\{\s*([\w. -]+)\s*\}\}|\[([a-z]+[ -][a-z -]+)\]"
)
_FLATTENED = str.maketrans("'\"()`", "  ;;;")
"""For text whose quotes or parentheses do not match: nothing may hide in them."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[\w*\])?\+?=")


def classify(command: str) -> Assessment:
    """How dangerous a command line, a few lines of shell, or a database statement is."""
    text = _prepared(command)
    if not text:
        return read_only("nothing to run")
    if len(text) > _LONGEST:
        return unknown("too long to judge")
    return _text(text, 0)


def classify_text(text: str) -> Assessment:
    """How dangerous a step told in words is; commands in backticks are judged as commands."""
    found = [classify(code) for code in re.findall(r"`([^`\n]+)`", text) if " " in code.strip()]
    told = prose.judge(re.sub(r"`[^`\n]+`", " ", text) if found else text)
    if found and not told.recognised:
        return worst(found) or told
    return worst([*found, told]) or told


def _prepared(command: str) -> str:
    text = _PROMPT.sub("", _FENCE.sub("", command).strip())
    return _PLACEHOLDER.sub(lambda m: re.sub(r"\W+", "_", next(g for g in m.groups() if g)), text).strip()


def _text(text: str, depth: int, outer: Command | None = None) -> Assessment:
    """The worst of the commands of a text; without input of their own they read what is fed to the outer command."""
    if depth > _DEEPEST:
        return unknown("nested too deeply to judge")
    if statements.looks_like_sql(text):
        return statements.sql(text)
    if re.match(r"\s*(?:db|rs|sh)\.[\w$.()'\"-]+\(", text):
        return statements.mongo(text)
    script = parse(text)
    if len(script.commands) > _MOST:
        return unknown("too many commands to judge")
    found = [_command(_fed(command, outer or Command()), depth) for command in script.commands]
    if not script.complete:
        bare = parse(text.translate(_FLATTENED)).commands[:_MOST]
        found += [_command(command, depth) for command in bare] + [unknown("the quotes do not match")]
    result = worst(found)
    if result is None and text.lstrip().startswith("#"):
        return _text(text.lstrip().lstrip("# "), depth + 1)
    return result or read_only("nothing to run")


def _command(command: Command, depth: int) -> Assessment:
    words = list(command.words)
    while words and _ASSIGNMENT.match(words[0]):
        words.pop(0)
    found = [tools.overwriting(operator, target, words) for operator, target in command.writes]
    if words:
        found.append(_program(words, command, depth))
    elif command.words:
        found.append(read_only("sets a variable of the shell"))
    return worst(found) or read_only("nothing to run")


def _program(words: list[str], command: Command, depth: int) -> Assessment:
    name = words[0].strip("\\").rpartition("/")[2]
    aliased = ALIASES.get(name, name).split()
    if not aliased:
        return unknown(f"`{words[0]}` names no program")
    name, args = aliased[0], aliased[1:] + words[1:]
    verdicts = _verdicts(name, args, command)
    if verdicts is None:
        return unknown(f"`{name}` is not known")
    return worst(_resolve(v, command, depth) for v in verdicts) or unknown(f"`{name}` is not known")


def _resolve(verdict: Assessment | Inner, outer: Command, depth: int) -> Assessment:
    """The verdict itself, or that of the command inside, which reads what is fed to the outer one."""
    if isinstance(verdict, Assessment):
        return verdict
    if depth >= _DEEPEST:
        return unknown("nested too deeply to judge")
    feeding = outer if verdict.stdin else Command()
    if verdict.words:
        return _command(_fed(Command(list(verdict.words)), feeding), depth + 1)
    return _text(verdict.text, depth + 1, feeding)


def _fed(command: Command, outer: Command) -> Command:
    if not command.fed and not command.reads and command.upstream is None:
        command.fed, command.reads, command.upstream = outer.fed, outer.reads, outer.upstream
    return command


def _verdicts(name: str, args: list[str], command: Command) -> Verdicts | None:
    if args and all(a in ("--help", "--version", "-help", "-version", "-V") for a in args):
        return (read_only("only prints help or its version"),)
    wrapped = wrappers.unwrap(name, args, command)
    if wrapped is not None:
        return wrapped
    handler = clusters.HANDLERS.get(name) or clients.HANDLERS.get(name) or tools.HANDLERS.get(name)
    if handler is not None:
        return handler(args, command)
    if name in switches.RULES:
        found = switches.judge(name, args)
        return (found,) if found else None
    if statements.is_redis(name):
        return (statements.redis([name, *args]),)
    found = look_up(name, args) or look_up(f"{name}.sh", args) or look_up("*", [name])
    return (found,) if found else None

"""What the values of options and operands hold: files, commands, statements, addresses; the tables name these kinds."""

import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import (
    Assessment,
    destructive,
    not_understood,
    read_only,
    unknown,
    worst,
)
from onrecall.recommendation.risk.characters import OUTPUT, VARIABLE
from onrecall.recommendation.risk.languages.mongo import judge_mongo
from onrecall.recommendation.risk.languages.redis import judge_redis, judge_redis_lines
from onrecall.recommendation.risk.languages.socket_texts import judge_socket_text
from onrecall.recommendation.risk.languages.sql import DIALECTS, judge_sql
from onrecall.recommendation.risk.programs import connection_targets, program_kinds
from onrecall.recommendation.risk.programs.argv import is_unknown
from onrecall.recommendation.risk.programs.file_targets import judge_append, judge_overwrite, judge_read
from onrecall.recommendation.risk.programs.http_requests import judge_address
from onrecall.recommendation.risk.programs.situation import InvocationContext
from onrecall.recommendation.risk.shell import line_editors
from onrecall.recommendation.risk.shell.commands import NOTHING, Command

Kind = Callable[[str, InvocationContext], Assessment]
_UNKNOWN_ALONE = re.compile(f"[{VARIABLE}{OUTPUT}\\s]*")


def judge_value(kind: str, value: str, situation: InvocationContext) -> Assessment:
    """What one value does that is of this kind."""
    if kind.startswith("{"):
        return _choice(kind, value)
    return KINDS[kind](value, situation)


def judge_operands(slot: str, operands: Sequence[str], situation: InvocationContext) -> Iterator[Assessment]:
    """What the operands at the place of a slot do; a slot that ends in `...` takes all that follow."""
    if slot == "command...":
        yield _command(list(operands), situation)
    elif slot == "later...":
        yield _later(list(operands), situation)
    elif slot == "shell...":
        yield _shell(" ".join(operands), situation)
    elif slot in ("kubectl...", "ceph..."):
        yield _command([slot.removesuffix("..."), *operands], situation)
    elif slot == "redis...":
        yield judge_redis(list(operands))
    else:
        yield from (judge_value(slot.removesuffix("..."), operand, situation) for operand in operands)


def _choice(kind: str, value: str) -> Assessment:
    """One of the values that the table lists, patterns of file names among them."""
    patterns = kind[1:-1].split(",")
    if any(value == pattern or (pattern and fnmatchcase(value, pattern)) for pattern in patterns):
        return read_only("")
    return not_understood(f"the value `{value[:40]}`")


def _command(words: list[str], situation: InvocationContext) -> Assessment:
    """A command that this program runs; it reads what is fed to this one."""
    if not [word for word in words if word]:
        return read_only("")
    return situation.judge.command(Command(tuple(words), input=situation.fed))


def _later(words: list[str], situation: InvocationContext) -> Assessment:
    """A command to which words are added that are read elsewhere, as `xargs` does."""
    marks = situation.invocation.values("-I", "--replace", "-i") or ["{}"]
    mark = marks[-1] or "{}"
    if situation.invocation.has("-I", "--replace", "-i") or any(mark in word for word in words):
        filled = [word.replace(mark, VARIABLE) for word in words]
    else:
        filled = [*words, VARIABLE]
    before_lists = next((n for n, word in enumerate(words) if word.startswith(":::")), len(words))
    if before_lists == 1 and re.search(r"[\s;|&<>$`]", words[0].strip()):
        return situation.judge.text(filled[0], NOTHING)
    return situation.judge.command(Command(tuple(filled), input=NOTHING))


def _exec(value: str, situation: InvocationContext) -> Assessment:
    """The words of `find -exec`, joined by zero bytes."""
    words = [word.replace("{}", VARIABLE) for word in value.split("\x00")]
    return _command(words, InvocationContext(situation.invocation, NOTHING, situation.judge))


def _shell(value: str, situation: InvocationContext) -> Assessment:
    if _UNKNOWN_ALONE.fullmatch(value):
        return unknown("a command that is not seen here") if value else read_only("")
    return situation.judge.text(value, situation.fed)


_DUMP = re.compile(
    r"(?<![A-Za-z])(?:\w{0,40}dumps?(?:all)?|backups?|bak|restore|snapshots?)(?![A-Za-z])", re.IGNORECASE
)
"""Names of files that put back what they hold, and of the programs that write them."""


def _hidden(value: str, _: InvocationContext) -> Assessment:
    return _restoring(value) or evidence.suspect(value, f"what `{value[:60]}` holds")


def _restoring(source: str) -> Assessment | None:
    """What a dump does that is read from this file or command; None if the name is not one of a dump."""
    if _DUMP.search(source) is None:
        return None
    return not_understood(f"what `{source[:40]}` puts in the place of what is there", "destructive", recognised=False)


def _trusted(value: str, _: InvocationContext) -> Assessment:
    """A configuration that may name programs to run: only one in a place that is the administrator's or one's own."""
    if (
        re.fullmatch(r"(?:/etc|/usr|/opt|/srv|/var/lib|/var/run|/run|/root|/home/[\w.-]+|~)/[\w./@+-]+", value)
        and ".." not in value
    ):
        return read_only("")
    return not_understood(f"what the configuration `{value[:60]}` says")


def _sql(dialect: str) -> Kind:
    def judge(value: str, _: InvocationContext) -> Assessment:
        return unknown("SQL that is not seen here") if _UNKNOWN_ALONE.fullmatch(value) else judge_sql(value, dialect)

    return judge


def _delay(value: str, _: InvocationContext) -> Assessment:
    return read_only("") if re.fullmatch(r"[\d.]+[smhd]?", value) or is_unknown(value) else not_understood(f"`{value}`")


def _host(value: str, _: InvocationContext) -> Assessment:
    """The name of another machine; what a command prints may carry secrets away in it."""
    return not_understood("a name that another command prints") if OUTPUT in value else read_only("")


def _target(judge: Callable[[str], Assessment]) -> Kind:
    return lambda value, _: judge(value)


def _address(value: str, _: InvocationContext) -> Assessment:
    return judge_address(value)


KINDS: dict[str, Kind] = {
    "any": lambda _value, _situation: read_only(""),
    "unknown": lambda value, _: not_understood(f"`{value[:40]}`"),
    "traffic": program_kinds.traffic,
    "traced": program_kinds.traced,
    "backup": lambda value, _: judge_overwrite(value, into_backups=True),
    "in": lambda value, _: judge_read(value),
    "out": lambda value, _: judge_overwrite(value),
    "append": lambda value, _: judge_append(value),
    "shell": _shell,
    "exec": _exec,
    "script": _hidden,
    "trusted": _trusted,
    "replicas": program_kinds.replicas,
    "delay": _delay,
    "host": _host,
    "address": _address,
    **{name: _target(judge) for name, judge in connection_targets.TARGETS.items()},
    "in-place": program_kinds.in_place,
    "ssh-option": program_kinds.ssh_option,
    "git-config": program_kinds.git_setting,
    "raw": program_kinds.raw_path,
    "finalizers": program_kinds.finalizers,
    "kafka-config": program_kinds.kafka_config,
    "election": program_kinds.election,
    "python-module": program_kinds.python_module,
    "python": program_kinds.code,
    "code": program_kinds.code,
    "bpftrace": program_kinds.bpftrace_program,
    "jinfo": program_kinds.jinfo_flag,
    "vty": program_kinds.vty,
    "console": program_kinds.console,
    "management": program_kinds.management,
    "cypher": program_kinds.cypher,
    "crontab": lambda _value, _situation: destructive("the jobs that were there are lost"),
    "flux": program_kinds.flux,
    "redis-cluster": program_kinds.redis_cluster,
    "parameters": program_kinds.parameters,
    "awk": lambda value, _: line_editors.judge_awk(value),
    "sed": lambda value, _: line_editors.judge_sed(value),
    "js": lambda value, _: (
        unknown("a script that is not seen here") if _UNKNOWN_ALONE.fullmatch(value) else judge_mongo(value)
    ),
    "redis": lambda value, _: judge_redis_lines(value),
    "socket": lambda value, _: judge_socket_text(value),
    **{name: _sql(name) for name in DIALECTS},
}
"""Each kind that a table may name."""


def _worse_as_written(read: Assessment, written: Assessment) -> Assessment:
    """The worse of what a text does with its escapes read and as written, if the latter is understood or loses data.

    The `echo` of Bash leaves a backslash and a letter as they are, and the shell that reads them drops the backslash;
    that of dash prints a tab or a line break.
    """
    is_certain = written.understood or written.risk == "destructive"
    return (worst([read, written]) or read) if is_certain else read


_ASKING = ("probe", "tls")
"""Inputs of programs that connect somewhere: nothing typed is nothing asked."""


def judge_input(language: str, situation: InvocationContext) -> Assessment:
    """What a program does that runs what it reads; where nothing is fed to it, it opens a session."""
    fed = situation.fed
    if language == "crontab":
        return judge_value(language, fed.text, situation)
    if fed.kind == "unseen" or (fed.text.strip() and _UNKNOWN_ALONE.fullmatch(fed.text)):
        return _restoring(fed.source) or unknown("what another command prints, or a file holds, and this one runs")
    if fed.text.strip():
        kind = "socket" if language in _ASKING else language
        inner = InvocationContext(situation.invocation, NOTHING, situation.judge)
        result = judge_value(kind, fed.text, inner)
        return _worse_as_written(result, judge_value(kind, fed.literal, inner)) if fed.literal else result
    looks = language == "tls" and situation.invocation.has(*situation.invocation.node.looks)
    if looks or language == "probe" or (language == "tls" and fed.kind == "text"):
        return read_only("only connects")
    return not_understood("what is typed in the session that it opens")

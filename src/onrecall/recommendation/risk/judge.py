"""Judges shell text: every simple command by its program's table, and all that is not in a table as not understood."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import (
    Assessment,
    disruptive,
    not_understood,
    read_only,
    unknown,
    worst,
)
from onrecall.recommendation.risk.characters import VARIABLE
from onrecall.recommendation.risk.languages.mongo import is_mongo, judge_mongo
from onrecall.recommendation.risk.languages.redis import is_redis, judge_redis
from onrecall.recommendation.risk.languages.sql import is_sql, judge_sql
from onrecall.recommendation.risk.programs.argv import is_unknown
from onrecall.recommendation.risk.programs.environment import judge_assignment, judge_shell_variable
from onrecall.recommendation.risk.programs.file_targets import judge_append, judge_overwrite
from onrecall.recommendation.risk.programs.invocations import judge_invocation, written_files
from onrecall.recommendation.risk.programs.table import Node, find_program
from onrecall.recommendation.risk.sections import words as listed_words
from onrecall.recommendation.risk.shell.commands import TERMINAL, Command, Input
from onrecall.recommendation.risk.shell.powershell import spell_out
from onrecall.recommendation.risk.shell.script import Script, read_script

_MAX_DEPTH = 8
"""Maximum depth of commands inside of commands."""
_MAX_COMMANDS = 400
_MAX_WORDS = 500
"""A command with more words is not judged."""
_MAX_BYTES = 40_000
"""The most that is parsed for one text, the commands inside its commands included."""
_SYSTEM_FOLDER = re.compile(
    r"(?:/usr|/usr/local|/usr/lib/[\w./-]+|/usr/pgsql-\d+|/opt/[\w.-]+|/opt/homebrew|/snap|/opt/[\w.-]+/[\w.-]+)?/s?bin/"
    r"|/usr/local/[\w.-]+/bin/|/usr/lib/jvm/[\w.-]+/bin/"
)
_FLATTENED = str.maketrans("'\"()`{}!", "  ;;;   ")
"""For text whose quotes or parentheses do not match: nothing may hide in them."""
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=(.*)", re.DOTALL)
_SILENT_COMMANDS: tuple[list[str], ...] = (
    [],
    [":"],
    ["true"],
    ["echo"],
    ["echo", ""],
    ["cat"],
    ["cat", "/dev/null"],
    ["echo", "-n"],
)
"""Commands that print nothing, where nothing is fed to them."""
_CREDENTIALS = re.compile(
    r"/etc/g?shadow\b-?|\.ssh/id_\w+(?![\w.])|\.aws/credentials\b|\.git-credentials\b|\.pgpass\b|\.netrc\b"
    r"|\.kube/config\b|/etc/kubernetes/[\w-]+\.conf\b|/etc/rancher/\w+/\w+\.yaml|\.docker/config\.json|/proc/\w+/environ\b"
    r"|\.vault-token\b|\.my\.cnf\b|\.npmrc\b|\.pypirc\b|application_default_credentials|/private/\S+\.(?:key|pem)\b"
    r"|/pki/\S+\.key\b|/ssl/\S+\.key\b|\.tfstate\b|/etc/krb5\.keytab|/etc/sudoers\b"
)
"""Files that hold password hashes, private keys or access keys."""
_EXPANSION = re.compile(r"\$(?:\{(\w+)\}|(\d|[A-Za-z_]\w*|[@*]))")
_BLANK_VARIABLE = re.compile(r"\$(?:IFS\b|\{IFS\})")
_BEGINS_WITH_VARIABLE = re.compile(rf"{VARIABLE}+\w")
_HELP_OPTIONS = ("--help", "--version", "-help", "-version")


@dataclass(slots=True)
class Budget:
    """The remaining commands and bytes for one text: bounds the time for any text."""

    commands: int = _MAX_COMMANDS
    bytes: int = _MAX_BYTES


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges texts in several languages; those inside of others share a budget and know how deep they are."""

    budget: Budget = field(default_factory=Budget)
    depth: int = 0
    suspicions: int = 3
    """How many levels deep the words of commands that are not understood are searched for commands."""

    def inner(self) -> "Judge":
        """Return a judge for nested text, one level deeper."""
        return replace(self, depth=self.depth + 1)

    def text(self, text: str, fed: Input = TERMINAL) -> Assessment:
        """The worst of what a text runs, be it shell, SQL or the MongoDB shell."""
        self.budget.bytes -= len(text)
        if self.depth > _MAX_DEPTH or self.budget.bytes < 0:
            return evidence.suspect(text, "nested too deeply, or too long, to judge")
        if is_sql(text):
            return judge_sql(text)
        if is_mongo(text):
            return judge_mongo(text)
        return self.script(read_script(spell_out(text), fed))

    def script(self, script: Script) -> Assessment:
        """The least upper bound over the commands of a shell text."""
        assessments = [self.command(command, script.source) for command in script.commands]
        assessments += [not_understood(problem) for problem in script.problems]
        result = worst([*assessments, *self._hidden_commands(script)]) or read_only("nothing to run")
        if result.understood or result.risk == "destructive":
            return result
        if evidence.find_loss_sign(script.source) is not None:
            return worst([result, evidence.suspect(script.source, "")]) or result
        suspected = [
            self.command(command) for variant in _variants(script) for command in read_script(variant).commands
        ]
        for command, assessment in zip(script.commands, assessments, strict=False):
            suspected += self._suspicions(command) if assessment.understood else ()
        return worst([result, *(suspicion for suspicion in suspected if suspicion.risk == "destructive")]) or result

    def _hidden_commands(self, script: Script) -> Iterator[Assessment]:
        """What a text runs where variables stand for blanks, or for nothing, between the words of a command."""
        if _hides_words(script):
            yield from (self.command(command) for command in read_script(_without_unset(script)).commands)

    def command(self, command: Command, source: str = "") -> Assessment:
        """One simple command, with its redirections and assignments; `source` is the text that it stands in."""
        self.budget.commands -= 1 + len(command.words) // 20
        if self.budget.commands < 0 or len(command.words) > _MAX_WORDS or self.depth > _MAX_DEPTH:
            return evidence.suspect(" ".join(command.words), "too much, or nested too deeply, to judge")
        words = list(command.words)
        assignments = list(command.assignments)
        while words and (match := _ASSIGNMENT.fullmatch(words[0])):
            assignments.append((match[1], match[2]))
            words.pop(0)
        assessments = [
            self._redirect(redirect.operator, redirect.target, words, command) for redirect in command.redirects
        ]
        assessments += [
            judge_assignment(name, value, words[:1]) if words else judge_shell_variable(name, value, source)
            for name, value in assignments
        ]
        if words:
            assessments.append(self._program(replace(command, words=tuple(words))))
            assessments += _judge_credentials(words)
        result = worst(assessments) or read_only("sets a variable of the shell")
        if result.understood or result.risk == "destructive":
            return result
        return worst([result, *self._suspicions(command)]) or result

    def _redirect(self, operator: str, target: str, words: Sequence[str], command: Command) -> Assessment:
        silent = list(words) in _SILENT_COMMANDS and not command.input.text
        if target.startswith(("/dev/tcp/", "/dev/udp/")) and silent and words:
            return read_only("only connects")
        return judge_append(target) if operator.endswith(">>") else judge_overwrite(target, empties=silent)

    def _program(self, command: Command) -> Assessment:
        """What the table of the program says about its arguments."""
        word, *arguments = command.words
        folder, _, name = word.rpartition("/")
        program = find_program(name)
        if is_unknown(word) or (re.search(r"[*?\[\]{}]", word) and word not in ("[", "[[")):
            return unknown(f"which program `{word[:40]}` is")
        if program is None:
            if is_redis(word):
                return judge_redis(command.words)
            unknown_program = unknown(f"the program `{name or word}`")
            written = (judge_overwrite(file) for file in written_files(arguments))
            if (verb := evidence.find_command_verb(arguments)) is not None:
                unknown_program = not_understood(
                    f"the program `{name or word}`, and “{verb}” stands behind it", "destructive", recognised=False
                )
            return worst([unknown_program, *written]) or unknown_program
        node, before = program
        result = self._judged(node, [name, *before, *arguments], command)
        if folder and not _SYSTEM_FOLDER.fullmatch(folder + "/"):
            return worst([result, unknown(f"`{word}` is not the system's `{name}`")]) or result
        return result

    def _judged(self, node: Node, words: Sequence[str], command: Command) -> Assessment:
        if _asks_for_help(node, words[1:]):
            return read_only("prints help or a version")
        return judge_invocation(node, words, command.input, self.inner())

    def _suspicions(self, command: Command) -> Iterator[Assessment]:
        """What may make a command that is not understood destructive: a command in its words, or their meaning."""
        words = [*command.words, *(value for _, value in command.assignments), command.input.text]
        joined = " ".join(words)
        if evidence.find_loss_sign(joined) is not None:
            yield evidence.suspect(joined, "")
            return
        if self.depth >= _MAX_DEPTH or not self.suspicions:
            return
        judge = replace(self, depth=self.depth + 1, suspicions=self.suspicions - 1)
        for place, word in enumerate(command.words[1:12], start=1):
            if find_program(word.rpartition("/")[2]) is not None:
                yield from _only_destructive(judge.command(Command(command.words[place:], input=command.input)))
        for word in words:
            if re.search(r"\s|>|\$\{?IFS", word.strip()):
                for text in dict.fromkeys([word, re.sub(r"^[\w.-]*[=:!+]+", "", word)]):
                    yield from _only_destructive(judge.text(text))


def _judge_credentials(command_words: Sequence[str]) -> Iterator[Assessment]:
    """What prints or sends a file that holds passwords or private keys hands them out."""
    if command_words[0].rpartition("/")[2] in listed_words("programs/kinds.txt", "printing programs"):
        yield from (
            disruptive(f"hands out what `{match[0]}` keeps")
            for word in command_words[1:]
            if (match := _CREDENTIALS.search(word)) is not None
        )


def _hides_words(script: Script) -> bool:
    """Whether a variable that stands for a blank or for nothing makes a word look as if it were another."""
    return _BLANK_VARIABLE.search(script.source) is not None or any(
        _BEGINS_WITH_VARIABLE.match(word) for command in script.commands for word in command.words
    )


def _variants(script: Script) -> Iterator[str]:
    """Yield what a text that is not understood may become: without quotes, without variables that have no value."""
    if script.problems:
        plain = re.sub(r"\$(?=['\"])", "", script.source)
        yield plain.translate(_FLATTENED)
        yield re.sub(r"['\"]", "", plain).translate(_FLATTENED)
    if "$" in script.source and (bare := _without_unset(script)) != script.source:
        yield bare


def _without_unset(script: Script) -> str:
    """Return the text with variables that it does not set removed and `$IFS` as a blank."""
    blank = _BLANK_VARIABLE.sub(" ", script.source)
    return _EXPANSION.sub(lambda match: match[0] if (match[1] or match[2]) in script.variables else "", blank)


def _only_destructive(assessment: Assessment) -> Iterator[Assessment]:
    if assessment.risk == "destructive":
        yield replace(assessment, reason=f"not understood, and {assessment.reason}", understood=False)


def _asks_for_help(node: Node, arguments: Sequence[str]) -> bool:
    """Whether help or a version is all that is asked for, of the program or of a subcommand."""
    if not arguments or arguments[-1] not in _HELP_OPTIONS or node.input == "shell":
        return False
    for word in arguments[:-1]:
        child = node.child(word)
        if child is None:
            return False
        node = child
    return True

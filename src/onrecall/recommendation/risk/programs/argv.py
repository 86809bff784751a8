"""A program's arguments, read by the rules of getopt: clusters, attached values, abbreviations, the later one wins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from onrecall.recommendation.risk.characters import OUTPUT, VARIABLE
from onrecall.recommendation.risk.programs.table import Node, Option

RUNNERS = frozenset(["command...", "shell...", "later...", "kubectl...", "ceph...", "redis..."])
"""Kinds of operands that begin a command: no option after it belongs to this program."""
_FALSE_VALUES = ("none", "false", "0", "no", "never", "off", "f", "F", "False", "FALSE")


@dataclass(frozen=True, slots=True)
class GivenOption:
    """An option as it was given."""

    option: Option
    value: str | None
    """None where it has none."""


@dataclass(slots=True)
class Invocation:
    """Which subcommand is called, with which options and operands, and what of it no table knows."""

    node: Node
    program: str = ""
    """Its name as it was given."""
    arguments: tuple[str, ...] = ()
    """All of them, as they were given."""
    options: list[GivenOption] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """The subcommands, as they were given."""
    operands: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Options that are not listed, with the value that is attached."""
    tolerated: list[tuple[str, str]] = field(default_factory=list)
    """Options that are not listed, of a program that takes any, each with its value or the word after it."""

    def values(self, *names: str) -> list[str]:
        """The values of the options of these names, in order; "" for one without."""
        return [given_option.value or "" for given_option in self.options if given_option.option.name in names]

    def has(self, *names: str) -> bool:
        return any(given_option.option.name in names for given_option in self.options)

    @property
    def command_path(self) -> str:
        """The program and its subcommands, such as `kubectl rollout status`."""
        return " ".join([self.program, *self.words])

    @property
    def is_dry(self) -> bool:
        """Whether it only tells what it would do: of several such options the last one counts."""
        last = next((given_option for given_option in reversed(self.options) if given_option.option.dry), None)
        return last is not None and last.value not in _FALSE_VALUES and VARIABLE not in (last.value or "")

    @property
    def slots(self) -> tuple[str, ...] | None:
        options, slots = self.node.slots_with
        return slots if options and self.has(*options) else self.node.slots

    def slot(self, place: int) -> str | None:
        """The kind of the operand at this place; None where there is none."""
        slots = self.slots
        if slots is None:
            return "any"
        if place < len(slots):
            return slots[place]
        return slots[-1] if slots and slots[-1].endswith("...") else None


def read_arguments(program: Node, name: str, arguments: Sequence[str]) -> Invocation:
    """The arguments of a program that was called by this name."""
    reader = _ArgvReader(Invocation(program, name, tuple(arguments)), list(arguments))
    reader.read()
    return reader.invocation


@dataclass(slots=True)
class _ArgvReader:
    invocation: Invocation
    waiting: list[str]
    """The arguments that are still to be read."""

    def read(self) -> None:
        while self.waiting:
            argument = self.waiting.pop(0)
            if argument == "--":
                self._after_dashes()
            elif self._may_be_option(argument):
                self.invocation.unknown.append(argument)
                self.waiting.insert(0, argument.lstrip(VARIABLE + OUTPUT))
            elif self._is_option(argument):
                self._option(argument)
            elif not self._descends(argument):
                if self.invocation.slot(len(self.invocation.operands)) in RUNNERS:
                    self.invocation.operands += [argument, *self.waiting]
                    self.waiting = []
                else:
                    self.invocation.operands.append(argument)

    def _after_dashes(self) -> None:
        """All that follows are operands; where a command is expected, they are that."""
        slots = self.invocation.slots or ()
        runner = next((n for n, slot in enumerate(slots) if slot in RUNNERS), None)
        if runner is not None:
            self.invocation.operands += [""] * (runner - len(self.invocation.operands))
        self.invocation.operands += self.waiting
        self.waiting = []

    def _is_option(self, argument: str) -> bool:
        if argument.startswith("+"):
            return self.invocation.node.option(argument) is not None
        if argument == "-":
            return self.invocation.node.option("-") is not None
        return argument.startswith("-")

    def _may_be_option(self, argument: str) -> bool:
        """Whether it is an option when the unknown value before it is empty; `$POD-web-0` is a name."""
        known_part = argument.lstrip(VARIABLE + OUTPUT)
        if known_part == argument or not known_part.startswith("-"):
            return False
        if not re.fullmatch(r"-(?:\d+|[a-z0-9]{3,})(?:[-.][a-z0-9]+)*", known_part):
            return True
        first = self.invocation.node.option(known_part[:2])
        is_bare = first is None or (first.risk is None and first.kind == "any")
        return self.invocation.node.option(known_part) is not None or not is_bare

    def _descends(self, argument: str) -> bool:
        if self.invocation.operands:
            return False
        child = self.invocation.node.child(argument)
        if child is None:
            return False
        self.invocation.node = child
        self.invocation.words.append(argument)
        if child.slots == ("kubectl...",):
            self.invocation.operands, self.waiting = self.waiting, []
        return True

    def _option(self, argument: str) -> None:
        name, joint, value = argument.partition("=")
        if argument == "-":
            self._give(Option("-"), None)
        elif self.invocation.node.style == "single":
            self._long("-" + name.lstrip("-"), joint, value, argument)
        elif argument.startswith("--"):
            self._long(name, joint, value, argument)
        elif re.fullmatch(r"[-+]\d+", argument) and (option := self.invocation.node.option(f"{argument[0]}#")):
            self._give(option, argument[1:])
        elif (long_option := self.invocation.node.option(name)) and len(name) > 2:
            self._give_long(long_option, joint, value)
        else:
            self._cluster(argument)

    def _long(self, name: str, joint: str, value: str, argument: str) -> None:
        option = self.invocation.node.option(name)
        if option is not None:
            self._give_long(option, joint, value)
            return
        if self.invocation.node.any_option:
            self.invocation.tolerated.append((name, value if joint else self._peek()))
            self._skip_values(joint)
            return
        self.invocation.unknown.append(argument)
        candidates = sorted(self.invocation.node.options_like(name), key=lambda candidate: candidate.arity)
        for option in candidates if len(name) > 3 else ():  # an abbreviation: what it may stand for counts
            if option is candidates[-1]:
                self._give_long(option, joint, value)
            else:
                self._give(option, value if joint else None)

    def _give_long(self, option: Option, joint: str, value: str) -> None:
        if joint:
            self._give(option, value)
        elif option.arity == "required":
            self._give(option, self._next())
        elif option.arity == "until":
            self._give(option, "\x00".join(self._until_end()))
        else:
            self._give(option, None)

    def _cluster(self, argument: str) -> None:
        sign, letters = argument[0], argument[1:]
        while letters:
            option = self.invocation.node.option(sign + letters[0])
            letters = letters[1:]
            if option is None:
                self._unknown_cluster(argument)
                return
            if option.arity == "required":
                self._give(option, letters.removeprefix("=") if letters else self._next())
                return
            if option.arity == "optional":
                self._give(option, letters or None)
                return
            if option.arity == "until":
                self._give(option, "\x00".join(self._until_end()))
                return
            if not letters.startswith("="):
                self._give(option, None)
                continue
            self._give(option, letters[1:])
            return

    def _unknown_cluster(self, argument: str) -> None:
        if self.invocation.node.any_option:
            self.invocation.tolerated += [(argument, self._peek()), (argument[:2], argument[2:])]
            return
        self.invocation.unknown.append(argument)
        for letter in argument[1:]:
            option = self.invocation.node.option(argument[0] + letter)
            if option is not None and option.arity == "none":
                self._give(option, None)

    def _skip_values(self, joint: str) -> None:
        """The words after an unlisted option of a program that takes any: its values."""
        while not joint and self.waiting and not self._is_option(self.waiting[0]):
            self.waiting.pop(0)

    def _peek(self) -> str:
        return self.waiting[0] if self.waiting else ""

    def _next(self) -> str | None:
        return self.waiting.pop(0) if self.waiting else None

    def _until_end(self) -> list[str]:
        """The words of `find -exec` up to its end."""
        end = next((n for n, word in enumerate(self.waiting) if word in (";", "+", "\\;")), len(self.waiting))
        words, self.waiting = self.waiting[:end], self.waiting[end + 1 :]
        return words

    def _give(self, option: Option, value: str | None) -> None:
        self.invocation.options.append(GivenOption(option, value))


def is_unknown(word: str) -> bool:
    """Whether a word holds a value that is not seen here."""
    return VARIABLE in word or OUTPUT in word

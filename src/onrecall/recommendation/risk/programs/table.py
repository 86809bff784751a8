"""The tables of programs: what each subcommand, option and operand does.

A table is read when a program in it is first looked up.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cache
from importlib.resources import files
from typing import Literal

from onrecall.domain.recommendation import Risk
from onrecall.recommendation.risk.assessment import risk_named
from onrecall.recommendation.risk.sections import lines, section_names

Arity = Literal["none", "required", "optional", "until"]
_OPTION = re.compile(
    r"(?P<name>[-+](?:(?!\.\.\.)[^:=\[!~{])*)(?P<arity>\[[:=]\]|[:=]|\.\.\.)?(?P<kind>\{[^}]*\}|[a-z_-]+)?(?P<effect>![a-z_]+|~)?"
)
_CMDLETS = "programs/cmdlets.txt"
_CMDLET_NAME = re.compile(r"[A-Z][a-z]+-[A-Z]\w+")
_WINDOWS_SWITCH = re.compile(r"/[A-Za-z_-]+(?::\w*)?\*?")
"""A switch of a program of Windows, in which capitals make no difference."""
_SHORTEST_PARAMETER = 3
"""Characters, with the dash, from which the beginning of a cmdlet's parameter stands for it."""
_RAISING = ("disruptive", "destructive")
_STYLES = ("getopt", "single")


@dataclass(frozen=True, slots=True)
class Option:
    """An option as a table declares it."""

    name: str
    arity: Arity = "none"
    kind: str = "any"
    """What its value is: see `value_kinds`."""
    risk: Risk | None = None
    """How dangerous the option alone makes the command."""
    dry: bool = False
    """Whether the command then only tells what it would do."""


@dataclass(frozen=True, slots=True)
class OperandRule:
    """What operands of a certain form mean: a risk, or a kind of value that they hold after a prefix."""

    pattern: re.Pattern[str]
    prefix: str
    """What stands before the value, where the form ends in `*`."""
    risk: Risk | None
    kind: str


@dataclass(slots=True)
class Node:
    """A program or one of its subcommands."""

    names: tuple[str, ...]
    risk: Risk | None = None
    """Its own risk; None where a subcommand has to follow."""
    parent: "Node | None" = None
    style: str = "getopt"
    options: dict[str, Option] = field(default_factory=dict)
    children: dict[str, "Node"] = field(default_factory=dict)
    slots: tuple[str, ...] | None = None
    """The kinds of its operands in order; the last may end in `...`. None: any number of any operands."""
    slots_with: tuple[frozenset[str], tuple[str, ...]] = (frozenset(), ())
    """Other slots where one of these options is given."""
    operand_rules: list[OperandRule] = field(default_factory=list)
    needs: frozenset[str] = frozenset()
    """Options of which one has to be there."""
    looks: frozenset[str] = frozenset()
    """Options with any of which it only reads."""
    input: str | None = None
    """The language of what it reads where no option or operand holds the text."""
    instead: tuple[str, ...] = ()
    """Options with which it does not read its input."""
    check: str | None = None
    """A rule of its own in `program_checks`."""
    any_option: bool = False
    """Whether options that are not listed are harmless, as the parameters of a cloud's reading calls are."""
    any_option_below: bool = False
    """Whether that holds for the subcommands."""
    own_options: bool = False
    """Whether the options of the parent do not hold after this subcommand."""

    @property
    def path(self) -> str:
        """The words that lead here, such as `kubectl rollout status`."""
        return f"{self.parent.path} {self.names[0]}" if self.parent is not None else self.names[0]

    def option(self, name: str) -> Option | None:
        """The option of that name, declared here or above."""
        node: Node | None = self
        while node is not None:
            if name in node.options:
                return node.options[name]
            node = None if node.own_options else node.parent
        return self._parameter(name.lower()) if _CMDLET_NAME.fullmatch(self.names[0]) else None

    def _parameter(self, name: str) -> Option | None:
        """The parameter of a cmdlet, written without capitals or shortened; no shortened one makes it safer."""
        spellings = {option.name.lower(): option for option in self.options.values()}
        if name in spellings or len(name) < _SHORTEST_PARAMETER:
            return spellings.get(name)
        candidates = [option for spelling, option in spellings.items() if spelling.startswith(name)]
        return next((option for option in candidates if option.risk in _RAISING or option.kind == "out"), None)

    def options_like(self, prefix: str) -> Iterator[Option]:
        """The long options that begin so, declared here or above."""
        node: Node | None = self
        while node is not None:
            yield from (option for name, option in node.options.items() if name.startswith(prefix))
            node = None if node.own_options else node.parent

    def child(self, word: str) -> "Node | None":
        """The subcommand of that name; a table may give the beginning of names, as in `describe-*`."""
        if word in self.children:
            return self.children[word]
        stem = next((name for name in self.children if name.endswith("*") and word.startswith(name[:-1])), None)
        return self.children[stem] if stem is not None else None


def find_program(name: str) -> tuple[Node, tuple[str, ...]] | None:
    """The table of a program, and the words that an alias puts before its arguments."""
    place = _index().get(name) or _index().get(_spellings().get(name.lower(), "")) or _index().get(_cmdlet(name))
    if place is None:
        return None
    if isinstance(place, str):
        words = place.split()
        target = find_program(words[0])
        return (target[0], (*target[1], *words[1:])) if target is not None else None
    return _node(place), ()


def _cmdlet(name: str) -> str:
    """The cmdlet that stands for all that only read and are listed; capitals make no difference."""
    return "Get-Process" if name.lower() in _looking_cmdlets() else ""


@cache
def _looking_cmdlets() -> frozenset[str]:
    """The names of PowerShell's cmdlets that only read, in small letters."""
    rows = [line.partition(": ") for section in section_names(_CMDLETS) for line in lines(_CMDLETS, section)]
    return frozenset(f"{verb}-{noun}".lower() for verb, _, nouns in rows for noun in nouns.split())


@cache
def _spellings() -> dict[str, str]:
    """Names in which capitals make no difference, those of PowerShell, by their small letters."""
    return {name.lower(): name for name in _index() if _CMDLET_NAME.fullmatch(name)}


@dataclass(frozen=True, slots=True)
class _TablePlace:
    """Where in the tables a program stands: its lines."""

    lines: tuple[str, ...]


@cache
def _index() -> dict[str, "_TablePlace | str"]:
    """The place of each program, or for an alias the words it stands for."""
    index: dict[str, _TablePlace | str] = {}
    folder = files("onrecall.recommendation.risk").joinpath("programs/tables")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".txt"):
            for block in _blocks(file.read_text(encoding="utf-8")):
                _enter(block, index)
    return index


def _enter(block: tuple[str, ...], index: "dict[str, _TablePlace | str]") -> None:
    head = block[0]
    if head.startswith("alias "):
        names, _, words = head.removeprefix("alias ").partition(": ")
        index.update(dict.fromkeys(names.split(), words.strip()))
        return
    names = head.rpartition(": ")[0] or head
    place = _TablePlace(block)
    for name in names.split():
        if name in index:
            raise ValueError(f"two tables for the program {name}")
        index[name] = place


def _blocks(text: str) -> Iterator[tuple[str, ...]]:
    """The lines of each program: one without a blank before it, and the indented ones that follow."""
    block: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("# ") or line.strip() == "#":
            continue
        if not line[0].isspace() and block:
            yield tuple(block)
            block = []
        block.append(line.rstrip())
    if block:
        yield tuple(block)


@cache
def _node(place: _TablePlace) -> Node:
    root = _head(place.lines[0], None)
    branch = [(0, root)]
    for line in place.lines[1:]:
        indent = len(line) - len(line.lstrip())
        while branch[-1][0] >= indent:
            branch.pop()
        _read_line(line.strip(), indent, branch)
    return root


def _read_line(line: str, indent: int, branch: list[tuple[int, Node]]) -> None:
    parent = branch[-1][1]
    if line.startswith("@"):
        _attribute(parent, *line[1:].split(maxsplit=1))
    elif line.startswith(("-", "+")):
        for token in line.split():
            for option in _options(token, parent.style):
                parent.options[option.name] = option
    else:
        child = _head(line, parent)
        parent.children.update(dict.fromkeys(child.names, child))
        branch.append((indent, child))


def _head(line: str, parent: Node | None) -> Node:
    names, separator, risk = line.rpartition(": ")
    if not separator:
        names, risk = line, ""
    node = Node(tuple(names.split()), _risk(risk.strip()), parent)
    if parent is not None:
        node.style = parent.style
        node.any_option = node.any_option_below = parent.any_option_below
    return node


def _risk(name: str) -> Risk | None:
    if not name:
        return None
    return risk_named(name)


def _attribute(node: Node, name: str, text: str = "") -> None:
    """Enter a line that begins with `@`."""
    enter = _ATTRIBUTES.get(name)
    if enter is None:
        raise ValueError(f"no attribute @{name}")
    enter(node, text)


def _enter_style(node: Node, text: str) -> None:
    assert text in _STYLES
    node.style = text


def _enter_slots(node: Node, text: str) -> None:
    node.slots = tuple(text.split())


def _enter_slots_with(node: Node, text: str) -> None:
    options, _, slots = text.partition(": ")
    node.slots_with = (frozenset(options.split()), tuple(slots.split()))


def _enter_operand_rule(node: Node, text: str) -> None:
    patterns, _, meaning = text.rpartition(": ")
    kind = meaning.strip().removeprefix("=") if meaning.strip().startswith("=") else ""
    risk = None if kind else _risk(meaning.strip())
    for form in patterns.split():
        prefix = form[:-1] if form.endswith("*") else ""
        flags = re.IGNORECASE if _WINDOWS_SWITCH.fullmatch(form) else 0
        node.operand_rules.append(OperandRule(re.compile(translate(form), flags), prefix, risk, kind))


def _enter_needs(node: Node, text: str) -> None:
    node.needs = frozenset(text.split())


def _enter_looks(node: Node, text: str) -> None:
    node.looks = frozenset(text.split())


def _enter_input(node: Node, text: str) -> None:
    node.input = text


def _enter_instead(node: Node, text: str) -> None:
    node.instead = tuple(text.split())


def _enter_check(node: Node, text: str) -> None:
    node.check = text


def _enter_any_option(node: Node, text: str) -> None:
    node.any_option_below = True
    node.any_option = text != "below"


def _enter_own_options(node: Node, _: str) -> None:
    node.own_options = True
    node.any_option = node.any_option_below = False


_ATTRIBUTES: dict[str, Callable[[Node, str], None]] = {
    "style": _enter_style,
    "operands": _enter_slots,
    "operands-with": _enter_slots_with,
    "operand": _enter_operand_rule,
    "needs": _enter_needs,
    "looks": _enter_looks,
    "input": _enter_input,
    "instead": _enter_instead,
    "check": _enter_check,
    "any-option": _enter_any_option,
    "own-options": _enter_own_options,
}
"""What enters each attribute that a table may give."""


def _options(token: str, style: str) -> Iterator[Option]:
    """The options of one word of a table: `-abc` is three where options cluster."""
    match = _OPTION.fullmatch(token)
    if match is None:
        raise ValueError(f"no option: {token}")
    effect = match["effect"] or ""
    risk = _risk(effect[1:]) if effect.startswith("!") else None
    name = match["name"]
    clusters = style == "getopt" and not name.startswith(("--", "-#")) and len(name) > 2
    if clusters and match["arity"]:
        raise ValueError(f"only one short option can take a value: {token}")
    for single in [f"{name[0]}{letter}" for letter in name[1:]] if clusters else [name]:
        yield Option(single, _arity(match["arity"]), match["kind"] or "any", risk, effect == "~")


def _arity(sign: str | None) -> Arity:
    if sign is None:
        return "none"
    if sign == "...":
        return "until"
    return "optional" if sign.startswith("[") else "required"

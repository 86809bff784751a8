"""Simple commands, and what each reads and prints, as far as that can be told without running it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Input:
    """What a command reads: the terminal, a text that is known, or something that is not seen."""

    kind: Literal["terminal", "text", "unseen"] = "terminal"
    text: str = ""
    source: str = ""
    """The file, or the command, that something unseen comes from."""
    literal: str = ""
    """A known text with its escapes as they are written, where some shells print them so."""


TERMINAL = Input()
UNSEEN = Input("unseen")
NOTHING = Input("text")


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where output goes: the operator and the file."""

    operator: str
    target: str


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command; without words it only assigns, or only redirects."""

    words: tuple[str, ...] = ()
    assignments: tuple[tuple[str, str], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    input: Input = TERMINAL


def file_input(targets: Sequence[str]) -> Input:
    """Return what `< FILE` feeds to a command."""
    return NOTHING if targets[:1] == ["/dev/null"] else Input("unseen", source=" ".join(targets[:1]))


def known_output(command: Command) -> Input:
    """Return what a command prints, where that can be told: an echo of literal words, a `cat` of what it is fed."""
    words = list(command.words)
    while words and words[0] in ("sudo", "command", "builtin"):
        words = words[1:]
    name = words[0].rpartition("/")[2] if words else ""
    if command.redirects:
        return UNSEEN
    if name == "cat" and len(words) == 1:
        return command.input
    if name == "true":
        return NOTHING
    if name not in ("echo", "printf"):
        return Input("unseen", source=" ".join([*words, command.input.source]).strip())
    written = _printed_text(name, words[1:])
    text = written.replace("\\n", "\n").replace("\\r", "").replace("\\t", "\t")
    return Input("text", text, literal=written if name == "echo" and written != text else "")


def _printed_text(name: str, arguments: Sequence[str]) -> str:
    """Return what `echo` or `printf` makes of its arguments, escapes left as they are."""
    while arguments and re.fullmatch(r"-[neE]+", arguments[0]):
        arguments = arguments[1:]
    if name == "printf" and len(arguments) > 1 and "%" in arguments[0]:
        form = arguments[0].replace("%s", "\x00").replace("\x00", "{}", 1)
        return form.replace("{}", " ".join(arguments[1:])).replace("\x00", "")
    return " ".join(arguments)

"""Shell text taken apart into the simple commands it would run, without running or expanding anything."""

import re
from dataclasses import dataclass, field

MARK = "$()"
"""Stands in a word where a command's output would be put."""
_DEEPEST = 20
_BLANK = " \t"
_KEYWORDS = frozenset(["if", "then", "elif", "else", "fi", "while", "until", "do", "done", "{", "}", "!", "esac"])
_COMMAND = re.compile(r"[;\n'\"/.]|\w\s+[\w-]")
"""What cannot stand in arithmetic: `$((cd x; rm y))` runs commands."""
_WRITES = (">>", "&>>", ">|", "&>", ">")


@dataclass(slots=True)
class Command:
    """One simple command: its words, where its output goes, and what is fed to it."""

    words: list[str] = field(default_factory=list)
    writes: list[tuple[str, str]] = field(default_factory=list)
    """Redirections of output: the operator and the target."""
    reads: str | None = None
    """The file its input comes from."""
    fed: str | None = None
    """The text of its here-document or here-string."""
    upstream: "Command | None" = None
    """The command whose output is piped into this one."""

    @property
    def empty(self) -> bool:
        return not (self.words or self.writes or self.reads or self.fed)


@dataclass(frozen=True, slots=True)
class Script:
    """The commands of a text, and whether the text could be read to its end."""

    commands: tuple[Command, ...]
    complete: bool


def parse(text: str) -> Script:
    """All commands the text would run, those inside `$(…)`, backticks and subshells among them."""
    reader = _Reader(text)
    while reader.at < len(text):
        reader.sequence("")
        reader.at += 1
    return Script(tuple(c for c in reader.found if not c.empty), reader.complete)


class _Reader:
    """Reads shell text from left to right and gathers the commands it finds."""

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self.at = 0
        self.depth = depth
        self.found: list[Command] = []
        self.complete = depth < _DEEPEST
        self.command = Command()
        self.word: str | None = None
        self.redirect: str | None = None
        self.documents: list[tuple[Command, str]] = []

    def sequence(self, end: str) -> None:
        """Read commands up to the closing character, or to the end of the text."""
        outer, self.command = self.command, Command()
        while self.at < len(self.text):
            char = self.text[self.at]
            if end and char == end:
                break
            if char == ")" and not end:
                self._finish_case_pattern()
            else:
                self._step(char)
        else:
            self.complete = self.complete and not end
        self._end_command()
        self.command = outer

    def _step(self, char: str) -> None:
        if char in _BLANK:
            self._end_word()
            self.at += 1
        elif char == "\n":
            self._end_command()
            self.at += 1
            self._here_documents()
        elif char == "#" and self.word is None:
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
        elif char in "<>&|;" or (char.isdigit() and self._numbered_redirect()):
            self._operator(char)
        elif char == "(" and self.word is None:
            self._subshell()
        else:
            self._into_word(char)

    def _into_word(self, char: str) -> None:
        if char == "'":
            end = self.text.find("'", self.at + 1)
            self.complete = self.complete and end >= 0
            end = len(self.text) if end < 0 else end
            self._add(self.text[self.at + 1 : end])
            self.at = end + 1
        elif char == '"':
            self._double_quoted()
        elif char == "$" and self.text[self.at + 1 : self.at + 2] in ("'", '"'):
            self.at += 1
        elif char == "\\":
            following = self.text[self.at + 1 : self.at + 2]
            self._add("" if following == "\n" else following) if following != "\n" or self.word else None
            self.at += 2
        elif char == "`" or self.text.startswith("$(", self.at):
            self._substitution()
        else:
            self._add(char)
            self.at += 1

    def _double_quoted(self) -> None:
        self._add("")
        self.at += 1
        while self.at < len(self.text) and (char := self.text[self.at]) != '"':
            if char == "\\":
                self._add(self.text[self.at + 1 : self.at + 2])
                self.at += 2
            elif char == "`" or self.text.startswith("$(", self.at):
                self._substitution()
            else:
                self._add(char)
                self.at += 1
        self.complete = self.complete and self.at < len(self.text)
        self.at += 1

    def _substitution(self) -> None:
        """Read `$(…)` or backticks: the commands inside run too."""
        end = self.text.find("))", self.at)
        if self.text.startswith("$((", self.at) and end >= 0 and not _COMMAND.search(self.text, self.at + 3, end):
            self._add("0")
            self.at = end + 2
            return
        if self.text[self.at] == "`":
            end = self.text.find("`", self.at + 1)
            self.complete = self.complete and end >= 0
            end = len(self.text) if end < 0 else end
            self._inner(self.text[self.at + 1 : end], "")
            self.at = end + 1
        else:
            self.at += 2 + self._inner(self.text[self.at + 2 :], ")") + 1
        self._add(MARK)

    def _inner(self, text: str, end: str) -> int:
        """Read the commands of a nested text; how many characters of it they took."""
        if self.depth >= _DEEPEST:
            self.complete = False
            return len(text)
        inner = _Reader(text, self.depth + 1)
        inner.sequence(end)
        self.found += inner.found
        self.complete = self.complete and inner.complete
        return inner.at

    def _subshell(self) -> None:
        before, self.command = self.command, Command()
        self.at += 1 + self._inner(self.text[self.at + 1 :], ")") + 1
        self.command = before

    def _finish_case_pattern(self) -> None:
        """`pattern)` of a case statement, or a stray parenthesis: what stood before it is no command."""
        self.word = None
        self.command = Command()
        self.at += 1

    def _numbered_redirect(self) -> bool:
        return self.word is None and self.text[self.at + 1 : self.at + 2] in ("<", ">")

    def _operator(self, char: str) -> None:
        if char.isdigit():
            self.at += 1
            char = self.text[self.at]
        ahead = self.text[self.at : self.at + 3]
        if char in "<>" and ahead[1:2] == "(":
            self.at += 2 + self._inner(self.text[self.at + 2 :], ")") + 1
            self._add("/dev/fd/0")
        elif char in "<>" or ahead.startswith("&>"):
            self._end_word()
            operators = ("<<<", "<<-", "&>>", "<<", ">>", "&>", ">|", ">&", "<&", "<>", "<", ">")
            self.redirect = next(o for o in operators if ahead.startswith(o))
            self.at += len(self.redirect)
        elif char == "|" and ahead[1:2] != "|":
            self._end_command(piped=True)
            self.at += 2 if ahead[1:2] == "&" else 1
        else:
            self._end_command()
            self.at += 2 if ahead.startswith("||") else 1

    def _add(self, text: str) -> None:
        self.word = (self.word or "") + text

    def _end_word(self) -> None:
        word, self.word = self.word, None
        if word is None:
            return
        operator, self.redirect = self.redirect, None
        if operator is None:
            if self.command.words or word not in _KEYWORDS:
                self.command.words.append(word)
        elif operator in ("<<", "<<-"):
            self.documents.append((self.command, word))
        elif operator == "<<<":
            self.command.fed = word
        elif operator in _WRITES:
            self.command.writes.append((operator, word))
        elif operator in ("<", "<>") and word != "/dev/null":
            self.command.reads = word
        elif operator == ">&" and not (word.isdigit() or word == "-"):
            self.command.writes.append((">", word))

    def _end_command(self, *, piped: bool = False) -> None:
        self._end_word()
        self.redirect = None
        done = self.command
        self.found.append(done)
        self.command = Command(upstream=done if piped else None)

    def _here_documents(self) -> None:
        """Read the bodies of the here-documents that the line just ended has announced."""
        for command, mark in self.documents:
            body: list[str] = []
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end]
                self.at = end + 1
                if line.strip() == mark:
                    break
                body.append(line)
            command.fed = "\n".join(body)
            self._document_substitutions(command.fed)
        self.documents = []

    def _document_substitutions(self, body: str) -> None:
        inner = _Reader(body.replace('"', "").replace("'", ""), self.depth + 1)
        while inner.at < len(inner.text):
            if inner.text[inner.at] == "`" or inner.text.startswith("$(", inner.at):
                inner._substitution()
            else:
                inner.at += 1
        self.found += inner.found

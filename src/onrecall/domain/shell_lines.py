"""Whether a shell command is complete, or goes on in the next line. A scanner for POSIX shells, not a parser."""

import re

_HEREDOC = re.compile(r"<<(?!<)(?P<dash>-?)\s*(?P<quote>['\"\\]?)(?P<word>[A-Za-z_]\w*)['\"]?")
_WORD = re.compile(r"\|\||&&|;;|[;&|()]|[^\s;&|()]+")
_TRAILING_OPERATOR = re.compile(r"(?:\||&&|\|&)\s*$")
_OPENERS = frozenset(("if", "for", "while", "until", "case", "{"))
_CLOSERS = frozenset(("fi", "done", "esac", "}"))
_BEFORE_COMMANDS = frozenset(
    ("if", "while", "until", "then", "else", "elif", "do", "!", "{", ";", ";;", "&", "&&", "|", "||", "(", ")")
)
"""Words after which the next word is a command or a keyword again."""
_BRACKETS = (("$(", ")"), ("${", "}"), ("(", ")"))


class ShellLines:
    """Takes the lines of a command one by one and knows whether it is complete.

    A command goes on after a backslash, a trailing pipe or `&&`, inside of quotes, of `$( … )` and of here-documents,
    and between `if` and `fi`, `do` and `done`, `{` and `}`. Each line is scanned once.
    """

    def __init__(self) -> None:
        self._open: list[str] = []
        """The characters that must still come: a quote, a bracket or a backtick, the innermost last."""
        self._heredocs: list[tuple[str, bool]] = []
        """The end words of here-documents in their order, and whether tabs may stand before them."""
        self._compounds = 0
        self._joined = False
        self._outside: list[str] = []
        self._end = 0
        """Where the blanks at the end of the line begin."""

    @property
    def complete(self) -> bool:
        """Whether the next line begins another command."""
        return not (self._open or self._heredocs or self._joined or self._compounds > 0)

    @property
    def joined(self) -> bool:
        """Whether a backslash or a trailing operator, and nothing else, asks for another line."""
        return self._joined and not (self._open or self._heredocs or self._compounds > 0)

    def feed(self, line: str) -> None:
        """Take the next line, without its line break."""
        if self._heredocs:
            word, tabs = self._heredocs[0]
            if (line.lstrip("\t") if tabs else line).rstrip() == word:
                self._heredocs.pop(0)
            return
        self._joined, self._outside = False, []
        self._end = len(line.rstrip())
        at = 0
        while at < len(line):
            at += self._read(line, at)
        bare = "".join(self._outside)
        self._joined = self._joined or bool(_TRAILING_OPERATOR.search(bare))
        self._count_compounds(bare)

    def _read(self, line: str, at: int) -> int:
        """Read what stands at this place; return how many characters it takes."""
        char, inner = line[at], self._open[-1] if self._open else ""
        if char == "\\" and inner != "'":
            self._joined = at + 1 == self._end
            return 2
        if char == inner:
            self._open.pop()
            return 1
        if inner == "'":
            return 1
        return self._read_code(line, at, quoted=inner == '"')

    def _read_code(self, line: str, at: int, *, quoted: bool) -> int:
        char = line[at]
        for opening, closing in _BRACKETS[: 2 if quoted else 3]:
            if line.startswith(opening, at):
                return self._begin(closing, len(opening))
        if char in ('"', "`") or (char == "'" and not quoted):
            return self._begin(char, 1)
        return 1 if quoted else self._read_word(line, at)

    def _read_word(self, line: str, at: int) -> int:
        """Read what is neither quoted nor opens anything: a comment, the begin of a here-document, a character."""
        if line[at] == "#" and not self._open and (at == 0 or line[at - 1].isspace()):
            return len(line)
        if heredoc := _HEREDOC.match(line, at):
            self._heredocs.append((heredoc["word"], bool(heredoc["dash"])))
            return len(heredoc[0])
        if not self._open:
            self._outside.append(line[at])
        return 3 if line.startswith("<<<", at) else 1

    def _begin(self, closing: str, length: int) -> int:
        if not self._open:
            self._outside.append("_")
        self._open.append(closing)
        return length

    def _count_compounds(self, bare: str) -> None:
        command_next = True
        words = _WORD.findall(bare)
        for word in words:
            if command_next:
                self._compounds += (word in _OPENERS) - (word in _CLOSERS)
            command_next = word in _BEFORE_COMMANDS
        self._compounds += len(words) > 1 and words[-1] == "{" and words[-2] not in _BEFORE_COMMANDS

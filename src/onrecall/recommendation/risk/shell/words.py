"""The words of a shell command as the shell would make them: quotes removed, braces and known variables expanded."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tree_sitter import Node

from onrecall.recommendation.risk.characters import OUTPUT, VARIABLE
from onrecall.recommendation.risk.shell.tree import text_of, to_text

_MAX_BRACES = 64
_HIDE = str.maketrans("{},", "\ue000\ue001\ue002")
_SHOW = str.maketrans("\ue000\ue001\ue002", "{},")
"""Quoted braces and commas are kept out of brace expansion."""
_HIDE_SIGNS = str.maketrans("`$\\", "\ue003\ue004\ue005")
_SHOW_SIGNS = str.maketrans("\ue003\ue004\ue005", "`$\\")
_EXPANSIONS = ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion")
_BRACES = re.compile(r"\{([^{}\s]*,[^{}\s]*)\}")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b"}
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))", re.DOTALL)
ARITHMETIC = frozenset(
    [
        "binary_expression",
        "unary_expression",
        "ternary_expression",
        "postfix_expression",
        "parenthesized_expression",
        "number",
        "variable_name",
        "word",
        "simple_expansion",
        "special_variable_name",
        "string",
    ]
)
_PARAMETER = re.compile(r"\$\{#?[A-Za-z_0-9]+(?:\[[@*0-9]+\])?(?:(?::?[-+?]|##?|%%?|//?|:|\^\^?|,,?)[^`$!\\]*)?\}")
"""A parameter expansion that runs nothing: `${x}`, `${x:-word}`, `${x%.log}`, `${a[@]}`, `${#x}`."""
_PATTERNS = ("regex", "extglob_pattern", "test_operator")
_NO_WORD = re.compile(r"[\s;&|<>()'\"`]")
"""What no bare word holds: where one does, the grammar misread the text."""
_PLAIN_VALUE = re.compile(r"[\w./:@%+,=][\w./:@%+,=-]*")


class _WordPart(NamedTuple):
    """A piece of a word; an unquoted variable is split at its blanks."""

    text: str
    splits: bool = False


@dataclass(slots=True)
class Words:
    """Makes words of nodes; gathers the command substitutions inside and what could not be understood.

    `variables` has the literal values given to a variable anywhere in the text.
    """

    variables: Mapping[str, Sequence[str]]
    substitutions: list[Node] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    backticks: list[str] = field(default_factory=list)
    """Commands in backticks that are no nodes of the tree."""

    def fields(self, node: Node) -> list[str]:
        """The words that a node becomes: one, several, or none."""
        parts = self._parts(node)
        joined = "".join(part.text for part in parts)
        if joined.count("{{") != joined.count("}}"):
            self.problems.append("a template that is not filled in")
        if _BRACES.search(joined):
            return [word.translate(_SHOW) for word in self._expand_braces(joined)]
        return [word.translate(_SHOW) for word in _split(parts)]

    def append_fields(self, fields: list[str], node: Node) -> None:
        """Add the words of a node to those before it; where no blank stands between, the first one continues them."""
        before = node.prev_sibling
        continues = before is not None and before.end_byte == node.start_byte and before.is_named
        if not continues or not fields or text_of(node)[:1].isspace():
            fields += self.fields(node)
            return
        self.problems.append(f"where `{text_of(node)[:40]}` begins")
        first, *later = self.fields(node) or [""]
        fields[-1] += first
        fields += later

    def text(self, node: Node) -> str:
        """A node's value where it is not split: in quotes, in an assignment."""
        return "".join(part.text for part in self._parts(node)).translate(_SHOW)

    def double_quoted(self, source: str) -> str:
        """The value of text in double quotes without expansions."""
        return re.sub(r'\\([\\"$`])', r"\1", source.replace("\\\n", "")).translate(_HIDE)

    def _parts(self, node: Node) -> list[_WordPart]:
        read = _READERS.get(node.type)
        if read is not None:
            return read(self, node)
        if not node.is_named:
            return [_WordPart("" if opens_translation(node) else text_of(node))]
        self.problems.append(f"`{text_of(node)[:40]}`")
        self._gather(node)
        return [_WordPart(VARIABLE)]

    def read_word(self, node: Node) -> list[_WordPart]:
        return [self._bare(node)] if node.child_count == 0 else self.read_joined(node)

    def read_raw(self, node: Node) -> list[_WordPart]:
        return [_WordPart(text_of(node)[1:-1].translate(_HIDE))]

    def read_ansi(self, node: Node) -> list[_WordPart]:
        return [_WordPart(_decode_ansi_c(text_of(node)[2:-1]).translate(_HIDE))]

    def read_quoted(self, node: Node) -> list[_WordPart]:
        return list(self._string(node))

    def read_variable(self, node: Node) -> list[_WordPart]:
        name = text_of(node).lstrip()[1:]
        if re.fullmatch(r"\w+|[@*#?$!-]", name):
            return [self._variable(name[0]), _WordPart(name[1:])] if name[0].isdigit() else [self._variable(name)]
        return [_WordPart(f"${name}".translate(_HIDE))]

    def read_substitution(self, node: Node) -> list[_WordPart]:
        self.substitutions.append(node)
        return [_WordPart(OUTPUT if node.type == "command_substitution" else "/dev/fd/63")]

    def read_expanded(self, node: Node) -> list[_WordPart]:
        return [self._expansion(node) if node.type == "expansion" else self.arithmetic(node)]

    def _bare(self, node: Node) -> _WordPart:
        text = text_of(node).replace("\\\n", "")
        if re.match(r"![A-Za-z!$?0-9-]", text):
            self.problems.append(f"`{text[:20]}` repeats an earlier command")
        if node.type not in _PATTERNS and _NO_WORD.search(re.sub(r"\\.", "", text, flags=re.DOTALL)):
            self.problems.append(f"`{text[:40]}`")
        return _WordPart(re.sub(r"\\(.)", lambda escape: escape[1].translate(_HIDE), text, flags=re.DOTALL))

    def read_joined(self, node: Node) -> list[_WordPart]:
        return [part for child in node.children for part in self._parts(child)]

    def _string(self, node: Node) -> Iterator[_WordPart]:
        """Pieces of a double-quoted string: what lies between its expansions is literal."""
        source = node.text or b""
        inner = node.children[0].children if node.type == "translated_string" else node.children
        for piece in _pieces(source, node.start_byte, inner, source.index(b'"') + 1, len(source) - 1):
            if isinstance(piece, str):
                yield _WordPart(self.double_quoted(piece))
            else:
                yield from (_WordPart(part.text.translate(_HIDE)) for part in self._parts(piece))

    def here_text(self, body: Node) -> str:
        """The text of a here-document whose mark is not quoted: what is substituted in it runs."""
        source = body.text or b""
        text: list[str] = []
        for piece in _pieces(source, body.start_byte, body.children, 0, len(source)):
            text += [self._here_literal(piece)] if isinstance(piece, str) else [self.text(piece)]
        return "".join(text)

    def _here_literal(self, source: str) -> str:
        """Text between expansions that the grammar saw; it does not see those in backticks."""
        hidden = re.sub(r"\\[`$\\]", lambda escape: escape[0][1].translate(_HIDE_SIGNS), source.replace("\\\n", ""))
        literal, *ticked = hidden.split("`")
        self.backticks += [text.translate(_SHOW_SIGNS) for text in ticked[::2]]
        literals = [literal, *ticked[1::2]]
        if len(ticked) % 2 or any("$(" in text or "${" in text for text in literals):
            self.problems.append("what is substituted in a here-document")
        return OUTPUT.join(literals).translate(_SHOW_SIGNS)

    def _variable(self, name: str) -> _WordPart:
        if name == "IFS":
            return _WordPart(" ", splits=True)
        values = self.variables.get(name, ())
        if len(values) == 1:
            return _WordPart(values[0], splits=True)
        if any(not _PLAIN_VALUE.fullmatch(value) for value in values):
            self.problems.append(f"which value `${name}` has")
        if name == "@":
            self.problems.append("`$@` holds words that are not seen here")
        return _WordPart(VARIABLE)

    def _expansion(self, node: Node) -> _WordPart:
        text = text_of(node).lstrip()
        self._gather(node)
        bare = re.fullmatch(r"\$\{(\w+)\}", text)
        if bare:
            return self._variable(bare[1])
        if not _PARAMETER.fullmatch(text):
            self.problems.append(f"`{text[:40]}`")
            return _WordPart(VARIABLE)
        default = re.fullmatch(r"\$\{\w+:?[-+=](.*)\}", text, re.DOTALL)
        return _WordPart(default[1] if default and " " in default[1] else VARIABLE, splits=True)

    def arithmetic(self, node: Node) -> _WordPart:
        """The unknown result of a calculation: it may name variables and run substitutions, nothing else."""
        self._gather(node)
        odd = next(
            (
                descendant
                for descendant in _named_descendants(node)
                if descendant.type not in ARITHMETIC and descendant.type != "command_substitution"
            ),
            None,
        )
        if odd is not None:
            self.problems.append(f"`{text_of(node)[:40]}`")
        return _WordPart(VARIABLE)

    def _gather(self, node: Node) -> None:
        """Keep the command substitutions inside a node that is not read word by word."""
        self.substitutions += [
            descendant
            for descendant in _named_descendants(node)
            if descendant.type in ("command_substitution", "process_substitution")
        ]

    def _expand_braces(self, word: str) -> list[str]:
        words = [word]
        while len(words) <= _MAX_BRACES:
            position = next((n for n, text in enumerate(words) if _BRACES.search(text)), None)
            if position is None:
                return words
            match = _BRACES.search(words[position])
            assert match is not None
            before, after = words[position][: match.start()], words[position][match.end() :]
            words[position : position + 1] = [before + choice + after for choice in match[1].split(",")]
        self.problems.append("too many braces")
        return words


_READERS: dict[str, Callable[[Words, Node], list[_WordPart]]] = {
    **dict.fromkeys(
        ["word", "number", "extglob_pattern", "regex", "test_operator", "variable_name", "special_variable_name"],
        Words.read_word,
    ),
    **dict.fromkeys(["concatenation", "command_name", "brace_expression"], Words.read_joined),
    **dict.fromkeys(["string", "translated_string"], Words.read_quoted),
    **dict.fromkeys(["command_substitution", "process_substitution"], Words.read_substitution),
    **dict.fromkeys(["expansion", "arithmetic_expansion"], Words.read_expanded),
    "raw_string": Words.read_raw,
    "ansi_c_string": Words.read_ansi,
    "simple_expansion": Words.read_variable,
}
"""How each kind of node is read; one that is not here is not understood."""


def _split(parts: Sequence[_WordPart]) -> list[str]:
    """One word, cut at the blanks of unquoted variables."""
    words: list[str] = []
    current: str | None = None
    for part in parts:
        if not part.splits:
            current = (current or "") + part.text
            continue
        pieces = part.text.split()
        if part.text[:1].isspace() and current is not None:
            words.append(current)
            current = None
        for n, piece in enumerate(pieces):
            if n and current is not None:
                words.append(current)
                current = None
            current = (current or "") + piece
        if pieces and part.text[-1:].isspace() and current is not None:
            words.append(current)
            current = None
    return words if current is None else [*words, current]


def _pieces(source: bytes, start: int, children: Sequence[Node], at: int, end: int) -> Iterator[str | Node]:
    """The expansions among a node's children, and the text between them, from one place of its source to another."""
    for child in children:
        if child.type in _EXPANSIONS:
            blanks = len(text_of(child)) - len(text_of(child).lstrip())  # some nodes begin with the blank before
            yield to_text(source[at : child.start_byte - start + blanks])
            yield child
            at = child.end_byte - start
    yield to_text(source[at:end])


def _decode_ansi_c(text: str) -> str:
    """The value of `$'…'`."""

    def value(match: re.Match[str]) -> str:
        hexadecimal = match[1] or match[2] or match[3]
        if hexadecimal:
            return chr(min(int(hexadecimal, 16), 0x10FFFF))
        if match[4]:
            return chr(int(match[4], 8) & 0xFF)
        return _ESCAPES.get(match[5], match[5])

    return _ESCAPE.sub(value, text)


def opens_translation(node: Node) -> bool:
    """Whether this is the dollar sign that begins `$"…"`."""
    following = node.next_sibling
    return (
        node.type == "$"
        and following is not None
        and following.type == "string"
        and following.start_byte == node.end_byte
    )


def _named_descendants(node: Node) -> Iterator[Node]:
    """The named nodes inside, not those inside of a substitution."""
    pending = list(node.named_children)
    while pending:
        inner = pending.pop()
        yield inner
        if inner.type not in ("command_substitution", "process_substitution"):
            pending.extend(inner.named_children)

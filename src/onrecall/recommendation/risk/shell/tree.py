"""Shell text as a syntax tree, read by tree-sitter's grammar of Bash in bounded time."""

from functools import cache
from itertools import takewhile

import tree_sitter_bash
from tree_sitter import Language, Node, Parser, Tree

from onrecall.recommendation.risk.characters import OTHER, OUTPUT, VARIABLE

MAX_LENGTH = 8_000
"""Longer texts are not parsed, in characters: error recovery takes quadratic time in the worst case."""
_STEPS_PER_BYTE = 0.05
_FREE_STEPS = 100
"""The parser reports progress so often at most (an ordinary script: 0.02 times per byte); then it gives up."""
_STAND_INS = {ord(VARIABLE): "\x02", ord(OUTPUT): "\x03"}
_SIGNS = {1: OTHER, 2: VARIABLE, 3: OUTPUT}
_OPAQUE = ("heredoc_body", "string", "comment")
"""Nodes whose inside is read by other means, or is nothing to read."""


@cache
def _grammar() -> Language:
    return Language(tree_sitter_bash.language())


def to_ascii(text: str) -> bytes:
    """The text with one byte for each character: the grammar's C code crashes on some characters beyond ASCII."""
    marked = text.translate(_STAND_INS)
    return "".join(char if char.isascii() else "\x01" for char in marked).encode("ascii")


def to_text(source: bytes) -> str:
    """The text that `to_ascii` was given; what it had beyond ASCII, but for the signs of unknown values, is `OTHER`."""
    return source.decode("ascii").translate(_SIGNS)


def text_of(node: Node) -> str:
    return to_text(node.text or b"")


def here_text_cut_short(node: Node) -> str | None:
    """Return the whole text of a here-document that the grammar ends at a line which only begins with its mark."""
    end = next((child for child in node.children if child.type == "heredoc_end"), None)
    if end is None:
        return None
    root = node
    while root.parent is not None:
        root = root.parent
    source, before = root.text or b"", root.start_byte
    if source[end.end_byte - before :][:1] in (b"", b"\r", b"\n"):
        return None
    body = next((child for child in node.children if child.type == "heredoc_body"), end)
    lines, mark = to_text(source[body.start_byte - before :]).split("\n"), text_of(end).strip()
    return "\n".join(takewhile(lambda line: line.strip() != mark, lines))


def parse(source: bytes) -> Tree | None:
    """The syntax tree of a shell text that `to_ascii` made; None when it is too long or takes too long to read."""
    if len(source) > MAX_LENGTH:
        return None
    steps_left = int(len(source) * _STEPS_PER_BYTE) + _FREE_STEPS

    def is_exhausted(_offset: int, _has_error: bool) -> bool:
        nonlocal steps_left
        steps_left -= 1
        return steps_left < 0

    parser = Parser(_grammar())  # one for each text: a parser is not safe in several threads
    try:
        return parser.parse(lambda offset, _point: source[offset:], progress_callback=is_exhausted)
    except ValueError:  # it was stopped
        return None


def unread_bytes(root: Node, source: bytes) -> bytes:
    """What lies between the leaves of the tree and is neither blank nor a continued line: text the parser skipped."""
    skipped = bytearray()
    end = 0
    for leaf in _leaves(root):
        skipped += source[end : leaf.start_byte]
        end = max(end, leaf.end_byte)
    skipped += source[end:]
    return bytes(skipped).replace(b"\\\n", b"").strip()


def _leaves(root: Node) -> list[Node]:
    leaves: list[Node] = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.child_count == 0 or node.type in _OPAQUE:
            leaves.append(node)
        else:
            pending.extend(reversed(node.children))
    return leaves

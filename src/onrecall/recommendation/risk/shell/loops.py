"""Loops of a shell text that run for ever at full speed."""

import re
from collections.abc import Iterator

from tree_sitter import Node

from onrecall.recommendation.risk.shell.tree import text_of

_ALWAYS = re.compile(
    r"(?:/usr)?(?:/bin/)?true|:|\[\[?\s*(?:['\"]?[\w.-]+['\"]?|1\s*-eq\s*1)\s*\]\]?|\(\(\s*[1-9]\d*\s*\)\)"
)
_NEVER = re.compile(r"(?:/usr)?(?:/bin/)?false|\(\(\s*0\s*\)\)")
_PAUSE = re.compile(
    r"(?:sleep\s+(?!0+(?:\.0+)?[smhd]?(?:\s|$))\S|(?:read|wait|break|exit|return|inotifywait)\b).*", re.DOTALL
)
"""Commands that wait for time, input or another process, or leave the loop."""


def is_endless(loop: Node) -> bool:
    """Whether the condition of a `while` or `until` never changes and nothing in its body waits or leaves it."""
    condition, body = loop.child_by_field_name("condition"), loop.child_by_field_name("body")
    if condition is None or body is None:
        return False
    text = text_of(condition).strip()
    never_ends = _ALWAYS if loop.children[0].type == "while" else _NEVER
    if text.startswith("!"):
        text, never_ends = text[1:].strip(), _NEVER if never_ends is _ALWAYS else _ALWAYS
    if never_ends.fullmatch(text) is None:
        return False
    return not any(_PAUSE.fullmatch(text_of(command)) for command in _commands_in(body))


def _commands_in(body: Node) -> Iterator[Node]:
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if node.type == "command":
            yield node
        waiting.extend(node.named_children)

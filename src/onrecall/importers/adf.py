"""Convert the Atlassian Document Format to Markdown, as far as an incident needs it."""

from collections.abc import Iterable, Mapping
from typing import Any

_MENTIONS = frozenset(("mention", "emoji", "inlineCard", "blockCard", "status"))
_BEGINS = {"heading": "## "}
_ENDS = {
    "heading": "\n\n",
    "hardBreak": "\n",
    "paragraph": "\n\n",
    "tableRow": "\n",
    "tableCell": " | ",
    "tableHeader": " | ",
}


def to_text(value: Any) -> str | None:
    """Return the text of a document; a plain string is returned stripped."""
    if isinstance(value, str):
        return value.strip() or None
    return _node_text(value).strip() or None if isinstance(value, Mapping) else None


def _node_text(node: Any) -> str:
    kind = node.get("type") if isinstance(node, Mapping) else None
    if kind is None:
        return ""
    if kind == "text":
        return _text_node(node)
    if kind in _MENTIONS:
        return _first_attribute(node, "text", "shortName", "url")
    if kind in ("bulletList", "orderedList"):
        return _list(node, numbered=kind == "orderedList")
    inner = "".join(_node_text(child) for child in _children(node))
    if kind == "codeBlock":
        inner = f"```{_first_attribute(node, 'language')}\n{inner}\n```\n\n"
    return _BEGINS.get(str(kind), "") + inner + _ENDS.get(str(kind), "")


def _text_node(node: Mapping[str, Any]) -> str:
    content = node.get("text")
    if not isinstance(content, str):
        return ""
    marks = node.get("marks")
    code = isinstance(marks, list) and any(isinstance(mark, Mapping) and mark.get("type") == "code" for mark in marks)
    return f"`{content}`" if code else content


def _list(node: Mapping[str, Any], *, numbered: bool) -> str:
    lines: list[str] = []
    for number, item in enumerate(_children(node), start=1):
        inner = "".join(_node_text(child) for child in _children(item)).strip()
        mark = f"{number}. " if numbered else "- "
        first, *more = inner.split("\n")
        lines += [f"{mark}{first}", *(f"   {line}" if line else "" for line in more)]
    return "\n".join(lines) + "\n\n"


def _children(node: Any) -> Iterable[Any]:
    content = node.get("content") if isinstance(node, Mapping) else None
    return content if isinstance(content, list) else ()


def _first_attribute(node: Mapping[str, Any], *names: str) -> str:
    attributes = node.get("attrs")
    if not isinstance(attributes, Mapping):
        return ""
    return next((value for name in names if isinstance(value := attributes.get(name), str)), "")

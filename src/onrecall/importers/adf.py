"""Atlassian Document Format → Markdown, as far as an incident needs it."""

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


def text(value: Any) -> str | None:
    """The text of a document, or the text itself where it is one already."""
    if isinstance(value, str):
        return value.strip() or None
    return _node(value).strip() or None if isinstance(value, Mapping) else None


def _node(node: Any) -> str:
    kind = node.get("type") if isinstance(node, Mapping) else None
    if kind is None:
        return ""
    if kind == "text":
        return _text(node)
    if kind in _MENTIONS:
        return _told(node, "text", "shortName", "url")
    if kind in ("bulletList", "orderedList"):
        return _list(node, numbered=kind == "orderedList")
    inner = "".join(_node(child) for child in _children(node))
    if kind == "codeBlock":
        inner = f"```{_told(node, 'language')}\n{inner}\n```\n\n"
    return _BEGINS.get(str(kind), "") + inner + _ENDS.get(str(kind), "")


def _text(node: Mapping[str, Any]) -> str:
    said = node.get("text")
    if not isinstance(said, str):
        return ""
    marks = node.get("marks")
    code = isinstance(marks, list) and any(isinstance(mark, Mapping) and mark.get("type") == "code" for mark in marks)
    return f"`{said}`" if code else said


def _list(node: Mapping[str, Any], *, numbered: bool) -> str:
    lines: list[str] = []
    for number, item in enumerate(_children(node), start=1):
        inner = "".join(_node(child) for child in _children(item)).strip()
        mark = f"{number}. " if numbered else "- "
        first, *more = inner.split("\n")
        lines += [f"{mark}{first}", *(f"   {line}" if line else "" for line in more)]
    return "\n".join(lines) + "\n\n"


def _children(node: Any) -> Iterable[Any]:
    content = node.get("content") if isinstance(node, Mapping) else None
    return content if isinstance(content, list) else ()


def _told(node: Mapping[str, Any], *names: str) -> str:
    attributes = node.get("attrs")
    if not isinstance(attributes, Mapping):
        return ""
    return next((said for name in names if isinstance(said := attributes.get(name), str)), "")

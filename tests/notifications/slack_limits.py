"""What Slack refuses, and what it would make of a text: its documented limits, and the one on all blocks together."""

import json
import re
from collections.abc import Iterator
from typing import Any

MOST_BLOCKS = {"message": 50, "modal": 100}
TOTAL = 13_200
STYLES = {"bold", "italic", "strike", "code"}
FIELDS = {
    "header": {"type", "text", "block_id"},
    "section": {"type", "text", "fields", "accessory", "block_id"},
    "context": {"type", "elements", "block_id"},
    "actions": {"type", "elements", "block_id"},
    "divider": {"type", "block_id"},
    "rich_text": {"type", "elements", "block_id"},
    "input": {"type", "block_id", "label", "element", "optional", "hint"},
}
LIVE = re.compile(
    r"<[!@#][^>]*>|<[^>|\s]+(\|[^>]*)?>|https?://|mailto:\S|\bwww\.\w|@(channel|here|everyone)|"
    r"(?<!\w)([*_~`])(?=\S)[^\n]*?(?<=\S)\3(?!\w)",
    re.IGNORECASE,
)
"""Pings, links and formatting in Slack's own markup."""


def message(body: dict[str, Any]) -> list[str]:
    """Everything that Slack would refuse a message for."""
    return list(_message(body))


def view(body: dict[str, Any]) -> list[str]:
    """Everything that Slack would refuse a modal for."""
    return list(_view(body))


def alive(message: Any) -> list[str]:
    """What of a message or a view pings, links or is formatted by its text."""
    live = []
    for text_object in _walk(message):
        if text_object.get("type") == "mrkdwn" or (
            "text" in text_object and "blocks" in text_object and isinstance(text_object["text"], str)
        ):
            live += [hit.group() for hit in LIVE.finditer(text_object["text"])]
        if text_object.get("type") in ("user", "usergroup", "broadcast", "link", "channel", "emoji"):
            live.append(json.dumps(text_object))
        if text_object.get("emoji") is True:
            live.append("emoji")
    return live


def _message(body: dict[str, Any]) -> Iterator[str]:
    text, blocks = body.get("text"), body.get("blocks")
    if not text and not blocks:
        yield "no_text"
    if not isinstance(text, str) or not text.strip():
        yield "there is no text for notifications"
    elif len(text) > 4000:
        yield "text is longer than 4,000"
    if blocks is not None:
        yield from _blocks(blocks, "message")
        if len(json.dumps(blocks, ensure_ascii=False)) > TOTAL:
            yield "msg_blocks_too_long"


def _view(body: dict[str, Any]) -> Iterator[str]:
    if body.get("type") != "modal":
        yield "type is not modal"
    for name in ("title", "submit", "close"):
        yield from _text(body.get(name), 24, name, plain=True)
    if len(body.get("private_metadata", "")) > 3000:
        yield "private_metadata is longer than 3,000"
    if not 0 < len(body.get("callback_id", "x")) <= 255:
        yield "callback_id"
    yield from _blocks(body.get("blocks"), "modal")


def _blocks(blocks: Any, surface: str) -> Iterator[str]:
    if not isinstance(blocks, list) or not 0 < len(blocks) <= MOST_BLOCKS[surface]:
        yield f"there are {len(blocks or ())} blocks"
        return
    ids = [element["block_id"] for element in blocks if "block_id" in element]
    if len(set(ids)) != len(ids):
        yield "a block_id stands there twice"
    for n, block in enumerate(blocks):
        for problem in _block(block):
            yield f"blocks[{n}] {block.get('type')}: {problem}"


def _block(block: dict[str, Any]) -> Iterator[str]:  # noqa: C901 - one branch for each kind
    kind = block.get("type")
    if kind not in FIELDS:
        yield "unknown type"
        return
    if unknown := block.keys() - FIELDS[kind]:
        yield f"unknown fields {unknown}"
    if not len(block.get("block_id", "x")) <= 255:
        yield "block_id is longer than 255"
    if kind == "header":
        yield from _text(block.get("text"), 150, "text", plain=True)
    elif kind == "section":
        if "text" in block:
            yield from _text(block["text"], 3000, "text")
        if len(block.get("fields", ())) > 10:
            yield "more than 10 fields"
        for element in block.get("fields", ()):
            yield from _text(element, 2000, "fields")
    elif kind == "context":
        if not 0 < len(block["elements"]) <= 10:
            yield "elements"
        for element in block["elements"]:
            yield from _text(element, 3000, "elements")
    elif kind == "actions":
        yield from _actions(block["elements"])
    elif kind == "rich_text":
        yield from _rich(block["elements"])
    elif kind == "input":
        yield from _text(block.get("label"), 2000, "label", plain=True)
        yield from _element(block["element"])


def _actions(elements: list[dict[str, Any]]) -> Iterator[str]:
    if not 0 < len(elements) <= 25:
        yield "elements"
    ids = [element.get("action_id") for element in elements]
    if len(set(ids)) != len(ids):
        yield "an action_id stands there twice"
    for element in elements:
        yield from _element(element)


def _element(element: dict[str, Any]) -> Iterator[str]:  # noqa: C901 - likewise
    if not 0 < len(element.get("action_id", "x")) <= 255:
        yield "action_id"
    if element["type"] == "button":
        if unknown := element.keys() - {"type", "text", "action_id", "value", "url", "style", "confirm"}:
            yield f"unknown fields {unknown}"
        yield from _text(element.get("text"), 75, "button", plain=True)
        if len(element.get("value", "")) > 2000 or len(element.get("url", "")) > 3000:
            yield "value or url too long"
        if element.get("style", "primary") not in ("primary", "danger"):
            yield "style"
    elif element["type"] == "plain_text_input":
        if not 0 < element.get("max_length", 3000) <= 3000:
            yield "max_length"
        if len(element.get("initial_value", "")) > element.get("max_length", 3000):
            yield "initial_value is longer than max_length"
    elif element["type"] == "checkboxes":
        if not 0 < len(element["options"]) <= 10:
            yield "options"
        for option in element["options"]:
            yield from _text(option["text"], 75, "option")
            if not 0 < len(option["value"]) <= 150:
                yield "option value"
        if "initial_options" in element and (
            not element["initial_options"]
            or any(initial not in element["options"] for initial in element["initial_options"])
        ):
            yield "initial_options are none of the options"
    else:
        yield f"unknown element {element['type']}"


def _rich(elements: list[dict[str, Any]]) -> Iterator[str]:
    if not elements:
        yield "no elements"
    for part in elements:
        if part["type"] not in ("rich_text_section", "rich_text_preformatted", "rich_text_quote", "rich_text_list"):
            yield f"unknown {part['type']}"
        if not part["elements"]:
            yield "an empty part"
        for run in part["elements"]:
            if run["type"] == "text" and not (isinstance(run["text"], str) and run["text"]):
                yield "an empty text"
            style = run.get("style", {})
            if part["type"] == "rich_text_preformatted" and style:
                yield "styles in a command"
            if style.keys() - STYLES or not all(value is True for value in style.values()):
                yield f"style {style}"


def _text(text_object: Any, limit: int, name: str, *, plain: bool = False) -> Iterator[str]:
    if not isinstance(text_object, dict) or text_object.get("type") not in (
        ("plain_text",) if plain else ("plain_text", "mrkdwn")
    ):
        yield f"{name} is no text"
    elif not 0 < len(text_object["text"]) <= limit or not text_object["text"].strip():
        yield f"{name} has {len(text_object['text'])} characters"
    elif text_object["type"] == "mrkdwn" and "emoji" in text_object:
        yield f"{name}: emoji belongs to plain_text"


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _walk(value)

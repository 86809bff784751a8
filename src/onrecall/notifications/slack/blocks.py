"""Slack's blocks, as many and as large as Slack takes them.

What is untrusted stands in `rich_text`, where Slack looks for no markup: no mention, no link, no formatting comes of
it, and `&`, `<` and `>` stand for themselves. Only words of our own stand in buttons, headers and contexts.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from onrecall.notifications import text as words

Block = Mapping[str, Any]
MOST_BLOCKS = 50
BUDGET = 12_000
"""Characters of all blocks of a message as JSON; Slack refuses somewhat more, at a limit that it does not document."""
LONGEST_HEADER = 150
LONGEST_LABEL = 75
LONGEST_URL = 3000
LONGEST_TEXT = 3000
LONGEST_FALLBACK = 600
_ALARM = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_MARKUP = str.maketrans(dict.fromkeys("*_~`", " "))


def header(text: str) -> Block:
    """A headline in words of our own."""
    return {"type": "header", "text": _plain(text, LONGEST_HEADER)}


def prose(*runs: tuple[str, str]) -> Block:
    """Text of others: pairs of how it looks (`bold`, `italic`, `code` or nothing) and what it says."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": _runs(runs)}]}


def command(text: str, limit: int) -> Block:
    """A command to copy, exactly as it is."""
    shown = words.block(text, limit) or " "
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": shown}]}],
    }


def note(text: str) -> Block:
    """A small remark in words of our own."""
    return {"type": "context", "elements": [_plain(text, LONGEST_TEXT)]}


def buttons(*elements: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def button(label: str, action: str, value: Mapping[str, Any], style: str | None = None) -> Block:
    """A button that Slack tells us of.

    The value is written without escapes: an id of 200 emoji would be longer than Slack's 2,000 characters with them.
    """
    return {
        "type": "button",
        "text": _plain(label, LONGEST_LABEL),
        "action_id": action,
        "value": json.dumps(value, ensure_ascii=False, separators=(",", ":")),
        **({"style": style} if style else {}),
    }


def link(label: str, url: str, action: str = "open") -> Block:
    """A button that opens a page; its action has to be another one than that of its neighbours."""
    return {"type": "button", "text": _plain(label, LONGEST_LABEL), "action_id": action, "url": url}


def size(blocks: Sequence[Block]) -> int:
    """How much of the budget they take."""
    return len(json.dumps(blocks, ensure_ascii=False))


def fitted(blocks: Sequence[Block]) -> list[Block]:
    """As many of them as Slack takes; the last one, which holds the buttons, stays."""
    kept = list(blocks)
    while len(kept) > MOST_BLOCKS or (size(kept) > BUDGET and len(kept) > 1):
        del kept[-2]
    return kept


def fallback(text: str, limit: int = LONGEST_FALLBACK) -> str:
    """What notifications show in place of blocks: here Slack does look for markup, so none of it is left."""
    shown = words.unlinked(words.flat(text, limit)).translate(_MARKUP)
    shown = _ALARM.sub("@\N{WORD JOINER}", shown)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def said(text: str, limit: int) -> str:
    """Prose on one line that no program makes a link of; never empty, for Slack refuses empty texts."""
    return words.unlinked(words.flat(text, limit)) or "–"


def _runs(runs: Sequence[tuple[str, str]]) -> list[Block]:
    return [
        {"type": "text", "text": text[:LONGEST_TEXT], **({"style": {style: True}} if style else {})}
        for style, text in runs
        if text
    ]


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": words.cut(text, limit), "emoji": False}

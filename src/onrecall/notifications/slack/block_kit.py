"""Build Slack blocks within Slack's limits.

Untrusted text goes into `rich_text`, where Slack interprets no markup: no mentions, links or formatting, and `&`, `<`
and `>` are literal. Buttons, headers and contexts contain only our own words.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from onrecall.notifications import text as words

Block = Mapping[str, Any]
MOST_BLOCKS = 50
BUDGET = 12_000
"""Maximum characters of a message's blocks as JSON; below Slack's undocumented limit."""
LONGEST_HEADER = 150
LONGEST_LABEL = 75
LONGEST_URL = 3000
LONGEST_TEXT = 3000
LONGEST_FALLBACK = 600
_ALARM = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_MARKUP = str.maketrans(dict.fromkeys("*_~`", " "))


def header(text: str) -> Block:
    """Return a header block; trusted text only."""
    return {"type": "header", "text": _plain_text(text, LONGEST_HEADER)}


def prose(*runs: tuple[str, str]) -> Block:
    """Return untrusted text as pairs of style (`bold`, `italic`, `code` or empty) and text."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": _runs(runs)}]}


def command(text: str, limit: int) -> Block:
    """Return a command to copy, without characters that nobody sees, cut to the limit."""
    content = words.multi_line(text, limit) or " "
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": content}]}],
    }


def note(text: str) -> Block:
    """Return a small remark; trusted text only."""
    return {"type": "context", "elements": [_plain_text(text, LONGEST_TEXT)]}


def buttons(*elements: Block) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def button(label: str, action: str, value: Mapping[str, Any], style: str | None = None) -> Block:
    """Return a button whose clicks Slack reports to us.

    The value is written without escapes: an id of 200 emoji would be longer than Slack's 2,000 characters with them.
    """
    return {
        "type": "button",
        "text": _plain_text(label, LONGEST_LABEL),
        "action_id": action,
        "value": json.dumps(value, ensure_ascii=False, separators=(",", ":")),
        **({"style": style} if style else {}),
    }


def link(label: str, url: str, action: str = "open") -> Block:
    """Return a button that opens a page; its action must be unique in its row."""
    return {"type": "button", "text": _plain_text(label, LONGEST_LABEL), "action_id": action, "url": url}


def json_size(blocks: Sequence[Block]) -> int:
    """Return the size of the blocks as JSON, as counted for `BUDGET`."""
    return len(json.dumps(blocks, ensure_ascii=False))


def fit_to_limits(blocks: Sequence[Block]) -> list[Block]:
    """Drop blocks until they fit Slack's limits; the last one, with the buttons, is kept."""
    fitting = list(blocks)
    while len(fitting) > MOST_BLOCKS or (json_size(fitting) > BUDGET and len(fitting) > 1):
        del fitting[-2]
    return fitting


def fallback(text: str, limit: int = LONGEST_FALLBACK) -> str:
    """Return the notification text in place of blocks; Slack interprets markup here, so it is removed."""
    content = words.defang_links(words.single_line(text, limit)).translate(_MARKUP)
    content = _ALARM.sub("@\N{WORD JOINER}", content)
    return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def safe_line(text: str, limit: int) -> str:
    """Return text on one line without auto-linking; never empty, since Slack rejects empty texts."""
    return words.defang_links(words.single_line(text, limit)) or "–"


def _runs(runs: Sequence[tuple[str, str]]) -> list[Block]:
    return [
        {"type": "text", "text": text[:LONGEST_TEXT], **({"style": {style: True}} if style else {})}
        for style, text in runs
        if text
    ]


def _plain_text(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": words.truncate(text, limit), "emoji": False}

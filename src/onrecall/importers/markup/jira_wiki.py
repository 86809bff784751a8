"""Convert Jira's wiki markup (Server, Data Center, REST v2, CSV) to Markdown; Markdown text is left unchanged."""

import re
from collections.abc import Iterator

from onrecall.importers.postmortem.vocabulary import section_topic

_BLOCK = re.compile(r"\{(?P<kind>code|noformat)(?::(?P<options>[^}\n]*))?\}", re.IGNORECASE)
_HEADING = re.compile(r"\s*h(?P<level>[1-6])\.\s+(?P<text>\S.*)")
_ITEM = re.compile(r"(?P<indent>\s*)(?P<marks>[*#]{1,6}|-)\s+(?P<text>\S.*)")
_TABLE_HEAD = re.compile(r"\s*\|\|(?P<cells>.*?)\|\|\s*")
_PANEL = re.compile(r"\{panel(?::(?P<options>[^}\n]*))?\}", re.IGNORECASE)
_TITLE = re.compile(r"(?:^|\|)title=(?P<title>[^|]+)")
_LANGUAGE = re.compile(r"(?:^|\|)(?:language=)?(?P<language>[A-Za-z][\w+-]*)(?=\||$)")
_MARKUP = re.compile(
    r"\{(?:code|noformat|quote|panel|color)\b|^\s*h[1-6]\.\s|\{\{[^{}\n]+\}\}|^\s*\|\||\[~|\[[^\]|\n]+\|https?:|^bq\.\s",
    re.MULTILINE | re.IGNORECASE,
)
_MARKDOWN = re.compile(r"^\s*(?:```|~~~)|^#{1,6}\s+(?P<heading>.+)$|^\s*\d+\.\s|\*\*\S", re.MULTILINE)
_MONOSPACE = re.compile(r"\{\{(?P<code>[^{}\n]+)\}\}")
_BOLD = re.compile(r"(?<![\w*\\])\*(?P<text>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])")
_LINK = re.compile(r"\[(?P<text>[^\[\]|\n]+)\|(?P<url>(?:https?|ftp|mailto):[^\]|\s]+)[^\]\n]*\]")
_BARE_LINK = re.compile(r"\[(?P<url>https?://[^\]|\s]+)\]")
_MENTION = re.compile(r"\[~(?P<name>[^\]\n]+)\]")
_NAME = re.compile(r"[A-Za-z][\w.-]*[A-Za-z]")
"""A user name, other than the id of an account."""
_MARKS = {"(/)": "✅", "(x)": "❌"}
_IMAGE = re.compile(r"(?<![\w!])!(?P<file>[^!\s|]+\.\w{2,5})(?:\|[^!\n]*)?!")
_TAG = re.compile(r"\{(?:color|anchor|quote|align)(?::[^}\n]*)?\}", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([{}\[\]*_\-!|#])")


def to_markdown(text: str) -> str:
    """Return the text as Markdown: headings, lists, code, tables and emphasis are kept."""
    if not is_wiki_markup(text):
        return text
    return "\n".join(_lines(text))


def is_wiki_markup(text: str) -> bool:
    """Return whether a text is in Jira's markup, rather than Markdown or plain text."""
    if _MARKUP.search(text):
        return True
    items = [item for line in text.splitlines() if (item := _ITEM.fullmatch(line)) and item["marks"] != "-"]
    if not any("#" in item["marks"] for item in items):
        return False
    return not any(match["heading"] is None or section_topic(match["heading"]) for match in _MARKDOWN.finditer(text))


def _lines(text: str) -> Iterator[str]:
    """Yield the lines as Markdown; code blocks are split off first, since their content is not markup."""
    at = 0
    while opened := _BLOCK.search(text, at):
        yield from _prose(text[at : opened.start()])
        closing = re.compile(rf"\{{{opened['kind']}\}}", re.IGNORECASE).search(text, opened.end())
        end, at = (closing.start(), closing.end()) if closing else (len(text), len(text))
        yield from _fence(text[opened.end() : end], opened["options"] or "")
    yield from _prose(text[at:])


def _fence(code: str, options: str) -> Iterator[str]:
    language = _LANGUAGE.search(options)
    fence = "~~~~" if "```" in code else "```"
    yield f"{fence}{language['language'].lower() if language else ''}"
    yield from code.strip("\n").splitlines()
    yield fence


def _prose(text: str) -> Iterator[str]:
    for line in text.replace("\\\\", "\n").splitlines():
        yield from _line(line)


def _line(line: str) -> Iterator[str]:
    if heading := _HEADING.fullmatch(line):
        yield f"{'#' * int(heading['level'])} {_inline(heading['text'])}"
    elif (panel := _PANEL.search(line)) is not None:
        title = _TITLE.search(panel["options"] or "")
        yield f"### {_inline(title['title'])}" if title else ""
        yield from _line(remainder) if (remainder := _PANEL.sub("", line).strip()) else ()
    elif head := _TABLE_HEAD.fullmatch(line):
        cells = [_inline(cell.strip()) for cell in head["cells"].split("||")]
        yield f"| {' | '.join(cells)} |"
        yield f"|{'---|' * len(cells)}"
    elif item := _ITEM.fullmatch(line):
        indent = item["indent"] if item["marks"] == "-" else "    " * (len(item["marks"]) - 1)
        yield f"{indent}{'1.' if item['marks'].endswith('#') else '-'} {_inline(item['text'])}"
    elif line.lstrip().lower().startswith("bq. "):
        yield f"> {_inline(line.lstrip()[4:])}"
    else:
        yield _inline(line)


def _inline(text: str) -> str:
    spans = _MONOSPACE.split(text)
    return "".join(f"`{part.strip()}`" if place % 2 else _without_marks(part) for place, part in enumerate(spans))


def _without_marks(text: str) -> str:
    text = _IMAGE.sub("", _TAG.sub("", text))
    for written, mark in _MARKS.items():
        text = text.replace(written, mark)
    text = _MENTION.sub(_mention, _BARE_LINK.sub(r"<\g<url>>", _LINK.sub(r"[\g<text>](\g<url>)", text)))
    return _ESCAPE.sub(r"\1", _BOLD.sub(r"**\g<text>**", text))


def _mention(mention: re.Match[str]) -> str:
    """Return a mention by its user name; the id of an account names nobody."""
    return f"@{mention['name']}" if _NAME.fullmatch(mention["name"]) else "@someone"

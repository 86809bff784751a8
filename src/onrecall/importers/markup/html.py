"""Convert HTML and Confluence's storage format to Markdown; nothing is executed or fetched."""

import re
from typing import Any

from bs4 import BeautifulSoup, CData, Comment
from bs4.element import Tag
from markdownify import MarkdownConverter

DEEPEST = 200
"""Maximum levels of nesting; no page written by people is deeper."""
LONGEST_COLUMN_NAME = 4
"""Maximum words in the name of a column."""
_DROPPED = (
    "script",
    "style",
    "noscript",
    "template",
    "svg",
    "iframe",
    "object",
    "embed",
    "form",
    "nav",
    "header",
    "footer",
    "head",
)
_CODE_MACROS = ("code", "noformat")
_BLANKS = re.compile(r"\n{3,}")


_CONVERTER_OPTIONS: dict[str, Any] = {
    "heading_style": "atx",
    "bullets": "-",
    "escape_asterisks": False,
    "escape_underscores": False,
    "escape_misc": False,
    "autolinks": False,
}
"""ATX headings, dashes, and no escapes, so that the Markdown matches what people read."""


def to_markdown(text: str) -> str:
    """Return the page as Markdown; raise ValueError if it is nested too deep."""
    soup = BeautifulSoup(_cdata_as_text(text), "html.parser")
    try:
        _check_depth(soup)
        title = soup.title.get_text(" ", strip=True) if soup.title else ""
        _prepare(soup)
        body = soup.find("main") or soup.find("article") or soup.body or soup
        markdown = MarkdownConverter(code_language_callback=_code_language, **_CONVERTER_OPTIONS).convert_soup(body)
    except RecursionError:
        raise ValueError("the page is nested too deep") from None
    markdown = _BLANKS.sub("\n\n", "\n".join(line.rstrip() for line in markdown.splitlines())).strip()
    if title and not re.search(r"^# ", markdown, re.MULTILINE):
        markdown = f"# {title}\n\n{markdown}"
    return markdown + "\n"


def _cdata_as_text(text: str) -> str:
    """Escape CDATA, which holds code in Confluence's format and which HTML parsers treat as a comment."""

    def escaped(match: re.Match[str]) -> str:
        return match[1].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    return re.sub(r"<!\[CDATA\[(.*?)\]\]>", escaped, text, flags=re.DOTALL)


def _check_depth(soup: BeautifulSoup) -> None:
    depths: dict[int, int] = {id(soup): 0}
    for element in soup.find_all(True):
        depths[id(element)] = depth = depths[id(element.parent)] + 1
        if depth > DEEPEST:
            raise ValueError(f"the page is nested deeper than {DEEPEST} levels")


def _prepare(soup: BeautifulSoup) -> None:
    """Remove elements without text, and replace Confluence macros and form elements with plain HTML."""
    for element in soup.find_all(_DROPPED):
        element.decompose()
    for comment in soup.find_all(string=lambda string: isinstance(string, Comment) and not isinstance(string, CData)):
        comment.extract()
    _expand_macros(soup)
    for title in soup.select("#title-heading, #title-text"):
        _drop_space_name(title)
    for when in soup.find_all("time"):
        if when.get("datetime") and not when.get_text(strip=True):
            when.string = str(when["datetime"])
    for box in soup.find_all("input", type="checkbox"):
        box.replace_with("[x] " if box.has_attr("checked") else "[ ] ")
    for task in soup.select("ul.inline-task-list > li"):
        task.insert(0, "[x] " if "checked" in (task.get("class") or []) else "[ ] ")
    for table in soup.find_all("table"):
        _mark_header(table)
    for paragraph in soup.select("tr p"):
        paragraph.append(soup.new_tag("br"))
        paragraph.unwrap()


def _mark_header(table: Tag) -> None:
    """Make the first row of a table its header if it has none and the row only names columns, as Google Docs writes it.

    Tables of two columns are names and values.
    """
    first = table.find("tr")
    cells = first.find_all("td", recursive=False) if isinstance(first, Tag) and table.find("th") is None else []
    texts = [cell.get_text(" ", strip=True) for cell in cells]
    names_columns = all(
        text and len(text.split()) <= LONGEST_COLUMN_NAME and not re.search(r"\d", text) for text in texts
    )
    if len(cells) > 2 and names_columns and len(table.find_all("tr")) > 1:
        for cell in cells:
            cell.name = "th"


def _drop_space_name(title: Tag) -> None:
    """Remove the name of the space that Confluence's export puts before the title of a page."""
    space, separator, page = title.get_text(" ", strip=True).partition(" : ")
    if separator and space and page:
        title.string = page


def _expand_macros(soup: BeautifulSoup) -> None:
    """Replace Confluence's macros and tasks with plain HTML."""
    for macro in soup.find_all("ac:structured-macro"):
        _expand_macro(soup, macro)
    for task in soup.find_all("ac:task"):
        _expand_task(soup, task)
    for tasks in soup.find_all("ac:task-list"):
        tasks.name = "ul"


def _expand_macro(soup: BeautifulSoup, macro: Tag) -> None:
    name = str(macro.get("ac:name", ""))
    own = [
        element
        for element in macro.find_all("ac:parameter")
        if element.find_parent("ac:structured-macro") is macro  # those of macros inside are theirs
    ]
    parameters = {str(element.get("ac:name", "")): element.get_text(strip=True) for element in own}
    for parameter in own:
        parameter.decompose()
    if name in _CODE_MACROS:
        block, code = soup.new_tag("pre"), soup.new_tag("code")
        code["class"] = f"language-{parameters.get('language', '')}"
        code.string = macro.get_text().strip("\n")
        block.append(code)
        macro.replace_with(block)
    elif name == "status":
        macro.replace_with(parameters.get("title", ""))
    elif name in ("toc", "children", "attachments", "jira", "profile", "anchor"):
        macro.replace_with(parameters.get("key", ""))
    else:
        macro.unwrap()


def _expand_task(soup: BeautifulSoup, task: Tag) -> None:
    status = task.find("ac:task-status")
    body = task.find("ac:task-body")
    is_done = status is not None and status.get_text(strip=True) == "complete"
    item = soup.new_tag("li")
    for user in body.find_all("ri:user") if body else ():
        user.replace_with(f" @{user['ri:username']}" if user.get("ri:username") else "")
    for time in body.find_all("time") if body else ():
        time.replace_with(f" (due {time['datetime']})" if time.get("datetime") else "")
    item.append(f"[{'x' if is_done else ' '}] {body.get_text(' ', strip=True) if body else ''}")
    task.replace_with(item)


def _code_language(element: Tag) -> str:
    """Return the language of a code block, from the class of the block or of its `code` element."""
    for tag in (element, element.find("code")):
        for name in (tag.get("class") or []) if isinstance(tag, Tag) else []:
            if match := re.fullmatch(r"(?:language|lang|brush:?|highlight-source)-?(\w+)", str(name)):
                return match[1]
    return ""

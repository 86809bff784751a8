"""ServiceNow's XML export (`<unload>`, `<xml>`): its incidents in the form of the table API."""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import Tag

from onrecall.importers.record import SourceRow

_EXPORT = re.compile(r"<(?:unload|xml)\b[^>]*>\s*<(?:incident|problem|u_\w+)\b")


def is_export(text: str) -> bool:
    """Return whether a text, without XML's declaration, is ServiceNow's export of incidents."""
    return _EXPORT.match(text) is not None


def records(name: str, text: str) -> Iterator[SourceRow]:
    """Yield a row per incident; a value that has a display value is given as both."""
    soup = BeautifulSoup(text, "html.parser")
    root = soup.find(("unload", "xml"))
    children = root.find_all(True, recursive=False) if isinstance(root, Tag) else []
    for number, record in enumerate(children, start=1):
        values = {field.name: _value(field) for field in record.find_all(True, recursive=False)}
        yield SourceRow(1, values, f"{name}, record {number}")


def _value(field: Tag) -> str | dict[str, str]:
    text = field.get_text().strip()
    shown = field.get("display_value")
    return {"value": text, "display_value": str(shown)} if shown else text

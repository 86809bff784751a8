"""HTML that people wrote in an editor → Markdown, as far as it is needed to read and to cite it."""

from html.parser import HTMLParser

_HEADINGS = {"h1": "# ", "h2": "## ", "h3": "### ", "h4": "#### ", "h5": "##### ", "h6": "###### "}
_BLOCKS = frozenset(
    ("p", "div", "section", "article", "ul", "ol", "table", "tr", "blockquote", "pre", "br", *_HEADINGS)
)
_SILENT = frozenset(("script", "style", "head", "template", "iframe", "object", "noscript"))


def html_to_markdown(html: str) -> str:
    """Convert HTML to Markdown with headings and lists, without scripts. Plain text stays as it is."""
    if "<" not in html:
        return html.strip()
    reader = _HtmlReader()
    reader.feed(html)
    reader.close()
    lines = (line.strip() for line in "".join(reader.parts).split("\n"))
    kept_lines: list[str] = []
    for line in lines:
        if line or (kept_lines and kept_lines[-1]):
            kept_lines.append(line)
    return "\n".join(kept_lines).strip()


class _HtmlReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: str | None = None
        self._lists: list[int | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - none is kept
        if self._silent:
            return
        if tag in _SILENT:
            self._silent = tag
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.parts.append("\n" + self._bullet())
        elif tag == "code":
            self.parts.append("`")
        elif tag in _BLOCKS:
            self.parts.append("\n" if tag == "br" else "\n\n" + _HEADINGS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._silent = None if tag == self._silent else self._silent
        elif tag in ("ul", "ol"):
            self._lists[-1:] = []
            self.parts.append("\n\n")
        elif tag == "code":
            self.parts.append("`")
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)

    def _bullet(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

"""Converters to Markdown by file ending."""

from collections.abc import Callable, Mapping

from onrecall.importers.markup import asciidoc, html, notebook, office, orgmode, restructuredtext

TEXTS: Mapping[str, Callable[[str], str]] = {
    ".rst": restructuredtext.to_markdown,
    ".rest": restructuredtext.to_markdown,
    ".adoc": asciidoc.to_markdown,
    ".asciidoc": asciidoc.to_markdown,
    ".asc": asciidoc.to_markdown,
    ".org": orgmode.to_markdown,
    ".html": html.to_markdown,
    ".htm": html.to_markdown,
    ".xhtml": html.to_markdown,
    ".ipynb": notebook.to_markdown,
}
"""File ending → converter of a text format."""
BINARIES: Mapping[str, Callable[[bytes], str]] = {
    ".pdf": office.pdf_to_markdown,
    ".docx": office.docx_to_markdown,
}
"""File ending → converter of a binary format."""
SUFFIXES = (*TEXTS, *BINARIES)
"""File endings read as documents, besides Markdown."""

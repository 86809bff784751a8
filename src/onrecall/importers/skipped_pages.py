"""Recognise pages that are no documents: templates, indexes, project files."""

import re

from onrecall.importers.document_kind import heading_counts
from onrecall.importers.markdown_file import MarkdownFile, front_text, has_issue_template_front
from onrecall.importers.postmortem.clock import find_dates
from onrecall.importers.postmortem.rows import plain_text

_LINK = re.compile(r"!?\[[^\]]*\]\([^)]*\)|https?://\S+|\[[^\]]+\]\[[^\]]*\]|<https?://[^>]+>|\[\[[^\]]+\]\]")
_HOUSEKEEPING_WORDS = (
    "license licence notice contributing changelog changes history code_of_conduct security authors codeowners "
    "maintainers governance support copying"
)
_HOUSEKEEPING = frozenset(_HOUSEKEEPING_WORDS.split())
_INDEXES = frozenset(("index", "_index", "readme", "summary", "toc"))
_MIN_INDEX_WORDS = 40
"""A page named like an index with at least this many words is more than an index."""
_COMMAND = re.compile(r"`[a-z][\w./-]* [^`\n]+`")
"""A code span of at least two words: a command."""


def skip_reason(page: MarkdownFile) -> str | None:
    stem = page.place.name.split(".")[0].lower()
    if front_text(page.front, "id") and front_text(page.front, "kind"):
        return None
    if stem in _HOUSEKEEPING:
        return f"{page.place.name} is about the project, not about incidents"
    if template := _template_kind(page, stem):
        return template
    if not page.body.strip():
        return "there is no text in it"
    if _is_index(page, stem):
        return "an index: it contains little but links to other pages"
    return None


def _template_kind(page: MarkdownFile, stem: str) -> str | None:
    """Return what a template is one of; None for a page that holds something."""
    first = next((row.text for row in page.rows if row.kind == "heading"), "")
    if "template" in re.split(r"[\W_]+", stem) or "{{" in first:
        return "a template"
    is_dated = any(True for row in page.rows for _ in find_dates(plain_text(row.text)))
    return (
        "a template for issues, which nobody filled in"
        if has_issue_template_front(page.front) and not is_dated
        else None
    )


def _is_index(page: MarkdownFile, stem: str) -> bool:
    """Return whether a page is little but links; a page named like an index needs more text to count as content."""
    weight = heading_counts(page.rows)
    if any(weight) or any(row.kind == "code" and row.language not in ("", "toctree") for row in page.rows):
        return False
    content_rows = [row for row in page.rows if row.kind in ("text", "item", "cells") and row.text.strip()]
    if any(row.kind == "item" and _COMMAND.search(row.text) and not _LINK.search(row.text) for row in content_rows):
        return False
    linked = [row for row in content_rows if _LINK.search(row.text)]
    words = sum(len(_LINK.sub(" ", row.text).split()) for row in content_rows)
    listed = any(row.language == "toctree" or "{toctree}" in row.text for row in page.rows)
    if len(linked) >= 3 and len(linked) * 2 > len(content_rows) and words < 12 * len(linked):
        return True
    if stem not in _INDEXES:
        return False
    return words < _MIN_INDEX_WORDS or (listed and words < 3 * _MIN_INDEX_WORDS)

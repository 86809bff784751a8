"""Find the title of a Markdown document."""

from collections.abc import Sequence

from onrecall.importers.document_kind import document_kind
from onrecall.importers.markdown_file import MarkdownFile, front_text
from onrecall.importers.postmortem.deeds import split_sentences
from onrecall.importers.postmortem.rows import BOLD_LEVEL, DocumentRow, plain_text
from onrecall.importers.postmortem.titles import LONGEST_TITLE, is_only_kind, opens_with_kind
from onrecall.importers.postmortem.vocabulary import heading_topic, section_topic


def document_title(page: MarkdownFile) -> str:
    """Return the title from front matter, the first non-template heading, a `Title` label, or the first sentence."""
    if title := front_text(page.front, "title"):
        return title
    title_section = next((section for section in page.sections if section.topic == "title" and section.rows), None)
    labelled = plain_text(title_section.rows[0].text) if title_section is not None else None
    for row in page.rows:
        if row.kind == "heading" and row.text.strip() and (section_topic(row.text) is None or _asks_as_title(row)):
            return labelled if labelled and is_only_kind(plain_text(row.text)) else plain_text(row.text)
        if row.kind in ("text", "item", "cells") and not row.text.strip().startswith("**"):
            break
    if title := labelled or _kind_line(page.rows) or _later_heading(page.rows) or _opening_title(page.rows):
        return title
    if summary := front_text(page.front, "summary", "description"):
        return split_sentences(summary)[0][:LONGEST_TITLE]
    only = next((row.text for row in page.rows if row.kind == "heading" and row.level < BOLD_LEVEL), None)
    return (
        plain_text(only)
        if only and document_kind(page, page.place.stem) == "runbook"
        else page.place.name.split(".")[0] or page.place.stem
    )


def _asks_as_title(row: DocumentRow) -> bool:
    """Return whether a top heading is a question of its own, not the name of a section: `Why did checkout fail?`."""
    return row.level == 1 and heading_topic(row.text) is None


def _later_heading(rows: Sequence[DocumentRow]) -> str | None:
    """Return the first heading that is no section of a template, wherever it stands."""
    headings_text = (row.text for row in rows if row.kind == "heading" and row.text.strip())
    heading = next((text for text in headings_text if section_topic(text) is None and not text.endswith("?")), None)
    return plain_text(heading) if heading is not None else None


def _kind_line(rows: Sequence[DocumentRow]) -> str | None:
    """Return the first line if it is text that names the kind of the document and its subject."""
    title = _opening_title(rows)
    return title if title is not None and opens_with_kind(title) else None


def _opening_title(rows: Sequence[DocumentRow]) -> str | None:
    """Return the first line of a text without headings if it stands alone like a title."""
    first = next((n for n, row in enumerate(rows) if row.kind != "blank"), None)
    if first is None or rows[first].kind != "text" or all(row.kind == "blank" for row in rows[first + 1 :]):
        return None
    line = plain_text(rows[first].text)
    if opens_with_kind(line) and len(line) <= LONGEST_TITLE:
        return line
    if rows[first + 1].kind != "blank":
        return None
    is_title = len(line.split()) > 1 and len(line) <= LONGEST_TITLE and not line.endswith((".", ":", "!", ",", "。"))
    return line if is_title and "`" not in line else None

"""A parsed Markdown file: its front matter, rows and sections."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from onrecall.importers import front_matter as frontmatter
from onrecall.importers.postmortem.front import name_fields
from onrecall.importers.postmortem.rows import DocumentRow, parse_rows
from onrecall.importers.postmortem.sections import LabelledSection, split_sections
from onrecall.importers.record import FieldRecord, check_values, to_text
from onrecall.importers.times import Times


@dataclass(frozen=True, slots=True)
class MarkdownFile:
    """A parsed Markdown file."""

    place: PurePosixPath
    """Its path in the folder, from which its id is derived."""
    body: str
    front: FieldRecord
    rows: tuple[DocumentRow, ...]
    sections: tuple[LabelledSection, ...]


def parse_page(place: PurePosixPath, text: str, times: Times) -> MarkdownFile:
    block, body = frontmatter.split_front_matter(text)
    front = FieldRecord(name_fields(frontmatter.parse_front_matter(block)) if block else {}, times)
    check_values({"front matter": dict(front.values), "text": body})
    document_rows = parse_rows(body)
    return MarkdownFile(place, body, front, document_rows, split_sections(document_rows))


def front_text(front: FieldRecord, *names: str) -> str | None:
    value: Any = next((front.get(name) for name in names if front.get(name)), None)
    text = to_text(value, names[0])
    return text.strip() or None if text else None


def has_issue_template_front(front: FieldRecord) -> bool:
    """Return whether the front matter is that of GitHub's issue templates."""
    return bool(front_text(front, "about") and front_text(front, "name"))

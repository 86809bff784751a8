"""Read Markdown as runbooks, postmortems and RCAs, and write documents as Markdown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath

import yaml

from onrecall.domain.count_noun import count_noun
from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Incident
from onrecall.importers import markup
from onrecall.importers.date_order import page_date_order
from onrecall.importers.document_kind import ISO_DATE, document_kind
from onrecall.importers.document_title import document_title
from onrecall.importers.markdown_file import MarkdownFile, front_text, has_issue_template_front, parse_page
from onrecall.importers.native import parse_labels
from onrecall.importers.postmortem.clock import find_dates, reading_dates
from onrecall.importers.postmortem.front import (
    FIELDS,
    START,
    describes_incident,
    front_services,
    read_front_matter,
)
from onrecall.importers.postmortem.incident_text import ReadingState
from onrecall.importers.postmortem.kind import reports_outage
from onrecall.importers.postmortem.reader import extract_incidents
from onrecall.importers.postmortem.rows import BOLD_LEVEL, parse_rows, plain_text
from onrecall.importers.postmortem.sections import split_sections
from onrecall.importers.postmortem.vocabulary import SECTIONS, normalize_heading
from onrecall.importers.record import FieldRecord, ImportNote, check_id
from onrecall.importers.skipped_pages import skip_reason
from onrecall.importers.tags import read_tags
from onrecall.importers.times import Times

_USED_FIELDS = FIELDS | frozenset(
    (
        "id",
        "uuid",
        "title",
        "kind",
        "type",
        "labels",
        "tags",
        "categories",
        "keywords",
        "source",
        "url",
        "dated",
        "date",
        "incident_date",
        "published",
    )
)
"""Front matter fields that are used."""

SUFFIXES = (".md", ".markdown", ".mdown", ".mkd", ".mdx")

_WRITTEN_DATE = re.compile(
    r"(?<!\d)(?:(?P<iso>(?:19|20)\d\d-\d\d-\d\d)|(?P<slashed>\d{1,2}/\d{1,2}/(?:19|20)\d\d))(?!\d)"
)
MONTHS = 12
FEWEST_WORDS = 40
"""Minimum words of a plain text that counts as the account of an outage."""
LONGEST_SEARCHED = 20_000
"""Characters of an undated page that are searched for a date that could not be read."""
_DATE_LINE = re.compile(r"[\s>*_|-]*(?:incident\s+)?date[*_]*\s*[:|]", re.IGNORECASE)


@dataclass(slots=True)
class MarkdownFindings:
    """What several files had in common: unused front matter, and assumptions about time zones."""

    unused: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Unused front matter field → number of files that have it, and an example."""
    zoneless: int = 0
    unclear_zones: set[str] = field(default_factory=set)
    day_first_pages: int = 0
    """Number of pages whose language alone says that dates such as 03/04/2026 put the day first."""

    def notes(self, where: str) -> Iterator[ImportNote]:
        """Yield the notes on all files."""
        if self.unused:
            summary = ", ".join(
                f"{name} ({count}, e.g. {example})" for name, (count, example) in sorted(self.unused.items())[:20]
            )
            yield ImportNote(where, f"front matter that was not used: {summary}")
        if self.zoneless:
            times = count_noun(
                self.zoneless, "time in postmortems has no zone and was", "times in postmortems have no zone and were"
            )
            yield ImportNote(where, f"{times} taken as UTC; if local, name the time zone")
        if self.day_first_pages:
            pages = count_noun(self.day_first_pages, "page")
            yield ImportNote(
                where,
                f"dates such as 03/04/2026 were read with the day first on {pages}, as their language writes them",
            )
        if self.unclear_zones:
            names = ", ".join(sorted(self.unclear_zones))
            yield ImportNote(
                where,
                f"times in {names} were not read, for that name means different things in different places; name "
                f"the time zone, and only their dates count until then",
            )


def read(
    name: str, text: str, path: str, times: Times, findings: MarkdownFindings
) -> Iterator[Document | Incident | RejectedInput | ImportNote]:
    """Yield the document in a Markdown file, and the incidents in it if it is a postmortem."""
    try:
        page = parse_page(PurePosixPath(path), text, times)
        if reason := skip_reason(page):
            yield ImportNote(name, f"skipped: {reason}")
            return
        order, by_language = page_date_order(page.body, (normalize_heading(part.heading) for part in page.sections))
        with reading_dates(order):
            document = _to_document(page, times)
            incidents = tuple(_incidents_of_page(page, document, times, findings))
        findings.day_first_pages += by_language and bool(incidents)
    except Invalid as problem:
        yield RejectedInput(name, problem.field, str(problem))
        return
    except ValueError as problem:
        yield RejectedInput(f"{name}, line 1", "front matter", f"{problem}; mend it or remove it")
        return
    for field_name, value in page.front.values.items():
        if field_name not in _USED_FIELDS:
            count, example = findings.unused.get(field_name, (0, f"`{field_name}: {str(value)[:40]}`"))
            findings.unused[field_name] = (count + 1, example)
    yield _with_incident_date(document, incidents)
    yield from incidents
    if document.kind != "runbook" and not incidents:
        yield ImportNote(
            name,
            f"it describes an outage without a date{_unread_date(page)}, so it becomes a document and not an incident; "
            "add `date:` to its front matter, or name a time for all undated documents",
        )


def _unread_date(page: MarkdownFile) -> str:
    """Return why the first date in a page was not read, in brackets; empty if there is none."""
    text = f"{page.front.get('title') or ''}\n{page.body[:LONGEST_SEARCHED]}"
    for match in _WRITTEN_DATE.finditer(text):
        if match["slashed"] and all(int(part) <= MONTHS for part in match["slashed"].split("/")[:2]):
            return f" (in `{match['slashed']}` day and month may be either)"
        if match["iso"] and not any(True for _ in find_dates(match["iso"])):
            return f" (`{match['iso']}` is not on the calendar)"
    return ""


def parse(name: str, text: str, path: str, times: Times) -> Document | RejectedInput | ImportNote:
    """Return only the document."""
    return next(iter(read(name, text, path, times, MarkdownFindings())))  # type: ignore[return-value]


def _incidents_of_page(
    page: MarkdownFile, document: Document, times: Times, findings: MarkdownFindings
) -> Iterator[Incident]:
    if document.kind == "runbook" or front_text(page.front, "informational") == "true":
        return
    reading = ReadingState(local=times.local, undated=times.undated)
    yield from extract_incidents(document, read_front_matter(page.front), reading)
    findings.zoneless += reading.zoneless
    findings.unclear_zones |= reading.unclear_zones
    times.dated_by_user += reading.dated_by_user


def _with_incident_date(document: Document, incidents: Sequence[Incident]) -> Document:
    """Return the document; without a date it gets the start of its last incident."""
    if document.dated is not None or not incidents:
        return document
    return replace(document, dated=max(incident.started_at for incident in incidents))


def dump(document: Document) -> str:
    """Return the document as Markdown with front matter; `parse` restores the same document."""
    front = {
        "id": document.id,
        "title": document.title,
        "kind": document.kind,
        "service": document.service,
        "labels": dict(document.labels),
        "source": document.source,
        "dated": document.dated.isoformat() if document.dated else None,
    }
    block = yaml.safe_dump(
        {key: value for key, value in front.items() if value}, sort_keys=False, allow_unicode=True, width=2**20
    )
    return f"---\n{block}---\n\n{document.text}"


def headings(text: str) -> Iterator[str]:
    """Yield the headings of a text, except those in code blocks."""
    return (plain_text(row.text) for row in parse_rows(text) if row.kind == "heading" and row.level < BOLD_LEVEL)


def has_sections(text: str) -> bool:
    """Return whether a plain text has at least two different headings or labels of a postmortem."""
    return (
        len(
            {
                section.topic
                for section in split_sections(parse_rows(text))
                if section.topic in SECTIONS and section.topic != "aside"
            }
        )
        >= 2
    )


def tells_of_outage(text: str) -> bool:
    """Return whether a plain text without headings tells of one outage: a dated account of some length."""
    if len(text.split()) < FEWEST_WORDS:
        return False
    document_rows = parse_rows(text)
    dated = any(True for _ in find_dates(text[:LONGEST_SEARCHED]))
    title = next((plain_text(row.text) for row in document_rows if row.kind == "text"), "")
    return dated and reports_outage(title, split_sections(document_rows), document_rows, dated=dated)


def _to_document(page: MarkdownFile, times: Times) -> Document:
    front, place = page.front, page.place
    title = document_title(page)
    kind = document_kind(page, title)
    own = front_text(front, "id", "uuid")
    services = front_services(front)
    return Document(
        id=check_id(own or _document_id(place)),
        title=title,
        text=page.body,
        kind=kind,
        service=services[0] if services else None,
        labels=_document_labels(front),
        source=front_text(front, "source", "url") or (None if own else str(place)),
        dated=_document_date(place, title, page, times) if kind != "runbook" else front.time("dated", "date"),
    )


def _document_date(place: PurePosixPath, title: str, page: MarkdownFile, times: Times) -> datetime | None:
    """Return the date from front matter, the file name, the title, or a `Date:` line near the top."""
    if front_date := page.front.time("dated", "date", "incident_date", *START, "published"):
        return front_date
    near = (line[:200] for line in page.body.replace("\\", "").splitlines()[:40] if _DATE_LINE.match(line[:200]))
    for text in (place.name, title, *near):
        if match := ISO_DATE.search(text):
            try:
                return times.read("-".join(match.groups()), "date")
            except Invalid:  # digits in a name that only look like a date
                continue
    return None


def _document_labels(front: FieldRecord) -> Mapping[str, str]:
    front_labels = front.get("labels") or None
    are_tags = describes_incident(front.values) or has_issue_template_front(front)
    tags = front.string_list("labels") if isinstance(front_labels, str | list) and are_tags else ()
    merged = read_tags(tags).labels if tags else parse_labels(front_labels)
    if len(services := front_services(front)) > 1:
        merged.setdefault("services", ", ".join(services))
    if company := front_text(front, "company"):
        merged.setdefault("company", company)
    for name in ("tags", "categories", "keywords"):
        if words := front.string_list(name):
            merged.setdefault(name, ", ".join(words))
    return merged


def _document_id(place: PurePosixPath) -> str:
    """Return the path without its endings, so that a file keeps its id across imports."""
    name = place.name
    for suffix in (".erb", *SUFFIXES, *markup.SUFFIXES, ".txt", ".eml"):
        name = name.removesuffix(suffix) or name
    return str(place.with_name(name))

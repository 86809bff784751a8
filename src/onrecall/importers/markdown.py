"""Read Markdown as runbooks, postmortems and RCAs, and write documents as Markdown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, get_args

import yaml

from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Document, DocumentKind, Incident
from onrecall.importers import front_matter as frontmatter
from onrecall.importers import markup
from onrecall.importers.native import parse_labels
from onrecall.importers.postmortem.clock import find_dates
from onrecall.importers.postmortem.deeds import split_sentences
from onrecall.importers.postmortem.front import (
    FIELDS,
    START,
    describes_incident,
    front_services,
    name_fields,
    read_front_matter,
)
from onrecall.importers.postmortem.incident_text import ReadingState
from onrecall.importers.postmortem.kind import has_incident_date, reports_outage
from onrecall.importers.postmortem.pages import split_incidents
from onrecall.importers.postmortem.reader import extract_incidents
from onrecall.importers.postmortem.rows import BOLD_LEVEL, DocumentRow, parse_rows, plain_text
from onrecall.importers.postmortem.sections import LabelledSection, split_sections
from onrecall.importers.postmortem.titles import is_only_kind
from onrecall.importers.postmortem.vocabulary import SECTIONS, section_topic
from onrecall.importers.record import FieldRecord, ImportNote, check_id, check_values, to_text
from onrecall.importers.tags import read_tags
from onrecall.importers.times import Times

LONGEST_TITLE = 200
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
_LINK = re.compile(r"!?\[[^\]]*\]\([^)]*\)|https?://\S+|\[[^\]]+\]\[[^\]]*\]|<https?://[^>]+>|\[\[[^\]]+\]\]")

SUFFIXES = (".md", ".markdown", ".mdown", ".mkd", ".mdx")

_POSTMORTEM_WORDS = (
    "timeline|root cause|root causes|root cause analysis|lessons learned|lessons learnt|what went well|"
    "what went wrong|action items|trigger|contributing factors|where we got lucky|five whys|5 whys|key events|"
    "review actions|postmortem|incident summary|customer impact|detection"
)
_POSTMORTEM = frozenset(_POSTMORTEM_WORDS.split("|"))
_RUNBOOK_WORDS = (
    "meaning|diagnosis|mitigation|runbook|troubleshooting|remediation|symptoms|investigation|procedure|steps|"
    "escalation|verification|prerequisites|rollback|how to fix|resolution steps|debugging|playbook|checks"
)
_RUNBOOK = frozenset(_RUNBOOK_WORDS.split("|"))
_PATHS: tuple[tuple[re.Pattern[str], DocumentKind], ...] = (
    (re.compile(r"(?:^|[\W_])rcas?(?:[\W_]|$)|root[-_ ]cause", re.IGNORECASE), "rca"),
    (re.compile(r"post[-_ ]?mortem|incident[-_ ]?(?:report|review)|outage", re.IGNORECASE), "postmortem"),
    (re.compile(r"run[-_ ]?book|play[-_ ]?book|(?:^|/)sops?(?:/|$)", re.IGNORECASE), "runbook"),
)
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
_ISO_DATE = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d{2})[-_.]?(?P<m>[01]\d)[-_.]?(?P<d>[0-3]\d)(?!\d)", re.ASCII)
_WRITTEN_DATE = re.compile(
    r"(?<!\d)(?:(?P<iso>(?:19|20)\d\d-\d\d-\d\d)|(?P<slashed>\d{1,2}/\d{1,2}/(?:19|20)\d\d))(?!\d)"
)
MONTHS = 12
LONGEST_SEARCHED = 20_000
"""Characters of an undated page that are searched for a date that could not be read."""
_DATE_LINE = re.compile(r"[\s>*_|-]*(?:incident\s+)?date[*_]*\s*[:|]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MarkdownFile:
    """A parsed Markdown file."""

    place: PurePosixPath
    """Its path in the folder, from which its id is derived."""
    body: str
    front: FieldRecord
    rows: tuple[DocumentRow, ...]
    sections: tuple[LabelledSection, ...]


@dataclass(slots=True)
class MarkdownFindings:
    """What several files had in common: unused front matter, and assumptions about time zones."""

    unused: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Unused front matter field → number of files that have it, and an example."""
    zoneless: int = 0
    unclear_zones: set[str] = field(default_factory=set)

    def notes(self, where: str) -> Iterator[ImportNote]:
        """Yield the notes on all files."""
        if self.unused:
            summary = ", ".join(
                f"{name} ({count}, e.g. {example})" for name, (count, example) in sorted(self.unused.items())[:20]
            )
            yield ImportNote(where, f"front matter that was not used: {summary}")
        if self.zoneless:
            yield ImportNote(
                where,
                f"{self.zoneless} times in postmortems have no zone and were taken as UTC; if they are local, "
                f"name the time zone",
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
        page = _parse_page(PurePosixPath(path), text, times)
        if reason := _skip_reason(page):
            yield ImportNote(name, f"skipped: {reason}")
            return
        document = _to_document(page, times)
        incidents = tuple(_incidents_of_page(page, document, times, findings))
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


def _parse_page(place: PurePosixPath, text: str, times: Times) -> MarkdownFile:
    block, body = frontmatter.split_front_matter(text)
    front = FieldRecord(name_fields(frontmatter.parse_front_matter(block)) if block else {}, times)
    check_values({"front matter": dict(front.values), "text": body})
    document_rows = parse_rows(body)
    return MarkdownFile(place, body, front, document_rows, split_sections(document_rows))


def _incidents_of_page(
    page: MarkdownFile, document: Document, times: Times, findings: MarkdownFindings
) -> Iterator[Incident]:
    if document.kind == "runbook" or _front_text(page.front, "informational") == "true":
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


def _to_document(page: MarkdownFile, times: Times) -> Document:
    front, place = page.front, page.place
    title = _document_title(page)
    kind = _document_kind(page, title)
    own = _front_text(front, "id", "uuid")
    services = front_services(front)
    return Document(
        id=check_id(own or _document_id(place)),
        title=title,
        text=page.body,
        kind=kind,
        service=services[0] if services else None,
        labels=_document_labels(front),
        source=_front_text(front, "source", "url") or (None if own else str(place)),
        dated=_document_date(place, title, page, times) if kind != "runbook" else front.time("dated", "date"),
    )


def _document_title(page: MarkdownFile) -> str:
    """Return the title from front matter, the first non-template heading, a `Title` label, or the first sentence."""
    if title := _front_text(page.front, "title"):
        return title
    title_section = next((section for section in page.sections if section.topic == "title" and section.rows), None)
    labelled = plain_text(title_section.rows[0].text) if title_section is not None else None
    for row in page.rows:
        if row.kind == "heading" and row.text.strip() and section_topic(row.text) is None:
            return labelled if labelled and is_only_kind(plain_text(row.text)) else plain_text(row.text)
        if row.kind in ("text", "item", "cells") and not row.text.strip().startswith("**"):
            break
    if title := labelled or _later_heading(page.rows) or _opening_title(page.rows):
        return title
    if summary := _front_text(page.front, "summary", "description"):
        return split_sentences(summary)[0][:LONGEST_TITLE]
    only = next((row.text for row in page.rows if row.kind == "heading" and row.level < BOLD_LEVEL), None)
    return (
        plain_text(only)
        if only and _document_kind(page, page.place.stem) == "runbook"
        else page.place.name.split(".")[0] or page.place.stem
    )


def _later_heading(rows: Sequence[DocumentRow]) -> str | None:
    """Return the first heading that is no section of a template, wherever it stands."""
    headings_text = (row.text for row in rows if row.kind == "heading" and row.text.strip())
    heading = next((text for text in headings_text if section_topic(text) is None), None)
    return plain_text(heading) if heading is not None else None


def _opening_title(rows: Sequence[DocumentRow]) -> str | None:
    """Return the first line of a text without headings if it stands alone like a title."""
    first = next((n for n, row in enumerate(rows) if row.kind != "blank"), None)
    if first is None or rows[first].kind != "text" or all(row.kind == "blank" for row in rows[first + 1 :]):
        return None
    if rows[first + 1].kind != "blank":
        return None
    line = plain_text(rows[first].text)
    is_title = len(line.split()) > 1 and len(line) <= LONGEST_TITLE and not line.endswith((".", ":", "!", ",", "。"))
    return line if is_title and "`" not in line else None


def _skip_reason(page: MarkdownFile) -> str | None:
    stem = page.place.name.split(".")[0].lower()
    if _front_text(page.front, "id") and _front_text(page.front, "kind"):
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
        if _has_issue_template_front(page.front) and not is_dated
        else None
    )


def _has_issue_template_front(front: FieldRecord) -> bool:
    """Return whether the front matter is that of GitHub's issue templates."""
    return bool(_front_text(front, "about") and _front_text(front, "name"))


def _is_index(page: MarkdownFile, stem: str) -> bool:
    """Return whether a page is little but links; a page named like an index needs more text to count as content."""
    weight = _heading_counts(page.rows)
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


def _document_kind(page: MarkdownFile, title: str) -> DocumentKind:
    """Determine the kind from front matter, then headings, then the text, then path and title."""
    front, place = page.front, page.place
    front_kind = (_front_text(front, "kind", "type") or "").lower()
    if front_kind in get_args(DocumentKind):
        return front_kind  # type: ignore[return-value]
    if front.get("kind") is not None:
        raise Invalid(f"`kind` is {front_kind[:40]!r}; it must be one of {', '.join(get_args(DocumentKind))}", "kind")
    by_path = next((kind for pattern, kind in _PATHS if pattern.search(f"{place} {title}")), None)
    if by_path == "rca":
        return "rca"
    dated = bool(_ISO_DATE.search(place.name) or _ISO_DATE.search(title))
    states_date = (
        dated or has_incident_date(title) or any(front.get(name) for name in ("date", "incident_date", *START))
    )
    if describes_incident(front.values):
        return "postmortem"
    if (states_date or by_path != "runbook") and _reports_outage(page, title, dated=states_date):
        return "postmortem"
    postmortem, runbook = _heading_counts(page.rows)
    if runbook > postmortem:
        return "runbook"
    several = by_path != "runbook" and bool(split_incidents(page.rows))
    return "postmortem" if several else by_path or ("postmortem" if dated else "runbook")


def _reports_outage(page: MarkdownFile, title: str, *, dated: bool) -> bool:
    """Return whether the headings or the text describe an outage."""
    postmortem, runbook = _heading_counts(page.rows)
    if postmortem > runbook or (dated and postmortem):
        return True
    return reports_outage(title, page.sections, page.rows, dated=dated)


def _heading_counts(rows: Sequence[DocumentRow]) -> tuple[int, int]:
    """Count the headings typical of a postmortem, and those typical of a runbook."""
    heads = [row.text for row in rows if row.kind == "heading"]
    names = {re.sub(r"[^a-z0-9 ]", "", plain_text(text).lower()).strip() for text in heads}
    return len(names & _POSTMORTEM), len(names & _RUNBOOK)


def _document_date(place: PurePosixPath, title: str, page: MarkdownFile, times: Times) -> datetime | None:
    """Return the date from front matter, the file name, the title, or a `Date:` line near the top."""
    if front_date := page.front.time("dated", "date", "incident_date", *START, "published"):
        return front_date
    near = (line[:200] for line in page.body.replace("\\", "").splitlines()[:40] if _DATE_LINE.match(line[:200]))
    for text in (place.name, title, *near):
        if match := _ISO_DATE.search(text):
            try:
                return times.read("-".join(match.groups()), "date")
            except Invalid:  # digits in a name that only look like a date
                continue
    return None


def _document_labels(front: FieldRecord) -> Mapping[str, str]:
    front_labels = front.get("labels") or None
    are_tags = describes_incident(front.values) or _has_issue_template_front(front)
    tags = front.string_list("labels") if isinstance(front_labels, str | list) and are_tags else ()
    merged = read_tags(tags).labels if tags else parse_labels(front_labels)
    if len(services := front_services(front)) > 1:
        merged.setdefault("services", ", ".join(services))
    if company := _front_text(front, "company"):
        merged.setdefault("company", company)
    for name in ("tags", "categories", "keywords"):
        if words := front.string_list(name):
            merged.setdefault(name, ", ".join(words))
    return merged


def _front_text(front: FieldRecord, *names: str) -> str | None:
    value: Any = next((front.get(name) for name in names if front.get(name)), None)
    text = to_text(value, names[0])
    return text.strip() or None if text else None


def _document_id(place: PurePosixPath) -> str:
    """Return the path without its endings, so that a file keeps its id across imports."""
    name = place.name
    for suffix in (".erb", *SUFFIXES, *markup.SUFFIXES, ".txt"):
        name = name.removesuffix(suffix) or name
    return str(place.with_name(name))

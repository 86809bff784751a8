"""Markdown → runbooks, postmortems and RCAs, and back."""

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
from onrecall.importers.native import labels
from onrecall.importers.postmortem.deeds import sentences
from onrecall.importers.postmortem.front import FIELDS, START, front_matter, is_of_incident, services_of
from onrecall.importers.postmortem.incident_text import ReadingState
from onrecall.importers.postmortem.kind import names_day, tells_of_outage
from onrecall.importers.postmortem.pages import parts
from onrecall.importers.postmortem.reader import incidents
from onrecall.importers.postmortem.rows import BOLD_LEVEL, DocumentRow, rows
from onrecall.importers.postmortem.rows import plain as plain_words
from onrecall.importers.postmortem.sections import LabelledSection, sections
from onrecall.importers.postmortem.vocabulary import SECTIONS, section_topic
from onrecall.importers.record import FieldRecord, ImportNote, check, check_id, plain
from onrecall.importers.tags import read_tags
from onrecall.importers.times import Times

LONGEST_TITLE = 200
_READ = FIELDS | frozenset(
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
"""Front matter that is used."""
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
_SAYS_SOMETHING = 40
"""Words from which on a page with the name of an index is more than that."""
_COMMAND = re.compile(r"`[a-z][\w./-]* [^`\n]+`")
"""Code of at least two words: something to run."""
_ISO_DATE = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d{2})[-_.]?(?P<m>[01]\d)[-_.]?(?P<d>[0-3]\d)(?!\d)", re.ASCII)
_DATE_LINE = re.compile(r"[\s>*_|-]*(?:incident\s+)?date[*_]*\s*[:|]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MarkdownFile:
    """A Markdown file taken apart."""

    place: PurePosixPath
    """Its place in the folder, from which its id comes."""
    body: str
    front: FieldRecord
    rows: tuple[DocumentRow, ...]
    sections: tuple[LabelledSection, ...]


@dataclass(slots=True)
class MarkdownFindings:
    """What several files had in common that was not used, and what was decided for want of better."""

    unused: dict[str, tuple[int, str]] = field(default_factory=dict)
    """For each field of front matter that was not used in how many files it stands, and an example."""
    zoneless: int = 0
    unclear_zones: set[str] = field(default_factory=set)

    def notes(self, where: str) -> Iterator[ImportNote]:
        """What is worth knowing about all of them."""
        if self.unused:
            told = ", ".join(
                f"{name} ({count}, e.g. {example})" for name, (count, example) in sorted(self.unused.items())[:20]
            )
            yield ImportNote(where, f"front matter that was not used: {told}")
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
    """The document in a Markdown file, and the incidents that it tells of where it is a postmortem."""
    try:
        page = _page(PurePosixPath(path), text, times)
        if reason := _skipped(page):
            yield ImportNote(name, f"skipped: {reason}")
            return
        document = _document(page, times)
        told = tuple(_incidents(page, document, times, findings))
    except Invalid as problem:
        yield RejectedInput(name, problem.field, str(problem))
        return
    except ValueError as problem:
        yield RejectedInput(f"{name}, line 1", "front matter", f"{problem}; mend it or remove it")
        return
    for field_name, value in page.front.values.items():
        if field_name not in _READ:
            count, example = findings.unused.get(field_name, (0, f"`{field_name}: {str(value)[:40]}`"))
            findings.unused[field_name] = (count + 1, example)
    yield _dated_by(document, told)
    yield from told
    if document.kind != "runbook" and not told:
        yield ImportNote(
            name,
            "it tells of an outage and not when, so it is kept as a document and is no incident; give it `date:` "
            "in its front matter, or name a time for all undated ones",
        )


def parse(name: str, text: str, path: str, times: Times) -> Document | RejectedInput | ImportNote:
    """The document alone."""
    return next(iter(read(name, text, path, times, MarkdownFindings())))  # type: ignore[return-value]


def _page(place: PurePosixPath, text: str, times: Times) -> MarkdownFile:
    block, body = frontmatter.split(text)
    front = FieldRecord(frontmatter.read(block) if block else {}, times)
    check({"front matter": dict(front.values), "text": body})
    found = rows(body)
    return MarkdownFile(place, body, front, found, sections(found))


def _incidents(page: MarkdownFile, document: Document, times: Times, findings: MarkdownFindings) -> Iterator[Incident]:
    if document.kind == "runbook" or _said(page.front, "informational") == "true":
        return
    reading = ReadingState(local=times.local, undated=times.undated)
    yield from incidents(document, front_matter(page.front), reading)
    findings.zoneless += reading.zoneless
    findings.unclear_zones |= reading.unclear_zones
    times.dated_by_user += reading.dated_by_user


def _dated_by(document: Document, told: Sequence[Incident]) -> Document:
    """A postmortem that has no date elsewhere is of the day its last incident began."""
    if document.dated is not None or not told:
        return document
    return replace(document, dated=max(one.started_at for one in told))


def dump(document: Document) -> str:
    """The document as Markdown with front matter; `parse` gives the same document back."""
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
    """The headings of a text, those inside of code left out."""
    return (plain_words(row.text) for row in rows(text) if row.kind == "heading" and row.level < BOLD_LEVEL)


def has_sections(text: str) -> bool:
    """Whether a plain text has headings or labels of a postmortem: at least two different ones."""
    return (
        len(
            {
                section.topic
                for section in sections(rows(text))
                if section.topic in SECTIONS and section.topic != "aside"
            }
        )
        >= 2
    )


def _document(page: MarkdownFile, times: Times) -> Document:
    front, place = page.front, page.place
    title = _title(page)
    kind = _kind(page, title)
    own = _said(front, "id", "uuid")
    services = services_of(front)
    return Document(
        id=check_id(own or _id(place)),
        title=title,
        text=page.body,
        kind=kind,
        service=services[0] if services else None,
        labels=_labels(front),
        source=_said(front, "source", "url") or (None if own else str(place)),
        dated=_dated(place, title, page, times) if kind != "runbook" else front.time("dated", "date"),
    )


def _title(page: MarkdownFile) -> str:
    """Of the front matter, the first heading that is none of a template's, a label `Title`, or the first sentence."""
    if said := _said(page.front, "title"):
        return said
    for row in page.rows:
        if row.kind == "heading" and row.text.strip() and section_topic(row.text) is None:
            return plain_words(row.text)
        if row.kind in ("text", "item", "cells") and not row.text.strip().startswith("**"):
            break
    named = next((section for section in page.sections if section.topic == "title" and section.rows), None)
    if named is not None:
        return plain_words(named.rows[0].text)
    heading = next(
        (
            row.text
            for row in page.rows
            if row.kind == "heading" and section_topic(row.text) is None and row.text.strip()
        ),
        None,
    )
    if heading is not None:
        return plain_words(heading)
    if summary := _said(page.front, "summary", "description"):
        return sentences(summary)[0][:LONGEST_TITLE]
    only = next((row.text for row in page.rows if row.kind == "heading" and row.level < BOLD_LEVEL), None)
    return (
        plain_words(only)
        if only and _kind(page, page.place.stem) == "runbook"
        else page.place.name.split(".")[0] or page.place.stem
    )


def _skipped(page: MarkdownFile) -> str | None:
    stem = page.place.name.split(".")[0].lower()
    if _said(page.front, "id") and _said(page.front, "kind"):
        return None
    if stem in _HOUSEKEEPING:
        return f"{page.place.name} is about the project, not about incidents"
    first = next((row.text for row in page.rows if row.kind == "heading"), "")
    if "template" in re.split(r"[\W_]+", stem) or "{{" in first:
        return "a template"
    if not page.body.strip():
        return "there is no text in it"
    if _is_index(page, stem):
        return "an index: it holds little but links to other pages"
    return None


def _is_index(page: MarkdownFile, stem: str) -> bool:
    """Whether a page holds links to others and little else; one with an index's name has to say more than others."""
    weight = _weight(page.rows)
    if any(weight) or any(row.kind == "code" and row.language not in ("", "toctree") for row in page.rows):
        return False
    said = [row for row in page.rows if row.kind in ("text", "item", "cells") and row.text.strip()]
    if any(row.kind == "item" and _COMMAND.search(row.text) and not _LINK.search(row.text) for row in said):
        return False
    linked = [row for row in said if _LINK.search(row.text)]
    words = sum(len(_LINK.sub(" ", row.text).split()) for row in said)
    listed = any(row.language == "toctree" or "{toctree}" in row.text for row in page.rows)
    if len(linked) >= 3 and len(linked) * 2 > len(said) and words < 12 * len(linked):
        return True
    if stem not in _INDEXES:
        return False
    return words < _SAYS_SOMETHING or (listed and words < 3 * _SAYS_SOMETHING)


def _kind(page: MarkdownFile, title: str) -> DocumentKind:
    """The kind by front matter, then by headings, then by what the text tells, then by path and title."""
    front, place = page.front, page.place
    said = (_said(front, "kind", "type") or "").lower()
    if said in get_args(DocumentKind):
        return said  # type: ignore[return-value]
    if front.get("kind") is not None:
        raise Invalid(f"`kind` is {said[:40]!r}; it must be one of {', '.join(get_args(DocumentKind))}", "kind")
    by_path = next((kind for pattern, kind in _PATHS if pattern.search(f"{place} {title}")), None)
    if by_path == "rca":
        return "rca"
    dated = bool(_ISO_DATE.search(place.name) or _ISO_DATE.search(title))
    told_when = dated or names_day(title) or any(front.get(name) for name in ("date", "incident_date", *START))
    if is_of_incident(front.values):
        return "postmortem"
    if (told_when or by_path != "runbook") and _reports(page, title, dated=told_when):
        return "postmortem"
    postmortem, runbook = _weight(page.rows)
    if runbook > postmortem:
        return "runbook"
    several = by_path != "runbook" and bool(parts(page.rows))
    return "postmortem" if several else by_path or ("postmortem" if dated else "runbook")


def _reports(page: MarkdownFile, title: str, *, dated: bool) -> bool:
    """Whether its headings or its text tell of an outage."""
    postmortem, runbook = _weight(page.rows)
    if postmortem > runbook or (dated and postmortem):
        return True
    return tells_of_outage(title, page.sections, page.rows, dated=dated)


def _weight(found: Sequence[DocumentRow]) -> tuple[int, int]:
    """How many headings speak for a postmortem, and how many for a runbook."""
    heads = [row.text for row in found if row.kind == "heading"]
    names = {re.sub(r"[^a-z0-9 ]", "", plain_words(text).lower()).strip() for text in heads}
    return len(names & _POSTMORTEM), len(names & _RUNBOOK)


def _dated(place: PurePosixPath, title: str, page: MarkdownFile, times: Times) -> datetime | None:
    """Front matter first, then the file's name, then the title, then a line that says `Date:` near the top."""
    if given := page.front.time("dated", "date", "incident_date", *START, "published"):
        return given
    near = (line[:200] for line in page.body.replace("\\", "").splitlines()[:40] if _DATE_LINE.match(line[:200]))
    for said in (place.name, title, *near):
        if found := _ISO_DATE.search(said):
            try:
                return times.read("-".join(found.groups()), "date")
            except Invalid:  # digits in a name that only look like a date
                continue
    return None


def _labels(front: FieldRecord) -> Mapping[str, str]:
    named = front.get("labels") or None
    tags = front.words("labels") if isinstance(named, str | list) and is_of_incident(front.values) else ()
    found = read_tags(tags).labels if tags else labels(named)
    if len(services := services_of(front)) > 1:
        found.setdefault("services", ", ".join(services))
    if company := _said(front, "company"):
        found.setdefault("company", company)
    for name in ("tags", "categories", "keywords"):
        if words := front.words(name):
            found.setdefault(name, ", ".join(words))
    return found


def _said(front: FieldRecord, *names: str) -> str | None:
    value: Any = next((front.get(name) for name in names if front.get(name)), None)
    said = plain(value, names[0])
    return said.strip() or None if said else None


def _id(place: PurePosixPath) -> str:
    """The path without its endings, so that the same file has the same id at every import."""
    name = place.name
    for suffix in (".erb", *SUFFIXES, *markup.SUFFIXES, ".txt"):
        name = name.removesuffix(suffix) or name
    return str(place.with_name(name))

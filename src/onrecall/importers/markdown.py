"""Markdown → runbooks, postmortems and RCAs, and back."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, get_args

import yaml

from onrecall.domain.errors import Invalid, Rejected
from onrecall.domain.incident import Document, DocumentKind
from onrecall.importers import front_matter as frontmatter
from onrecall.importers.native import labels
from onrecall.importers.record import Note, Record, check, check_id, plain
from onrecall.importers.times import Times

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
_ATX = re.compile(r" {0,3}#{1,6}[ \t]+(?P<text>\S.*)")
_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})")
_ISO_DATE = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d{2})[-_.]?(?P<m>[01]\d)[-_.]?(?P<d>[0-3]\d)(?!\d)", re.ASCII)
_DATE_LINE = re.compile(r"[\s>*_|-]*(?:incident\s+)?date[*_]*\s*[:|]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading and the line it stands on."""

    text: str
    line: int


def parse(name: str, text: str, path: str, times: Times) -> Document | Rejected | Note:
    """The document in a Markdown file; `path` is its place in the folder, from which its id comes."""
    place = PurePosixPath(path)
    block, body = frontmatter.split(text)
    try:
        front = Record(frontmatter.read(block) if block else {}, times)
        check({"front matter": dict(front.values), "text": body})
        if reason := _skipped(place, body, front):
            return Note(name, f"skipped: {reason}")
        return _document(place, body, front, times)
    except Invalid as problem:
        return Rejected(name, problem.field, str(problem))
    except ValueError as problem:
        return Rejected(f"{name}, line 1", "front matter", f"{problem}; mend it or remove it")


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


def headings(text: str) -> Iterator[Heading]:
    """The headings of a text, those inside of code left out."""
    fence = ""
    above = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _FENCE.match(line):
            if not fence:
                fence = found["mark"]
            elif line.strip().startswith(fence):
                fence = ""
        elif not fence:
            if atx := _ATX.match(line):
                yield Heading(atx["text"].rstrip(" #"), number)
            elif above and len(line) > 2 and (not line.strip("=") or not line.strip("-")):
                yield Heading(above, number - 1)
        above = line.strip() if not line.lstrip().startswith(("#", "-", "|", ">", "`")) else ""


def _document(place: PurePosixPath, body: str, front: Record, times: Times) -> Document:
    found = tuple(headings(body))
    title = _said(front, "title") or (found[0].text if found else place.stem)
    kind = _kind(place, title, found, front)
    own = _said(front, "id", "uuid")
    return Document(
        id=check_id(own or _id(place)),
        title=title,
        text=body,
        kind=kind,
        service=_said(front, "service", "product"),
        labels=_labels(front),
        source=_said(front, "source", "url") or (None if own else str(place)),
        dated=_dated(place, title, body, front, times) if kind != "runbook" else front.time("dated", "date"),
    )


def _skipped(place: PurePosixPath, body: str, front: Record) -> str | None:
    stem = place.name.split(".")[0].lower()
    if _said(front, "id") and _said(front, "kind"):
        return None
    if stem in _HOUSEKEEPING:
        return f"{place.name} is about the project, not about incidents"
    found = tuple(headings(body))
    if "template" in re.split(r"[\W_]+", stem) or (found and "{{" in found[0].text):
        return "a template"
    if not body.strip():
        return "there is no text in it"
    if stem in _INDEXES and not any(_weight(found)):
        return "an index without the headings of a runbook or a postmortem"
    return None


def _kind(place: PurePosixPath, title: str, found: tuple[Heading, ...], front: Record) -> DocumentKind:
    """The kind by front matter, then by headings, then by path and title."""
    said = (_said(front, "kind", "type") or "").lower()
    if said in get_args(DocumentKind):
        return said  # type: ignore[return-value]
    if front.get("kind") is not None:
        raise Invalid(f"`kind` is {said[:40]!r}; it must be one of {', '.join(get_args(DocumentKind))}", "kind")
    postmortem, runbook = _weight(found)
    dated = bool(_ISO_DATE.search(place.name) or _ISO_DATE.search(title))
    by_path = next((kind for pattern, kind in _PATHS if pattern.search(f"{place} {title}")), None)
    if by_path == "rca":
        return "rca"
    if postmortem > runbook or (dated and postmortem):
        return "postmortem"
    if runbook > postmortem:
        return "runbook"
    return by_path or ("postmortem" if dated else "runbook")


def _weight(found: tuple[Heading, ...]) -> tuple[int, int]:
    """How many headings speak for a postmortem, and how many for a runbook."""
    names = {re.sub(r"[^a-z0-9 ]", "", one.text.lower()).strip() for one in found}
    return len(names & _POSTMORTEM), len(names & _RUNBOOK)


def _dated(place: PurePosixPath, title: str, body: str, front: Record, times: Times) -> datetime | None:
    """Front matter first, then the file's name, then the title, then a line that says `Date:` near the top."""
    if given := front.time("dated", "date", "incident_date", "start_time", "published"):
        return given
    near = (line[:200] for line in body.splitlines()[:40] if _DATE_LINE.match(line[:200]))
    for said in (place.name, title, *near):
        if found := _ISO_DATE.search(said):
            try:
                return times.read("-".join(found.groups()), "date")
            except Invalid:  # digits in a name that only look like a date
                continue
    return None


def _labels(front: Record) -> Mapping[str, str]:
    found = labels(front.get("labels") or None)
    for name in ("tags", "categories", "keywords"):
        if words := front.words(name):
            found.setdefault(name, ", ".join(words))
    return found


def _said(front: Record, *names: str) -> str | None:
    value: Any = next((front.get(name) for name in names if front.get(name)), None)
    said = plain(value, names[0])
    return said.strip() or None if said else None


def _id(place: PurePosixPath) -> str:
    """The path without its endings, so that the same file has the same id at every import."""
    name = place.name
    for suffix in (".erb", *SUFFIXES, ".txt"):
        name = name.removesuffix(suffix) or name
    return str(place.with_name(name))

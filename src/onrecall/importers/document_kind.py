"""Tell runbooks, postmortems and RCAs apart."""

import re
from collections.abc import Sequence
from typing import get_args

from onrecall.domain.document import DocumentKind
from onrecall.domain.errors import Invalid
from onrecall.importers.markdown_file import MarkdownFile, front_text
from onrecall.importers.postmortem.front import START, describes_incident
from onrecall.importers.postmortem.kind import has_incident_date, reports_outage
from onrecall.importers.postmortem.pages import split_incidents
from onrecall.importers.postmortem.rows import DocumentRow, plain_text

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
ISO_DATE = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d{2})[-_.]?(?P<m>[01]\d)[-_.]?(?P<d>[0-3]\d)(?!\d)", re.ASCII)


def document_kind(page: MarkdownFile, title: str) -> DocumentKind:
    """Determine the kind from front matter, then headings, then the text, then path and title."""
    front, place = page.front, page.place
    front_kind = (front_text(front, "kind", "type") or "").lower()
    if front_kind in get_args(DocumentKind):
        return front_kind  # type: ignore[return-value]
    if front.get("kind") is not None:
        raise Invalid(f"`kind` is {front_kind[:40]!r}; it must be one of {', '.join(get_args(DocumentKind))}", "kind")
    by_path = next((kind for pattern, kind in _PATHS if pattern.search(f"{place} {title}")), None)
    if by_path == "rca":
        return "rca"
    dated = bool(ISO_DATE.search(place.name) or ISO_DATE.search(title))
    states_date = (
        dated or has_incident_date(title) or any(front.get(name) for name in ("date", "incident_date", *START))
    )
    if describes_incident(front.values):
        return "postmortem"
    if (states_date or by_path != "runbook") and _reports_outage(page, title, dated=states_date):
        return "postmortem"
    postmortem, runbook = heading_counts(page.rows)
    if runbook > postmortem:
        return "runbook"
    several = by_path != "runbook" and bool(split_incidents(page.rows))
    return "postmortem" if several else by_path or ("postmortem" if dated else "runbook")


def _reports_outage(page: MarkdownFile, title: str, *, dated: bool) -> bool:
    """Return whether the headings or the text describe an outage."""
    postmortem, runbook = heading_counts(page.rows)
    if postmortem > runbook or (dated and postmortem):
        return True
    return reports_outage(title, page.sections, page.rows, dated=dated)


def heading_counts(rows: Sequence[DocumentRow]) -> tuple[int, int]:
    """Count the headings typical of a postmortem, and those typical of a runbook."""
    heads = [row.text for row in rows if row.kind == "heading"]
    names = {re.sub(r"[^a-z0-9 ]", "", plain_text(text).lower()).strip() for text in heads}
    return len(names & _POSTMORTEM), len(names & _RUNBOOK)

"""GitHub issues.

As the REST API gives them, or
`gh issue list --json number,title,body,labels,state,stateReason,createdAt,closedAt,comments,url`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.importers.comments import listed_comments
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord, SkippedRecord
from onrecall.importers.tags import label_names, parse_facets

_URL = re.compile(r"https?://[^/]+/(?P<repository>[^/]+/[^/]+)/(?:issues|pull)/(?P<number>\d+)")

_UPPTIME = re.compile(r"\b(?:is down|has degraded performance)$")
_UPPTIME_LABELS = ("status", "maintenance")


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise GitHub by the number, and the field names of its REST API or CLI."""
    if not {"number", "title"} <= set(values):
        return False
    return bool({"createdAt", "stateReason", "state_reason"} & set(values)) or bool(
        _URL.match(str(values.get("html_url")))
    )


def parse(record: FieldRecord) -> Incident | SkippedRecord:
    """Return the incident; cause and fix come from sections of the body or from the comments."""
    if isinstance(record.get("pull_request"), Mapping):
        return SkippedRecord("pull requests")
    url_match = _URL.match(record.text("html_url", "url") or "")
    if not url_match:
        raise Invalid(
            "there is no `url`, and the number alone is not unique; export it too: --json number,url,…", "url"
        )
    record.use("number")
    completed = (record.text("stateReason", "state_reason") or "completed").lower() == "completed"
    names = label_names(record, "name")
    facet = parse_facets(names)
    return build_incident(
        record,
        source="github",
        id=f"{url_match['repository']}#{url_match['number']}",
        title=record.text("title"),
        description=record.text("body"),
        started_at=record.time("createdAt", "created_at"),
        resolved_at=record.time("closedAt", "closed_at"),
        service=facet.get("service") or _watched_site(record.text("title") or "", names),
        environment=facet.get("environment"),
        level=facet.get("severity"),
        state=record.text("state"),
        labels={"labels": ", ".join(names), "repository": url_match["repository"]},
        cause=facet.get("cause"),
        comments=listed_comments(record, "comments", ("body",), ("createdAt", "created_at")),
        fixed=completed,
    )


def _watched_site(title: str, labels: Sequence[str]) -> str | None:
    """Return the site that Upptime reports on: the label beside `status` of an issue `🛑 Docs is down`."""
    if "status" not in labels or not _UPPTIME.search(title):
        return None
    return next((label for label in labels if label not in _UPPTIME_LABELS), None)

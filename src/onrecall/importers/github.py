"""GitHub issues.

As the REST API gives them, or
`gh issue list --json number,title,body,labels,state,stateReason,createdAt,closedAt,comments,url`.
"""

import re
from collections.abc import Mapping
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.importers.comments import listed_comments
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import FieldRecord
from onrecall.importers.tags import facets

_URL = re.compile(r"https?://[^/]+/(?P<repository>[^/]+/[^/]+)/(?:issues|pull)/(?P<number>\d+)")


def recognises(values: Mapping[str, Any]) -> bool:
    """By the number, and the times as either of its APIs writes them."""
    return {"number", "title"} <= set(values) and bool({"createdAt", "stateReason", "state_reason"} & set(values))


def parse(record: FieldRecord) -> Incident:
    """Return the incident; cause and fix are sections of the body, or told in the comments."""
    found = _URL.match(record.text("url", "html_url") or "")
    if not found:
        raise Invalid(
            "there is no `url`, and the number alone is not unique; export it too: --json number,url,…", "url"
        )
    record.use("number")
    done = (record.text("stateReason", "state_reason") or "completed").lower() == "completed"
    names = _labels(record)
    facet = facets(names)
    return incident(
        record,
        source="github",
        id=f"{found['repository']}#{found['number']}",
        title=record.text("title"),
        description=record.text("body"),
        started_at=record.time("createdAt", "created_at"),
        resolved_at=record.time("closedAt", "closed_at"),
        service=facet.get("service"),
        environment=facet.get("environment"),
        level=facet.get("severity"),
        state=record.text("state"),
        labels={"labels": ", ".join(names), "repository": found["repository"]},
        cause=facet.get("cause"),
        comments=listed_comments(record, "comments", ("body",), ("createdAt", "created_at")),
        fixed=done,
    )


def _labels(record: FieldRecord) -> list[str]:
    """The names of its labels, which one of its APIs gives as texts."""
    listed = record.values.get("labels")
    if isinstance(listed, list) and all(isinstance(label, str) for label in listed):
        return list(record.words("labels"))
    return [name for row in record.rows("labels") if (name := row.text("name"))]

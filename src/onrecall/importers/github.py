"""GitHub issues.

As the REST API gives them, or
`gh issue list --json number,title,body,labels,state,stateReason,createdAt,closedAt,comments,url`.
"""

import re
from collections.abc import Mapping
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import Record
from onrecall.importers.resolution import closing, sections

_URL = re.compile(r"https?://[^/]+/(?P<repository>[^/]+/[^/]+)/(?:issues|pull)/(?P<number>\d+)")
_LEVEL = re.compile(
    r"(?:sev(?:erity)?|prio(?:rity)?|p)[\s:/_-]*(?:\d|critical|high|medium|low|major|minor)", re.IGNORECASE
)


def recognises(values: Mapping[str, Any]) -> bool:
    """By the number, and the times as either of its APIs writes them."""
    return {"number", "title"} <= set(values) and bool({"createdAt", "stateReason", "state_reason"} & set(values))


def parse(record: Record) -> Incident:
    """The incident; the fix is in a section of the body, or in the comment that closed the issue."""
    found = _URL.match(record.text("url", "html_url") or "")
    if not found:
        raise Invalid(
            "there is no `url`, and the number alone is not unique; export it too: --json number,url,…", "url"
        )
    comments = _comments(record)
    body = record.text("body")
    told = {**sections(body)}
    for comment in comments:
        told |= sections(comment)
    done = (record.text("stateReason", "state_reason") or "completed").lower() == "completed"
    names = [name for row in record.rows("labels") if (name := row.text("name"))]
    return incident(
        record,
        source="github",
        id=f"{found['repository']}#{found['number']}",
        title=record.text("title"),
        description=body,
        started_at=record.time("createdAt", "created_at"),
        resolved_at=record.time("closedAt", "closed_at"),
        level=next((name for name in names if _LEVEL.fullmatch(name)), None),
        state=record.text("state"),
        labels={"labels": ", ".join(names), "repository": found["repository"]},
        root_cause=told.get("root_cause"),
        fix=told.get("fix") or (closing(comments) if done else None),
    )


def _comments(record: Record) -> tuple[str, ...]:
    """The comments; one of its APIs gives only their number."""
    if not isinstance(record.get("comments"), list):
        return ()
    return tuple(said for row in record.rows("comments") if (said := row.text("body")))

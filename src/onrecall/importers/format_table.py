"""The formats there are: how each is recognised and read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Document, Incident
from onrecall.importers import (
    datadog,
    firehydrant,
    github,
    hindsight,
    incident_io,
    incidentos,
    jira,
    native,
    opsgenie,
    pagerduty,
    pagerduty_log,
    ragoffire,
    recallops,
    rootly,
    servicenow,
    slack_export,
    splunk_on_call,
    statuspage,
    zendesk,
)
from onrecall.importers.record import FieldRecord, RecordContext, SkippedRecord, SourceRow

Shape = Literal["json", "csv"]
Rows = Callable[[Iterator[SourceRow | RejectedInput], RecordContext], Iterator[SourceRow | RejectedInput]]
"""Makes the records of a tool out of the rows of its file, where one row is not one incident."""


@dataclass(frozen=True, slots=True)
class Format:
    """One tool's records in one shape; in CSV a record's keys are the names of its columns."""

    name: str
    shape: Shape
    recognises: Callable[[Mapping[str, Any]], bool]
    parse: Callable[[FieldRecord], Incident | Document | SkippedRecord]
    rows: Rows | None = None


TABLE: tuple[Format, ...] = (
    Format("servicenow", "json", servicenow.recognises, servicenow.parse),
    Format("servicenow", "csv", servicenow.recognises, servicenow.parse),
    Format("jira", "json", jira.recognises, jira.parse, jira.rows),
    Format("jira", "csv", jira.recognises_csv, jira.parse_csv),
    Format("pagerduty", "json", pagerduty.recognises, pagerduty.parse),
    Format("pagerduty", "csv", pagerduty.recognises, pagerduty.parse),
    Format("pagerduty", "json", pagerduty_log.recognises, pagerduty_log.parse, pagerduty_log.rows),
    Format("opsgenie", "json", opsgenie.recognises, opsgenie.parse),
    Format("incident.io", "json", incident_io.recognises, incident_io.parse),
    Format("statuspage", "json", statuspage.recognises, statuspage.parse),
    Format("datadog", "json", datadog.recognises, datadog.parse, datadog.rows),
    Format("zendesk", "json", zendesk.recognises, zendesk.parse, zendesk.rows),
    Format("splunk-on-call", "json", splunk_on_call.recognises, splunk_on_call.parse),
    Format("slack", "json", slack_export.recognises, slack_export.parse, slack_export.rows),
    Format("rootly", "json", rootly.recognises, rootly.parse),
    Format("firehydrant", "json", firehydrant.recognises, firehydrant.parse),
    Format("github", "json", github.recognises, github.parse),
    Format("hindsight", "json", hindsight.recognises, hindsight.parse),
    Format("ragoffire", "json", ragoffire.recognises, ragoffire.parse),
    Format("incidentos", "json", incidentos.recognises, incidentos.parse),
    Format("recallops", "json", recallops.recognises, recallops.parse),
    Format("native", "json", native.recognises, native.parse),
)
COLUMNS, MARKDOWN = "columns", "markdown"


def format_names() -> tuple[str, ...]:
    """The names by which a format can be forced."""
    return tuple(dict.fromkeys((*(one.name for one in TABLE), COLUMNS, MARKDOWN)))


def detect(shape: Shape, records: Sequence[Mapping[str, Any]]) -> Format | None:
    """The format that recognises most of the records, the first of those; None: a table that somebody made."""
    votes = [(sum(known.recognises(values) for values in records), known) for known in TABLE if known.shape == shape]
    most, chosen = max(votes, key=lambda vote: vote[0])
    return chosen if most else None


def named(name: str, shape: Shape) -> Format | None:
    """The format of this name in this shape."""
    return next((one for one in TABLE if one.name == name and one.shape == shape), None)

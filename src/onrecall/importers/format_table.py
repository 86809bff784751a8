"""The table of supported formats: how each is recognised and parsed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from onrecall.domain.document import Document
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.importers import (
    datadog,
    firehydrant,
    github,
    gitlab,
    hindsight,
    incident_io,
    incidentos,
    jira,
    mail,
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
    teams,
    zendesk,
)
from onrecall.importers.record import FieldRecord, RecordContext, SkippedRecord, SourceRow

Shape = Literal["json", "csv"]
RowTransform = Callable[[Iterator[SourceRow | RejectedInput], RecordContext], Iterator[SourceRow | RejectedInput]]
"""Converts the rows of a file to one row per incident, for tools where they differ."""


@dataclass(frozen=True, slots=True)
class Format:
    """The records of one tool in one file shape; in CSV a record's keys are its column names."""

    name: str
    shape: Shape
    recognises: Callable[[Mapping[str, Any]], bool]
    parse: Callable[[FieldRecord], Incident | Document | SkippedRecord]
    rows: RowTransform | None = None


FORMATS: tuple[Format, ...] = (
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
    Format("teams", "json", teams.recognises, teams.parse, teams.rows),
    Format("mail", "json", mail.recognises, mail.parse),
    Format("rootly", "json", rootly.recognises, rootly.parse),
    Format("firehydrant", "json", firehydrant.recognises, firehydrant.parse),
    Format("gitlab", "json", gitlab.recognises, gitlab.parse, gitlab.rows),
    Format("github", "json", github.recognises, github.parse),
    Format("hindsight", "json", hindsight.recognises, hindsight.parse),
    Format("ragoffire", "json", ragoffire.recognises, ragoffire.parse),
    Format("incidentos", "json", incidentos.recognises, incidentos.parse),
    Format("recallops", "json", recallops.recognises, recallops.parse),
    Format("native", "json", native.recognises, native.parse),
)
COLUMNS, MARKDOWN = "columns", "markdown"


def format_names() -> tuple[str, ...]:
    """Return the format names that users can force."""
    return tuple(dict.fromkeys((*(entry.name for entry in FORMATS), COLUMNS, MARKDOWN)))


def detect(shape: Shape, records: Sequence[Mapping[str, Any]]) -> Format | None:
    """Return the first format that recognises the most records, or None for a home-made table.

    A tool that recognises half of the records goes before our own JSON, whose field names many tools have too.
    """
    votes = [(sum(entry.recognises(values) for values in records), entry) for entry in FORMATS if entry.shape == shape]
    most, chosen = max(votes, key=lambda vote: (min(vote[0], len(records) / 2), vote[1].name != "native", vote[0]))
    return chosen if most else None


def find_format(name: str, shape: Shape) -> Format | None:
    """Return the format with this name and shape, or None."""
    return next((entry for entry in FORMATS if entry.name == name and entry.shape == shape), None)

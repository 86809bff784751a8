"""What other tools export, in the words of their own documentation, becomes the same nouns."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from importers.reports import report

START = datetime(2024, 1, 31, 9, 30, tzinfo=UTC)
END = datetime(2024, 1, 31, 10, 15, tzinfo=UTC)


def table(header, *rows):
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def read_as(name, shape, data):
    result = report(f"export.{shape}", data if isinstance(data, str) else json.dumps(data))
    assert f"read as {name} " in result.messages_text, result.messages_text
    incident = result.incident()
    assert incident.started_at == START
    return incident


def fixed(incident):
    assert incident.resolution is not None
    assert incident.status == "resolved"
    assert incident.resolved_at == incident.resolution.at == END
    assert incident.resolution.provenance == "imported"
    return incident.resolution


def test_servicenow_with_labels_and_values():
    def pair(display_value, value=None):
        return {"display_value": display_value, "value": value or display_value, "link": "https://x"}

    incident = read_as("servicenow", "json", {"result": [{
        "sys_id": pair("46e18c0f"), "number": pair("INC0010001"), "short_description": pair("Auth is down"),
        "description": pair("503s"), "opened_at": pair("31-01-2024 01:30:00", "2024-01-31 09:30:00"),
        "resolved_at": pair("31-01-2024 02:15:00", "2024-01-31 10:15:00"), "state": pair("Resolved", "6"), "priority": pair("1 - Critical", "1"),
        "cmdb_ci": pair("auth-db", "af12"), "business_service": pair("auth"), "assignment_group": pair("SRE"),
        "close_notes": pair("Root cause: pool exhausted\nResolution:\n1. Restarted pods (did not help)\n2. Raised `kubectl set env deploy/auth POOL=50`"),
    }]})  # fmt: skip
    assert (incident.id, incident.source, incident.source_id) == ("INC0010001", "servicenow", "46e18c0f")
    assert (incident.severity, incident.service, incident.labels["assignment_group"]) == ("critical", "auth", "SRE")
    resolution = fixed(incident)
    assert resolution.root_cause == "pool exhausted"
    assert [(step.outcome, step.command) for step in resolution.steps] == [
        ("did_not_help", None), ("worked", "kubectl set env deploy/auth POOL=50"),
    ]  # fmt: skip


def test_servicenow_csv_with_labels_in_the_header():
    incident = read_as("servicenow", "csv", table(
        ["Number", "Short description", "Opened", "Resolved", "State", "Priority", "Configuration item", "Resolution notes"],
        ["INC0010002", "Disk full", "2024-01-31 09:30:00", "2024-01-31 10:15:00", "Closed", "3 - Moderate", "db-1", "Extended the volume."],
    ))  # fmt: skip
    assert (incident.id, incident.service, incident.severity) == ("INC0010002", "db-1", "medium")
    assert [step.text for step in fixed(incident).steps] == ["Extended the volume."]


def test_servicenow_reopened_has_no_resolution():
    rows = {"result": [{"number": "INC1", "short_description": "x", "opened_at": "2024-01-31 09:30:00", "state": "2",
                        "resolved_at": "2024-01-31 10:15:00", "close_notes": "Restarted it."}]}  # fmt: skip
    incident = read_as("servicenow", "json", rows)
    assert (incident.status, incident.resolution, incident.resolved_at) == ("acknowledged", None, None)


def adf(*content):
    return {"type": "doc", "version": 1, "content": list(content)}


def paragraph(text, **mark):
    return {"type": "paragraph", "content": [{"type": "text", "text": text, **mark}]}


def item(*content):
    return {"type": "listItem", "content": list(content)}


def test_jira_with_documents_and_a_closing_comment():
    heading = {"type": "heading", "attrs": {"level": 3}, "content": [{"type": "text", "text": "Root cause"}]}
    steps = {"type": "orderedList", "content": [
        item(paragraph("Restarted pods, no effect")),
        item(paragraph("Raised the pool"), {"type": "codeBlock", "attrs": {"language": "bash"}, "content": [{"type": "text", "text": "kubectl set env deploy/auth POOL=50"}]}),
    ]}  # fmt: skip
    incident = read_as("jira", "json", {"startAt": 0, "total": 1, "issues": [{
        "id": "10007", "key": "OPS-7", "fields": {
            "summary": "Auth is down", "description": adf(paragraph("503s everywhere"), heading, paragraph("pool exhausted")),
            "created": "2024-01-31T10:30:00.000+0100", "resolutiondate": "2024-01-31T11:15:00.000+0100",
            "status": {"name": "Fertig", "statusCategory": {"key": "done"}}, "priority": {"name": "Highest"}, "resolution": {"name": "Done"},
            "labels": ["auth", "db"], "components": [{"name": "auth"}], "issuetype": {"name": "Incident"}, "environment": None,
            "comment": {"comments": [{"body": adf(paragraph("looking"))}, {"body": adf(paragraph("Fixed it:"), steps)}]},
        },
    }]})  # fmt: skip
    assert (incident.id, incident.source_id, incident.service, incident.severity) == (
        "OPS-7",
        "10007",
        "auth",
        "critical",
    )
    assert incident.labels["labels"] == "auth, db"
    resolution = fixed(incident)
    assert resolution.root_cause == "pool exhausted"
    assert [(step.text, step.command, step.outcome) for step in resolution.steps] == [
        ("Restarted pods, no effect", None, "did_not_help"), ("Raised the pool", "kubectl set env deploy/auth POOL=50", "worked"),
    ]  # fmt: skip


@pytest.mark.parametrize("verdict", ["Won't Do", "Duplicate", "Cannot Reproduce"])
def test_jira_closed_without_a_fix_has_none(verdict):
    incident = read_as("jira", "json", [{"key": "OPS-8", "fields": {
        "summary": "x", "created": "2024-01-31T09:30:00.000+0000", "resolutiondate": "2024-01-31T10:15:00.000+0000",
        "status": {"name": "Done"}, "resolution": {"name": verdict}, "comment": {"comments": [{"body": "Fixed elsewhere"}]}}}])  # fmt: skip
    assert incident.resolution is None


def test_jira_csv_with_columns_that_stand_several_times():
    incident = read_as("jira", "csv", table(
        ["Summary", "Issue key", "Issue id", "Status", "Priority", "Created", "Resolved", "Labels", "Labels", "Comment", "Comment", "Custom field (Root cause)"],
        ["Auth is down", "OPS-7", "10007", "Done", "High", "31/Jan/24 9:30 AM", "31/Jan/24 10:15 AM", "auth", "db", "31/Jan/24 9:40 AM;ann;looking",
         "31/Jan/24 10:15 AM;ann;Rolled back release 41.", "bad release"],
    ))  # fmt: skip
    assert (incident.id, incident.severity, incident.labels["labels"]) == ("OPS-7", "high", "auth, db")
    resolution = fixed(incident)
    assert (resolution.root_cause, resolution.summary) == ("bad release", "Rolled back release 41.")
    assert [step.text for step in resolution.steps] == ["Rolled back release 41."]


def test_pagerduty():
    incident = read_as("pagerduty", "json", {"incidents": [{
        "id": "PT4KHLK", "type": "incident", "incident_number": 1234, "title": "Auth is down", "description": "Auth is down",
        "created_at": "2024-01-31T09:30:00Z", "resolved_at": "2024-01-31T10:15:00Z", "status": "resolved", "incident_key": "auth/503",
        "service": {"id": "PIJ90N7", "summary": "auth"}, "priority": {"summary": "P2"}, "urgency": "high", "teams": [{"summary": "SRE"}],
        "acknowledgements": [{"at": "2024-01-31T09:32:00Z"}], "body": {"details": {"errors": "503", "rate": 0.4}},
        "notes": [{"content": "looking"}, {"content": "Restarted pgbouncer."}],
    }], "limit": 25, "more": False})  # fmt: skip
    assert (incident.id, incident.service, incident.severity, incident.labels["team"]) == (
        "PT4KHLK",
        "auth",
        "high",
        "SRE",
    )
    assert incident.description == "errors: 503\nrate: 0.4"
    assert incident.acknowledged_at == datetime(2024, 1, 31, 9, 32, tzinfo=UTC)
    assert [step.text for step in fixed(incident).steps] == ["Restarted pgbouncer."]


def test_pagerduty_csv():
    incident = read_as("pagerduty", "csv", table(
        ["id", "incident_number", "description", "service_name", "created_on", "resolved_on", "seconds_to_first_ack", "urgency"],
        ["Q1", "9", "Auth is down", "auth", "2024-01-31T09:30:00+00:00", "2024-01-31T10:15:00+00:00", "120", "low"],
    ))  # fmt: skip
    assert (incident.title, incident.service, incident.severity, incident.resolution) == (
        "Auth is down",
        "auth",
        "low",
        None,
    )
    assert incident.acknowledged_at == datetime(2024, 1, 31, 9, 32, tzinfo=UTC)


def test_opsgenie():
    incident = read_as("opsgenie", "json", {"data": [{
        "id": "70413a06", "tinyId": "1791", "alias": "auth-503", "message": "Auth is down", "status": "closed", "acknowledged": True,
        "tags": ["prod"], "createdAt": "2024-01-31T09:30:00Z", "priority": "P1", "entity": "auth", "details": {"environment": "prod"},
        "report": {"ackTime": 60000, "closeTime": 2700000}, "notes": [{"note": "Fixed by restarting pgbouncer."}],
    }], "took": 0.2})  # fmt: skip
    assert (incident.id, incident.service, incident.environment, incident.severity) == (
        "70413a06",
        "auth",
        "prod",
        "critical",
    )
    assert fixed(incident).summary == "Fixed by restarting pgbouncer."


def test_incident_io():
    incident = read_as("incident.io", "json", {"incidents": [{
        "id": "01FDAG4SAP5TYPT98WGR2N7W91", "reference": "INC-123", "name": "Auth is down", "summary": "503s", "permalink": "https://app/123",
        "incident_status": {"category": "closed", "name": "Closed"}, "severity": {"name": "Major", "rank": 2}, "created_at": "2024-01-31T09:45:00Z",
        "incident_timestamp_values": [
            {"incident_timestamp": {"name": "Impact started at"}, "value": {"value": "2024-01-31T09:30:00Z"}},
            {"incident_timestamp": {"name": "Resolved at"}, "value": {"value": "2024-01-31T10:15:00Z"}},
            {"incident_timestamp": {"name": "Closed at"}, "value": None}],
        "custom_field_entries": [
            {"custom_field": {"name": "Affected services"}, "values": [{"value_catalog_entry": {"name": "auth"}}]},
            {"custom_field": {"name": "Root cause"}, "values": [{"value_text": "pool exhausted"}]},
            {"custom_field": {"name": "Resolution"}, "values": [{"value_text": "Raised the pool."}]}],
    }]})  # fmt: skip
    assert (incident.id, incident.service, incident.severity) == ("INC-123", "auth", "high")
    resolution = fixed(incident)
    assert (resolution.root_cause, [step.text for step in resolution.steps]) == ("pool exhausted", ["Raised the pool."])


def test_rootly():
    incident = read_as("rootly", "json", {"data": [{"id": "9f5a", "type": "incidents", "attributes": {
        "title": "Auth is down", "summary": "503s", "status": "resolved", "sequential_id": 7,
        "severity": {"data": {"id": "1", "attributes": {"name": "SEV1"}}}, "services": [{"data": {"attributes": {"name": "auth"}}}],
        "causes": [{"data": {"attributes": {"name": "pool exhausted"}}}], "started_at": "2024-01-31T01:30:00.000-08:00",
        "mitigated_at": "2024-01-31T02:00:00.000-08:00", "resolved_at": "2024-01-31T02:15:00.000-08:00",
        "mitigation_message": "Restarted pods.", "resolution_message": "Raised the pool."}}]})  # fmt: skip
    assert (incident.severity, incident.service) == ("critical", "auth")
    resolution = fixed(incident)
    assert resolution.root_cause == "pool exhausted"
    assert [step.text for step in resolution.steps] == ["Restarted pods.", "Raised the pool."]


def test_firehydrant():
    incident = read_as("firehydrant", "json", {"data": [{
        "id": "c0ffee", "name": "Auth is down", "number": 12, "severity": "SEV2", "current_milestone": "resolved", "labels": {"region": "eu"},
        "created_at": "2024-01-31T09:40:00Z", "services": [{"name": "auth"}], "environments": [{"name": "prod"}],
        "summary": "Root cause: pool exhausted\nResolution: Raised the pool.",
        "milestones": [{"type": "started", "occurred_at": "2024-01-31T09:30:00Z"}, {"type": "resolved", "occurred_at": "2024-01-31T10:15:00Z"}],
    }]})  # fmt: skip
    assert (incident.severity, incident.environment, incident.labels["region"]) == ("high", "prod", "eu")
    assert fixed(incident).root_cause == "pool exhausted"


def test_github_issues():
    incident = read_as("github", "json", [{
        "number": 42, "title": "Auth is down", "body": "503s\n\n## Root cause\npool exhausted", "state": "CLOSED", "stateReason": "COMPLETED",
        "createdAt": "2024-01-31T09:30:00Z", "closedAt": "2024-01-31T10:15:00Z", "url": "https://github.com/acme/ops/issues/42",
        "labels": [{"name": "incident"}, {"name": "sev2"}], "comments": [{"body": "Rolled back the deploy."}],
    }])  # fmt: skip
    assert (incident.id, incident.severity, incident.labels["repository"]) == ("acme/ops#42", "high", "acme/ops")
    assert fixed(incident).summary == "Rolled back the deploy."
    (rejected,) = report(
        "a.json", json.dumps([{"number": 1, "title": "x", "createdAt": "2024-01-31T09:30:00Z"}])
    ).rejected
    assert rejected.field == "url"


def test_recallops():
    incident = read_as("recallops", "json", [{
        "id": "INC-001", "title": "Auth 503", "service": "auth-service", "severity": "critical", "error_logs": ["pool exhausted", "timeout"],
        "root_cause": "pool too small", "fix": "Raise the pool to 50. Restart the service.", "resolution_time": "45 minutes",
        "timestamp": "2024-01-31T09:30:00Z"}])  # fmt: skip
    assert incident.description == "pool exhausted\ntimeout"
    assert [step.text for step in fixed(incident).steps] == ["Raise the pool to 50.", "Restart the service."]


def test_recallops_without_any_time_needs_the_user_to_name_one():
    rows = json.dumps(
        {"incidents": [{"id": "INC-001", "title": "Auth 503", "root_cause": "small", "fix": "Raise it."}]}
    )
    (rejected,) = report("incidents.json", rows).rejected
    assert rejected.field == "started_at"
    incident = report("incidents.json", rows, undated=START).incident()
    assert (incident.started_at, incident.resolution.at) == (START, START)


def test_incidentos_leaves_its_models_words_out():
    incident = read_as("incidentos", "json", [{
        "incident_id": "abc-1", "title": "DB pool at 95%", "description": "p99 6.2s", "status": "resolved", "root_cause": "pool exhausted",
        "mitigation_steps": ["Kill idle sessions", "Raise the pool"], "ai_analysis": "probably the moon", "created_at": "2024-01-31T09:30:00",
        "resolved_at": "2024-01-31T10:15:00"}])  # fmt: skip
    assert [step.text for step in fixed(incident).steps] == ["Kill idle sessions", "Raise the pool"]
    assert "moon" not in repr(incident)


def test_ragoffire():
    incident = read_as("ragoffire", "json", [{
        "incident_id": "INC-2025-001", "title": "Database timeouts", "summary": "slow", "root_cause": "no pool", "impact": "all tenants",
        "resolution_action": "Throttle connections to 30%", "mitigation_metric": "throttle", "mitigation_effectiveness": 0.92,
        "error_type": "database_timeout", "affected_tenant": "acme", "affected_service": "orders", "severity": "critical",
        "date": "2024-01-31T09:30:00Z", "recovery_time_seconds": 2700}])  # fmt: skip
    resolution = fixed(incident)
    assert (resolution.cause, resolution.root_cause, incident.labels["error_type"]) == (
        "database_timeout",
        "no pool",
        "database_timeout",
    )
    assert [step.text for step in resolution.steps] == ["Throttle connections to 30%"]


def test_a_record_of_another_form_among_them_is_rejected_with_its_field():
    good = {"tinyId": "1", "id": "a", "message": "x", "createdAt": "2024-01-31T09:30:00Z"}
    result = report(
        "a.json",
        json.dumps([good, {**good, "id": "b", "message": {"x": 1}}, {"tinyId": "2"}, {**good, "id": "c", "tags": 5}]),
    )
    assert [item.id for item in result.incidents] == ["a"]
    assert [item.field for item in result.rejected] == ["message", "id", "tags"]

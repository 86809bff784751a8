"""Exports of trackers, pagers, status pages and chats: every kind of record becomes the incident that it tells of."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from importers.reports import Report, report
from onrecall.domain.incident import Incident
from onrecall.importers import read


def steps_of(incident: Incident) -> list[tuple[str | None, str]]:
    """The command, or else the text, and the outcome of each step."""
    assert incident.resolution is not None
    return [(step.command or step.text, step.outcome) for step in incident.resolution.steps]


def as_json(value: object, name: str = "export.json") -> Report:
    return report(name, json.dumps(value))


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


STATUS_PAGE = {
    "page": {"id": "pg", "name": "Acme"},
    "incidents": [
        {
            "id": "s7f1",
            "name": "Invoices arrive late",
            "status": "resolved",
            "impact": "minor",
            "created_at": "2026-04-02T08:10:00Z",
            "started_at": "2026-04-02T08:00:00Z",
            "resolved_at": "2026-04-02T09:30:00Z",
            "components": [{"name": "Invoicing"}, {"name": "Mail"}],
            "incident_updates": [
                {"status": "resolved", "body": "This incident has been resolved.", "display_at": "2026-04-02T09:30:00Z"},
                {"status": "identified", "body": "We rolled back the mailer.", "display_at": "2026-04-02T09:00:00Z"},
                {"status": "investigating", "body": "Invoices are late.", "display_at": "2026-04-02T08:10:00Z"},
            ],
        },
        {"id": "m1", "name": "Upgrade", "impact": "maintenance", "scheduled_for": "2026-05-01T00:00:00Z", "incident_updates": []},
    ],
}  # fmt: skip


def test_a_status_page_gives_its_incidents_and_names_planned_work() -> None:
    result = as_json(STATUS_PAGE)
    incident = result.incident()
    assert (incident.id, incident.service, incident.labels["services"]) == ("s7f1", "Invoicing", "Invoicing, Mail")
    assert (incident.started_at, incident.resolved_at) == (at(2026, 4, 2, 8), at(2026, 4, 2, 9, 30))
    assert incident.description == "Invoices are late."
    assert steps_of(incident) == [("We rolled back the mailer.", "worked")]
    assert "skipped: 1 record, planned maintenance" in result.messages_text


def test_datadog_reads_attributes_and_fields_that_a_team_defined() -> None:
    attributes = {
        "public_id": 31,
        "title": "Basket errors",
        "created": "2026-04-02T08:10:00Z",
        "customer_impact_start": "2026-04-02T08:00:00Z",
        "resolved": "2026-04-02T09:00:00Z",
        "customer_impact_scope": "one in ten orders",
        "fields": {
            "severity": {"type": "dropdown", "value": "SEV-1"},
            "services": {"type": "autocomplete", "value": ["basket", "checkout"]},
            "root_cause": {"type": "textbox", "value": "A certificate of the cache had run out"},
            "mood": {"type": "textbox", "value": "grey"},
        },
    }
    result = as_json({"data": [{"type": "incidents", "id": "d-1", "attributes": attributes}]})
    incident = result.incident()
    assert (incident.id, incident.service, incident.severity) == ("d-1", "basket", "critical")
    assert incident.impact == "one in ten orders"
    assert incident.resolution is not None
    assert incident.resolution.root_cause == "A certificate of the cache had run out"
    assert "attributes.fields.mood (1 of 1, e.g. type: textbox)" in result.messages_text


def test_zendesk_knows_custom_fields_by_their_titles_beside_the_tickets() -> None:
    result = as_json({
        "ticket_fields": [{"id": 8, "title": "Root cause"}, {"id": 9, "title": "Weather"}],
        "tickets": [{
            "id": 12, "subject": "Nobody can print", "description": "The queue stands", "status": "closed", "priority": "high",
            "created_at": "2026-04-02T08:00:00Z", "updated_at": "2026-04-03T08:00:00Z", "requester_id": 4, "tags": ["service_print"],
            "custom_fields": [{"id": 8, "value": "A full spool"}, {"id": 9, "value": "rain"}],
            "comments": [{"id": 1, "body": "Restarted cups, no effect", "created_at": "2026-04-02T08:20:00Z"},
                         {"id": 2, "body": "Emptied the spool: `cancel -a`", "created_at": "2026-04-02T08:40:00Z"}],
        }],
        "metric_sets": [{"ticket_id": 12, "solved_at": "2026-04-02T09:00:00Z"}],
    })  # fmt: skip
    incident = result.incident()
    assert (incident.id, incident.service, incident.resolved_at) == ("12", "print", at(2026, 4, 2, 9))
    assert incident.resolution is not None
    assert incident.resolution.root_cause == "A full spool"
    assert steps_of(incident) == [("Restarted cups, no effect", "did_not_help"), ("cancel -a", "worked")]
    assert "Weather (1 of 1, e.g. rain)" in result.messages_text


def test_splunk_on_call_reads_its_transitions() -> None:
    incident = as_json({"incidents": [{
        "incidentNumber": "51", "currentPhase": "RESOLVED", "startTime": "2026-04-02T08:00:00Z", "service": "disk", "host": "n4",
        "entityDisplayName": "Disk &gt; 95 %", "transitions": [
            {"name": "ACKED", "at": "2026-04-02T08:05:00Z", "message": ""},
            {"name": "RESOLVED", "at": "2026-04-02T08:30:00Z", "message": "Deleted the old dumps"}],
    }]}).incident()  # fmt: skip
    assert (incident.id, incident.title, incident.acknowledged_at) == ("51", "Disk > 95 %", at(2026, 4, 2, 8, 5))
    assert steps_of(incident) == [("Deleted the old dumps", "worked")]


def entry(kind: str, clock: str, incident: str = "Q1", **more: object) -> dict[str, object]:
    about = {"id": incident, "title": "Queue of mails grows", "summary": "[#9] Queue"}
    return {
        "id": f"{kind}{clock}",
        "type": f"{kind}_log_entry",
        "created_at": f"2026-04-02T{clock}Z",
        "incident": about,
        **more,
    }


def test_log_entries_of_pagerduty_are_gathered_by_incident() -> None:
    result = as_json({"log_entries": [
        entry("resolve", "09:00:00"),
        entry("annotate", "08:50:00", channel={"type": "note", "content": "Purged the dead letters, queue drains"}),
        entry("acknowledge", "08:05:00"),
        entry("trigger", "08:00:00", service={"summary": "mail"}, channel={"type": "api", "details": {"depth": 900}}),
        entry("annotate", "07:00:00", "Q0", channel={"type": "note", "content": "still looking"}),
    ]})  # fmt: skip
    incident = result.incident()
    assert (incident.id, incident.title, incident.service) == ("Q1", "Queue of mails grows", "mail")
    assert (incident.acknowledged_at, incident.resolved_at) == (at(2026, 4, 2, 8, 5), at(2026, 4, 2, 9))
    assert incident.description == "depth: 900"
    assert steps_of(incident) == [("Purged the dead letters, queue drains", "worked")]
    assert "skipped: 1 record, log entries of an incident whose beginning is not among them" in result.messages_text


def message(ts: str, text: str, **more: object) -> dict[str, object]:
    return {"type": "message", "ts": ts, "user": "U7", "text": text, **more}


def slack_export(folder: Path) -> Path:
    days = {
        "inc-88-search/2026-04-02.json": [
            message("1775116800.000100", "<@U7> joined", subtype="channel_join"),
            message("1775116900.000100", "SEV2: search answers 500 &amp; times out"),
            message("1775117000.000100", "<@U8> restarted the nodes, did not help"),
        ],
        "inc-88-search/2026-04-03.json": [
            message("1775203200.000100", "Rolled back the mapping: ```esctl mapping undo 7```"),
            message("1775203300.000100", "All good, incident resolved. Root cause: the mapping had a typo"),
            message("1775203400.000100", "cake in the kitchen"),
        ],
        "lunch/2026-04-02.json": [message("1775116800.000200", "soup?"), message("1775116801.000200", "yes")],
        "incidents/2026-04-02.json": [
            message("1775116800.000300", "Login page blank", thread_ts="1775116800.000300"),
            message("1775116900.000300", "Purged the CDN, it is fixed now", thread_ts="1775116800.000300"),
            message("1775117000.000300", "thanks all"),
        ],
    }  # fmt: skip
    for name, messages in days.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(messages))
    (folder / "channels.json").write_text(json.dumps([{"id": "C1", "name": "inc-88-search", "created": 1775116000}]))
    return folder


def test_a_channel_of_slack_is_one_incident_over_all_its_days_and_in_others_each_thread_is(tmp_path: Path) -> None:
    result = Report(read(slack_export(tmp_path)))
    assert not result.rejected, result.messages_text
    channel, thread = sorted(result.incidents, key=lambda incident: incident.id)
    assert (channel.id, channel.severity, channel.title) == (
        "inc-88-search",
        "high",
        "SEV2: search answers 500 & times out",
    )
    assert channel.resolution is not None
    assert channel.resolution.root_cause == "the mapping had a typo"
    assert steps_of(channel) == [
        ("restarted the nodes, did not help", "did_not_help"),
        ("esctl mapping undo 7", "worked"),
    ]
    assert "cake" not in str(channel)
    assert "U7" not in str(channel)
    assert (thread.id, thread.title) == ("incidents-1775116800.000300", "Login page blank")
    assert "lunch" in result.messages_text
    assert "people and channels" in result.messages_text


def jira(fields: dict[str, object], **around: object) -> dict[str, object]:
    common = {
        "summary": "Sync loses rows",
        "created": "2026-04-02T08:00:00.000+0000",
        "resolutiondate": "2026-04-02T10:00:00.000+0000",
        "status": {"name": "Done"},
    }
    return {"issues": [{"id": "5", "key": "SY-5", "fields": {**common, **fields}}], **around}


def test_jira_server_has_custom_fields_by_name_and_wiki_markup() -> None:
    result = as_json(jira(
        {"customfield_77": "Two writers held the same lease", "customfield_78": "9", "resolution": {"name": "Fixed"},
         "description": "h3. Fix\n# Stopped the second writer\n{code:bash}\nsystemctl stop sync@2\n{code}\n# Checked the row counts",
         "components": [{"name": "sync"}]},
        names={"customfield_77": "Root Cause", "customfield_78": "Story Points"},
    ))  # fmt: skip
    incident = result.incident()
    assert incident.resolution is not None
    assert incident.resolution.root_cause == "Two writers held the same lease"
    assert [step.text for step in incident.resolution.steps] == ["Stopped the second writer", "Checked the row counts"]
    assert incident.resolution.steps[0].command == "systemctl stop sync@2"
    assert "fields.customfield_78 (1 of 1, e.g. 9)" in result.messages_text


@pytest.mark.parametrize("verdict", ["Duplicate", "Won't Fix", "Fixed", "Done", "Cannot Reproduce"])
def test_a_state_is_no_resolution(verdict: str) -> None:
    rows = f"Summary,Issue id,Status,Resolution,Created,Resolved\nRows lost,7,Closed,{verdict},2/Apr/26 08:00,3/Apr/26 08:00\n"
    incident = report("bugs.csv", rows).incident()
    assert (incident.source, incident.status, incident.resolution) == ("jira", "resolved", None)


def test_all_comments_of_a_jira_table_are_read_and_its_start_is_where_a_column_says_so() -> None:
    incident = report("jira.csv", (
        "Issue key,Issue id,Summary,Status,Created,Resolved,Comment,Comment,Comment,Custom field (Start time)\n"
        'B-1,1,Cart empty,Done,02/Apr/26 8:30 AM,02/Apr/26 10:00 AM,"02/Apr/26 8:40 AM;ab12;Restarted the cart pods, did not help",'
        '"02/Apr/26 9:00 AM;ab12;Failed over to node b: `redis-cli failover`, carts are back",'
        "02/Apr/26 10:00 AM;ab12;Closing.,02/Apr/26 8:05 AM\n"
    )).incident()  # fmt: skip
    assert incident.started_at == at(2026, 4, 2, 8, 5)
    assert steps_of(incident) == [
        ("Restarted the cart pods, did not help", "did_not_help"),
        ("redis-cli failover", "worked"),
    ]
    assert next(moment.at for moment in incident.timeline) == at(2026, 4, 2, 8, 40)


def test_all_comments_of_github_are_read_and_its_labels_say_service_and_severity() -> None:
    incident = as_json([{
        "number": 6, "title": "Badges blank", "url": "https://github.com/acme/site/issues/6", "state": "CLOSED", "stateReason": "COMPLETED",
        "createdAt": "2026-04-02T08:00:00Z", "closedAt": "2026-04-02T10:00:00Z", "body": "All badges are blank",
        "labels": [{"name": "service/badges"}, {"name": "severity:high"}],
        "comments": [{"body": "Purged the cache, no change", "createdAt": "2026-04-02T08:30:00Z"},
                     {"body": "Renewed the token: `badgectl token renew`", "createdAt": "2026-04-02T09:00:00Z"},
                     {"body": "ok", "createdAt": "2026-04-02T09:10:00Z"}],
    }]).incident()  # fmt: skip
    assert (incident.service, incident.severity) == ("badges", "high")
    assert steps_of(incident) == [("Purged the cache, no change", "did_not_help"), ("badgectl token renew", "worked")]


def test_servicenow_reads_journals_and_takes_no_bare_reference_for_a_name() -> None:
    notes = (
        "2026-04-02 09:40:00 - Ann Lee (Work notes)\nRestarted dovecot: `systemctl restart dovecot`, mail flows\n\n"
        "2026-04-02 09:10:00 - Ann Lee (Work notes)\nFlushed the queue, no effect\n\n"
    )
    result = as_json({"result": [{
        "number": "INC7", "short_description": "Mail stands", "opened_at": "2026-04-02 09:00:00", "resolved_at": "2026-04-02 10:00:00",
        "state": "6", "close_notes": "This incident is resolved.", "work_notes": notes,
        "business_service": {"link": "https://x.example/api", "value": "0123456789abcdef0123456789abcdef"},
    }]})  # fmt: skip
    incident = result.incident()
    assert incident.service is None
    assert "not used: business_service" in result.messages_text
    assert steps_of(incident) == [
        ("Flushed the queue, no effect", "did_not_help"),
        ("systemctl restart dovecot", "worked"),
    ]


def test_tags_say_service_severity_environment_and_cause() -> None:
    rows = 'Title,Issue ID,Created At,Labels\nPages blank,4,2026-04-02,"service::pages,severity::2,env: prod,cause/cert-expired,urgent"\n'
    incident = report("gitlab.csv", rows).incident()
    assert (incident.service, incident.severity, incident.environment) == ("pages", "high", "prod")
    assert incident.labels["service"] == "pages"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("1775117400", at(2026, 4, 2, 8, 10)),
        ("1775117400000", at(2026, 4, 2, 8, 10)),
        ("46114.5", at(2026, 4, 2, 12)),
        ("20260402T081000Z", at(2026, 4, 2, 8, 10)),
        ("2026年4月2日 8時10分", at(2026, 4, 2, 8, 10)),
        ("2026年4月2日 下午3:10", at(2026, 4, 2, 15, 10)),
        ("2026년 4월 2일 오전 8시 10분", at(2026, 4, 2, 8, 10)),
    ],
)
def test_a_time_is_read_however_it_is_written(written: str, moment: datetime) -> None:
    assert report("t.csv", f"id,title,started_at\nA,x,{written}\n").incident().started_at == moment


def test_times_that_a_clock_skips_or_has_twice_are_named() -> None:
    rows = "id,title,started_at\nA,x,2026-03-08 02:15\nB,y,2026-11-01 01:15\n"
    messages = report("t.csv", rows, timezone="America/New_York").messages_text
    assert "do not exist in America/New_York" in messages
    assert "occur twice in America/New_York" in messages


@pytest.mark.parametrize(
    ("encoding", "title"), [("shift_jis", "検索が遅い"), ("koi8_r", "Поиск не работает"), ("big5", "搜尋很慢")]
)
def test_bytes_that_are_not_windows_1252_are_refused_with_what_they_could_be(encoding: str, title: str) -> None:
    data = f"id,title,started_at\nA,{title},2026-04-02\n".encode(encoding)
    (refused,) = report("a.csv", data).rejected
    assert refused.field == "encoding"
    assert f"--encoding {encoding}" in refused.message
    assert report("a.csv", data, encoding=encoding).incident().title == title


def test_a_column_cause_is_a_label_where_it_is_short_and_a_root_cause_where_it_is_prose() -> None:
    rows = (
        "id,title,started_at,ended,cause\nA,x,2026-04-02,2026-04-03,expired-cert\n"
        "B,y,2026-04-02,2026-04-03,The certificate had run out because nobody renewed it.\n"
        "C,z,2026-04-02,2026-04-03,unknown\n"
    )
    label, prose, nothing = (incident.resolution for incident in report("c.csv", rows).incidents)
    assert label is not None
    assert prose is not None
    assert (label.cause, prose.cause, nothing) == ("expired-cert", None, None)
    assert prose.root_cause.startswith("The certificate had run out")


def test_an_object_where_a_text_was_expected_is_read_as_text() -> None:
    records = {"x1": {"title": "Lag", "time": "14/08/2026", "root_cause": {"type": "disk", "detail": "bad sector"}}}
    mapped = report("k.json", json.dumps(records), mapping={"resolved_at": "time"}).incident()
    assert mapped.resolution is not None
    assert "bad sector" in mapped.resolution.root_cause

"""Exports of GitLab and of Microsoft Teams, in each form in which they are taken."""

import json

from importers.reports import report

ISSUE = {
    "id": 7001,
    "iid": 64,
    "project_id": 12,
    "title": "Packages can't be uploaded",
    "description": "## Impact\nReleases stopped.\n\n## Root cause\nThe object store's key had expired.",
    "state": "closed",
    "issue_type": "incident",
    "severity": "UNKNOWN",
    "labels": ["incident", "Service::Packages", "severity::2", "env::production"],
    "created_at": "2026-09-01T08:02:00.000Z",
    "closed_at": "2026-09-01T09:40:00.000Z",
    "web_url": "https://git.example/ops/live/-/issues/64",
    "author": {"username": "ro"},
}
NOTES = [
    {"id": 1, "body": "added ~incident label", "system": True, "created_at": "2026-09-01T08:03:00Z"},
    {"id": 2, "body": "Restarted the registry, no effect.", "system": False, "created_at": "2026-09-01T08:20:00Z"},
    {
        "id": 3,
        "body": "Issued a new key with `storectl key renew`, uploads work.",
        "system": False,
        "created_at": "2026-09-01T09:31:00Z",
        "author": {"username": "ro"},
    },
]


def steps(incident):
    return [(step.text, step.command, step.outcome) for step in incident.resolution.steps]


STEPS = [
    ("Restarted the registry, no effect.", None, "did_not_help"),
    ("Issued a new key with `storectl key renew`, uploads work.", "storectl key renew", "worked"),
]


def test_an_issue_of_gitlab_with_its_notes_is_an_incident():
    result = report("issue.json", json.dumps({**ISSUE, "notes": NOTES}))
    incident = result.incident()
    assert (incident.id, incident.source, incident.status) == ("ops/live#64", "gitlab", "resolved")
    assert (incident.service, incident.severity, incident.environment) == ("Packages", "high", "production")
    assert incident.started_at.isoformat() == "2026-09-01T08:02:00+00:00"
    assert incident.resolved_at.isoformat() == "2026-09-01T09:40:00+00:00"
    assert incident.resolution.root_cause == "The object store's key had expired."
    assert incident.impact == "Releases stopped."
    assert steps(incident) == STEPS
    assert [entry.text for entry in incident.timeline] == [text for text, _, _ in STEPS]
    assert "not used" not in result.messages_text


def test_discussions_of_gitlab_hold_the_same_notes():
    threads = [{"id": "d1", "individual_note": False, "notes": NOTES[:2]}, {"id": "d2", "notes": NOTES[2:]}]
    assert steps(report("issue.json", json.dumps({**ISSUE, "discussions": threads})).incident()) == STEPS


def test_the_graphql_api_of_gitlab_names_the_same_in_another_way():
    issue = {
        "iid": "64",
        "title": ISSUE["title"],
        "description": ISSUE["description"],
        "state": "closed",
        "type": "INCIDENT",
        "severity": "HIGH",
        "createdAt": ISSUE["created_at"],
        "closedAt": ISSUE["closed_at"],
        "webUrl": ISSUE["web_url"],
        "labels": {"nodes": [{"title": "Service::Packages"}]},
        "notes": {"nodes": [{"body": n["body"], "system": n["system"], "createdAt": n["created_at"]} for n in NOTES]},
    }
    incident = report("issues.json", json.dumps({"issues": [issue]})).incident()
    assert (incident.id, incident.service, incident.severity) == ("ops/live#64", "Packages", "high")
    assert steps(incident) == STEPS


def test_a_projects_export_of_gitlab_is_read_by_its_lines():
    issue = {
        "iid": 64,
        "title": "Packages can't be uploaded",
        "description": "",
        "state": "closed",
        "created_at": ISSUE["created_at"],
        "closed_at": ISSUE["closed_at"],
        "work_item_type": {"base_type": "incident"},
        "label_links": [{"label": {"title": "Service::Packages"}}],
        "notes": [{"note": n["body"], "system": n["system"], "created_at": n["created_at"]} for n in NOTES],
    }
    task = {**issue, "iid": 65, "work_item_type": {"base_type": "task"}}
    result = report("issues.ndjson", "\n".join(map(json.dumps, (issue, task))))
    incident = result.incident()
    assert (incident.id, incident.service) == ("#64", "Packages")
    assert steps(incident) == STEPS
    assert "tasks, requirements and test cases" in result.messages_text


def test_the_timeline_of_an_incident_in_gitlab_gives_start_end_and_steps():
    events = [
        {
            "note": "Uploads fail",
            "occurred_at": "2026-09-01T07:50:00Z",
            "timeline_event_tags": [{"name": "Start time"}],
        },
        {"note": "Restarted the registry, no effect.", "occurred_at": "2026-09-01T08:20:00Z"},
        {
            "note": "Issued a new key with `storectl key renew`, uploads work.",
            "occurred_at": "2026-09-01T09:31:00Z",
            "timeline_event_tags": [{"name": "Impact mitigated"}],
        },
    ]
    incident = report("issue.json", json.dumps({**ISSUE, "timeline_events": events})).incident()
    assert (incident.started_at.hour, incident.started_at.minute) == (7, 50)
    assert (incident.resolved_at.hour, incident.resolved_at.minute) == (9, 31)
    assert steps(incident) == STEPS


def test_a_duplicate_in_gitlab_has_no_fix():
    notes = [
        *NOTES[1:],
        {"body": "marked this issue as a duplicate of #60", "system": True, "created_at": "2026-09-01T09:39:00Z"},
    ]
    incident = report("issue.json", json.dumps({**ISSUE, "description": "Uploads fail.", "notes": notes})).incident()
    assert incident.resolution is None or all(step.outcome != "worked" for step in incident.resolution.steps)


def message(n, minute, content, *, reply_to=None, subject=None, kind="html"):
    return {
        "id": str(n),
        "replyToId": reply_to and str(reply_to),
        "messageType": "message",
        "createdDateTime": f"2026-09-02T05:{minute:02}:00.000Z",
        "subject": subject,
        "from": {"user": {"id": "u", "displayName": "Ola Nord"}},
        "body": {"contentType": kind, "content": content},
        "attachments": [],
    }


def thread():
    head = message(1, 0, "<p>No ticket can be opened since 05:00</p>", subject="Ticket desk down")
    replies = [
        message(2, 10, "<p><at id='0'>Ola Nord</at> flushed the cache, no effect</p>", reply_to=1),
        message(3, 25, "<p>Root cause: the licence had expired.</p>", reply_to=1),
        message(
            4,
            40,
            "<p>Put in the new licence: <code>deskctl licence add desk.key</code>. Issue resolved.</p>",
            reply_to=1,
        ),
    ]
    return head, replies


def check(incident):
    assert (incident.title, incident.source, incident.status) == ("Ticket desk down", "teams", "resolved")
    assert incident.started_at.isoformat() == "2026-09-02T05:00:00+00:00"
    assert incident.resolved_at.isoformat() == "2026-09-02T05:40:00+00:00"
    assert incident.resolution.root_cause == "the licence had expired."
    outcomes = [(step.command, step.outcome) for step in incident.resolution.steps]
    assert outcomes == [(None, "did_not_help"), ("deskctl licence add desk.key", "worked")]
    assert "Ola" not in repr(incident)


def test_a_channel_of_teams_with_replies_inside_its_messages_gives_the_threads_that_ended():
    head, replies = thread()
    lunch = {**message(9, 50, "<p>Soup today</p>"), "replies": [message(10, 51, "<p>Nice</p>", reply_to=9)]}
    page = {"@odata.context": "https://graph.example/$metadata", "value": [lunch, {**head, "replies": replies}]}
    check(report("Service Desk.json", json.dumps(page)).incident())


def test_messages_and_replies_of_teams_may_stand_in_one_list():
    head, replies = thread()
    gone = {**message(5, 30, "<p>wrong, all is fixed.</p>", reply_to=1), "deletedDateTime": "2026-09-02T05:31:00Z"}
    system = {**message(6, 45, "<systemEventMessage/>"), "messageType": "systemEventMessage"}
    incident = report("desk.json", json.dumps([*replies[::-1], head, gone, system])).incident()
    check(incident)
    assert len(incident.timeline) == 4


def test_a_channel_of_teams_opened_for_one_incident_is_that_incident():
    messages = [
        message(1, 0, "Gate 4 does not open", kind="text"),
        message(2, 20, "Replaced its fuse. All fixed.", kind="text"),
    ]
    incident = report("inc-204-gate.json", json.dumps({"value": messages})).incident()
    assert (incident.id, incident.title) == ("inc-204-gate", "Gate 4 does not open")


def test_cards_of_bots_in_teams_are_read():
    card = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "CRITICAL queue depth 9000"}]}
    bot = {
        **message(1, 0, '<attachment id="x"></attachment>'),
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": json.dumps(card)}],
    }
    over = message(2, 20, "Emptied the queue. Issue resolved.", reply_to=1, kind="text")
    assert report("alerts.json", json.dumps([bot, over])).incident().title == "CRITICAL queue depth 9000"


def test_a_channel_of_teams_without_incidents_says_so():
    result = report("lunch.json", json.dumps({"value": [message(1, 0, "Soup")]}))
    assert not result.incidents
    assert "a channel without incidents" in result.messages_text


def test_emoji_behind_the_last_word_do_not_hide_that_it_is_over():
    rows = [
        {
            "type": "message",
            "user": "U1",
            "text": "registry answers 500",
            "ts": "1788400000.000100",
            "thread_ts": "1788400000.000100",
        },
        {
            "type": "message",
            "user": "U2",
            "text": "restarted it, pulls are fine. fixed :tada: :pray:",
            "ts": "1788400600.000100",
            "thread_ts": "1788400000.000100",
        },
    ]
    assert report("ops.json", json.dumps(rows)).incident().status == "resolved"

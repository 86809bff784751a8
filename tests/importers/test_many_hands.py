"""Forms that one tool, language or habit has: lone names before tasks, tables of steps, ranges in headings, tickets."""

import json

import pytest

from importers.reports import report

HEAD = "# Postmortem: relay down\n\n**Date:** 2026-03-04\n\n## Root cause\nThe disk was full.\n\n"


def owners(page):
    return [(item.text, item.owner) for item in report("p.md", page).incident().action_items]


def steps(incident):
    return [(step.text, step.command, step.outcome) for step in incident.resolution.steps]


def test_a_lone_name_before_a_task_owns_it_where_the_page_lists_the_person():
    page = f"**Responders:** Lou Berg, Marek\n\n{HEAD}## Action items\n- Lou: alert on disks\n- raise the quota\n"
    assert owners(page) == [("alert on disks", "Lou"), ("raise the quota", None)]
    assert owners(page.replace("Lou Berg", "Ann Berg"))[0] == ("Lou: alert on disks", None)


def test_a_service_before_a_task_owns_nothing():
    page = f"**Responders:** Lou, Marek\n\n{HEAD}## Action items\nMarek: raise the quota\nRedis: alert on evictions\n"
    assert owners(page) == [("raise the quota", "Marek"), ("Redis: alert on evictions", None)]


@pytest.mark.parametrize("mark", [":", " –", " -", " to"])
def test_names_before_every_task_own_them(mark):
    page = f"{HEAD}## Action items\n- Petra{mark} write it down\n- Sami{mark} test it every month\n"
    assert owners(page) == [("write it down", "Petra"), ("test it every month", "Sami")]


def test_labels_parted_by_full_stops_and_tickets_beside_states():
    page = f"{HEAD}## Action items\n1. Add an alarm. Owner: jf. Due: 2026-03-06. Priority: High\n2. Test it (OPS-12, done)\n"
    first, second = report("p.md", page).incident().action_items
    assert (first.owner, first.due) == ("jf", "2026-03-06")
    assert "Priority: High" in first.text
    assert (second.text, second.state) == ("Test it (OPS-12)", "done")


def test_a_table_of_steps_names_command_and_result():
    page = (
        f"{HEAD}## Actions taken\n\n| # | Who | Action | Command | Did it help? |\n|---|---|---|---|---|\n"
        "| 1 | Ann | Restarted it | `systemctl restart relay` | no |\n| 2 | Ann | Freed space | `journalctl --vacuum-size=1G` | yes |\n"
    )
    assert steps(report("p.md", page).incident()) == [
        ("Restarted it", "systemctl restart relay", "did_not_help"),
        ("Freed space", "journalctl --vacuum-size=1G", "worked"),
    ]


def test_a_range_in_a_heading_is_start_and_end_and_no_title():
    page = "# Two bad nights\n\n" + "".join(
        f"## 2026-07-{day} 02:10–03:05 UTC: {name}\n\n**Cause:** the disk was full.\n\n"
        for day, name in ((27, "Backup late"), (29, "Mails empty"))
    )
    first, second = report("p.md", page).incidents
    assert (first.title, second.title) == ("Backup late", "Mails empty")
    assert (first.started_at.isoformat(), first.resolved_at.isoformat()) == (
        "2026-07-27T02:10:00+00:00",
        "2026-07-27T03:05:00+00:00",
    )


def test_a_recovery_that_is_a_time_is_the_end_and_no_step():
    incident = report(
        "p.md", f"**Start:** 2026-03-04 08:00 UTC\n\n**Recovery:** 2026-03-04 09:00 UTC\n\n{HEAD}"
    ).incident()
    assert incident.resolved_at.isoformat() == "2026-03-04T09:00:00+00:00"
    assert incident.resolution.steps == ()


@pytest.mark.parametrize(
    ("heading", "outcome"),
    [
        ("Stuff we tried", "did_not_help"),
        ("Unsuccessful attempts", "did_not_help"),
        ("Intentos sin éxito", "did_not_help"),
        ("Erfolglose Maßnahmen", "did_not_help"),
        ("What got us out", "worked"),
        ("Fixed by", "worked"),
    ],
)
def test_headings_by_their_form(heading, outcome):
    incident = report(
        "p.md", f"{HEAD}## {heading}\n- Cleared the spool folder\n- Ran `relayctl reset --all`\n"
    ).incident()
    assert {step.outcome for step in incident.resolution.steps} == {outcome}
    assert [step.command for step in incident.resolution.steps] == [None, "relayctl reset --all"]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("Flushed the queue (postqueue -f)", "postqueue -f"),
        ("Reloaded the table with pg_restore -t tax feb.dump", "pg_restore -t tax feb.dump"),
        ("Restarted it with care", None),
        ("Moved the host (see above)", None),
    ],
)
def test_commands_that_nothing_marks_as_code(line, command):
    incident = report("p.md", f"{HEAD}## Resolution\n- {line}\n").incident()
    assert [step.command for step in incident.resolution.steps] == [command]


def test_opsgenie_incidents_keep_their_impact_and_services():
    alert = {
        "id": "f1",
        "tinyId": "93",
        "message": "Timeouts",
        "status": "closed",
        "createdAt": "2026-06-11T18:00:00Z",
        "impactedServices": ["ads"],
        "impactStartDate": "2026-06-11T17:50:00Z",
        "impactEndDate": "2026-06-11T18:50:00Z",
    }
    incident = report("o.json", json.dumps({"data": [alert]})).incident()
    assert incident.service == "ads"
    assert (incident.started_at.hour, incident.started_at.minute, incident.resolved_at.minute) == (17, 50, 50)


def test_a_ticket_keeps_the_action_items_of_its_description():
    description = (
        "h2. Follow-up\n|| Action || Assignee || Due ||\n| Inode alert | Gesa | 2026-07-16 |\n* (/) Quota - [~mila]"
    )
    fields = {
        "summary": "Printers offline",
        "created": "2026-07-02T06:20:00.000+0000",
        "resolutiondate": "2026-07-02T09:45:00.000+0000",
        "status": {"name": "Done"},
        "description": description,
    }
    incident = report("j.json", json.dumps({"issues": [{"key": "OPS-1", "fields": fields}]})).incident()
    assert [(item.text, item.owner, item.due, item.state) for item in incident.action_items] == [
        ("Inode alert", "Gesa", "2026-07-16", None),
        ("Quota", "mila", None, "done"),
    ]


def test_tasks_of_confluence_and_org_keep_owner_and_due_date():
    page = (
        "<h1>Postmortem: scanners out</h1><p>Date: 2026-08-12</p><h2>Root cause</h2><p>A token expired.</p><h2>Follow-ups</h2>"
        '<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>Rename it <ac:link><ri:user ri:username="bkaya"/>'
        "</ac:link></ac:task-body></ac:task><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>Alert on it "
        '<time datetime="2026-08-28"/></ac:task-body></ac:task></ac:task-list>'
    )
    assert [
        (item.text, item.owner, item.due, item.state) for item in report("c.xhtml", page).incident().action_items
    ] == [
        ("Rename it", "bkaya", None, "done"),
        ("Alert on it", None, "2026-08-28", "open"),
    ]
    org = "#+TITLE: Postmortem: sensors silent\n#+DATE: 2026-04-22\n* Root cause\nA clock jumped.\n* Action items\n** TODO Use NTP\n   DEADLINE: <2026-05-06 Wed>\n"
    assert [item.due for item in report("o.org", org).incident().action_items] == ["2026-05-06"]


def test_a_command_with_words_of_its_own_in_other_languages_is_a_step():
    page = (
        "# Disservizio: portale fermo\n\nIl 9 febbraio 2026 alle 07:30 UTC il portale ha smesso di rispondere. La causa principale è stata un "
        "certificato scaduto. Abbiamo riavviato il nodo, senza effetto. Alle 08:20 UTC abbiamo installato il certificato con "
        "`lbctl cert install a.pem` e il portale è tornato raggiungibile.\n"
    )
    incident = report("p.md", page).incident()
    assert (incident.started_at.hour, incident.resolved_at.hour) == (7, 8)
    assert [step.command for step in incident.resolution.steps if step.outcome == "worked"] == [
        "lbctl cert install a.pem"
    ]
    assert "certificato scaduto" in incident.resolution.root_cause


def test_powershell_keeps_the_line_that_keeps_a_result():
    page = f"{HEAD}## Resolution\n\n```powershell\n$s = New-AzADAppCredential -ApplicationId 4f1c\nSet-AzThing -Value $s.SecretText\n```\n"
    (step,) = report("p.md", page).incident().resolution.steps
    assert step.command.splitlines()[0] == "$s = New-AzADAppCredential -ApplicationId 4f1c"

"""Habits of writers that cost a step, a cause or an owner, or made one up."""

import json

import pytest

from importers.reports import report
from onrecall.importers.postmortem.deeds import reports_action


def steps(incident):
    return [(step.outcome, step.text, step.command) for step in incident.resolution.steps]


def postmortem(body, title="Lift stands still, 2026-05-02"):
    return report("lift.md", f"# {title}\n\n{body}").incident()


CONFLUENCE = """<html><head><title>OPS : Scales show zero</title></head><body>
<h1 id="title-heading">OPS : OPS-77 Scales show zero</h1>
<table><tr><th>Date</th><td>9 May 2026</td></tr><tr><th>Service</th><td>scales</td></tr></table>
<h2>Root cause</h2><p>The calibration file was empty.</p>
<h2>Mitigation and resolution</h2>
<ul><li>08:10 Restarted the scales, no effect</li><li>08:30 Copied the file back:<pre>scalectl calibrate --from backup</pre></li></ul>
<h2>Timeline (UTC)</h2>
<table><tr><th>Time</th><th>Event</th></tr><tr><td>08:02</td><td>Alert</td></tr><tr><td>08:10</td><td>Scales restarted,
errors continue</td></tr><tr><td>08:41</td><td>Resolved</td></tr></table>
<h2>Remediation</h2>
<table><tr><th>Action</th><th>Owner</th><th>Status</th></tr><tr><td>Check the file daily</td><td>Mika</td><td>Open</td></tr></table>
</body></html>"""


def test_action_items_under_remediation_are_no_steps_and_hours_told_twice_are_told_once():
    incident = report("scales.html", CONFLUENCE).incident()
    assert incident.title == "Scales show zero"
    assert [step[:2] for step in steps(incident)] == [
        ("did_not_help", "Restarted the scales, no effect"),
        ("worked", "Copied the file back:"),
    ]
    assert incident.resolution.steps[1].command == "scalectl calibrate --from backup"
    assert [(item.text, item.owner, item.state) for item in incident.action_items] == [
        ("Check the file daily", "Mika", "open")
    ]


def test_a_list_with_tick_boxes_under_remediation_is_of_action_items():
    incident = postmortem(
        "## Root cause\nDust\n\n## Resolution\n- Replaced the fuse\n\n## Remediation\n- [ ] Order spare fuses (Jo)\n- [x] Label the box (Ana)\n"
    )
    assert [item.state for item in incident.action_items] == ["open", "done"]
    assert steps(incident) == [("worked", "Replaced the fuse", None)]


def test_of_a_paragraph_the_code_belongs_to_the_action_that_helped():
    incident = postmortem(
        "## What we did\n\nWe restarted the drive, which helped only for a minute. Then we lowered the load and set it:\n\n"
        "    liftctl load set 400\n"
    )
    assert steps(incident) == [
        ("did_not_help", "We restarted the drive, which helped only for a minute.", None),
        ("worked", "Then we lowered the load and set it:", "liftctl load set 400"),
    ]


def test_code_below_a_summary_belongs_to_the_step_that_announces_it():
    incident = postmortem(
        "## Summary\n\nThe lift stood still because the door sensor was dirty. We restarted the lift, which didn't help, then "
        "cleaned the sensor and reset it:\n\n```sh\nliftctl door reset --floor 3\n```\n\nLooked at the log::\n\n"
        "    liftctl log --tail 20\n"
    )
    assert steps(incident) == [
        ("did_not_help", "We restarted the lift, which didn't help", None),
        ("worked", "cleaned the sensor and reset it:", "liftctl door reset --floor 3"),
    ]
    assert incident.resolution.root_cause == "The lift stood still because the door sensor was dirty."


def test_a_step_does_not_end_with_the_mark_of_a_literal_block():
    incident = postmortem("## Resolution\n\n1. Restarted the drive::\n\n       liftctl drive restart\n")
    assert steps(incident) == [("worked", "Restarted the drive:", "liftctl drive restart")]


def test_an_attempt_under_its_heading_and_in_the_chronology_is_one():
    incident = postmortem(
        "## What did not help\n- Restarting the drive (`liftctl drive restart`)\n\n## Resolution\n- Cleaned the sensor\n\n"
        "## Timeline\n- 09:00 UTC alarm\n- 09:10 UTC restarted the drive, no change\n- 09:40 UTC lift moves again\n"
    )
    assert [step[0] for step in steps(incident)] == ["did_not_help", "worked"]
    assert incident.resolution.steps[0].command == "liftctl drive restart"


def test_what_began_the_outage_by_mistake_is_no_fix_and_says_why():
    incident = postmortem(
        "On 2 May 2026 all lifts stood still. An engineer executed a command that was intended to stop one drive. "
        "Unfortunately, the group was entered incorrectly and all drives were stopped.\n\nBy 10:54 AM PST all lifts were "
        "back to normal. We are making changes as a result of this event.\n"
    )
    assert incident.resolution.root_cause.startswith("Unfortunately, the group was entered incorrectly")
    assert incident.resolution.steps == ()
    assert incident.resolved_at.isoformat() == "2026-05-02T18:54:00+00:00"


@pytest.mark.parametrize(
    ("sentence", "is_action"),
    [
        ("Restored the table that had been accidentally deleted", True),
        ("We re-enabled the rule that was switched off by mistake", True),
        ("Unfortunately, restarting the drive did not help", True),
        ("An engineer deleted the table by mistake", False),
        ("We accidentally stopped all drives", False),
    ],
)
def test_mending_a_mistake_is_an_action_and_making_it_is_none(sentence, is_action):
    assert reports_action(sentence) is is_action


def test_a_public_summary_gives_cause_chronology_and_end():
    incident = postmortem(
        "On 2 May 2026, starting at 14:07 UTC, lifts stood still.\n\n## What went wrong\nA firmware rule was too long.\n\n"
        "## How we responded\nWe identified the rule set as the source. At 15:01 UTC we reverted the firmware.\n\n"
        "| Time (UTC) | What happened |\n|---|---|\n| 14:07 | Impact starts |\n| 15:01 | Firmware reverted |\n"
        "| 15:32 | Impact ends |\n"
    )
    assert incident.resolution.root_cause == "A firmware rule was too long."
    assert [entry.text for entry in incident.timeline][-1] == "Impact ends"
    assert incident.resolved_at.isoformat() == "2026-05-02T15:32:00+00:00"
    assert not any("identified" in text for _, text, _ in steps(incident))


def test_what_went_wrong_beside_what_went_well_is_a_lesson():
    incident = postmortem(
        "## Resolution\n- Fixed it\n\n## What went well\n- Alert\n\n## What went wrong\n- Slow page\n"
    )
    assert incident.resolution.root_cause == ""


def test_facts_in_one_line_and_a_range_with_a_hyphen():
    incident = postmortem("Severity: SEV3. Service: lifts. Duration: 10:20-11:45 UTC.\n\n## Root cause\nDust.\n")
    assert (incident.severity, incident.service) == ("medium", "lifts")
    assert incident.started_at.isoformat() == "2026-05-02T10:20:00+00:00"
    assert incident.resolved_at.isoformat() == "2026-05-02T11:45:00+00:00"


@pytest.mark.parametrize(
    ("written", "started"),
    [
        ("2026-05-02T10:20-07:00", "2026-05-02T17:20:00+00:00"),
        ("2026-05-02 10:20-07:00", "2026-05-02T17:20:00+00:00"),
        ("2026-05-02 07:00-10:30", "2026-05-02T07:00:00+00:00"),
    ],
)
def test_an_offset_stays_an_offset(written, started):
    incident = postmortem(f"**Start:** {written}\n\n## Root cause\nDust.\n")
    assert incident.started_at.isoformat() == started


def test_code_with_the_escapes_of_google_docs_is_code():
    incident = postmortem("# **Recovery** {#recovery}\n\n1. Reset the drive: \\`liftctl drive reset \\-\\-hard\\`\n")
    assert steps(incident) == [
        ("worked", "Reset the drive: `liftctl drive reset --hard`", "liftctl drive reset --hard"),
    ]


def test_a_german_one():
    incident = postmortem(
        "**Betroffene Systeme:** aufzug\n\n## Warum ist es passiert?\nStaub auf dem Sensor.\n\n## Was haben wir getan?\n"
        "1. Aufzug neu gestartet – ohne Erfolg\n2. Sensor gereinigt\n\n## Aufgaben\n| Aufgabe | Wer | Status |\n|---|---|---|\n"
        "| Sensor monatlich reinigen | Haustechnik | erledigt |\n"
    )
    assert [step[0] for step in steps(incident)] == ["did_not_help", "worked"]
    assert [(item.owner, item.state) for item in incident.action_items] == [("Haustechnik", "done")]


def test_a_spanish_one_with_its_front_matter():
    text = (
        "---\ntitle: El ascensor no se mueve\nfecha: 2026-05-02\nservicio: ascensor\nseveridad: alta\n---\n\n"
        "## ¿Por qué pasó?\nEl sensor estaba sucio.\n\n## ¿Cómo lo resolvimos?\n- Limpiamos el sensor\n\n"
        "## ¿Qué intentamos sin éxito?\n- Reiniciar el ascensor\n\n## Tareas pendientes\n- [ ] Limpieza mensual\n"
    )
    incident = report("ascensor.md", text).incident()
    assert (incident.service, incident.severity) == ("ascensor", "high")
    assert [step[0] for step in steps(incident)] == ["did_not_help", "worked"]
    assert incident.action_items[0].text == "Limpieza mensual"


def test_states_behind_a_ticket_and_names_of_two_words():
    incident = postmortem(
        "## Action items\n\n| Action item | Type | Owner | Bug |\n|---|---|---|---|\n| Add spares | fix | ana | Bug 7 **DONE** |\n"
    )
    assert incident.action_items[0].state == "done"
    (item,) = postmortem("## Action items\n- [ ] Order fuses @Dana Wu\n").action_items
    assert (item.text, item.owner) == ("Order fuses", "Dana Wu")


def test_a_state_in_brackets_is_no_owner():
    items = postmortem("## Todo\n- pin the version (open)\n- add a panel (done)\n").action_items
    assert [(item.owner, item.state) for item in items] == [(None, "open"), (None, "done")]


@pytest.mark.parametrize(
    ("date", "reason"),
    [("2026-02-30", "`2026-02-30` is not on the calendar"), ("04/03/2026", "day and month may be either")],
)
def test_a_date_that_cannot_be_read_is_named(date, reason):
    assert reason in report("lift.md", f"# Outage of the lift\n\nDate: {date}\n\n## Root cause\nDust\n").messages_text


def test_a_date_of_something_else_is_not_called_unreadable():
    messages = report("lift.md", "# Outage of the lift\n\nPublished 2026-02-03\n\n## Root cause\nDust\n").messages_text
    assert "not on the calendar" not in messages


def test_a_template_that_somebody_filled_in_is_an_incident():
    front = "---\nname: Post-mortem\nabout: Review\nlabels: postmortem\n---\n"
    filled = report("a.md", f"{front}# Lift down\n\n> Date: 2026-05-02\n\n## Root cause\nDust\n").incident()
    assert filled.resolution.root_cause == "Dust"
    assert "template" in report("b.md", f"{front}# TITLE\n\n> Date:\n\n## Root cause\n").messages_text


def test_cause_and_fix_in_one_line_of_a_note():
    notes = [{"content": "Root cause: bad flag. Resolution: turned it off with `flagctl off lift`", "created_at": None}]
    export = {
        "id": "P1",
        "incident_number": 5,
        "title": "Lift stuck",
        "created_at": "2026-05-02T09:00:00Z",
        "resolved_at": "2026-05-02T10:00:00Z",
        "status": "resolved",
        "urgency": "high",
        "notes": notes,
    }
    incident = report("pd.json", json.dumps({"incidents": [export]})).incident()
    assert incident.resolution.root_cause == "bad flag."
    assert [step.command for step in incident.resolution.steps] == ["flagctl off lift"]


def test_a_step_that_is_a_command_has_it():
    close = {"number": "INC1", "short_description": "Lift", "opened_at": "2026-05-02 09:00:00", "state": "Closed",
             "resolved_at": "2026-05-02 10:00:00", "sys_id": "a", "close_notes": "Fix:\n1. umount -f /mnt/a\n2. Wiped the sensor"}  # fmt: skip
    incident = report("s.json", json.dumps({"result": [close]})).incident()
    assert [step.command for step in incident.resolution.steps] == ["umount -f /mnt/a", None]


def test_a_chronology_announces_a_step_above_its_code_and_says_what_went_on_growing():
    incident = postmortem(
        "*Reported by*: NOC — *Date*: 2 May 2026 — *Severity*: Sev 2\n\n## Timeline\n**09:02 UTC** | Alert\n"
        "**09:10 UTC** | Bounced the drive → queue kept growing\n**09:44 UTC** | Dropped stale calls:\n"
        "```sql\nDELETE FROM calls WHERE stale;\n```\n**09:52 UTC** | Incident closed\n\n## Root cause\nDust.\n"
    )
    assert incident.severity == "high"
    assert [step[0] for step in steps(incident)] == ["did_not_help", "worked"]
    assert incident.resolution.steps[1].command == "DELETE FROM calls WHERE stale;"


def test_a_cell_of_several_lines_is_several_action_items_and_an_arrival_is_no_step():
    incident = postmortem(
        "| Field | Value |\n|---|---|\n| **Root cause** | Dust |\n| **Response** | Kim joined at 16:14 UTC. |\n"
        "| **Recovery** | Cleaned the sensor. |\n| **Corrective actions** | Order spares<br>Clean monthly |\n"
    )
    assert [step[1] for step in steps(incident)] == ["Cleaned the sensor."]
    assert [item.text for item in incident.action_items] == ["Order spares", "Clean monthly"]


def test_an_item_numbered_by_restructuredtext_that_announces_code():
    text = "2026-05-02 Lift down\n====================\n\nRoot cause\n----------\nDust.\n\nResolution\n----------\n"
    text += "#. Reset the drive::\n\n     liftctl drive reset\n"
    assert steps(report("lift.rst", text).incident()) == [("worked", "Reset the drive:", "liftctl drive reset")]


def test_a_zone_of_several_meanings_gives_only_the_date():
    text = "# Codes arrive late\n\nOn 8 April 2026 between 07:55 and 09:20 BST, login codes were delayed by a bug.\n"
    read = report("codes.md", text)
    assert read.incident().started_at.isoformat() == "2026-04-08T00:00:00+00:00"
    assert "times in BST were not read" in read.messages_text


HALYARD = (
    "# Ticket printer jams\n\nDate: 2026-02-03\n\n## Timeline\n- 15:00 UTC printer jams\n"
    "- 10:05 EST replaced the roller\n- 10:20 printer prints\n\n## Root cause\nThe roller was worn.\n"
)


def test_an_ambiguous_zone_behind_a_row_is_that_of_the_place_and_not_of_the_row_above():
    result = report("printer.md", HALYARD, timezone="America/New_York")
    assert [entry.at.strftime("%d %H:%M") for entry in result.incident().timeline] == [
        "03 15:00",
        "03 15:05",
        "03 15:20",
    ]
    assert "EST" not in result.messages_text


def test_an_ambiguous_zone_that_the_place_does_not_use_is_not_read_and_named():
    for place in ("Europe/Berlin", None):
        result = report("printer.md", HALYARD, timezone=place)
        assert result.incident().timeline[1].at is None, place
        assert "times in EST were not read" in result.messages_text, place
    text = "# Codes late\n\nOn 8 April 2026 at 07:55, until 09:20 BST, logins failed.\n\n## Root cause\nA bug.\n"
    labelled = text.replace("On 8 April", "**Start:** 8 April 2026 07:55 BST\n\nOn 8 April")
    for page in (text, labelled):
        london, tokyo = (report("c.md", page, timezone=zone) for zone in ("Europe/London", "Asia/Tokyo"))
        assert (london.incident().started_at.hour, tokyo.incident().started_at.hour) == (6, 0)
        assert "BST" not in london.messages_text
        assert "times in BST were not read" in tokyo.messages_text

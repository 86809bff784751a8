"""Tables as people keep them: without ids, damaged by spreadsheets, with units and ranges, from other countries."""

import json

import pytest

from importers.reports import report
from onrecall.importers import read


def test_a_row_without_an_id_is_known_by_its_content_in_every_import():
    text = (
        "When,What happened,System,How long,Why,What we did\n"
        "2026-05-01 06:00,Gate shut,gates,40 min,Licence ran out,Installed the new licence\n"
        "2026-05-03 06:00,Gate shut,gates,1h,Licence ran out,Installed the new licence\n"
    )
    first, second = report("log.csv", text), report("log.csv", text)
    assert [incident.id for incident in first.incidents] == [incident.id for incident in second.incidents]
    assert len({incident.id for incident in first.incidents}) == 2
    assert "2 records have no id and are known by their title, start and service" in first.messages_text
    gate = first.incidents[0]
    assert (gate.service, gate.resolution.root_cause) == ("gates", "Licence ran out")
    assert (gate.resolved_at - gate.started_at).total_seconds() == 2400
    later = report("log.csv", text.replace("Installed the new licence", "Renewed the licence"))
    assert [incident.id for incident in later.incidents] == [incident.id for incident in first.incidents]


def test_rows_that_cannot_be_told_apart_are_refused_by_name():
    text = "date,title,detail\n2026-05-01 06:00,Gate shut,pier 2\n2026-05-01 06:00,Gate shut,pier 3\n"
    result = report("log.csv", text + "2026-05-01 06:00,,nothing\n")
    assert "the same title, start and service already appears in line 2" in result.messages_text
    assert "there is no `id`" in result.messages_text


def test_what_a_spreadsheet_did_to_a_table_is_said():
    text = (
        "\ufeffTicket Nr;Betreff;Angelegt am;Gelöst am;Dienst;Ursache\r\n"
        "2,6E+11;Kran steht;46146,25;46146,5;kran;Endschalter\r\n"
        "77;Kran steht;########;04.05.2026 08:00;kran;Endschalter\r\n"
        "78;Kran steht;46146,25;46146,5;kran;#NV\r\n"
    )
    result = report("kran.csv", text)
    assert "a spreadsheet rounded the number; format the column as text" in result.messages_text
    assert "the spreadsheet's column was too narrow to show the time" in result.messages_text
    assert "1 cell holds an error of the spreadsheet, such as #N/A" in result.messages_text
    (crane,) = result.incidents
    assert (crane.id, crane.started_at.hour, crane.resolved_at.hour, crane.resolution) == ("78", 6, 12, None)


def test_a_number_of_minutes_and_a_range_of_times_end_an_incident():
    minutes = report("m.csv", "id,title,started,Duration (minutes)\n1,Gate,2026-05-01T06:00:00Z,45\n").incident()
    assert (minutes.resolved_at - minutes.started_at).total_seconds() == 2700
    ranged = report("r.csv", 'id,Name,Date\n1,Gate shut,"May 4, 2026 3:15 PM → 5:40 PM"\n').incident()
    assert (ranged.started_at.hour, ranged.resolved_at.hour, ranged.resolved_at.day) == (15, 17, 4)


def test_html_in_a_cell_that_is_too_deep_to_convert_stays_as_it_is_and_the_table_is_read():
    deep = "<div>" * 250 + "Pier 2 is closed." + "</div>" * 250
    text = f"id,title,started,description\n1,Gate,2026-05-01,{deep}\n2,Lift,2026-05-02,<p>Lift <b>stuck</b></p>\n"
    gate, lift = report("gates.csv", text).incidents
    assert (gate.description, lift.description) == (deep, "Lift **stuck**")


@pytest.mark.parametrize(
    ("cell", "is_html"),
    [
        ("<p>Gate</p>", True),
        (" <BR/> Gate <img src=x> ", True),
        ("<p>Gate <b", False),
        ("<p>", False),
        ("<p>Gate</p> shut", False),
        ("<p>2 > 1 < 3 >", False),
        ("<p>1 </ 3 <i a>", True),
        ("<pier>Gate</pier>", False),
        ("<p><p> >", False),
    ],
)
def test_a_cell_is_html_if_it_begins_with_an_element_and_ends_with_a_tag(cell, is_html):
    (gate,) = report("gates.csv", f"id,title,started,description\n1,Gate,2026-05-01,{cell}\n").incidents
    assert (gate.description != cell.strip()) is is_html


def test_a_zone_at_one_end_of_a_range_counts_for_both():
    for written in (
        "May 4, 2026 3:15 PM (EDT) → 5:40 PM",
        "May 4, 2026 3:15 PM → 5:40 PM (EDT)",
        "2026-05-04T15:15:00.000-04:00 → 2026-05-04 17:40",
    ):
        ranged = report("r.csv", f'id,Name,Date\n1,Gate shut,"{written}"\n').incident()
        assert (ranged.started_at.hour, ranged.resolved_at.hour) == (19, 21), written


def test_fields_of_a_team_within_an_object_are_read_and_a_description_in_html_is_text():
    ticket = {
        "id": 9,
        "subject": "Gate shut",
        "description": "<div>Pier 2 is <b>closed</b>.</div>",
        "created_at": "2026-05-01T06:00:00Z",
        "custom_fields": {"root_cause": "licence ran out", "resolution_notes": "Installed the licence"},
        "stats": {"resolved_at": "2026-05-01T07:00:00Z"},
    }
    gate = report("tickets.json", json.dumps({"tickets": [ticket]})).incident()
    assert (gate.description, gate.resolution.root_cause) == ("Pier 2 is **closed**.", "licence ran out")
    assert [step.text for step in gate.resolution.steps] == ["Installed the licence"]


def test_github_issues_of_the_rest_api_are_known_by_their_address_and_pull_requests_are_left_out():
    issues = [
        {
            "html_url": f"https://github.com/ferry/status/{kind}/{number}",
            "id": 100 + number,
            "number": number,
            "title": "🛑 Booking is down",
            "labels": [{"name": "status"}, {"name": "booking"}],
            "state": "closed",
            "created_at": "2026-05-01T06:00:00Z",
            "closed_at": "2026-05-01T06:20:00Z",
            "body": "Booking was down",
            "pull_request": pull,
        }
        for number, kind, pull in ((1, "issues", None), (2, "issues", None), (3, "pull", {"url": "x"}))
    ]
    result = report("issues.json", json.dumps(issues))
    assert [(incident.id, incident.service) for incident in result.incidents] == [
        ("ferry/status#1", "booking"),
        ("ferry/status#2", "booking"),
    ]
    assert "skipped: 1 record, pull requests" in result.messages_text


def test_a_category_of_causes_is_the_label_and_not_the_cause():
    incident = {
        "id": "01F", "reference": "INC-9", "name": "Gate shut", "created_at": "2026-05-01T06:00:00Z",
        "summary": "**Cause**: the licence ran out\n**Fix**: installed the new one", "incident_status": {"category": "closed"},
        "custom_field_entries": [
            {"custom_field": {"name": "Root cause category"}, "values": [{"value_option": {"value": "Licences"}}]}
        ],
        "incident_timestamp_values": [
            {"incident_timestamp": {"name": "Resolved at"}, "value": {"value": "2026-05-01T07:00:00Z"}}
        ],
    }  # fmt: skip
    resolution = report("io.json", json.dumps({"incidents": [incident]})).incident().resolution
    assert (resolution.root_cause, resolution.cause) == ("the licence ran out", "Licences")


def test_the_table_of_a_notion_database_is_left_out_beside_its_pages(tmp_path):
    mark = "0123456789abcdef0123456789abcdef"
    (tmp_path / f"Incidents {mark}.csv").write_text('Name,Date\nGate shut,"May 4, 2026"\n', encoding="utf-8")
    pages = tmp_path / f"Incidents {mark}"
    pages.mkdir()
    (pages / f"Gate shut {mark}.md").write_text(
        "# Gate shut\n\nDate: May 4, 2026 3:15 PM → 5:40 PM\nRoot cause: the licence ran out\n", encoding="utf-8"
    )
    items = list(read(tmp_path))
    assert [type(item).__name__ for item in items if not str(type(item)).count("Note")] == ["Document", "Incident"]
    assert any("the table of a Notion database, whose 1 page is read" in str(item) for item in items)


def test_two_blocks_of_code_with_then_between_them_are_one_step():
    comment = "2026-05-01 06:10;u1;Scaled to 0 and back: {code}kubectl scale deploy/gate --replicas=0{code} then {code}kubectl scale deploy/gate --replicas=2{code}"
    later = "2026-05-01 06:40;u1;Deployed 4.1.2 which renews the licence."
    header = "Summary,Issue key,Created,Resolved,Resolution,Comment,Comment"
    gate = report(
        "jira.csv", f"{header}\nGate shut,G-1,2026-05-01 06:00,2026-05-01 07:00,Done,{comment},{later}\n"
    ).incident()
    assert [step.command for step in gate.resolution.steps] == [
        "kubectl scale deploy/gate --replicas=0\nkubectl scale deploy/gate --replicas=2",
        None,
    ]


def test_an_update_that_names_what_was_identified_gives_the_cause():
    def page(body):
        updates = [
            {"status": "resolved", "body": "This incident has been resolved.", "created_at": "2026-05-01T07:00:00Z"},
            {"status": "identified", "body": body, "created_at": "2026-05-01T06:20:00Z"},
        ]
        incident = {
            "id": "k1",
            "name": "Gate shut",
            "status": "resolved",
            "created_at": "2026-05-01T06:00:00Z",
            "incident_updates": updates,
        }
        return report(
            "incidents.json", json.dumps({"incidents": [{**incident, "resolved_at": "2026-05-01T07:00:00Z"}]})
        ).incident()

    named = page("The issue has been identified as an expired licence. We are renewing it.")
    assert named.resolution.root_cause == "The issue has been identified as an expired licence."
    unnamed = page("The issue has been identified and a fix is being implemented.")
    assert unnamed.resolution is None or not unnamed.resolution.root_cause


def test_resolved_in_front_matter_may_be_a_time():
    text = "---\ndate: 2026-05-01T06:00:00Z\nresolved: 2026-05-01 07:30 CEST\nservice: gate\n---\n# Gate shut\n\n## Root cause\nLicence.\n"
    assert report("gate.md", text).incident().resolved_at.isoformat() == "2026-05-01T05:30:00+00:00"


def test_dates_and_times_of_day_in_columns_of_their_own_are_joined():
    gate = report("a.csv", "id,title,Date,Start,End\n1,Gate shut,2026-05-01,06:10,06:50\n").incident()
    assert (gate.started_at.isoformat(), gate.resolved_at.isoformat()) == (
        "2026-05-01T06:10:00+00:00",
        "2026-05-01T06:50:00+00:00",
    )
    gate = report(
        "b.csv", "id,title,incident_date,reported_time,duration_hours\n1,Gate shut,2026-05-01,06:10,1.5\n"
    ).incident()
    assert (gate.started_at.hour, gate.resolved_at.strftime("%H:%M")) == (6, "07:40")
    gate = report("c.csv", "id,title,started_at,Ended\n1,Gate shut,2026-05-01 06:10,06:50\n").incident()
    assert (gate.resolved_at - gate.started_at).total_seconds() == 2400
    gate = report("d.csv", "id,title,started_at,Duration\n1,Gate shut,2026-05-01 06:10,1:30\n").incident()
    assert (gate.resolved_at - gate.started_at).total_seconds() == 5400

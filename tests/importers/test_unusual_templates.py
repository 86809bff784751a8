"""Postmortems in templates that gave a field too few or a wrong one."""

import pytest

from importers.reports import report


def postmortem(body, name="gates.md"):
    return report(name, body).incident()


def test_dated_paragraphs_of_an_availability_report_are_incidents_with_the_year_of_its_title():
    page = """# Availability report: May 2026

**May 04 06:10 UTC (lasting 40 minutes)**

On May 4, between 06:10 and 06:50 UTC, no gate at pier 2 opened. The root cause was a licence that ran out. We installed
the new licence.

**May 09 11:00 UTC (lasting 1 hour)**

On May 9, between 11:00 and 12:00 UTC, bookings failed with HTTP 503. This was due to a full disk. We deleted old dumps.
"""
    first, second = report("may.md", page).incidents
    assert (first.title, second.title) == ("No gate at pier 2 opened", "Bookings failed with HTTP 503")
    assert (first.started_at.isoformat(), first.resolved_at.hour) == ("2026-05-04T06:10:00+00:00", 6)
    assert second.started_at.isoformat() == "2026-05-09T11:00:00+00:00"
    assert first.resolution.steps[0].text == "We installed the new licence."


def test_a_page_that_is_one_table_is_titled_by_its_row():
    page = """| Retrospective | |
|---|---|
| **Incident** | INC-40 – Gates stay shut |
| **Started** | 2026-05-04 06:10 (UTC+2) |
| **Ended** | 2026-05-04 06:50 (UTC+2) |
| **Root cause** | The licence ran out |
"""
    gates = postmortem(page)
    assert (gates.title, gates.started_at.hour) == ("Gates stay shut", 4)


def test_facts_with_pictures_between_bars_and_owners_in_front_are_read():
    page = """# 🔥 Post-mortem – Gates stay shut

📅 2026-05-04 | 🚨 Sev 1 | 🧩 Component: gates

### Root cause
The licence ran out.

### TODO
- [ ] @ann alert on licences
- [x] @bo renew yearly
"""
    gates = postmortem(page)
    assert (gates.service, gates.severity, gates.started_at.date().isoformat()) == ("gates", "critical", "2026-05-04")
    assert [(item.text, item.owner, item.state) for item in gates.action_items] == [
        ("alert on licences", "ann", "open"),
        ("renew yearly", "bo", "done"),
    ]


def test_french_hours_and_degrees_and_japanese_owners_are_read():
    french = postmortem(
        "# Compte rendu d'incident – Portes fermées\n\n- **Date :** 4 mai 2026\n- **Début :** 6 h 10\n- **Fin :** 6 h 50\n"
        "- **Service touché :** portes\n- **Gravité :** majeure\n\n## Cause racine\nLa licence avait expiré.\n"
    )
    assert (french.started_at.minute, french.resolved_at.minute, french.service, french.severity) == (
        10,
        50,
        "portes",
        "high",
    )
    japanese = postmortem(
        "# 障害報告書：ゲート停止\n\n- 発生日時：2026年5月4日 06:10\n\n## 原因\nライセンス切れ。\n\n## 再発防止策\n- 監視を追加する（担当：田中）\n"
    )
    assert [(item.text, item.owner) for item in japanese.action_items] == [("監視を追加する", "田中")]


def test_a_table_pasted_with_tabs_has_columns():
    page = """Postmortem #4: Gates stay shut

Date: 2026-05-04
Root Causes: The licence ran out.

Action Items:
Action Item\tType\tOwner\tBug
Alert on licences\tdetect\tann\tn/a DONE
Renew yearly\tprevent\tbo\tBug 12 TODO
"""
    assert [(item.text, item.owner, item.state) for item in postmortem(page, "gates.txt").action_items] == [
        ("Alert on licences", "ann", "done"),
        ("Renew yearly", "bo", "open"),
    ]


def test_a_table_of_google_docs_without_header_cells_has_a_header_and_status_macros_keep_their_words():
    table = "<table><tr><td>Action</td><td>Owner</td><td>Status</td></tr><tr><td>Alert on licences</td><td>Ann</td><td>Open</td></tr></table>"
    page = f"<html><body><p>Postmortem: Gates shut</p><p>Date: 2026-05-04</p><h1>Root cause</h1><p>Licence.</p><h1>Action items</h1>{table}</body></html>"
    (item,) = postmortem(page, "gates.html").action_items
    assert (item.text, item.owner, item.state) == ("Alert on licences", "Ann", "open")
    macro = (
        '<ac:structured-macro ac:name="details"><ac:rich-text-body><table><tr><th>Date</th><td>2026-05-04</td></tr>'
        '<tr><th>Severity</th><td><ac:structured-macro ac:name="status"><ac:parameter ac:name="title">SEV1</ac:parameter>'
        "</ac:structured-macro></td></tr></table></ac:rich-text-body></ac:structured-macro><h2>Root cause</h2><p>Licence.</p>"
    )
    assert postmortem(f"<h1>PIR – Gates shut</h1>{macro}", "gates.xhtml").severity == "critical"


def test_prose_without_headings_in_a_text_file_is_a_postmortem():
    text = (
        "Summary of the gate event at pier 2\n\nWe would like to explain the service disruption of May 4th, 2026.\n\n"
        "The ticket gates were down for most of the morning and nobody could board. The root cause was a licence that ran out at "
        "midnight. We installed the new licence and the gates opened again. We now watch all licences.\n"
    )
    gates = postmortem(text, "event.txt")
    assert gates.started_at.date().isoformat() == "2026-05-04"
    assert "licence that ran out" in gates.resolution.root_cause


@pytest.mark.parametrize(
    ("step", "command"),
    [
        ("Set the clock: chronyc makestep", "chronyc makestep"),
        (
            "Created the index: psql -c 'CREATE INDEX ON seats (row)' -> fast again",
            "psql -c 'CREATE INDEX ON seats (row)'",
        ),
        ("Restarted it: systemctl restart gates on host 3", None),
        ("Told everybody: make sure that nobody restarts it", None),
    ],
)
def test_a_command_behind_a_colon_needs_no_marks_where_its_end_is_plain(step, command):
    page = f"# Gates shut, 2026-05-04\n\n## Root cause\nClock.\n\n## Resolution\n- {step}\n"
    assert postmortem(page).resolution.steps[0].command == command


def test_a_time_without_a_zone_has_that_of_the_row_above():
    page = (
        "# Gates shut\n\n## Timeline\n\n### 2026-05-04 16:22 PST\nGates shut.\n\n### 16:40\nLooked at logs.\n\n"
        "### 17:21 PST\nService is restored.\n\n## Root cause\nLicence.\n"
    )
    gates = postmortem(page)
    assert [entry.at.strftime("%d %H:%M") for entry in gates.timeline] == ["05 00:22", "05 00:40", "05 01:21"]


def test_a_zone_counts_with_the_offset_that_the_page_gives_it_and_normal_again_is_the_end():
    page = (
        "# Gates shut, 2026-07-30\n\n## Timeline\nAll times in PST (UTC-7)\n\n### 11:20\nGates shut.\n\n### 15:11\n"
        "Gates are back to 100 %, even though they seem slow.\n\n## Root cause\nLicence.\n"
    )
    gates = postmortem(page)
    assert (gates.started_at.hour, gates.resolved_at.strftime("%H:%M")) == (18, "22:11")


def test_the_end_of_a_word_is_no_time_zone():
    page = (
        "# Gates shut\n\nDate: 2026-05-04\nStart: 2026-05-04 06:10 UTC\n\n## Summary\nGates time out and times vary; a request "
        "fails against pier 2.\n\n## Timeline\n- 06:10 gates shut\n- 06:50 resolved\n\n## Root cause\nLicence.\n"
    )
    result = report("gates.md", page)
    assert result.incident().resolved_at.hour == 6
    assert "times in" not in result.messages_text.replace("times in postmortems", "")


def test_an_ambiguous_zone_behind_a_range_leaves_the_date_alone():
    result = report("gates.md", "# Gates shut\n\n**When:** 2 June 2026 14:05–15:40 BST\n\n## Root cause\nLicence.\n")
    gates = result.incident()
    assert (gates.started_at.isoformat(), gates.resolved_at) == ("2026-06-02T00:00:00+00:00", None)
    assert "times in BST were not read" in result.messages_text

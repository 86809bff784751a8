"""Forms of pages from which no incident came, or one without what its page says."""

import pytest

from importers.reports import report
from onrecall.importers.postmortem.deeds import detect_outcome, reports_action


def steps(incident, outcome="worked"):
    return [(step.text, step.command) for step in incident.resolution.steps if step.outcome == outcome]


def times(incident):
    return incident.started_at.isoformat(), incident.resolved_at and incident.resolved_at.isoformat()


ISSUE = """---
title: 🛑 Forum is down
labels: status, forum
created: 2026-04-03T22:14:05Z
closed: {closed}
---
In [`77aa`](https://github.com/o/r/commit/77aa), Forum (https://forum.example) was **down**:
- HTTP code: 502
"""


def test_an_issue_of_a_status_page_on_a_tracker_is_an_incident():
    over = report("forum.md", ISSUE.format(closed="2026-04-03T23:02:45Z")).incident()
    assert times(over) == ("2026-04-03T22:14:05+00:00", "2026-04-03T23:02:45+00:00")
    assert over.title == "Forum is down"
    lasting = report("forum.md", ISSUE.format(closed="")).incident()
    assert (lasting.status, lasting.resolved_at) == ("open", None)


UPDATES = """# Exports are late

## Resolved
This incident has been resolved.
Posted Feb 11, 2026 - 19:47 UTC

## Monitoring
We've restarted the export workers and the queue is draining.
Posted Feb 11, 2026 - 18:20 UTC

## Investigating
Exports take hours.
Posted Feb 11, 2026 - 16:03 UTC

This incident affected: Exports (CSV).
"""


def test_updates_under_their_states_are_the_chronology():
    incident = report("exports.md", UPDATES).incident()
    assert times(incident) == ("2026-02-11T16:03:00+00:00", "2026-02-11T19:47:00+00:00")
    assert incident.service == "Exports"
    assert [text for text, _ in steps(incident)] == ["We've restarted the export workers and the queue is draining."]
    assert [entry.text.split(":")[0] for entry in incident.timeline] == ["Investigating", "Monitoring", "Resolved"]


PROSE = """# How we lost the mail gateway on 9 September 2026

On 9 September 2026 at 04:25 UTC no one could send mail. We restarted the gateway, which changed nothing. The root \
cause was an expired relay password. At 05:10 UTC we rotated it with `gatectl secret rotate` and mail flowed again.
"""


def test_prose_with_its_date_in_the_title_is_an_incident():
    incident = report("gateway.md", PROSE).incident()
    assert times(incident)[0] == "2026-09-09T04:25:00+00:00"
    assert incident.lines["started_at"] == 3
    assert incident.resolution.root_cause == "The root cause was an expired relay password."
    assert [command for _, command in steps(incident)] == ["gatectl secret rotate"]
    assert steps(incident, "did_not_help") == [("We restarted the gateway, which changed nothing.", None)]


def test_prose_that_tells_people_what_to_do_is_none_although_its_title_has_a_date():
    text = "# Mail gateway, as of 9 September 2026\n\nCheck the queue first. Restart the gateway if it is stuck.\n"
    result = report("gateway.md", text)
    assert (result.incidents, [document.kind for document in result.documents]) == ([], ["runbook"])


@pytest.mark.parametrize("lead", ["", "🕐 ", "⏱️ "])
@pytest.mark.parametrize(
    ("when", "ended"),
    [
        ("2026-01-31 23:30 – 23:55 UTC", "2026-01-31T23:55"),
        ("2026-01-31 23:30 – 2026-02-01 00:20 UTC", "2026-02-01T00:20"),
    ],
)
def test_a_span_behind_when_gives_start_and_end(lead, when, ended):
    text = f"# Stock levels wrong\n\n{lead}**When:** {when}\n\n## Why it happened\nTwo importers wrote at once.\n"
    start, end = times(report("stock.md", text).incident())
    assert start == "2026-01-31T23:30:00+00:00"
    assert end.startswith(ended)


def test_facts_behind_full_width_colons_are_read():
    text = "# 障害報告書：検索が遅い\n\n- 発生日時：2026年7月2日 08:05 (JST)\n- 復旧日時：2026年7月2日 09:40 (JST)\n- サービス：search-api\n- 重大度：中\n"
    text += "\n## 原因\nキャッシュが無効だった。\n"
    incident = report("search.md", text).incident()
    assert times(incident) == ("2026-07-01T23:05:00+00:00", "2026-07-02T00:40:00+00:00")
    assert (incident.title, incident.service, incident.severity) == ("検索が遅い", "search-api", "medium")


LOG = """# Year in outages

| Date | Incident | System | Root cause | Fix |
|---|---|---|---|---|
| 2026-03-14 | Tape robot jams | vault | Worn belt | Replaced the belt |
| 2026-05-30 | Tape index lost | vault | Full disk | Ran `tapectl index rebuild` |
"""


def test_each_row_of_a_table_of_incidents_is_one():
    jam, index = report("year.md", LOG).incidents
    assert (jam.title, times(jam)[0][:10], jam.service) == ("Tape robot jams", "2026-03-14", "vault")
    assert (jam.resolution.root_cause, steps(jam)) == ("Worn belt", [("Replaced the belt", None)])
    assert (index.title, index.lines["root_cause"]) == ("Tape index lost", 6)
    assert steps(index) == [("Ran `tapectl index rebuild`", "tapectl index rebuild")]
    assert jam.id != index.id


@pytest.mark.parametrize(
    "table",
    [
        "| Date | Event | Owner |\n|---|---|---|\n| 2026-03-14 | Disk filled | Bo |\n| 2026-03-15 | Disk replaced | Bo |\n",
        "| Incident | Root cause | Fix |\n|---|---|---|\n| Jam | Belt | Replaced it |\n| Lost | Disk | Rebuilt it |\n",
    ],
)
def test_a_chronology_and_a_table_without_dates_are_no_tables_of_incidents(table):
    text = f"# Postmortem: Tape robot\n\nDate: 2026-03-14\n\n## Root cause\nWorn belt\n\n## Notes\n\n{table}"
    assert report("tape.md", text).incident().title == "Tape robot"


LISTED = """# PM-9: Invoices doubled

- Facts
  - Date: 2026-08-17
  - Service: invoicer
- Root cause
  - The retry had no key
- Resolution
  1. Paused retries
     ```sh
     invctl retries off
     ```
  2. Deleted the doubles
- Did not help
  - Restart of invoicer
- Action items
  - Add a key (Uma, open)
"""


def test_a_page_that_is_one_nested_list_is_read_like_one_with_headings():
    incident = report("invoices.md", LISTED).incident()
    assert (times(incident)[0][:10], incident.service) == ("2026-08-17", "invoicer")
    assert incident.resolution.root_cause == "The retry had no key"
    assert steps(incident) == [("Paused retries", "invctl retries off"), ("Deleted the doubles", None)]
    assert steps(incident, "did_not_help") == [("Restart of invoicer", None)]
    assert len(incident.action_items) == 1
    assert incident.lines["root_cause"] == 7


def test_groups_within_a_list_of_actions_open_no_sections():
    text = "# Postmortem: Doubles\n\nDate: 2026-08-17\n\n## Root cause\nNo key\n\n## Action items\n"
    text += "- Detection\n  - Alert on doubles\n- Mitigation\n  - Write a runbook\n"
    incident = report("doubles.md", text).incident()
    assert incident.resolution.steps == ()
    assert incident.detection is None


def test_front_matter_gives_the_root_cause():
    text = "---\ntitle: Prices stale\nstart_time: 2026-02-02T10:00:00Z\nroot_cause: Cron ran as the wrong user\n---\n\n## Fix\n1. Fixed the user\n"
    result = report("prices.md", text)
    assert result.incident().resolution.root_cause == "Cron ran as the wrong user"
    assert "not used" not in result.messages_text


@pytest.mark.parametrize("label", ["Resolve time", "Resolved", "Date resolved", "Recovery time"])
def test_labels_of_the_end(label):
    text = f"# Postmortem: Lamp\n\n**Start time:** 3 May 2026, 11:00 UTC\n**{label}:** 3 May 2026, 11:42 UTC\n\n## Root cause\nFuse\n"
    assert times(report("lamp.md", text).incident())[1] == "2026-05-03T11:42:00+00:00"


def test_tasks_below_the_action_items_of_an_org_file_are_action_items():
    text = "#+TITLE: Map tiles missing\n#+DATE: <2026-06-05 Fri>\n* Root cause\nWrong bucket\n* Action items\n"
    items = report("tiles.org", text + "** TODO Check the bucket\n** DONE [#A] Keep a copy\n").incident().action_items
    assert [(item.text, item.state) for item in items] == [("Check the bucket", "open"), ("Keep a copy", "done")]
    assert [item.line for item in items] == [6, 7]
    given_up = report("tiles.org", text + "** CANCELLED Buy a CDN\n** STARTED Sign tiles\n").incident().action_items
    assert [(item.text, item.state) for item in given_up] == [("Buy a CDN", "cancelled"), ("Sign tiles", "in progress")]
    level = report("tiles.org", text + "* TODO Check the bucket\n* Impact\nNo maps\n").incident()
    assert (len(level.action_items), level.impact) == (1, "No maps")


@pytest.mark.parametrize(
    "head",
    [
        "# Incident Report IR-2031-007\n\n## 1. Incident title\nLathe loses its zero\n\n## 2. Date\n2026-06-18\n",
        "## Blameless Postmortem\n\n**Title** Lathe loses its zero\n**Date of incident** 18-Jun-2026\n",
    ],
)
def test_a_heading_that_says_only_that_it_is_a_report_leaves_the_title_to_its_label(head):
    incident = report("lathe.md", head + "\n## Root cause\nLoose encoder\n").incident()
    assert (incident.title, times(incident)[0][:10]) == ("Lathe loses its zero", "2026-06-18")


def test_a_line_of_facts_in_italics_is_read():
    text = "# What happened to the till?\n\n*Outage on May 4, 2026, sev1, service: till-sync*\n\n## Why did it happen?\nClock drift\n"
    text += "\n## What will we do about it?\n- Watch the drift\n"
    incident = report("till.md", text).incident()
    assert (times(incident)[0][:10], incident.severity, incident.service) == ("2026-05-04", "critical", "till-sync")
    assert [item.text for item in incident.action_items] == ["Watch the drift"]


def test_italics_that_are_prose_stay_prose():
    text = "# Postmortem: Till\n\n*Written in haste, in May, by the team*\n\nDate: 2026-05-04\n\n## Root cause\nClock drift\n"
    assert report("till.md", text).incident().severity == "unknown"


def test_contractions_tell_deeds_and_no_change_is_no_help():
    assert reports_action("We've moved the workers to a bigger pool.")
    assert not reports_action("They've requested a bigger quota before the fair.")
    assert detect_outcome("I swapped the cable, but it changed nothing") == "did_not_help"


def test_updates_under_bold_states_need_no_posted():
    text = "# Sync is late\n\n**Resolved**\nAll is well.\nMar 9, 2026 - 12:01 UTC\n\n**Identified**\nWe restarted the sync workers.\nMar 9, 2026 - 11:30 UTC\n\n**Investigating**\nSync is late.\nMar 9, 2026 - 11:02 UTC\n"
    incident = report("sync.md", text).incident()
    assert times(incident) == ("2026-03-09T11:02:00+00:00", "2026-03-09T12:01:00+00:00")
    assert [text for text, _ in steps(incident)] == ["We restarted the sync workers."]


def test_release_notes_are_no_outage():
    text = "# Release notes 9 March 2026\n\nWe fixed errors in the sync. Users had lost their place.\n"
    assert report("notes.md", text).incidents == []


def test_tables_of_several_quarters_hold_their_rows_together():
    head = "| Date | Title | Cause | Resolution |\n|---|---|---|---|\n"
    text = f"# Outages\n\n## Q1\n\n{head}| 04.01.2026 | Mail stuck | Full queue | Flushed it |\n\n## Q2\n\n{head}| 2026-04-04 | Disk full | Logs | Rotated logs |\n"
    assert [incident.title for incident in report("outages.md", text).incidents] == ["Mail stuck", "Disk full"]


def test_japanese_clocks_and_zones_are_read():
    text = "# ログイン障害\n\n発生日時：2026年4月1日 10時05分（JST）\n復旧日時：2026年4月1日 11時20分（JST）\n\n## 根本原因\n証明書の期限切れ。\n"
    assert times(report("login.md", text).incident()) == ("2026-04-01T01:05:00+00:00", "2026-04-01T02:20:00+00:00")


def test_without_success_is_no_success():
    text = "# Postmortem: Scanner\n\nDate: 2026-04-01\n\n## Fix\n- Restarted it, without success\n- Replaced the lamp: success\n"
    incident = report("scanner.md", text).incident()
    assert steps(incident, "did_not_help") == [("Restarted it, without success", None)]
    assert steps(incident) == [("Replaced the lamp", None)]

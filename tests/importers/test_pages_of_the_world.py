"""What pages state once for all their times and dates, columns in other languages, and forms met in real exports."""

from datetime import UTC, datetime

import pytest

from importers.reports import report
from onrecall.importers.postmortem.code import command_spans
from onrecall.importers.postmortem.vocabulary import section_topic

PAGE = """# Badge readers offline

**Date:** 2026-03-20
**Start:** 14:05
**End:** 15:20

## Timeline

- 14:05 first call
- 14:30 restarted the readers, no effect
- 15:20 certificate renewed

## Root cause
The certificate of the controller had expired.

{statement}
"""


@pytest.mark.parametrize(
    ("statement", "start"),
    [
        ("All times in this document are UTC+2.", 12),
        ("All times are in Asia/Tokyo.", 5),
        ("Alle Zeiten in MEZ.", 13),
        ("All times shown are EST (UTC-5).", 19),
    ],
)
def test_a_zone_that_a_page_states_at_its_end_holds_for_all_its_times(statement, start):
    incident = report("badge.md", PAGE.format(statement=statement)).incident()
    assert (incident.started_at.hour, incident.timeline[0].at.hour) == (start, start)


def test_of_a_page_in_an_ambiguous_zone_only_the_dates_count():
    result = report("badge.md", PAGE.format(statement="All times in EST."))
    assert (result.incident().started_at, result.incident().resolved_at) == (datetime(2026, 3, 20, tzinfo=UTC), None)
    assert [entry.at for entry in result.incident().timeline] == [None, None, None]
    assert "times in EST were not read" in result.messages_text
    settled = report("badge.md", PAGE.format(statement="All times in EST."), timezone="America/New_York")
    assert settled.incident().started_at.hour == 19


FRENCH = "# Portail lent\n\n**Début :** 05/02/2026 à 09h30 UTC\n**Gravité :** majeure\n\n## Cause racine\nUn index manquait.\n"


def test_the_language_of_a_page_tells_that_the_day_comes_first():
    result = report("portail.md", FRENCH)
    assert (result.incident().started_at, result.incident().severity) == (
        datetime(2026, 2, 5, 9, 30, tzinfo=UTC),
        "high",
    )
    assert "were read with the day first on 1 page," in result.messages_text
    english = FRENCH.replace("Début", "Start").replace("Gravité", "Severity").replace("Cause racine", "Root cause")
    assert "day and month may be either" in report("portal.md", english).messages_text


def test_another_date_of_the_page_settles_the_order():
    text = "# Portal slow\n\nStart: 05/02/2026 09:30 UTC\nEnd: 05/02/2026 10:00 UTC\n\n## Root cause\nAn index was lost on 31/01/2026.\n"
    assert report("portal.md", text).incident().started_at == datetime(2026, 2, 5, 9, 30, tzinfo=UTC)


def test_the_language_of_columns_tells_that_the_day_comes_first():
    result = report(
        "guasti.csv",
        "Codice;Titolo;Applicazione;Inizio;Fine;Gravità\nG-1;Cassa ferma;casse;03/02/2026 08:00;03/02/2026 09:00;alta\n",
    )
    incident = result.incident()
    assert (incident.id, incident.service, incident.severity) == ("G-1", "casse", "high")
    assert incident.started_at == datetime(2026, 2, 3, 8, tzinfo=UTC)
    assert "2 dates such as 03/04/2026 were read with the day first" in result.messages_text


def test_where_the_dates_of_a_table_contradict_each_other_its_language_tells_nothing():
    result = report(
        "guasti.csv",
        "Codice;Titolo;Applicazione;Inizio;Gravità\nG-1;Cassa ferma;casse;25/03/2026 08:00;alta\n"
        "G-2;Cassa lenta;casse;03/25/2026 08:00;alta\nG-3;Cassa rotta;casse;03/04/2026 08:00;alta\n",
    )
    assert "were read with the day first" not in result.messages_text
    assert "G-3" not in {incident.id for incident in result.incidents}


def test_a_clock_alone_belongs_to_the_date_of_the_heading():
    text = "# 2026-02-25 Printers offline\n\nShortly after 06:10 UTC all printers went offline; they came back at 07:00 UTC.\n\n**Cause:** no file handles.\n"
    incident = report("printers.md", text).incident()
    assert (incident.started_at.hour, incident.started_at.minute, incident.resolved_at.hour) == (6, 10, 7)


def test_an_end_after_midnight_is_on_the_next_day():
    text = "# Queue stuck\n\nOn 2026-02-25 at 22:40 UTC the queue stopped. It was back at 01:15 UTC the next day.\n\n## Root cause\nA full disk.\n"
    assert report("queue.md", text).incident().resolved_at == datetime(2026, 2, 26, 1, 15, tzinfo=UTC)


def test_columns_of_what_failed_of_follow_ups_and_of_remarks_are_read():
    incident = report(
        "s.csv",
        "Vorgangsnr.;Titel;Beginn;Ende;Behebung;Erfolglose Versuche;Folgemaßnahmen;Bemerkung\n"
        'S-1;Kasse steht;2026-02-03 08:10;2026-02-03 09:25;Zertifikat erneuert;Kasse neu gestartet;"- Alarm setzen (Kim, offen)";Filiale informiert\n',
    ).incident()
    assert [(step.text, step.outcome) for step in incident.resolution.steps] == [
        ("Kasse neu gestartet", "did_not_help"),
        ("Zertifikat erneuert", "worked"),
    ]
    assert [(item.text, item.owner, item.state) for item in incident.action_items] == [("Alarm setzen", "Kim", "open")]
    assert "Filiale informiert" in [entry.text for entry in incident.timeline]


WHYS = """# Gift cards refused

**Date:** 2026-03-11

## Fault
The job wrote to the old schema.

## Five whys
1. Why were cards refused? The job got errors.
2. Why did it get errors? The migration dropped the grants.
"""


def test_the_last_why_goes_before_a_description_of_the_fault_but_not_before_a_stated_cause():
    assert report("g.md", WHYS).incident().resolution.root_cause == "The migration dropped the grants."
    stated = WHYS.replace("## Fault", "## Root cause")
    assert report("g.md", stated).incident().resolution.root_cause == "The job wrote to the old schema."


def test_whys_as_question_and_answer_cite_the_line_of_the_answer():
    text = "# Old snapshots\n\n**Date:** 2026-03-11\n\n## 5 Whys\n**Q1: Why old?**\nA: The job was killed.\n**Q2: Why killed?**\nA: It loads all rows.\n"
    resolution = report("o.md", text).incident().resolution
    assert (resolution.root_cause, resolution.root_cause_line) == ("It loads all rows.", 9)


def test_a_table_of_asciidoc_without_blank_lines_is_read():
    text = (
        '= RCA: Orders lost\n\n[cols="1,3"]\n|===\n|Incident |POD-17\n|Started |2026-03-12 17:05 UTC\n|Component |intake\n|===\n\n'
        '== Root Cause\nAcknowledged too early.\n\n== Follow-ups\n[%header,cols="3*"]\n|===\n|Action |Owner |Status\n'
        "|Crash test |Ivo |Open\n|===\n"
    )
    incident = report("rca.adoc", text).incident()
    assert (incident.started_at.hour, incident.service, incident.labels["incident_id"]) == (17, "intake", "POD-17")
    assert [(item.text, item.owner, item.state) for item in incident.action_items] == [("Crash test", "Ivo", "open")]


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("# INC-204: Coupons accepted twice\n\n**Date:** 2026-01-09\n\n## Root cause\nA dropped index.\n", "INC-204"),
        (
            "# Coupons\n\n| Incident | PM-2025-17 |\n|---|---|\n| Date | 2025-05-01 |\n\n## Root cause\nIndex.\n",
            "PM-2025-17",
        ),
        ("# Sev-2: coupons\n\n**Date:** 2026-01-09\n\n## Root cause\nA dropped index.\n", None),
    ],
)
def test_the_number_that_a_page_gives_its_incident_is_kept(page, name):
    assert report("coupons.md", page).incident().labels.get("incident_id") == name


def test_the_id_of_a_document_that_has_the_prefix_is_not_prefixed_again():
    assert report("PM-2025-17.md", PAGE.format(statement="")).incident().id == "PM-2025-17"


def test_a_mail_without_a_date_stands_behind_the_one_it_answers():
    head = "From a@x Mon Mar  9 08:00:00 2026\nFrom: a@x\nSubject: Re: Scanner broken\n"
    box = (
        f"{head}Message-ID: <1@x>\nDate: Mon, 09 Mar 2026 08:00:00 +0000\n\nNo scan arrives.\n\n"
        f"{head}Message-ID: <3@x>\nDate: Mon, 09 Mar 2026 09:30:00 +0000\n\nI emptied the spool and the problem is resolved.\n\n"
        f"{head}Message-ID: <2@x>\nIn-Reply-To: <1@x>\n\nI rebooted the scan server, that did not help.\n\n"
    )
    incident = report("thread.mbox", box).incident()
    assert (incident.id, incident.started_at.hour, incident.resolved_at.hour) == ("1@x", 8, 9)
    assert [entry.text.split()[1] for entry in incident.timeline] == ["scan", "rebooted", "emptied"]


@pytest.mark.parametrize(
    ("heading", "topic"),
    [
        ("What are we going to do about it?", "actions"),
        ("What we're changing", "actions"),
        ("Why did the queue stop?", "cause"),
        ("How did we notice?", "detection"),
        ("What did we do to recover?", "fix"),
        ("What happened", "summary"),
        ("How to restart the queue", None),
        ("What did we do well?", None),
        ("What didn't go as planned", None),
        ("Checks that failed", None),
        ("Why this alert exists", None),
    ],
)
def test_headings_in_the_form_of_a_question_have_a_topic(heading, topic):
    assert section_topic(heading) == topic


def test_commands_of_a_teams_own_tools_are_told_by_the_words_before_them():
    assert command_spans("Restored the map with `cfgpush restore shardmap@-1`.") == ["cfgpush restore shardmap@-1"]
    assert command_spans("Ended with `connection refused 111`") == []
    assert command_spans("The setting `max connections 50` was too low") == []

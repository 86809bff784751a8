"""Threads of mails, feeds of status pages and ServiceNow's XML."""

import pytest

from importers.reports import report

MBOX = """\
From ann@ferry.test Mon May  4 06:10:00 2026
Message-ID: <m1@ferry.test>
Date: Mon, 04 May 2026 06:10:00 +0200
From: ann@ferry.test
Subject: [ops] Ticket gates stay shut

No gate at pier 2 opens since 06:00.

From bo@ferry.test Mon May  4 06:25:00 2026
Message-ID: <m2@ferry.test>
In-Reply-To: <m1@ferry.test>
Date: Mon, 04 May 2026 06:25:00 +0200
From: bo@ferry.test
Subject: AW: [ops] Ticket gates stay shut

> No gate at pier 2 opens since 06:00.

Rebooted the gate controller, no effect.

From ann@ferry.test Mon May  4 06:50:00 2026
Message-ID: <m3@ferry.test>
Date: Mon, 04 May 2026 06:50:00 +0200
From: ann@ferry.test
Subject: Re: [ops] Ticket gates stay shut

Resolved. Root cause: the validator's licence ran out at midnight. I installed the new one with
`gatectl licence add pier2.lic`.
--
Ann, Ferry Operations

From ann@ferry.test Tue May  5 09:00:00 2026
Message-ID: <m9@ferry.test>
Date: Tue, 05 May 2026 09:00:00 +0200
From: ann@ferry.test
Subject: Lunch

Soup today.
"""


def test_a_thread_that_ends_in_a_resolution_is_an_incident_and_others_are_named():
    result = report("ops.mbox", MBOX)
    incident = result.incident()
    assert (incident.id, incident.title, incident.source) == ("m1@ferry.test", "Ticket gates stay shut", "mail")
    assert (incident.started_at.isoformat(), incident.resolved_at.isoformat()) == (
        "2026-05-04T04:10:00+00:00",
        "2026-05-04T04:50:00+00:00",
    )
    assert incident.resolution.root_cause == "the validator's licence ran out at midnight."
    assert [(step.outcome, step.command) for step in incident.resolution.steps] == [
        ("did_not_help", None),
        ("worked", "gatectl licence add pier2.lic"),
    ]
    assert "Ferry Operations" not in str(incident)
    assert "skipped: 1 record, a thread that reports no end of an incident" in result.messages_text


def test_a_mail_that_is_a_report_is_a_postmortem():
    mail = (
        "Message-ID: <x@ferry.test>\nDate: Wed, 06 May 2026 09:00:00 +0000\nFrom: bo@ferry.test\n"
        "Subject: Incident report: gates shut on 4 May 2026\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: quoted-printable\n\nService: gates\n\nRoot cause:\nThe licence ran out=2E\n\n"
        "Resolution:\n1. Installed the new licence: `gatectl licence add pier2.lic`\n"
    )
    result = report("gates.eml", mail)
    incident = result.incident()
    assert (incident.id, incident.title, incident.service) == ("PM-gates", "gates shut", "gates")
    assert incident.resolution.root_cause == "The licence ran out."
    assert incident.resolution.steps[0].command == "gatectl licence add pier2.lic"


def mailbox(*replacements):
    text = MBOX
    for written, other in replacements:
        assert written in text
        text = text.replace(written, other, 1)
    return text


@pytest.mark.parametrize("charset", ["x-harbour", "base64", "idna", "undefined", '"\0"'])
def test_a_mail_in_an_unknown_charset_is_read_as_utf_8(charset):
    text = mailbox(
        ("Subject: Lunch\n", f"Subject: Lunch\nContent-Type: text/plain; charset={charset}\n"),
        (
            "Message-ID: <m3@ferry.test>\n",
            f"Message-ID: <m3@ferry.test>\nContent-Type: text/plain; charset={charset}\n",
        ),
        ("the validator's", "the café's"),
    )
    assert report("ops.mbox", text).incident().resolution.root_cause == "the café's licence ran out at midnight."


def test_a_mail_in_html_too_deep_to_convert_keeps_its_text():
    deep = "<div>" * 250 + "<p>Rebooted the <b>gate controller</b>, no effect.</p>" + "</div>" * 250
    text = mailbox(
        ("Message-ID: <m2@ferry.test>\n", "Message-ID: <m2@ferry.test>\nContent-Type: text/html\n"),
        ("Rebooted the gate controller, no effect.", deep),
    )
    incident = report("ops.mbox", text).incident()
    assert len(incident.timeline) == 3
    assert "gate controller" in str(incident)
    assert "<div>" not in str(incident)


def test_a_mail_dated_outside_the_calendar_loses_only_its_date():
    text = mailbox(("Date: Tue, 05 May 2026 09:00:00 +0200", "Date: Fri, 31 Dec 9999 23:00:00 -1200"))
    assert report("ops.mbox", text).incident().id == "m1@ferry.test"


def entry(number, title, *updates):
    paragraphs = "".join(
        f"&lt;p&gt;&lt;small&gt;May &lt;var data-var='date'&gt; 7&lt;/var&gt;, &lt;var data-var='time'&gt;{clock}&lt;/var&gt;"
        f" UTC&lt;/small&gt;&lt;br&gt;&lt;strong&gt;{state}&lt;/strong&gt; - {text}&lt;/p&gt;"
        for clock, state, text in updates
    )
    return (
        f"<entry><id>tag:status.ferry.test,2005:Incident/{number}</id><published>2026-05-07T09:00:00Z</published>"
        f"<title>{title}</title><content type='html'>{paragraphs}</content></entry>"
    )


def test_a_status_feed_gives_an_incident_per_entry_with_its_updates():
    feed = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Ferry status</title>' + entry(
        81,
        "Bookings slow",
        ("08:40", "Resolved", "Bookings are fast again."),
        ("08:05", "Identified", "A replica lagged. We took it out of rotation."),
        ("07:50", "Investigating", "Bookings take a minute."),
    )
    result = report(
        "history.atom", feed + entry(82, "Database work", ("10:00", "Scheduled", "We will patch.")) + "</feed>"
    )
    incident = result.incident()
    assert (incident.id, incident.title, incident.source) == ("81", "Bookings slow", "statuspage")
    assert (incident.started_at.hour, incident.resolved_at.hour, incident.resolved_at.minute) == (7, 8, 40)
    assert [step.text for step in incident.resolution.steps] == ["We took it out of rotation."]
    assert "planned maintenance" in result.messages_text


def test_servicenow_xml_is_read_like_its_json():
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><unload unload_date="2026-05-08 10:00:00"><incident action="INSERT">'
        "<number>INC0400</number><short_description>Crane stops</short_description><opened_at>2026-05-08 07:00:00</opened_at>"
        '<resolved_at>2026-05-08 08:00:00</resolved_at><state>6</state><business_service display_value="crane-2">a1</business_service>'
        "<close_notes>Replaced the limit switch.</close_notes></incident></unload>"
    )
    incident = report("incident.xml", xml).incident()
    assert (incident.id, incident.service, incident.source) == ("INC0400", "crane-2", "servicenow")
    assert [step.text for step in incident.resolution.steps] == ["Replaced the limit switch."]


def test_unknown_xml_and_yaml_say_what_to_do():
    assert "export it as CSV or JSON" in report("odd.xml", "<?xml version='1.0'?><tickets><t/></tickets>").messages_text
    assert "write the runbook as Markdown" in report("restart.yaml", "steps:\n  - run: x\n").messages_text


def one_entry(published, *updates):
    body = entry(93, "Tickets late", *updates).replace("2026-05-07T09:00:00Z", published)
    return f"<feed>{body}</feed>"


def over_new_year(published):
    """Return a feed whose entry has an update on 31 December and one on 1 January."""
    written = one_entry(
        published, ("00:20", "Resolved", "Tickets are sent."), ("23:40", "Investigating", "Tickets are late.")
    )
    first, _, last = written.rpartition("May &lt;var data-var='date'&gt; 7")
    return (first + "Dec &lt;var data-var='date'&gt; 31" + last).replace(
        "May &lt;var data-var='date'&gt; 7", "Jan &lt;var data-var='date'&gt; 1"
    )


@pytest.mark.parametrize(
    "published", ["2026-12-31T23:40:00Z", "2027-01-01T00:20:00Z", "Fri, 01 Jan 2027 00:20:00 +0000"]
)
def test_an_incident_over_new_year_begins_in_the_old_year_and_ends_in_the_new(published):
    incident = report("history.atom", over_new_year(published)).incident()
    assert (incident.started_at.isoformat(), incident.resolved_at.isoformat()) == (
        "2026-12-31T23:40:00+00:00",
        "2027-01-01T00:20:00+00:00",
    )


def test_times_of_a_feed_are_judged_like_any_other():
    updates = (("10:40 AM", "Resolved", "Tickets are sent."), ("10:05 AM", "Investigating", "Tickets are late."))
    feed = one_entry("2026-05-07T15:05:00Z", *updates)
    local = feed.replace(" UTC&lt;", "&lt;")
    assert report("history.atom", feed, timezone="Europe/Berlin").incident().started_at.hour == 10
    assert report("history.atom", local, timezone="Europe/Berlin").incident().started_at.hour == 8
    assert "times have no zone and were taken as UTC" in report("history.atom", local).messages_text
    eastern = feed.replace(" UTC&lt;", " EST&lt;")
    assert "'EST' is an ambiguous zone" in report("history.atom", eastern).messages_text
    incident = report("history.atom", eastern, timezone="America/New_York").incident()
    assert (incident.started_at.hour, incident.resolved_at.hour) == (15, 15)


def test_an_update_on_a_day_that_does_not_exist_is_refused_by_name():
    feed = one_entry("2026-02-28T15:05:00Z", ("10:05", "Investigating", "Tickets are late.")).replace("May", "Feb")
    result = report("history.atom", feed.replace("'&gt; 7", "'&gt; 30"))
    assert not result.incidents
    assert "Feb 30, 2026 10:05 UTC" in result.messages_text
    result = report("history.atom", one_entry("yesterday", ("10:05", "Investigating", "Tickets are late.")))
    assert "`started_at` is 'May 7 10:05 UTC', which is not a time" in result.messages_text


SERVICENOW = (
    "<unload><incident><number>INC0401</number><short_description>Crane stops</short_description>"
    "<opened_at>2026-05-08 07:00:00</opened_at></incident></unload>"
)


@pytest.mark.parametrize(
    ("name", "text", "chosen", "incident_id"),
    [
        ("ops.mbox", MBOX, "mail", "m1@ferry.test"),
        ("ops", MBOX, "mail", "m1@ferry.test"),
        ("incident.xml", SERVICENOW, "servicenow", "INC0401"),
        (
            "history.atom",
            one_entry("2026-05-07T09:00:00Z", ("07:50", "Identified", "A replica lags.")),
            "statuspage",
            "93",
        ),
    ],
)
def test_the_format_of_a_mailbox_or_of_xml_can_be_named(name, text, chosen, incident_id):
    named = report(name, text, format=chosen)
    assert named.incident().id == incident_id
    assert named.notes == report(name, text).notes


def test_a_mapping_that_does_not_fit_a_mailbox_or_xml_rejects_the_file():
    for name, text in (("ops.mbox", MBOX), ("incident.xml", SERVICENOW)):
        (rejection,) = report(name, text, mapping={"title": "Harbour"}).rejected
        assert (rejection.where, rejection.field) == (name, "mapping")
        assert "'Harbour', which is not there" in rejection.message

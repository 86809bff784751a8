"""What tickets tell beside their resolution, and where exports keep it."""

import json

import pytest

from importers.reports import report
from onrecall.importers.postmortem.deeds import reports_action


def steps(incident, outcome):
    return [(step.text, step.command) for step in incident.resolution.steps if step.outcome == outcome]


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        ("Reseating the line card did not help", "Reseating the line card did not help"),
        ("Tried unplugging both heads, didn't help.", "Tried unplugging both heads, didn't help."),
        ("We tried resetting the head. No effect.", "We tried resetting the head."),
    ],
)
def test_attempts_in_comments_stay_beside_a_resolution(comment, text):
    jira = {
        "issues": [
            {
                "key": "PRN-4",
                "fields": {
                    "summary": "Plotter is silent",
                    "created": "2026-06-01T08:00:00.000+0000",
                    "resolutiondate": "2026-06-01T09:00:00.000+0000",
                    "status": {"name": "Closed"},
                    "description": "h3. Resolution\n# {code}plotctl firmware load 9{code}",
                    "comment": {"comments": [{"created": "2026-06-01T08:10:00.000+0000", "body": comment}]},
                },
            }
        ]
    }
    incident = report("prn.json", json.dumps(jira)).incident()
    assert steps(incident, "did_not_help") == [(text, None)]
    assert [command for _, command in steps(incident, "worked")] == ["plotctl firmware load 9"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Tried everything, no effect",
        "Logging shows no change",
        "Tried reseating the card",
        "Nothing did help",
        "During the night it did not recover",
    ],
)
def test_what_tells_no_attempt_in_vain_is_no_step(sentence):
    assert not reports_action(sentence)


def servicenow(close_notes):
    row = {
        "number": "INC0777001",
        "short_description": "Kiosk map is blank",
        "opened_at": "2026-06-02 10:00:00",
        "resolved_at": "2026-06-02 11:00:00",
        "state": "Closed",
        "close_notes": close_notes,
    }
    return report("sn.json", json.dumps({"result": [row]}), timezone="UTC").incident()


def test_what_was_done_follows_the_cause_in_closing_notes():
    incident = servicenow("Root cause: tiles were pruned too early. Restored them with `tilectl restore --day 1`.")
    assert incident.resolution.root_cause == "tiles were pruned too early."
    assert steps(incident, "worked") == [("Restored them with `tilectl restore --day 1`.", "tilectl restore --day 1")]


def test_a_cause_of_several_sentences_gives_no_step():
    incident = servicenow("Root cause: tiles were pruned too early. The timer ran in local time.")
    assert incident.resolution.root_cause == "tiles were pruned too early. The timer ran in local time."
    assert incident.resolution.steps == ()


def test_zendesk_names_its_custom_fields_beside_the_tickets():
    tickets = {
        "tickets": [
            {
                "id": 71,
                "subject": "Refunds are missing",
                "status": "solved",
                "created_at": "2026-06-03T08:00:00Z",
                "updated_at": "2026-06-03T09:00:00Z",
                "custom_fields": [{"id": 5, "value": "Ledger was read-only"}, {"id": 6, "value": None}],
            }
        ],
        "ticket_fields": [{"id": 5, "title": "Root cause"}, {"id": 6, "title": "Order"}],
    }
    incident = report("zd.json", json.dumps(tickets)).incident()
    assert (incident.source, incident.resolution.root_cause) == ("zendesk", "Ledger was read-only")


def test_rootly_wraps_services_and_causes():
    attributes = {
        "title": "Tram data stops",
        "started_at": "2026-06-04T08:00:00Z",
        "resolved_at": "2026-06-04T09:00:00Z",
        "status": "resolved",
        "services": {"data": [{"id": "1", "type": "services", "attributes": {"name": "tram-feed"}}]},
        "causes": {"data": [{"attributes": {"name": "Licence ran out"}}]},
        "environments": {"data": []},
    }
    body = {"data": [{"id": "r9", "type": "incidents", "attributes": attributes}]}
    incident = report("rootly.json", json.dumps(body)).incident()
    assert (incident.service, incident.environment) == ("tram-feed", None)
    assert incident.resolution.root_cause == "Licence ran out"


def test_a_header_that_ends_in_a_dot_is_a_name():
    table = "Vorfall-Nr.;Titel;Beginn;Ende;Dienst;Urs.;Ursache;Maßnahme\nV-8;Tor klemmt;2026-06-05T06:00:00Z;2026-06-05T07:00:00Z;tor;x;Eis;Tor enteist\n"
    result = report("tor.csv", table)
    assert result.incident().id == "V-8"
    assert "Urs." in result.messages_text


def test_a_short_field_in_an_unspaced_script_is_what_was_done():
    table = "管理番号,件名,発生日時,復旧日時,原因,対応\nK-2,配達が遅い,2026-06-05T06:00:00Z,2026-06-05T07:00:00Z,鍵切れ,鍵を更新した\n"
    assert steps(report("k.csv", table).incident(), "worked") == [("鍵を更新した", None)]

"""The number that a postmortem gives its incident names it: to show it, and to ask what it was."""

from dataclasses import replace

import pytest

from onrecall.domain.errors import NotFound
from onrecall.domain.incident import Incident
from onrecall.domain.report_ids import former_report_ids, report_id
from onrecall.domain.situation import make_situation
from onrecall.importers import read_bytes
from onrecall.retrieval.record_ids import asks_about_records

PAGES = {
    "2026/mount.md": "# INC-4711: nfs hang\n\nDate: 2026-06-01 13:05 UTC\n\n## Root cause\nA client held a delegation.\n\n## Resolution\n- cut it off with `ip route add blackhole 10.2.3.4`\n",
    "2026/queue.md": "# INC-2231 - orders queue stuck\n\nDate: 2026-06-03 10:00 UTC\n\n## Root cause\nA poison message.\n\n## Resolution\n- skipped the message\n",
}


@pytest.fixture
def filled(memory):
    memory.import_history([item for name, text in PAGES.items() for item in read_bytes(name, text.encode())])
    return memory


def test_a_record_is_shown_under_the_number_that_its_page_gives_it(filled):
    assert filled.get_record("INC-4711").id == "PM-2026-mount"
    assert filled.get_record("inc-4711").id == "PM-2026-mount"
    with pytest.raises(NotFound, match="INC-4712"):
        filled.get_record("INC-4712")


def test_of_two_incidents_with_one_number_none_is_taken(filled):
    other = PAGES["2026/mount.md"].replace("nfs hang", "nfs slow").replace("06-01", "06-09")
    filled.import_history(list(read_bytes("2026/slow.md", other.encode())))
    with pytest.raises(NotFound, match="PM-2026-mount, PM-2026-slow"):
        filled.get_record("INC-4711")


@pytest.mark.parametrize("question", ["what was INC-4711", "INC-4711", "how did we fix INC-4711?", "was war INC-4711"])
def test_a_question_about_a_number_finds_its_record_first(filled, question):
    answer = filled.ask(make_situation(question))
    assert answer.evidence[0].id == "PM-2026-mount"
    assert answer.verdict != "never_seen"


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("what was INC-4711", True),
        ("INC-4711", True),
        ("INC-4711 and INC-2231?", True),
        ("disk full as in INC-4711", False),
        ("see INC-4711: latency of checkout above 2 s", False),
    ],
)
def test_only_a_question_about_nothing_else_asks_about_a_record(question, about):
    assert asks_about_records(question, {"INC-4711", "INC-2231"}) is about


@pytest.mark.parametrize(
    ("document", "incident"),
    [
        ("INC-2231 - queue stuck", "PM-INC-2231-queue-stuck"),
        ("INC-2231 — queue stuck", "PM-INC-2231-queue-stuck"),
        ("2026/06/queue.stuck", "PM-2026-06-queue.stuck"),
        ("PM-7#part", "PM-7-part"),
        ("a--b", "PM-a--b"),
    ],
)
def test_an_id_has_one_dash_for_what_a_path_cannot_hold(document, incident):
    assert report_id(document) == incident


def test_an_incident_that_an_earlier_release_stored_keeps_its_id(memory):
    name, text = "INC-2231 - queue.md", PAGES["2026/queue.md"]
    items = list(read_bytes(name, text.encode()))
    (former,) = former_report_ids("INC-2231 - queue")
    assert former == "PM-INC-2231---queue"
    before = [replace(item, id=former) if isinstance(item, Incident) else item for item in items]
    memory.import_history(before)
    report = memory.import_history(items)
    assert (report.unchanged, report.rejected) == (2, [])
    assert memory.get_record("INC-2231").id == former

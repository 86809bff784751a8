"""`onrecall incidents`, `answer` and `postmortem`, and the steps of `resolve`, as a person on call types them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from typer.testing import CliRunner

from onrecall.bootstrap.app import open_app
from onrecall.cli.incident_page import describe_end, describe_event
from onrecall.cli.main import app
from onrecall.domain.alert import Alert
from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.domain.incident import Incident, Resolution
from onrecall.pipeline.postmortem import EVENT_WORDS, draft_postmortem
from onrecall.settings import Settings
from onrecall.storage import IncidentEvent, IngestBatch
from onrecall.storage.results import EventType


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command over one data folder; returns what it printed. What it refuses is raised."""
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))

    def call(*arguments):
        done = CliRunner().invoke(app, list(arguments))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    return call


@pytest.fixture
def incident(run):
    opened = run(
        "open", "Basket loses items", "--service", "basket", "--severity", "low", "--label", "zone=a", "--json"
    )
    return json.loads(opened)["incident"]["id"]


def test_a_responder_takes_an_incident_notes_and_sees_it_all(run, incident):
    run("incidents", "ack", incident, "--by", "Dana")
    run("incidents", "assign", incident, "Noor", "--by", "Dana")
    assert "noted on" in run("incidents", "note", incident, "Rolled back 4.2", "--by", "Noor")
    assert "this note is already on" in run("incidents", "note", incident, "Rolled back 4.2", "--by", "Noor")
    shown = run("incidents", "show", incident)
    order = ("Basket loses items", "assigned to Noor", "answer", "NEVER SEEN", "timeline", "assigned to Noor", "notes")
    positions = [shown.index(words) for words in order[:5]]
    assert positions == sorted(positions)
    assert "acknowledged  by Dana" in shown
    assert "Noor: Rolled back 4.2" in shown
    value = json.loads(run("incidents", "show", incident, "--json"))
    assert [entry["text"] for entry in value["notes"]] == ["Rolled back 4.2"]
    assert value["recommendation"]["verdict"] == "never_seen"
    assert value["incident"]["assignee"] == "Noor"
    run("incidents", "assign", incident, "--nobody")
    assert "unassigned" in run("incidents", "show", incident)


def test_the_page_of_an_incident_says_when_and_with_which_words_its_alerts_ended(run, tmp_path):
    started = datetime(2026, 5, 4, 3, 12, tzinfo=UTC)
    fired = Alert("boiler", "k1", "Boiler cold", started, description="water has 12 °C", severity="high")
    over = replace(fired, status="resolved", description="water has 61 °C", ends_at=started + timedelta(minutes=19))
    with open_app(Settings(data_dir=tmp_path)) as context:
        for heard in (fired, over):
            context.memory.store.ingest.store([IngestBatch("boiler", (heard,))], context.memory.now())
            context.memory.work()
    shown = run("incidents", "show", "INC-1")
    assert "ended 2026-05-04 03:31: water has 61 °C" in shown
    assert json.loads(run("incidents", "show", "INC-1", "--json"))["incident"]["description"] == "water has 12 °C"


def test_an_end_without_a_time_gives_its_reason():
    alert = Alert("boiler", "k2", "Pump silent", datetime(2026, 5, 4, tzinfo=UTC), "resolved", end_reason="expired")
    assert describe_end(alert) == "ended (expired)"


def test_an_edit_names_what_it_changes_and_leaves_the_rest(run, incident):
    run(
        "incidents", "edit", incident, "--severity", "critical", "--label", "zone=", "--label", "tier=1", "--tag", "vip"
    )
    run("incidents", "edit", incident, "--tag", "eu", "--untag", "vip", "--service", "", "--by", "Dana")
    value = json.loads(run("incidents", "show", incident, "--json"))["incident"]
    assert (value["title"], value["severity"], value["service"]) == ("Basket loses items", "critical", None)
    assert (value["labels"], value["tags"]) == ({"tier": "1"}, ["eu"])
    assert "edited: service, tags  by Dana" in run("incidents", "show", incident)
    with pytest.raises(Invalid, match="--title"):
        run("incidents", "edit", incident)
    with pytest.raises(Invalid, match="--nobody"):
        run("incidents", "assign", incident)


@pytest.mark.parametrize("kind", get_args(EventType))
def test_every_kind_of_event_has_words_on_the_page_and_in_the_postmortem(kind):
    at = datetime(2026, 3, 1, tzinfo=UTC)
    event = IncidentEvent(1, "BASKET-1", kind, at, at, None, {})
    assert describe_event(event)
    resolution = Resolution("Session store full", at)
    incident = Incident("BASKET-1", "Basket loses items", started_at=at, resolution=resolution)
    assert f"00:00 UTC: {EVENT_WORDS[kind]}" in draft_postmortem(incident, [event])


def test_a_list_shows_what_its_filters_leave(run, incident):
    run("open", "Mail is late", "--id", "MAIL-1", "--started-at", "2026-01-01T00:00:00Z", "--service", "mail")
    assert run("incidents", "list", "--since", "2h").split()[:3] == [incident, "open", "low"]
    assert "MAIL-1" not in run("incidents", "list", "--since", "2h")
    listed = json.loads(run("incidents", "list", "--status", "unresolved", "--limit", "1", "--json"))
    assert [item["id"] for item in listed["items"]] == [incident]
    rest = json.loads(run("incidents", "list", "--limit", "1", "--cursor", listed["next"], "--json"))
    assert [item["id"] for item in rest["items"]] == ["MAIL-1"]
    assert "no incident matches" in run("incidents", "list", "--severity", "critical")


def test_steps_of_a_resolution_carry_their_command_rollback_and_outcome(run, incident):
    with pytest.raises(Conflict, match="resolve it first"):
        run("postmortem", incident)
    run(
        *("resolve", incident, "--root-cause", "Session store full", "--failed", "Waited"),
        *("--step", "Restart", "--command", "systemctl restart basket", "--rollback", "", "--outcome", "made-it-worse"),
        *("--step", "Flush", "--command", "", "--rollback", "Restore the dump", "--outcome", "worked"),
    )
    steps = json.loads(run("show", incident, "--json"))["resolution"]["steps"]
    assert [(step["text"], step["command"], step["rollback"], step["outcome"]) for step in steps] == [
        ("Waited", None, None, "did_not_help"),
        ("Restart", "systemctl restart basket", None, "made_it_worse"),
        ("Flush", None, "Restore the dump", "worked"),
    ]
    assert run("postmortem", incident).startswith("# Postmortem: Basket loses items")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (("--step", "a", "--step", "b", "--command", "ls"), "command"),
        (("--rollback", "undo"), "rollback"),
        (("--step", "a", "--outcome", "perhaps"), "outcome"),
    ],
)
def test_an_option_for_some_steps_only_is_refused(run, incident, options, field):
    with pytest.raises(Invalid) as refused:
        run("resolve", incident, "--root-cause", "x", *options)
    assert refused.value.field == field


def test_a_postmortem_is_written_to_a_file_once(run, incident, tmp_path):
    run("resolve", incident, "--root-cause", "Session store full")
    file = tmp_path / "draft.md"
    assert str(file) in run("postmortem", incident, "--out", str(file))
    assert "Session store full" in file.read_text(encoding="utf-8")
    with pytest.raises(Invalid, match="exists already"):
        run("postmortem", incident, "--out", str(file))


def test_an_answer_is_rated_by_its_id_or_by_its_incident(run, incident):
    rated = json.loads(run("answer", "rate", incident, "did-not-help", "--by", "Noor", "--json"))["id"]
    assert f"{rated} helped" in run("answer", "rate", rated, "helped", "--by", "Noor")
    events = json.loads(run("incidents", "show", incident, "--json"))["timeline"]
    assert [event["detail"]["verdict"] for event in events if event["type"] == "rated"] == ["did_not_help", "helped"]
    with pytest.raises(Invalid, match="--step 1=maybe"):
        run("answer", "rate", rated, "helped", "--step", "1=maybe")
    with pytest.raises(NotFound):
        run("answer", "rate", "NOPE-1", "helped")

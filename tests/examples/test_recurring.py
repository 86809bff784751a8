import json
import re
from datetime import datetime, timedelta

import pytest

from onrecall import examples
from onrecall import importers as history
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.recommendation.risk import classify as risk

FILE = examples.incidents_folder() / "recurring.json"
RECORDS = json.loads(FILE.read_text(encoding="utf-8"))
CAUSES = frozenset(
    [
        "connection-pool-exhaustion",
        "certificate-expired",
        "cors-misconfiguration",
        "memory-leak",
        "health-check-misconfigured",
        "rate-limited-by-third-party",
        "cold-start-latency",
        "webhook-delivery-failure",
        "lock-order-deadlock",
        "replica-lag",
        "missing-index",
        "disk-full-wal",
        "migration-without-transaction",
        "cache-oom-no-ttl",
        "foreign-key-violation",
        "backup-job-failed",
        "index-corruption",
        "third-party-timeout",
        "flaky-shared-state",
        "expired-registry-token",
        "missing-infrastructure",
        "missing-env-var",
        "iam-permission-denied",
        "bucket-deleted",
        "dependency-cache-mismatch",
        "config-drift",
        "grace-period-too-short",
        "kafka-consumer-lag",
        "database-timeout",
        "cpu-saturation",
        "distributed-lock-deadlock",
        "vector-db-timeout",
        "recursion-limit",
        "access-control-misconfiguration",
        "dns-resolution-failure",
        "disk-full-logs",
        "thundering-herd-cache",
    ]
)
NEW_IN_THE_SCENARIO = {"ground-station-clock-step"}
SECRET = re.compile(r"AKIA[0-9A-Z]{16}|-----BEGIN|ghp_\w+|xox[bp]-|sk_live_|eyJ[\w-]{10,}\.|://[^/\s:]+:[^@\s]+@")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", re.IGNORECASE)


def when(value):
    time = datetime.fromisoformat(value)
    assert time.tzinfo is not None
    return time


def each(records):
    return pytest.mark.parametrize("record", records, ids=[record["id"] for record in records])


def by_id(number):
    return next(record for record in RECORDS if record["id"] == f"INC-{number}")


def test_there_are_at_least_26_incidents_each_with_its_own_id():
    ids = [record["id"] for record in RECORDS]
    assert len(ids) == len(set(ids)) >= 26
    assert all(re.fullmatch(r"INC-1\d\d", one) for one in ids)


def test_no_example_incident_has_the_id_of_another():
    files = examples.incidents_folder().glob("*.json")
    ids = [record["id"] for file in files for record in json.loads(file.read_text(encoding="utf-8"))]
    assert len(ids) == len(set(ids))


def test_the_history_room_reads_all_of_them_without_a_complaint():
    read = [item for item in history.read(FILE) if isinstance(item, Incident | RejectedInput)]
    assert [item.id for item in read] == [record["id"] for record in RECORDS]
    assert [len(item.resolution.steps) for item in read] == [len(r["resolution"]["steps"]) for r in RECORDS]


@each(RECORDS)
def test_the_times_are_in_order(record):
    started, acknowledged, resolved = (when(record[key]) for key in ("started_at", "acknowledged_at", "resolved_at"))
    assert datetime.fromisoformat("2026-01-01T00:00:00Z") <= started < acknowledged < resolved
    assert resolved < datetime.fromisoformat("2026-11-01T00:00:00Z")
    assert resolved - started < timedelta(hours=3)
    assert when(record["resolution"]["at"]) == resolved
    assert record["status"] == "resolved"


@each(RECORDS)
def test_the_cause_is_from_the_shared_list_and_not_given_away(record):
    cause = record["resolution"]["cause"]
    assert cause in CAUSES
    assert cause not in record["title"] + record["description"]
    assert record["resolution"]["root_cause"] not in record["description"]


@each(RECORDS)
def test_it_is_specific_enough_to_be_worth_recalling(record):
    assert 60 <= len(record["description"].split()) <= 180
    steps = record["resolution"]["steps"]
    assert 4 <= len(steps) <= 8
    assert sum("command" in step for step in steps) >= 4
    assert {step["outcome"] for step in steps} <= {"worked", "did_not_help", "made_it_worse"}
    assert any(step["outcome"] == "worked" for step in steps)
    assert (record["source"], record["source_id"]) == ("example", record["id"])


@each(RECORDS)
def test_a_look_comes_before_the_first_change_that_worked(record):
    worked = [
        step["command"] for step in record["resolution"]["steps"] if step["outcome"] == "worked" and "command" in step
    ]
    assert risk.classify(worked[0]).risk == "read_only", worked[0]


@each(RECORDS)
def test_links_point_to_an_earlier_incident(record):
    for link in record["links"]:
        assert link["kind"] == "recurrence"
        earlier = next(one for one in RECORDS if one["id"] == link["incident"])
        assert when(earlier["resolved_at"]) < when(record["started_at"])
        assert earlier["resolution"]["cause"] == record["resolution"]["cause"]


def test_causes_recur_and_some_but_not_all_recurrences_are_linked():
    seen, again = set(), []
    for record in sorted(RECORDS, key=lambda one: one["started_at"]):
        if record["resolution"]["cause"] in seen:
            again.append(record)
        seen.add(record["resolution"]["cause"])
    linked = [record for record in again if record["links"]]
    assert len(again) >= 15
    assert 0 < len(linked) < len(again)
    assert any(by_id(link["incident"][4:])["service"] != one["service"] for one in linked for link in one["links"])


@pytest.mark.parametrize(
    ("first", "later", "fix"), [(101, 121, "terminate_backend"), (104, 124, "scale"), (102, 131, "renew")]
)
def test_a_fix_that_worked_first_fails_later_as_the_cause_is_another(first, later, fix):
    def outcomes(number):
        steps = by_id(number)["resolution"]["steps"]
        return {step["outcome"] for step in steps if fix in step.get("command", "")}

    assert by_id(first)["resolution"]["cause"] != by_id(later)["resolution"]["cause"]
    assert "worked" in outcomes(first)
    assert outcomes(later) & {"did_not_help", "made_it_worse"}


def test_a_login_outage_with_503_has_two_causes():
    pair = [record for record in RECORDS if record["service"] == "auth-service" and "503" in record["description"]]
    assert {record["resolution"]["cause"] for record in pair} == {"certificate-expired", "connection-pool-exhaustion"}


def test_there_is_no_secret_and_no_address_of_a_person_in_the_examples():
    for file in examples.FOLDER.rglob("*.*"):
        if file.suffix in {".json", ".md"}:
            text = file.read_text(encoding="utf-8")
            assert not SECRET.search(text), file
            assert not EMAIL.search(text), file


class TestScenario:
    EVENTS = examples.scenario()
    OPENINGS = tuple(event for event in EVENTS if isinstance(event, examples.ExampleOpening))

    def test_about_twelve_incidents_in_about_six_minutes(self):
        assert 10 <= len(self.OPENINGS) <= 14
        assert timedelta(minutes=5) < self.EVENTS[-1].after < timedelta(minutes=7)
        assert [event.after for event in self.EVENTS] == sorted(event.after for event in self.EVENTS)

    def test_nothing_is_resolved_or_rated_before_it_was_opened(self):
        opened, closed = set(), set()
        for event in self.EVENTS:
            match event:
                case examples.ExampleOpening(ref=ref):
                    assert ref not in opened
                    opened.add(ref)
                case examples.ExampleClosing(ref=ref):
                    assert ref in opened - closed
                    closed.add(ref)
                case examples.ExampleRating(ref=ref):
                    assert ref in opened

    def test_every_event_tells_the_newcomer_something(self):
        assert all(event.note.endswith((".", "?")) for event in self.EVENTS)

    def test_causes_are_from_the_list_but_for_the_new_one(self):
        causes = {event.cause for event in self.EVENTS if isinstance(event, examples.ExampleClosing)}
        assert causes - CAUSES == NEW_IN_THE_SCENARIO

    def test_something_never_seen_is_learned_and_comes_back_in_other_words(self):
        learned = next(
            e for e in self.EVENTS if isinstance(e, examples.ExampleClosing) and e.cause in NEW_IN_THE_SCENARIO
        )
        again = next(e for e in self.OPENINGS if e.ref == "satellite-again")
        assert again.after > learned.after
        assert not any(again.title == one.title for one in self.OPENINGS if one is not again)

    def test_events_make_nouns(self):
        now = datetime.fromisoformat("2026-11-02T08:00:00Z")
        incident = self.OPENINGS[0].incident(now)
        assert (incident.id, incident.started_at, incident.status) == ("", now, "open")
        closing = next(event for event in self.EVENTS if isinstance(event, examples.ExampleClosing))
        assert incident.resolve(closing.resolution(now)).resolution.steps == closing.steps

    def test_a_verdict_on_a_step_the_answer_does_not_have_is_left_out(self):
        rating = next(
            event for event in self.EVENTS if isinstance(event, examples.ExampleRating) and len(event.steps) > 1
        )
        now = datetime.fromisoformat("2026-11-02T08:00:00Z")
        assert [step.n for step in rating.outcome("rec-1", 1, now).steps] == [1]

import json
import re
import shlex
from datetime import datetime, timedelta
from itertools import combinations

import pytest

from onrecall import examples
from onrecall import importers as history
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.recommendation.risk import classify as risk

FILES = {name: examples.incidents_folder() / f"{name}.json" for name in ("api", "database", "delivery", "platform")}
FILED = {name: json.loads(file.read_text(encoding="utf-8")) for name, file in FILES.items()}
RECORDS = [record for records in FILED.values() for record in records]
CAUSES = {
    "INC-001": "connection-pool-exhaustion",
    "INC-002": "certificate-expired",
    "INC-003": "cors-misconfiguration",
    "INC-004": "memory-leak",
    "INC-005": "health-check-misconfigured",
    "INC-006": "rate-limit-misconfigured",
    "INC-007": "cold-start-latency",
    "INC-008": "webhook-delivery-failure",
    "INC-009": "dns-resolution-failure",
    "INC-010": "keepalive-timeout-mismatch",
    "INC-011": "connection-pool-exhaustion",
    "INC-012": "lock-order-deadlock",
    "INC-013": "replica-lag",
    "INC-014": "missing-index",
    "INC-015": "disk-full-wal",
    "INC-016": "migration-without-transaction",
    "INC-017": "cache-oom-no-ttl",
    "INC-018": "foreign-key-violation",
    "INC-019": "backup-job-failed",
    "INC-020": "index-corruption",
    "INC-021": "third-party-timeout",
    "INC-022": "flaky-shared-state",
    "INC-023": "expired-registry-token",
    "INC-024": "missing-infrastructure",
    "INC-025": "missing-env-var",
    "INC-026": "iam-permission-denied",
    "INC-027": "bucket-deleted",
    "INC-028": "dependency-cache-mismatch",
    "INC-029": "config-drift",
    "INC-030": "grace-period-too-short",
    "INC-2025-001": "database-timeout",
    "INC-2025-002": "kafka-consumer-lag",
    "INC-2025-003": "memory-leak",
    "INC-2025-004": "cpu-saturation",
    "INC-2025-005": "rate-limited-by-third-party",
    "INC-2025-006": "distributed-lock-deadlock",
    "INC-2025-007": "vector-db-timeout",
    "INC-2025-008": "recursion-limit",
    "INC-2025-009": "certificate-expired",
    "INC-2025-010": "access-control-misconfiguration",
}
ERROR_TYPES = [
    "database_timeout",
    "kafka_consumer_lag",
    "memory_leak",
    "high_cpu_utilization",
    "external_api_rate_limit",
    "distributed_lock_deadlock",
    "vector_db_timeout",
    "database_recursion_limit",
    "ssl_certificate_expired",
    "access_control_misconfiguration",
]

each = pytest.mark.parametrize("record", RECORDS, ids=[record["id"] for record in RECORDS])


def when(value):
    time = datetime.fromisoformat(value)
    assert time.tzinfo is not None
    return time


def steps(record):
    return record["resolution"]["steps"]


def by_id(number):
    return next(record for record in RECORDS if record["id"] == number)


def words(text):
    return set(re.findall(r"[a-z]{4,}", text.lower()))


def spoken(text):
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def test_ten_incidents_in_each_file_under_their_known_ids():
    assert [len(records) for records in FILED.values()] == [10, 10, 10, 10]
    assert {record["id"]: record["resolution"]["cause"] for record in RECORDS} == CAUSES
    assert [record["id"] for record in RECORDS] == list(CAUSES)


@pytest.mark.parametrize("name", FILES)
def test_the_history_room_reads_a_file_whole_and_without_a_complaint(name):
    read = [item for item in history.read(FILES[name]) if isinstance(item, Incident | RejectedInput)]
    assert [item.id for item in read] == [record["id"] for record in FILED[name]]
    assert [item.description for item in read] == [record["description"] for record in FILED[name]]
    assert [len(item.resolution.steps) for item in read] == [len(steps(record)) for record in FILED[name]]


@each
def test_every_field_says_something(record):
    for key in ("title", "description", "service", "labels"):
        assert record[key], key
    assert record["severity"] in {"critical", "high", "medium", "low"}
    assert record["environment"] in {"production", "staging", "ci"}
    assert {"alertname", "region", "cluster", "team"} - record["labels"].keys() <= {"cluster"}
    assert all(isinstance(value, str) for value in record["labels"].values())
    assert (record["status"], record["source"], record["source_id"]) == ("resolved", "example", record["id"])
    assert record["resolution"]["provenance"] == "human"
    assert record["resolution"]["by"].startswith("on-call: ")
    assert record["resolution"]["summary"].endswith(".")


@each
def test_the_times_are_in_order(record):
    started, acknowledged, resolved = (when(record[key]) for key in ("started_at", "acknowledged_at", "resolved_at"))
    assert started <= acknowledged < resolved
    assert resolved - started < timedelta(days=4)
    assert when(record["resolution"]["at"]) == resolved
    year = "2025-01-01" if record["id"].startswith("INC-2025-") else "2025-09-01"
    assert datetime.fromisoformat(f"{year}T00:00:00Z") <= started < datetime.fromisoformat("2026-04-01T00:00:00Z")


@each
def test_the_opening_is_specific_and_does_not_give_the_cause_away(record):
    assert 60 <= len(record["description"].split()) <= 180
    assert spoken(record["resolution"]["cause"]) not in spoken(record["description"])
    assert record["resolution"]["root_cause"] not in record["description"]


@each
def test_a_look_comes_before_the_first_change(record):
    first = next(step for step in steps(record) if "command" in step)
    assert first["outcome"] == "worked"
    assert risk.classify(first["command"]).risk == "read_only", first["command"]


@each
def test_the_steps_can_be_followed(record):
    assert 4 <= len(steps(record)) <= 8
    assert sum("command" in step for step in steps(record)) >= 4
    assert sum(step["outcome"] == "worked" for step in steps(record)) >= 3
    for step in steps(record):
        assert step["outcome"] in {"worked", "did_not_help", "made_it_worse"}
        for command in (step.get("command"), step.get("rollback")):
            assert command is None or shlex.split(command)


def test_most_tell_what_did_not_help_and_several_what_made_it_worse():
    outcomes = [{step["outcome"] for step in steps(record)} for record in RECORDS]
    assert sum(bool(one & {"did_not_help", "made_it_worse"}) for one in outcomes) >= 0.6 * len(RECORDS)
    assert sum("made_it_worse" in one for one in outcomes) >= 8


def test_incidents_and_their_commands_are_really_different():
    commands = [step["command"] for record in RECORDS for step in steps(record) if "command" in step]
    assert len(set(commands)) >= 0.97 * len(commands)
    assert len({record["title"] for record in RECORDS}) == len(RECORDS)
    for one, other in combinations(RECORDS, 2):
        left, right = words(one["description"]), words(other["description"])
        assert len(left & right) / len(left | right) < 0.3, (one["id"], other["id"])


def test_the_login_outage_is_looked_at_before_sessions_are_ended_and_the_pool_is_enlarged():
    commands = [step.get("command", "") for step in steps(by_id("INC-001"))]
    looked = next(n for n, command in enumerate(commands) if "pg_stat_activity" in command)
    ended = next(n for n, command in enumerate(commands) if "pg_terminate_backend" in command)
    enlarged = next(n for n, command in enumerate(commands) if "MAXIMUM_POOL_SIZE" in command)
    assert looked < ended < enlarged
    assert "idle in transaction" in commands[ended]
    assert risk.classify(commands[ended]).risk == "disruptive"


def test_the_anomalies_carry_their_type_and_what_was_done_about_it():
    labels = [record["labels"] for record in FILED["platform"]]
    assert [one["error_type"] for one in labels] == ERROR_TYPES
    assert all(0 < float(one["mitigation_effectiveness"]) <= 1 and one["mitigation_metric"] for one in labels)
    assert all(
        type_ in record["resolution"]["summary"] for type_, record in zip(ERROR_TYPES, FILED["platform"], strict=True)
    )


@pytest.mark.parametrize(
    ("number", "spike", "throttled"),
    [
        ("INC-2025-001", "450", "Throttled connections to 30 %"),
        ("INC-2025-002", "320", "Throttled consumers to 45 %"),
        ("INC-2025-003", "280", "Throttled traffic to search to 20 %"),
    ],
)
def test_the_three_throttles_are_those_of_their_own_cause(number, spike, throttled):
    record = by_id(number)
    assert record["labels"]["spike_percent"] == spike
    assert any(step["text"].startswith(throttled) and step["outcome"] == "worked" for step in steps(record))


@pytest.mark.parametrize("number", ["INC-004", "INC-2025-003", "INC-002", "INC-2025-009"])
def test_no_leak_and_no_certificate_is_answered_at_a_database(number):
    assert not any("psql" in step.get("command", "") for step in steps(by_id(number)))

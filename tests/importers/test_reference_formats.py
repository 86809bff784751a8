"""Records of RecallOps, IncidentOS AI and RAG of Fire: every name of a field is read, the rest is said to be left out."""

import json

import pytest

from importers.reports import Report, report
from onrecall.domain.incident import Incident, ReportedEffect

WHEN = {"incident_date": "2025-04-02T06:10:00Z", "recovery_time_seconds": 900}


def read(form: str, record: dict[str, object]) -> Report:
    return report("export.json", json.dumps([record]), format=form)


def steps_of(incident: Incident) -> list[str]:
    assert incident.resolution is not None
    return [step.text for step in incident.resolution.steps]


def rca(**more: object) -> dict[str, object]:
    return {
        "incident_id": "RCA-7",
        "title": "Checkout sessions pile up",
        "root_cause": "Sessions were never evicted",
        "resolution_action": "Fixed the eviction rule. Restarted the session pods.",
        "mitigation_metric": "Throttle new logins to 35%",
        **WHEN,
        **more,
    }


@pytest.mark.parametrize("name", ["fix", "fix_applied", "resolution"])
def test_recallops_names_the_fix_in_three_ways(name: str) -> None:
    record = {
        "id": "OPS-3",
        "title": "Broker full",
        "date": "2025-01-02T03:04:05Z",
        "resolution_time_minutes": 9,
        name: "Freed the log volume",
    }
    assert steps_of(read("recallops", record).incident()) == ["Freed the log volume"]


@pytest.mark.parametrize("name", ["error_logs", "error_log", "logs"])
@pytest.mark.parametrize("value", ["E42 no route", ["E42 no route"], [{"level": "error", "message": "E42 no route"}]])
def test_recallops_names_the_logs_in_three_ways(name: str, value: object) -> None:
    record = {
        "id": "OPS-3",
        "title": "Broker full",
        "date": "2025-01-02T03:04:05Z",
        "resolution_time_minutes": 9,
        name: value,
        "fix": "Waited",
    }
    assert "E42 no route" in read("recallops", record).incident().description


def test_two_names_that_say_different_things_are_both_kept_and_the_same_once() -> None:
    record = {
        "id": "OPS-4",
        "title": "Broker full",
        "date": "2025-01-02T03:04:05Z",
        "resolution_time_minutes": 9,
        "fix": "Freed the log volume",
        "fix_applied": ["Freed the log volume", "Raised the quota to 80 GB"],
        "logs": "E42 no route",
        "error_log": "E42 no route",
    }
    incident = read("recallops", record).incident()
    assert "Raised the quota to 80 GB" in steps_of(incident)
    assert incident.description.count("E42 no route") == 1


def test_what_has_no_place_is_named_with_the_number_of_records() -> None:
    rows = [
        {
            "id": f"OPS-{n}",
            "title": "t",
            "date": "2025-01-02",
            "resolution_time": "9 min",
            "fix": "Waited",
            "oncall_mood": "bad",
            "cost": None,
        }
        for n in range(3)
    ]
    result = report("export.json", json.dumps(rows), format="recallops")
    assert "not used: oncall_mood (3 of 3, e.g. bad)" in result.messages_text
    assert "cost" not in result.messages_text


def test_every_format_names_what_it_leaves_out() -> None:
    result = report("export.json", json.dumps([{"id": "A-1", "title": "t", "started_at": "2025-01-02", "mood": "bad"}]))
    assert "not used: mood (1 of 1, e.g. bad)" in result.messages_text


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("Drained node 4; moved the pods; Uncordoned it", ["Drained node 4", "moved the pods", "Uncordoned it"]),
        ("1. Drained node 4; 2. Moved the pods", ["Drained node 4", "Moved the pods"]),
        ("Ran `a --x; b --y`; waited", ["Ran `a --x; b --y`", "waited"]),
        ("Ran SELECT f('a;b'); didn't wait; left", ["Ran SELECT f('a;b')", "didn't wait", "left"]),
        ("Raised limits (soft; hard); restarted", ["Raised limits (soft; hard)", "restarted"]),
        ("- Drained node 4; slowly\n- Moved the pods", ["Drained node 4; slowly", "Moved the pods"]),
        ("Moved the pods", ["Moved the pods"]),
        ("an open `tick; is no code; at all", ["an open `tick", "is no code", "at all"]),
    ],
)
def test_in_incidentos_semicolons_part_steps(text: str, steps: list[str]) -> None:
    record = {
        "incident_id": "a1b2c3d4",
        "title": "Node lost",
        "created_at": "2025-01-02T03:04:05Z",
        "resolved_at": "2025-01-02T04:04:05Z",
        "root_cause": "kernel panic",
        "mitigation_steps": text,
        "embedding": [0.1, 0.2],
        "ai_analysis": "60% sure it was DNS",
    }
    result = read("incidentos", record)
    assert steps_of(result.incident()) == steps
    assert result.incident().resolution.summary == text
    assert "embedding (1 of 1, e.g. 0.1)" in result.messages_text
    assert "60%" not in str(result.incident())


def test_in_hindsight_semicolons_in_code_part_no_steps() -> None:
    metadata = {
        "incident_id": "H-12",
        "title": "Lease lost",
        "occurred_at": "2025-03-04T05:06:07Z",
        "resolved_at": "2025-03-04T05:36:07Z",
        "mitigation_steps": "Ran `date; hwclock -s`; restarted the scheduler",
    }
    record = {"id": "inc:H-12", "original_text": "Incident: Lease lost", "document_metadata": metadata}
    result = read("hindsight", record)
    assert steps_of(result.incident()) == ["Ran `date; hwclock -s`", "restarted the scheduler"]


def test_the_mitigation_of_an_rca_is_the_step_that_worked_with_its_reported_effect() -> None:
    incident = read("ragoffire", rca(mitigation_effectiveness="88.5", resolution_confidence=91)).incident()
    assert incident.resolution is not None
    first, *others = incident.resolution.steps
    assert (first.text, first.outcome) == ("Throttle new logins to 35%", "worked")
    assert first.effect == ReportedEffect(88.5, 91.0)
    assert [step.text for step in others] == ["Fixed the eviction rule.", "Restarted the session pods."]
    assert all(step.effect is None for step in others)
    assert "metric" not in incident.labels


def test_a_mitigation_that_the_resolution_repeats_stands_there_once() -> None:
    incident = read("ragoffire", rca(resolution_action="Throttle new logins to 35%. Restarted the pods.")).incident()
    assert steps_of(incident) == ["Throttle new logins to 35%", "Restarted the pods."]


def test_an_identifier_in_mitigation_metric_is_the_name_of_a_metric() -> None:
    record = rca(mitigation_metric="session_count", resolution_action="Restarted the pods", mitigation_effectiveness=77)
    incident = read("ragoffire", record).incident()
    assert incident.labels["metric"] == "session_count"
    assert incident.resolution is not None
    assert [(step.text, step.effect) for step in incident.resolution.steps] == [
        ("Restarted the pods", ReportedEffect(77.0, None))
    ]
    several = read("ragoffire", rca(mitigation_metric="session_count", mitigation_effectiveness=77))
    assert "mitigation_effectiveness (1 of 1" in several.messages_text, "of several steps nobody said which one it was"


@pytest.mark.parametrize("value", ["much", 101, -1, True, [90], "1e999"])
def test_an_effect_that_is_no_percentage_is_refused_by_name(value: object) -> None:
    (refused,) = read("ragoffire", rca(mitigation_effectiveness=value)).rejected
    assert refused.field == "mitigation_effectiveness"
    assert "0 to 100" in refused.message


@pytest.mark.parametrize(
    "more",
    [
        {"tags": ["session", "eviction"]},
        {"tags": "session, eviction"},
        {"tags": '["session", "eviction"]'},
        {"metadata": {"tags": ["session", "eviction"]}},
        {"tags": ["session"], "metadata": {"tags": ["eviction", "session"]}},
    ],
)
def test_tags_are_tags_wherever_they_stand(more: dict[str, object]) -> None:
    assert read("ragoffire", rca(**more)).incident().labels["tags"] == "session, eviction"


def test_what_an_rca_measured_is_kept_and_what_is_nested_is_named() -> None:
    metadata = {"peak_gb": 5.6, "session_spike": "280%", "tags": ["a"], "per_zone": {"eu": 1}}
    result = read(
        "ragoffire", rca(summary="Slow", impact="Logins failed", metadata=metadata, detection_time_seconds=60)
    )
    incident = result.incident()
    assert incident.description == "Slow\n\nImpact: Logins failed\n\nMeasured: peak_gb=5.6; session_spike=280%"
    assert (incident.labels["detection_seconds"], incident.labels["recovery_seconds"]) == ("60", "900")
    assert "metadata.per_zone (1 of 1" in result.messages_text


def test_an_rca_without_a_cause_keeps_its_measure() -> None:
    record = {"incident_id": "RCA-8", "title": "Slow", "mitigation_metric": "Throttle search to 50%", **WHEN}
    incident = read("ragoffire", record).incident()
    assert incident.status == "resolved"
    assert steps_of(incident) == ["Throttle search to 50%"]

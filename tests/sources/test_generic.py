"""Any JSON becomes an alert: by the names that people give their fields, or where a mapping says that they stand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecall.domain.alert import Alert
from onrecall.domain.errors import Invalid
from onrecall.sources import SOURCES, ParsedWebhook, WebhookRequest, generic, mapping
from onrecall.sources.states import is_resolved_word

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BODIES = json.loads((Path(__file__).parent / "payloads/generic/bodies.json").read_text(encoding="utf-8"))


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    return SOURCES["generic"].parse(delivery, now)


def parser(mapped: mapping.GenericMapping):
    return lambda delivery, now: generic.read_body(delivery.decoded(), now, mapped=mapped)


def only_alert(body: Any, mapped: mapping.GenericMapping | None = None) -> Alert:
    parsed = (parser(mapped) if mapped else parse)(WebhookRequest(json.dumps(body).encode()), NOW)
    assert not parsed.malformed
    (alert,) = parsed.signals
    assert isinstance(alert, Alert)
    return alert


@pytest.mark.parametrize("told", BODIES, ids=[told["from"] for told in BODIES])
def test_plausible_bodies(told: dict[str, Any]) -> None:
    alert = only_alert(told["body"])
    for field, expected in told["expect"].items():
        found = getattr(alert, field)
        if field in ("labels", "values"):
            assert expected.items() <= found.items(), field
        elif isinstance(found, datetime):
            assert found == (datetime.fromisoformat(expected) if expected else NOW), field
        else:
            assert (list(found) if isinstance(found, tuple) else found) == expected, field


MAPPED = {
    "alerts": "/found",
    "key": "check.id",
    "title": ["check.headline", "check.name"],
    "description": "/check/long~1output",
    "status": "check.state",
    "resolved": ["GRÜN", 0],
    "severity": "prio",
    "starts_at": "check.since",
    "links": "check.page",
    "labels": {"region": "where.0.region"},
    "values": {"current": "check.value"},
}


def check_payload(**check: Any) -> dict[str, Any]:
    said = {"id": 7, "name": "Platte voll", "long/output": "98 %", "state": "ROT", "since": "2026-11-20T03:10:00Z"}
    return {"check": {**said, "value": "98.5", "page": "https://x.example/7", **check}, "prio": "P1",
            "where": [{"region": "eu"}], "title": "not this"}  # fmt: skip


def read_mapped(*checks: Any, mapped: Any = MAPPED) -> Any:
    body = json.dumps({"found": list(checks)}).encode()
    return parser(mapping.parse_mapping(mapped))(WebhookRequest(body), NOW)


def test_a_mapping_says_where_fields_stand() -> None:
    (alert,) = read_mapped(check_payload()).signals
    assert (alert.key, alert.title, alert.description, alert.status) == ("7", "Platte voll", "98 %", "firing")
    assert (alert.severity, alert.labels["region"], alert.values["current"]) == ("critical", "eu", 98.5)
    assert alert.starts_known
    assert alert.links == ("https://x.example/7",)


@pytest.mark.parametrize("word", ["Grün", "grün", 0])
def test_a_mapping_says_what_is_over(word: Any) -> None:
    (alert,) = read_mapped(check_payload(state=word)).signals
    assert alert.status == "resolved"


def test_a_mapped_key_or_time_that_is_not_there_is_said_by_its_place() -> None:
    parsed = read_mapped(check_payload(id=None), check_payload(since="gestern"), check_payload())
    assert [part.where for part in parsed.malformed] == ["/found[0]", "/found[1]"]
    assert "check.id" in parsed.malformed[0].message
    assert "check since" in parsed.malformed[1].message or "check.since" in parsed.malformed[1].message
    assert len(parsed.signals) == 1


def test_a_rejected_part_goes_in_when_it_is_tried_again_under_the_mapping() -> None:
    part = read_mapped(check_payload(id=None)).malformed[0]
    mended = json.loads(part.raw)
    mended["found"][0]["check"]["id"] = 8
    (alert,) = parser(mapping.parse_mapping(MAPPED))(WebhookRequest(json.dumps(mended).encode()), NOW).signals
    assert alert.key == "8"


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ([], "a mapping is an object"),
        ({"titel": "x"}, "'titel', which is not a field"),
        ({"title": 3}, "`title` of a mapping must be a path"),
        ({"title": []}, "`title` of a mapping must be a path"),
        ({"labels": "x"}, "`labels` of a mapping is an object"),
        ({"labels": {"a": 1}}, "`labels.a` of a mapping must be a path"),
        ({"resolved": "ok"}, "`resolved` of a mapping is a list"),
    ],
)
def test_a_wrong_mapping_is_refused_with_a_sentence(said: Any, complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        mapping.parse_mapping(said)


def test_a_mapping_file_is_yaml_or_json(tmp_path: Path) -> None:
    yaml = tmp_path / "mapping.yaml"
    yaml.write_text("title: check.name\nkey: [check.id, /id]\nresolved: [OK]\n")
    plain = tmp_path / "mapping.json"
    plain.write_text(json.dumps({"title": "check.name", "key": ["check.id", "/id"], "resolved": ["OK"]}))
    assert mapping.load_mapping(yaml) == mapping.load_mapping(plain)
    plain.write_text("{")
    with pytest.raises(Invalid, match="is broken"):
        mapping.load_mapping(plain)
    with pytest.raises(Invalid, match="can't be read"):
        mapping.load_mapping(tmp_path / "none.yaml")


def test_the_same_alert_has_the_same_key_when_it_is_over() -> None:
    fires = only_alert({"title": "[FIRING] Disk full", "host": "db-1", "service": "orders"})
    over = only_alert({"title": "[RESOLVED] Disk full", "host": "db-1", "service": "orders"})
    assert fires.key == over.key
    assert (fires.status, over.status) == ("firing", "resolved")


@pytest.mark.parametrize(
    ("said", "over"),
    [("Recovered", True), ("incident.resolved", True), ("CRITICAL -> OK", True), ("OK -> CRITICAL", False),
     ("not resolved", False), ("UP", True), ("problem", False), ("unresolved", False), ("schwierig", None), (7, None),
     ("ok " * 100, None)],
)  # fmt: skip
def test_words_that_say_whether_it_is_over(said: Any, over: bool | None) -> None:
    assert is_resolved_word(said) is over


@given(told=st.sampled_from(BODIES), data=st.data())
def test_mutated_bodies_with_and_without_a_mapping(told: dict[str, Any], data: st.DataObject) -> None:
    body = data.draw(changed(told["body"]))
    for read in (parse, parser(mapping.parse_mapping({**MAPPED, "alerts": "alerts"}))):
        try:
            parsed = read(WebhookRequest(json.dumps(body).encode()), NOW)
        except Invalid:
            continue
        assert all(isinstance(alert, Alert) and alert.key and alert.title for alert in parsed.signals)


ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just({"name": {}}) | st.just([[], {}])


@st.composite
def changed(draw: st.DrawFn, body: Any) -> Any:
    """The body with one of its values replaced, at any depth."""
    if isinstance(body, dict) and body and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(body)))
        return {**body, name: draw(changed(body[name]))}
    if isinstance(body, list) and body and draw(st.booleans()):
        return [draw(changed(body[0])), *body[1:]]
    return draw(ODD)


@pytest.mark.parametrize(
    "said",
    [
        {"title": "Move of rack 4", "state": "under_maintenance"},
        {"title": "Upgrade of the boiler", "status": "Scheduled"},
        {"title": "Rack 4", "status": "planned", "impact": "maintenance"},
    ],
)
def test_work_that_is_surely_announced_is_planned(said: dict[str, str]) -> None:
    assert only_alert(said).purpose == "planned"


@pytest.mark.parametrize(
    "said",
    [
        {"title": "Scheduled job of payroll failed", "status": "failed"},
        {"title": "Maintenance mode is stuck", "status": "firing"},
        {"title": "Payroll job", "status": "scheduled"},
    ],
)
def test_what_only_speaks_of_work_or_plans_is_an_incident(said: dict[str, str]) -> None:
    assert only_alert(said).purpose == "incident"


def test_an_alert_as_prometheus_sends_it_is_over_once_its_end_is_past() -> None:
    rule = {"labels": {"alertname": "KettleDry", "service": "kettle"}, "startsAt": "2026-11-21T11:00:00Z"}
    (over, fires) = (only_alert([rule | {"endsAt": f"2026-11-21T{hour}:00:00Z"}]) for hour in (11, 13))
    assert (over.status, fires.status, over.key) == ("resolved", "firing", fires.key)
    assert fires.expires_after, "its end may never be told"


def test_an_alert_is_found_in_a_text_that_wraps_it_once_more() -> None:
    alert = only_alert(
        {"body": json.dumps({"alert": {"title": "Vat leaks", "priority": "P1", "started": 1795258800000}})}
    )
    assert (alert.title, alert.severity, alert.starts_at) == (
        "Vat leaks",
        "critical",
        datetime(2026, 11, 21, 11, tzinfo=UTC),
    )

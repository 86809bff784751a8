"""Our own JSON in all its shapes, and the round trip."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from importers.reports import report
from onrecall.domain.incident import Incident, IncidentLink, Resolution, ResolutionStep
from onrecall.importers import native, read_bytes
from onrecall.importers.record import FieldRecord
from onrecall.importers.times import Times

ONE = {"id": "INC-1", "title": "auth 503", "started_at": "2024-01-31T09:30:00Z"}

words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(str.strip)
names = words.map(str.strip).filter(str.isprintable)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
maybe = st.none() | names
steps = st.builds(
    ResolutionStep,
    words,
    st.none() | words,
    st.sampled_from(["worked", "did_not_help", "made_it_worse"]),
    st.none() | words,
)
resolutions = st.builds(
    Resolution, root_cause=words, at=moments, cause=maybe, steps=st.lists(steps, max_size=3).map(tuple),
    summary=st.none() | words, provenance=st.sampled_from(["human", "imported", "model"]), by=maybe,
)  # fmt: skip
incidents = st.builds(
    Incident, id=names, title=words, started_at=moments, description=st.just("") | words, service=maybe, environment=maybe,
    severity=st.sampled_from(["critical", "high", "medium", "low", "info", "unknown"]), labels=st.dictionaries(names, words, max_size=3),
    status=st.sampled_from(["open", "acknowledged", "resolved"]), acknowledged_at=st.none() | moments,
    source=names, source_id=maybe, links=st.lists(st.builds(IncidentLink, st.sampled_from(["recurrence", "duplicate"]), names), max_size=2, unique=True).map(tuple),
)  # fmt: skip


@given(incidents, st.none() | resolutions)
def test_what_is_dumped_is_read_back_the_same(incident, resolution):
    resolved_at = resolution.at if resolution else None
    if resolved_at and resolved_at < incident.started_at:
        resolved_at, started_at = incident.started_at, resolved_at
    else:
        started_at = incident.started_at
    original = Incident(
        **{field: getattr(incident, field) for field in incident.__dataclass_fields__}
        | {"started_at": started_at, "resolved_at": resolved_at, "resolution": resolution}
    )
    written = json.loads(json.dumps(native.dump(original)))
    assert native.parse(FieldRecord(written, Times())) == original


def test_a_list_an_object_with_incidents_one_object_and_one_a_line_are_the_same():
    second = {**ONE, "id": "INC-2"}
    shapes = {
        "list.json": json.dumps([ONE, second]),
        "pretty.json": json.dumps([ONE, second], indent=2),
        "object.json": json.dumps({"version": 1, "incidents": [ONE, second], "total": 2}, indent=2),
        "lines.jsonl": f"{json.dumps(ONE)}\n\n{json.dumps(second)}\n",
        "lines-in-disguise.json": f"{json.dumps(ONE)}\n{json.dumps(second)}",
        "nameless": f"{json.dumps(ONE)}\r\n{json.dumps(second)}",
        "by-id.json": json.dumps({"INC-1": {k: v for k, v in ONE.items() if k != "id"}, "INC-2": second}),
    }
    for name, text in shapes.items():
        result = report(name, text)
        assert [incident.id for incident in result.incidents] == ["INC-1", "INC-2"], name
        assert not result.rejected, name
        assert "read as native" in result.messages_text or name == "by-id.json"
    assert report("one.json", json.dumps(ONE, indent=1)).incident().id == "INC-1"
    assert report("wrapped.json", json.dumps({"incident": ONE})).incident().id == "INC-1"


def test_a_resolution_makes_it_resolved_and_is_marked_as_imported():
    result = report(
        "a.json",
        json.dumps({**ONE, "resolution": {"root_cause": "leak", "at": "2024-01-31T10:00:00Z", "steps": ["restart"]}}),
    )
    incident = result.incident()
    assert incident.status == "resolved"
    assert incident.resolved_at == datetime(2024, 1, 31, 10, tzinfo=UTC)
    assert incident.resolution == Resolution(
        "leak", incident.resolved_at, steps=(ResolutionStep("restart"),), provenance="imported"
    )


def test_documents_as_json():
    result = report(
        "d.json",
        json.dumps({"documents": [{"id": "RB-1", "title": "Disk", "text": "# Disk\ndf -h", "kind": "runbook"}]}),
    )
    (document,) = result.documents
    assert (document.id, document.kind, document.text) == ("RB-1", "runbook", "# Disk\ndf -h")


def test_nothing_is_made_up():
    for missing, message in (("id", "`id`"), ("title", "`title`"), ("started_at", "`started_at`")):
        result = report("a.json", json.dumps([{k: v for k, v in ONE.items() if k != missing}, {**ONE, "id": "INC-9"}]))
        (rejected,) = result.rejected
        assert rejected.field == missing
        assert message in rejected.message
        assert rejected.where == "a.json, record 1 (line 1)"
        assert [item.id for item in result.incidents] == ["INC-9"]


def test_a_start_that_the_user_names_is_used_and_said():
    result = report("a.json", json.dumps([{"id": "A", "title": "x"}]), undated=datetime(2024, 1, 1, tzinfo=UTC))
    assert result.incident().started_at == datetime(2024, 1, 1, tzinfo=UTC)
    assert "1 incident without a start was" in result.messages_text


def test_wrong_types_and_words_are_named():
    for field, value in (
        ("labels", ["a"]), ("title", ["x"]), ("title", 5 * [{}]), ("service", {"name": "x"}), ("status", "burning"), ("links", {"kind": "x"}),
        ("resolution", "restarted"), ("started_at", True), ("started_at", "2024-02-30"), ("id", "a\nb"), ("id", "x" * 201), ("id", False),
    ):  # fmt: skip
        (rejected,) = report("a.json", json.dumps([{**ONE, field: value}])).rejected
        assert rejected.field == field, (field, value)
        assert field in rejected.message
    (rejected,) = report(
        "a.json", json.dumps([{**ONE, "resolution": {"at": "2024-02-01T00:00:00Z", "steps": [{"command": "ls"}]}}])
    ).rejected
    assert rejected.field == "resolution.steps.0.text"
    (rejected,) = report("a.json", json.dumps([{**ONE, "resolved_at": "2024-01-30T00:00:00Z"}])).rejected
    assert rejected.field == "resolved_at"
    assert "2024-01-30T00:00:00+00:00" in rejected.message
    assert "2024-01-31T09:30:00+00:00" in rejected.message


def test_the_incident_that_a_record_repeats_is_a_link():
    rows = [
        {"id": "A", "title": "disk full", "started_at": "2026-01-01T00:00:00Z"},
        {"id": "B", "title": "disk full", "started_at": "2026-01-02T00:00:00Z", "duplicate_of": "A"},
    ]
    first, second = (item for item in read_bytes("h.json", json.dumps(rows).encode()) if isinstance(item, Incident))
    assert first.links == ()
    assert second.links == (IncidentLink("duplicate", "A"),)

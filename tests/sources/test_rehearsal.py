"""A rehearsal shows each field with its place, and its file to start from reads the payload as it was shown."""

import json
from datetime import UTC, datetime

import pytest

from onrecall.domain.errors import Invalid, NotFound
from onrecall.sources import SOURCES, ParsedWebhook, SourceCatalog, WebhookRequest
from onrecall.sources.rehearsal import rehearse
from sources.golden import FOLDER

NOW = datetime(2026, 10, 11, 12, tzinfo=UTC)
BOILER = {"Alarm Name": "Boiler too hot", "unit": {"hostname": "boiler-3"}, "prio": "P2", "since": "2026-10-11 11:30:00", "state": "ALARM", "help": {"runbook_url": "https://wiki.plant.example/boiler"}}  # fmt: skip


def rehearsed(name, body, catalog=SOURCES):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return rehearse(catalog, name, WebhookRequest(raw), NOW), stored(catalog, name, WebhookRequest(raw))


def stored(catalog, name, delivery):
    """What the payload says as it would be stored; nothing where it is refused."""
    try:
        return catalog.find(name).parse(delivery, NOW)
    except Invalid:
        return ParsedWebhook()


def shown(part):
    return {field.name: (field.value, field.place) for field in part.fields}


def test_each_field_is_shown_with_its_place():
    rehearsal, parsed = rehearsed("generic/plant", BOILER)
    (part,) = rehearsal.parts
    fields = shown(part)
    assert (rehearsal.source, rehearsal.known_as) == ("generic/plant", None)
    assert fields["title"] == ("Boiler too hot", '"Alarm Name"')
    assert fields["severity"] == ("high", "prio")
    assert fields["starts_at"] == ("2026-10-11T11:30:00+00:00", "since")
    assert fields["service"] == (None, None), "what is missing is shown, too"
    assert [signal.title for signal in parsed.signals] == ["Boiler too hot"]


@pytest.mark.parametrize("wrap", [lambda body: body, lambda body: {"alarms": [body, body]}])
def test_the_file_to_start_from_reads_what_was_shown(tmp_path, wrap):
    rehearsal, before = rehearsed("generic/plant", wrap(BOILER))
    assert rehearsal.definition.startswith("# plant.yaml")
    (tmp_path / "plant.yaml").write_text(rehearsal.definition, encoding="utf-8")
    catalog = SourceCatalog(tmp_path)
    again, after = rehearsed("plant", wrap(BOILER), catalog)
    assert again.known_as == "plant: message"
    assert again.definition == ""
    for one, other in zip(before.signals, after.signals, strict=True):
        for field in ("title", "status", "severity", "starts_at", "starts_known", "links", "link_kinds"):
            assert getattr(one, field) == getattr(other, field), field


@pytest.mark.parametrize("wrap", [lambda body: body, lambda body: {"alarms": [body]}])
def test_the_file_to_start_from_knows_both_sides_of_a_switch(tmp_path, wrap):
    tripped = {"name": "Float switch of the sump", "device": "sump-2", "alarm": True}
    (tmp_path / "sump.yaml").write_text(rehearsed("generic/sump", wrap(tripped))[0].definition, encoding="utf-8")
    catalog = SourceCatalog(tmp_path)
    for body, status in ((tripped, "firing"), (tripped | {"alarm": False}, "resolved")):
        (alert,) = rehearsed("sump", wrap(body), catalog)[1].signals
        assert (alert.status, alert.problems) == (status, ())


def test_a_tool_is_named_with_its_shape():
    body = (FOLDER / "zabbix" / "firing.json").read_bytes()
    for name in ("zabbix", "generic"):
        rehearsal, _ = rehearsed(name, body)
        assert rehearsal.known_as.startswith("zabbix: ")
        assert rehearsal.definition == ""
        assert shown(rehearsal.parts[0])["title"][1]


def test_what_goes_wrong_is_shown():
    rehearsal, _ = rehearsed("generic/plant", BOILER | {"since": "at dawn"})
    assert "`since`" in rehearsal.parts[0].problems[0]
    assert shown(rehearsal.parts[0])["starts_known"][0] == "false"
    rehearsal, _ = rehearsed("generic/plant", [BOILER, {"colour": "blue"}])
    assert len(rehearsal.parts) == 1
    assert "`title` is missing" in rehearsal.rejected[0].message
    rehearsal, _ = rehearsed("generic/plant", b"<xml/>")
    assert "not JSON" in rehearsal.refusal
    assert rehearsal.parts == ()


def test_an_unknown_name_is_no_rehearsal():
    with pytest.raises(NotFound):
        rehearsed("plnt", BOILER)


def test_every_payload_of_every_tool_can_be_rehearsed():
    for name in SOURCES:
        for path in sorted((FOLDER / name).glob("*.json")):
            rehearsal, parsed = rehearsed(name, path.read_bytes())
            assert len(rehearsal.parts) == len(parsed.signals), path
            assert rehearsal.refusal is None or not parsed.signals, path

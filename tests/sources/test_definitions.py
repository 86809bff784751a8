"""Files of sources: what they may say, what is refused and how, own files, and how a payload is recognised."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onrecall.domain.alert import Acknowledgement
from onrecall.domain.errors import Invalid, NotFound
from onrecall.sources import SOURCES, SourceCatalog, WebhookRequest, reference
from onrecall.sources.definition import LARGEST_FILE, json_schema, load_definition, parse_definition

NOW = datetime(2026, 8, 9, 10, 11, tzinfo=UTC)
DOCS = Path(__file__).parents[2] / "docs"
BREWERY = """\
tool: Brewery Watch
also: [brew]
shapes:
  - name: kettle
    marks: [kettle.no, kettle.mood]
    key: kettle.no
    identity: [kettle.hall, kettle.name]
    title: [kettle.trouble, kettle.name]
    status: {from: kettle.mood, firing: [boiling, "1"], resolved: [cool], acknowledged: [watched]}
    severity: {from: kettle.heat, map: {"9": critical, "3": low}}
    service: kettle.hall
    labels: {brewer: kettle.by}
    label_sets: [kettle.notes]
    starts_at: {from: kettle.since, formats: ["%d|%m|%Y %H.%M"], zone: kettle.zone}
    sent_at: sent
    links: {runbook: kettle.wiki, source: kettle.page}
    purpose:
      test: [{when: "kettle.no == 'demo'", reason: Brewery Watch's demonstration kettle}]
    expires_after: 90m
    sends_end: false
"""
KETTLE = {
    "kettle": {
        "no": 17,
        "name": "North kettle",
        "hall": "malt-hall",
        "trouble": "Foam over the rim",
        "mood": "Boiling",
        "heat": 9,
        "by": "Ida",
        "notes": ["floor:2"],
        "since": "09|08|2026 11.55",
        "zone": "Europe/Copenhagen",
        "wiki": "https://brew.example/foam",
        "page": "javascript:alert(1)",
    },
    "sent": 1786269600,
}


@pytest.fixture
def own(tmp_path):
    (tmp_path / "brewery.yaml").write_text(BREWERY, encoding="utf-8")
    (tmp_path / "README.md").write_text("not a source", encoding="utf-8")
    return SourceCatalog(tmp_path)


def only_alert(catalog, name, body):
    (signal,) = catalog[name].parse(WebhookRequest(json.dumps(body).encode()), NOW).signals
    return signal


def test_an_own_file_reads_what_is_posted_under_its_name(own):
    own.check()
    alert = only_alert(own, "brewery", KETTLE)
    assert (alert.source, alert.key, alert.title) == ("brewery", "17", "Foam over the rim")
    assert (alert.status, alert.severity, alert.service) == ("firing", "critical", "malt-hall")
    assert alert.labels == {"brewer": "Ida", "floor": "2"}
    assert alert.starts_at == datetime(2026, 8, 9, 9, 55, tzinfo=UTC)
    assert alert.starts_known
    assert alert.links == ("https://brew.example/foam",)
    assert alert.link_kinds == {"https://brew.example/foam": "runbook"}
    assert alert.expires_after == timedelta(minutes=90)
    assert only_alert(own, "generic/brewery", KETTLE).source == "generic/brewery"
    assert only_alert(own, "generic", KETTLE).source == "brewery"
    assert own.find("Brew").name == "brewery"


def test_words_of_a_file_decide_and_common_words_after_them(own):
    for mood, status in (
        ("cool", "resolved"),
        ("COOL", "resolved"),
        ("recovered", "resolved"),
        ("odd", "firing"),
    ):
        body = {"kettle": KETTLE["kettle"] | {"mood": mood}}
        assert only_alert(own, "brewery", body).status == status
    watched = {"kettle": KETTLE["kettle"] | {"mood": "watched"}}
    alert, taken = own["brewery"].parse(WebhookRequest(json.dumps(watched).encode()), NOW).signals
    assert (alert.status, type(taken)) == ("firing", Acknowledgement)
    demo = only_alert(own, "brewery", {"kettle": KETTLE["kettle"] | {"no": "demo"}})
    assert (demo.purpose, demo.key) == ("test", "test:demo")


def test_an_own_file_takes_the_place_of_ours(tmp_path):
    (tmp_path / "gatus.yaml").write_text("tool: Our Gatus\nshapes: [{name: any, title: what}]\n", encoding="utf-8")
    alert = only_alert(SourceCatalog(tmp_path), "gatus", {"what": "Sluice is open"})
    assert alert.title == "Sluice is open"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("tool: X\nshapes: [{name: a}]", "title"),
        ("tool: X", "shapes"),
        ("shapes: [{name: a, title: t}]", "tool"),
        ("tool: X\nshapes: [{name: a, title: 't['}]", r"shapes\.0\.title"),
        ("tool: X\nshapes: [{name: a, title: t, colour: red}]", r"shapes\.0\.colour"),
        ("tool: X\nshapes: [{name: a, title: t, severity: {from: s, map: {x: terrible}}}]", r"shapes\.0\.severity"),
        ("tool: X\nshapes: [{name: a, title: t, links: {homepage: u}}]", r"shapes\.0\.links"),
        ("tool: X\nshapes: [{name: a, title: t, expires_after: soon}]", r"shapes\.0\.expires_after"),
        ("tool: X\nshapes: [{name: a, title: t, purpose: {prank: [{when: a, reason: b}]}}]", r"shapes\.0\.purpose"),
        ("tool: [", "not YAML"),
        ("just text", "mine.yaml"),
        ("tool: !!python/object/apply:os.system ['true']\nshapes: []", "not YAML"),
        ("tool: &a [*a]", r"tool|not YAML"),
        ("", "mine.yaml"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(text, place):
    with pytest.raises(Invalid, match=place) as refused:
        parse_definition(text, "mine.yaml")
    assert "mine.yaml" in str(refused.value)


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path):
    large = tmp_path / "large.yaml"
    large.write_text("#" * (LARGEST_FILE + 1), encoding="utf-8")
    with pytest.raises(Invalid, match="larger"):
        load_definition(large)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00\x01\x80")
    with pytest.raises(Invalid, match=r"binary\.yaml"):
        load_definition(binary)


def test_a_wrong_own_file_is_found_at_the_start(tmp_path):
    (tmp_path / "brewery.yaml").write_text(BREWERY.replace("kettle.no\n", "kettle[\n", 1), encoding="utf-8")
    with pytest.raises(Invalid, match=r"brewery\.yaml"):
        SourceCatalog(tmp_path).check()


def test_an_unknown_name_is_answered_with_what_is_like_it():
    with pytest.raises(NotFound, match="did you mean zabbix"):
        SOURCES.find("zabix")
    with pytest.raises(NotFound, match="generic/NAME"):
        SOURCES.find("qqqqqq")
    for odd in ("generic/../x", "generic/a/b", "generic/" + "x" * 80, ""):
        with pytest.raises(NotFound):
            SOURCES.find(odd)


def test_the_names_of_generic_are_kept_apart():
    body = {"id": "7", "title": "Door is open", "status": "open"}
    first, second = only_alert(SOURCES, "generic/north", body), only_alert(SOURCES, "generic/south", body)
    assert (first.source, second.source) == ("generic/north", "generic/south")


def test_a_body_that_two_tools_claim_is_nobodys():
    assert SOURCES.recognise({"title": "Door is open", "status": "open"}) is None
    assert SOURCES.recognise([]) is None
    assert SOURCES.recognise("text") is None


def test_the_schema_that_is_published_is_that_of_the_files():
    published = json.loads((DOCS / "source-definition.schema.json").read_text(encoding="utf-8"))
    assert published == json_schema(), "run `make sources-docs`"


def test_the_page_of_the_documentation_is_that_of_the_files():
    page = (DOCS / "sources.md").read_text(encoding="utf-8")
    assert reference.update_page(page, SourceCatalog()) == page, "run `make sources-docs`"
    for name in SOURCES:
        assert name == "generic" or f'<a id="{name}"></a>' in page
    assert len(list(SOURCES)) > 60


def test_configuration_is_filled_with_the_address_of_the_server():
    setup = reference.setup_instructions("prometheus", SOURCES.definition("prometheus"), "http://10.1.1.1:9000/")
    assert "10.1.1.1:9000" in setup
    assert "scheme: http\n" in setup
    for name in SOURCES:
        text = reference.setup_instructions(name, SOURCES.definition(name), "https://memory.example")
        assert not {"{url}", "{key}", "{host}", "{scheme}"} & {
            piece for piece in ("{url}", "{key}", "{host}", "{scheme}") if piece in text
        }


def test_a_tool_that_relays_reads_others_by_their_files_under_its_own_name(tmp_path):
    (tmp_path / "sluice.yaml").write_text(
        "tool: Sluice\nrelays: [gatus]\nshapes: [{name: all, marks: [status], title: status}]\n"
    )
    catalog = SourceCatalog(tmp_path)
    relayed = only_alert(
        catalog, "sluice", {"endpoint": "gate", "group": "west", "status": "RESOLVED", "alert": "shut"}
    )
    assert (relayed.source, relayed.key, relayed.status) == ("sluice", "west/gate", "resolved")
    assert only_alert(catalog, "sluice", {"status": "red"}).title == "red"


def test_a_tool_can_relay_only_what_there_is(tmp_path):
    (tmp_path / "sluice.yaml").write_text("tool: Sluice\nrelays: [gate]\nshapes: [{name: a, marks: [b], title: b}]\n")
    with pytest.raises(Invalid, match="`relays` names 'gate'"):
        SourceCatalog(tmp_path).check()

import json
import re
from datetime import UTC, datetime

import pytest
import yaml

from onrecall import examples
from onrecall import importers as history
from onrecall.domain.document import Document

RUNBOOKS = sorted((examples.documents_folder() / "runbooks").glob("*.md"))
POSTMORTEMS = sorted((examples.documents_folder() / "postmortems").glob("*.md"))
INCIDENTS = {
    record["id"]: record
    for file in examples.incidents_folder().glob("*.json")
    for record in json.loads(file.read_text(encoding="utf-8"))
}
RUNBOOK_SECTIONS = ["Meaning", "Symptoms", "Diagnosis", "Mitigation", "Rollback", "Escalation"]
POSTMORTEM_SECTIONS = ["Summary", "Impact", "Timeline", "Root cause", "Resolution", "What did not help", "Action items"]


def each(files):
    return pytest.mark.parametrize("file", files, ids=[file.stem for file in files])


def parse(file):
    _, front, body = file.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def sections(body):
    parts = re.split(r"^## (.+)$", body, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands(text):
    blocks = re.findall(r"^ *```\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def test_there_are_enough_and_each_has_its_own_id():
    assert len(RUNBOOKS) >= 18
    assert len(POSTMORTEMS) >= 6
    ids = [parse(file)[0]["id"] for file in RUNBOOKS + POSTMORTEMS]
    assert len(ids) == len(set(ids))


def test_the_history_room_reads_all_of_them_as_what_they_are():
    read = {item.id: item for item in history.read(examples.documents_folder()) if isinstance(item, Document)}
    for file in RUNBOOKS + POSTMORTEMS:
        front, _ = parse(file)
        document = read.pop(front["id"])
        assert (document.kind, document.title, document.service) == (front["kind"], front["title"], front["service"])
        assert document.dated == front["dated"]
        assert document.labels["cause"] == front["labels"]["cause"]
    assert not read


@each(RUNBOOKS)
def test_a_runbook_has_its_sections_a_check_and_a_numbered_cure(file):
    front, body = parse(file)
    found = sections(body)
    assert front["id"] == f"RB-{file.stem}"
    assert front["kind"] == "runbook"
    assert list(found) == RUNBOOK_SECTIONS
    assert commands(found["Diagnosis"])
    assert len(re.findall(r"^\d\. ", found["Mitigation"], flags=re.MULTILINE)) >= 3
    assert commands(found["Mitigation"])
    assert 40 <= len(file.read_text(encoding="utf-8").splitlines()) <= 120


@each(POSTMORTEMS)
def test_a_postmortem_has_its_sections_and_was_written_after_its_incident(file):
    front, body = parse(file)
    assert front["id"] == f"PM-{file.stem}"
    assert front["kind"] == "postmortem"
    assert list(sections(body)) == POSTMORTEM_SECTIONS
    incident = INCIDENTS[front["labels"]["incident"]]
    assert (front["service"], front["labels"]["cause"]) == (incident["service"], incident["resolution"]["cause"])
    assert front["dated"] > datetime.fromisoformat(incident["resolved_at"])


@each(RUNBOOKS + POSTMORTEMS)
def test_it_refers_only_to_what_exists(file):
    documents = {parse(one)[0]["id"] for one in RUNBOOKS + POSTMORTEMS}
    text = file.read_text(encoding="utf-8")
    assert set(re.findall(r"INC-[\d-]*\d", text)) <= INCIDENTS.keys()
    assert set(re.findall(r"\bRB-[a-z][a-z-]*[a-z]", text)) <= documents


@each(RUNBOOKS)
def test_a_runbook_knows_no_incident_later_than_itself(file):
    front, body = parse(file)
    for name in re.findall(r"INC-[\d-]*\d", body):
        assert datetime.fromisoformat(INCIDENTS[name]["resolved_at"]) < front["dated"]


@each(RUNBOOKS + POSTMORTEMS)
def test_its_date_says_the_zone(file):
    assert parse(file)[0]["dated"].tzinfo is UTC or parse(file)[0]["dated"].utcoffset() is not None


@each(RUNBOOKS + POSTMORTEMS)
def test_code_blocks_are_closed(file):
    assert file.read_text(encoding="utf-8").count("```") % 2 == 0

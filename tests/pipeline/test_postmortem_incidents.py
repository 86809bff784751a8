"""Postmortems on the line: saved with their text, shown as one, cited by its lines, added to what is on record."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from onrecall.domain.incident import Incident, Resolution, TimelineEntry
from onrecall.domain.markdown_page import document_lines, numbered_lines, to_markdown
from onrecall.domain.situation import make_situation
from onrecall.importers import read_bytes
from onrecall.importers.native import dump
from onrecall.pipeline.import_history import import_history
from onrecall.pipeline.incident_service import Dependencies, IncidentService
from onrecall.pipeline.recommend import situation_of
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TEXT = """# Tariff table empty after import

**Date:** 2026-05-05
**Service:** tariffs

## Root cause

The importer truncated the table before the download had failed.

## What did not help

- Restarted the API: `systemctl restart tariff-api`

## Resolution

1. Restored the table: `pg_restore -d tariffs -t tariff /backup/tariff.dump`
2. Switched the importer off
"""


@pytest.fixture
def memory():
    store = Storage.open("sqlite://")
    yield IncidentService(Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: NOW))
    store.close()


def brought(memory, text=TEXT, name="pm/tariffs.md"):
    return memory.import_history(read_bytes(name, text.encode()))


def test_the_second_import_changes_nothing(memory):
    first, second = brought(memory), brought(memory)
    assert (first.created, first.updated, first.rejected) == (2, 0, [])
    assert (second.created, second.updated, second.unchanged) == (0, 0, 2)


def test_another_text_is_another_version_of_the_same_incident(memory):
    brought(memory)
    assert brought(memory, TEXT.replace("before the download", "after the download")).updated == 2
    assert len(memory.store.incidents.resolutions("PM-pm-tariffs")) == 2


def test_an_answer_cites_the_lines_of_the_document(memory):
    brought(memory)
    answer = memory.ask(make_situation("tariff table is empty after the import"))
    rows = memory.store.documents.get("pm/tariffs").text.splitlines()
    assert [one.id for one in answer.evidence] == ["PM-pm-tariffs"]
    cited = [
        answer.cause_citation,
        *(step.citation for step in answer.steps),
        *(one.citation for one in answer.tried_before),
    ]
    assert len(cited) == 4
    for citation in cited:
        assert (citation.id, citation.incident) == ("pm/tariffs", "PM-pm-tariffs")
        assert citation.quote == rows[citation.line - 1].strip()
    assert "pg_restore -d tariffs -t tariff /backup/tariff.dump" in [step.command for step in answer.steps]
    assert [one.command for one in answer.tried_before] == ["systemctl restart tariff-api"]


def test_a_document_that_says_something_else_by_now_is_not_cited(memory):
    brought(memory)
    memory.put_document(replace(memory.store.documents.get("pm/tariffs"), text="\n" * 30))
    answer = memory.ask(make_situation("tariff table is empty after the import"))
    assert answer.cause_citation.id == "PM-pm-tariffs"


def test_an_incident_is_never_its_own_evidence_nor_its_text(memory):
    brought(memory)
    stored = memory.store.incidents.get("PM-pm-tariffs")
    assert situation_of(stored).exclude == {"PM-pm-tariffs", "pm/tariffs"}
    assert memory.recall(situation_of(stored)) == ()


def test_what_is_stored_is_what_was_read(memory):
    (given,) = (one for one in read_bytes("pm/tariffs.md", TEXT.encode()) if isinstance(one, Incident))
    brought(memory)
    assert memory.store.incidents.get(given.id) == given
    assert given.lines["title"] == 1
    assert (given.resolved_at, given.status) == (None, "resolved")


def on_record(**more):
    started = datetime(2026, 5, 5, 8, tzinfo=UTC)
    return Incident(
        "OPS-77",
        "tariffs: 500",
        started,
        source="pager",
        source_id="77",
        status="resolved",
        resolved_at=started,
        **more,
    )


def test_a_postmortem_of_an_incident_on_record_is_added_to_it(memory):
    memory.import_history([on_record()])
    named = TEXT.replace("**Service:** tariffs", "**Service:** tariffs\n**Incident:** OPS-77")
    assert (brought(memory, named).created, brought(memory, named).unchanged) == (1, 2)
    incident = memory.store.incidents.get("OPS-77")
    assert (incident.document, incident.title) == ("pm/tariffs", "tariffs: 500")
    assert incident.resolution.root_cause.startswith("The importer truncated")
    assert memory.import_history([on_record()]).unchanged == 1
    assert memory.store.incidents.get("OPS-77") == incident
    assert [one.id for one in memory.recall(make_situation("tariff table is empty after the import"))] == ["OPS-77"]


def test_what_is_on_record_stays(memory):
    said = Resolution("a person knew better", datetime(2026, 5, 6, tzinfo=UTC))
    memory.import_history([on_record(resolution=said)])
    brought(memory, TEXT + "\n## Incident id\n\nOPS-77\n")
    assert memory.store.incidents.get("OPS-77").resolution == said


def test_a_postmortem_adds_to_impact_and_comments_of_the_record_and_replaces_none(memory):
    at = datetime(2026, 5, 5, 8, 10, tzinfo=UTC)
    memory.import_history([on_record(impact="All quotes failed.", timeline=(TimelineEntry("paged", at),))])
    named = TEXT.replace("**Service:** tariffs", "**Service:** tariffs\n**Incident:** OPS-77")
    named += "\n## Impact\n\nQuotes.\n\n## Trigger\n\nA nightly import.\n\n## Timeline\n\n- 08:05 UTC table empty\n"
    assert (brought(memory, named).updated, brought(memory, named).unchanged) == (1, 2)
    incident = memory.store.incidents.get("OPS-77")
    assert (incident.impact, incident.trigger) == ("All quotes failed.", "A nightly import.")
    assert [entry.text for entry in incident.timeline] == ["table empty", "paged"]


def test_an_incident_stored_with_a_doubled_prefix_keeps_its_id(memory):
    (document, incident) = read_bytes("PM-7.md", TEXT.encode())
    assert incident.id == "PM-7"
    memory.import_history([document, replace(incident, id="PM-PM-7")])
    assert (brought(memory, name="PM-7.md").unchanged, memory.store.incidents.get("PM-PM-7").source_id) == (2, "PM-7")


def test_an_id_of_another_time_is_another_incident(memory):
    memory.import_history([replace(on_record(), started_at=datetime(2024, 5, 5, tzinfo=UTC))])
    named = TEXT.replace("**Service:** tariffs", "**Service:** tariffs\n**Incident:** OPS-77")
    assert brought(memory, named).created == 2
    assert memory.store.incidents.get("OPS-77").document is None


def test_an_open_incident_that_came_with_an_import_is_answered(memory):
    brought(memory)
    memory.import_history(
        [Incident("OPS-90", "Tariff table empty after import", datetime(2026, 5, 30, tzinfo=UTC), source="pager")]
    )
    assert memory.answer_due() == 1
    answer = memory.store.recommendations.newest("OPS-90")
    assert answer.cause.startswith("The importer truncated")
    assert memory.store.events.timeline("OPS-90")[-1].detail["imported"] is True


def test_secrets_of_a_postmortem_are_kept_nowhere(memory):
    secret = "ghp_" + "a1B2" * 9
    brought(memory, TEXT.replace("Switched the importer off", f"Set the token to {secret}"))
    assert secret not in repr(list(memory.store.archive.dump()))


def test_a_dry_run_keeps_nothing(memory):
    found = import_history(
        memory.store, memory._recall, read_bytes("pm/tariffs.md", TEXT.encode()), lambda: NOW, dry_run=True
    )
    assert found.created == 2
    assert memory.store.incidents.page().items == ()


def test_a_label_of_the_cause_in_front_matter_is_that_of_the_resolution(memory):
    brought(memory, f"---\nlabels: {{cause: truncated-import}}\n---\n{TEXT}")
    assert memory.store.incidents.get("PM-pm-tariffs").resolution.cause == "truncated-import"


CHAIN = """
## Five whys

1. Why was the table empty? It had been truncated.
2. Why was it truncated? The quartermaster job starts without a lock.
3. Why without a lock? The scheduler was replaced.
"""


def test_the_earlier_answers_of_five_whys_are_kept_found_and_exported(memory):
    text = TEXT.replace("\n## Root cause\n\nThe importer truncated the table before the download had failed.\n", CHAIN)
    brought(memory, text)
    stored = memory.store.incidents.get("PM-pm-tariffs")
    assert stored.resolution.root_cause == "The scheduler was replaced."
    assert stored.contributing_factors.splitlines() == [
        "Why was the table empty? It had been truncated.",
        "Why was it truncated? The quartermaster job starts without a lock.",
    ]
    found = [one.id for one in memory.recall(make_situation("quartermaster job starts without a lock"))]
    assert found[0] in ("PM-pm-tariffs", "pm/tariffs")
    factors = next(line.number for line in numbered_lines(stored) if line.text == "## Contributing factors") + 1
    assert document_lines(stored)[factors] == stored.lines["contributing_factors"] == 8
    exported = read_bytes("export.json", json.dumps([dump(stored)]).encode())
    (again,) = (one for one in exported if isinstance(one, Incident))
    assert again == stored
    assert brought(memory, text).unchanged == 2


def test_secrets_in_the_earlier_answers_of_five_whys_are_kept_nowhere(memory):
    secret = "ghp_" + "a1B2" * 9
    brought(memory, TEXT + CHAIN.replace("The quartermaster job", f"The job with the token {secret}"))
    assert "## Contributing factors" in to_markdown(memory.store.incidents.get("PM-pm-tariffs"))
    assert secret not in repr(list(memory.store.archive.dump()))

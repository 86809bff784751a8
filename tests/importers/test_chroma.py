"""Collections of Chroma, from a folder that chromadb itself wrote, or from a dump of what a collection holds."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import chromadb
import pytest
from typer.testing import CliRunner

from importers.reports import Report, report
from onrecall.cli.main import app
from onrecall.domain.errors import Invalid
from onrecall.importers import chroma, estimate_record_count, read

WHEN = datetime(2025, 2, 3, 4, 5, tzinfo=UTC)
SHARD = {
    "incident_id": "RCA-77",
    "title": "Search shards time out",
    "error_type": "vector_db_timeout",
    "root_cause": "Index compaction ran on every replica at once",
    "mitigation_metric": "Stagger compaction to one replica",
    "mitigation_effectiveness": "88.5",
    "recovery_seconds": "1200",
    "affected_service": "search-api",
    "severity": "high",
    "tags": json.dumps(["search", "compaction"]),
}
SHARD_TEXT = "Queries to the search tier ran into their deadline. Mitigation: Stagger compaction to one replica"


@pytest.fixture
def folder(tmp_path) -> Path:
    place = tmp_path / "vectors"
    with chromadb.PersistentClient(str(place), settings=chromadb.Settings(anonymized_telemetry=False)) as client:
        add(client, "historical_rcas", [("c-1", SHARD_TEXT, SHARD), ("c-2", "Disk fills with core dumps.", dated())])
        add(client, "handbook", [("wiki/4", "Restart the exporter, then wait for a scrape.", {"source": "wiki/4.md"})])
    return place


def dated():
    return {
        "incident_id": "RCA-78",
        "title": "Disk full",
        "date": "2025-01-09",
        "resolution_action": "Delete the dumps",
    }


def add(client, name, records):
    collection = client.create_collection(name, embedding_function=None)
    ids, texts, metadata = zip(*records, strict=True)
    vectors = [[float(number), 1.0, 0.5] for number in range(len(ids))]
    collection.add(ids=list(ids), documents=list(texts), metadatas=list(metadata), embeddings=vectors)


def fingerprint(folder):
    return {
        file.relative_to(folder): (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns)
        for file in folder.rglob("*")
        if file.is_file()
    }


def collection(folder, name=None, **wishes):
    return Report(read(Path(f"chroma:{folder}{f'#{name}' if name else ''}"), **wishes))


def test_a_root_cause_analysis_keeps_every_field_that_memory_uses(folder):
    result = collection(folder, "historical_rcas", undated=WHEN)
    shard = next(item for item in result.incidents if item.id == "RCA-77")
    assert (shard.title, shard.service, shard.severity, shard.started_at) == (
        "Search shards time out", "search-api", "high", WHEN,
    )  # fmt: skip
    assert shard.labels["tags"] == "search, compaction"
    assert shard.resolution.root_cause == "Index compaction ran on every replica at once"
    assert (shard.resolution.at - WHEN).total_seconds() == 1200
    assert shard.resolution.provenance == "imported"


def test_what_fixed_it_is_no_part_of_what_was_known_when_it_opened(folder):
    result = collection(folder, "historical_rcas", undated=WHEN)
    shard = next(item for item in result.incidents if item.id == "RCA-77")
    assert shard.description == "Queries to the search tier ran into their deadline."


def test_a_record_without_a_date_is_left_out_until_somebody_says_when(folder):
    result = collection(folder, "historical_rcas")
    assert [item.id for item in result.incidents] == ["RCA-78"]
    (left_out,) = result.rejected
    assert "c-1" in left_out.where
    assert left_out.field == "started_at"


def test_what_was_fixed_at_an_unknown_time_was_fixed_on_its_date_and_the_report_says_so(folder):
    result = collection(folder, "historical_rcas")
    (full,) = result.incidents
    assert full.resolution.at == full.started_at == datetime(2025, 1, 9, tzinfo=UTC)
    assert "1 record says what fixed it but not when" in result.messages_text


def test_texts_without_an_incidents_fields_are_documents(folder):
    (page,) = collection(folder, "handbook").documents
    assert (page.id, page.title, page.source) == ("chroma:handbook/wiki/4", "wiki/4.md", "wiki/4.md")
    assert page.text == "Restart the exporter, then wait for a scrape."


def test_without_a_name_every_collection_is_read(folder):
    result = collection(folder, undated=WHEN)
    assert (len(result.incidents), len(result.documents)) == (2, 1)
    assert estimate_record_count(Path(f"chroma:{folder}")) == 3


def test_reading_leaves_the_folder_as_it_was(folder):
    before = fingerprint(folder)
    collection(folder, undated=WHEN)
    assert fingerprint(folder) == before


def test_more_records_than_one_page_all_come(tmp_path):
    place = tmp_path / "many"
    with chromadb.PersistentClient(str(place), settings=chromadb.Settings(anonymized_telemetry=False)) as client:
        records = [(f"n{n}", f"note {n}", {"title": f"Note {n}"}) for n in range(chroma.PAGE + 7)]
        add(client, "notes", records)
    assert {item.title for item in collection(place).documents} == {title["title"] for _, _, title in records}


def test_a_dump_of_a_collection_says_the_same_as_its_folder(folder):
    with chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False)) as client:
        dump = client.get_collection("historical_rcas").get()
    result = report("dump.json", json.dumps(dump), undated=WHEN)
    assert result.incidents == collection(folder, "historical_rcas", undated=WHEN).incidents
    assert not result.rejected


def test_a_dump_whose_columns_differ_in_length_is_refused_by_name():
    result = report("dump.json", json.dumps({"ids": ["a", "b"], "metadatas": [{}], "documents": None}))
    (refused,) = result.rejected
    assert refused.field == "metadatas"
    assert "2 `ids`" in refused.message


def test_labelled_parts_of_the_text_fill_what_the_metadata_leaves_out():
    text = "Title: Lock held for an hour. Root cause: a worker died with the lock\nSummary: jobs stood still"
    dump = {"ids": ["x"], "metadatas": [{"incident_id": "L-1", "date": "2025-03-01", "resolution_action": "free it"}],
            "documents": [text]}  # fmt: skip
    lock = report("dump.json", json.dumps(dump)).incident()
    assert lock.title == "Lock held for an hour."
    assert lock.description == "jobs stood still"
    assert lock.resolution.root_cause == "a worker died with the lock"


@pytest.mark.parametrize(
    ("place", "sentence"),
    [("nowhere", "holds no chroma.sqlite3"), ("empty#x", "holds no chroma.sqlite3")],
)
def test_a_folder_without_a_database_is_named(tmp_path, place, sentence):
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match=sentence):
        Report(read(Path(f"chroma:{tmp_path}/{place}")))


def test_an_unknown_collection_is_refused_with_those_there_are(folder):
    with pytest.raises(Invalid, match="there are: handbook, historical_rcas"):
        collection(folder, "hand")


def test_a_file_that_is_no_database_is_a_sentence(tmp_path):
    (tmp_path / "chroma.sqlite3").write_bytes(b"not a database at all" * 300)
    with pytest.raises(Invalid, match="not a Chroma folder that can be read"):
        collection(tmp_path)


def test_a_folder_that_is_named_without_the_prefix_says_how_to_read_it(folder):
    assert f"import it as chroma:{folder.name}" in Report(read(folder.parent)).messages_text


def test_a_folder_with_a_hash_in_its_name_is_found(tmp_path):
    (tmp_path / "v#1").mkdir()
    assert chroma.parse_location(Path(f"chroma:{tmp_path}/v#1")) == chroma.Location(tmp_path / "v#1", None)
    assert chroma.parse_location(Path(f"chroma:{tmp_path}/v#1#rcas")) == chroma.Location(tmp_path / "v#1", "rcas")


def test_the_command_imports_once_and_reports_quality(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path / "memory"))
    wish = ["import", f"chroma:{folder}", "--undated", "2025-02-03T04:05:00Z", "--json"]
    first, again = (json.loads(CliRunner().invoke(app, wish).stdout) for _ in range(2))
    assert (first["created"], first["rejected"]) == (3, [])
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 3)
    assert first["quality"]["incidents"] == 2

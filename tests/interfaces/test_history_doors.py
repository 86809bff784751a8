"""Importing from the command line and over HTTP: mapping files, encodings, fields that were not used, cause labels."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from onrecall.cli.main import app
from onrecall.domain.errors import Invalid

TABLE = "Vorgang;Kurz gesagt;Wann;Ort\nV-1;Druckserver antwortet nicht;07.05.2026 10:00;Halle 3\nV-2;Funkscanner ohne Netz;09.05.2026 11:30;Halle 5\n"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "vorfaelle.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def onrecall(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_refused_table_is_mended_by_the_mapping_that_is_suggested(table: Path) -> None:
    refused = onrecall("import", table, "--json")
    assert refused.exit_code == 2
    assert "--suggest-mapping" in json.loads(refused.stdout)["rejected"][0]["message"]
    suggested = json.loads(onrecall("import", table, "--suggest-mapping", "--json").stdout)
    assert suggested["fields"] == {"id": "Vorgang", "title": "Kurz gesagt", "started_at": "Wann"}
    assert suggested["written"] is True
    assert onrecall("import", table, "--suggest-mapping", "--json").exit_code == 0
    taken = json.loads(onrecall("import", table, "--mapping", suggested["path"], "--json").stdout)
    assert (taken["created"], taken["rejected"]) == (2, [])
    assert taken["unused"][0]["fields"] == [{"field": "Ort", "count": 2, "of": 2, "example": "Halle 3"}]
    again = json.loads(onrecall("import", table, "--mapping", suggested["path"], "--json").stdout)
    assert (again["created"], again["unchanged"]) == (0, 2)


def test_a_mapping_file_that_is_there_is_left_as_it_is(table: Path) -> None:
    own = table.with_name("vorfaelle.csv.mapping.yaml")
    own.write_text("id: Vorgang\n", encoding="utf-8")
    assert json.loads(onrecall("import", table, "--suggest-mapping", "--json").stdout)["written"] is False
    assert own.read_text(encoding="utf-8") == "id: Vorgang\n"


def test_a_mapping_is_suggested_for_one_file_of_records_only(table: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Restart the printer\n\n1. Restart it\n", encoding="utf-8")
    for words in (
        ("import", "--suggest-mapping"),
        ("import", table, page, "--suggest-mapping"),
        ("import", page, "--suggest-mapping"),
    ):
        assert isinstance(onrecall(*words).exception, Invalid), words


def test_an_encoding_is_named_on_the_command_line(table: Path) -> None:
    table.write_bytes("id,title,started_at\nE-1,決済が止まった,2026-05-07T10:00:00Z\n".encode("euc_jp"))
    assert "--encoding euc_jp" in json.loads(onrecall("import", table, "--json").stdout)["rejected"][0]["message"]
    assert json.loads(onrecall("import", table, "--encoding", "euc_jp", "--json").stdout)["created"] == 1
    assert isinstance(onrecall("import", table, "--encoding", "klingon").exception, Invalid)


def test_causes_are_listed_confirmed_and_withdrawn_on_the_command_line(table: Path) -> None:
    table.write_text(
        "id,title,started_at,ended,root cause\n"
        "F-1,till dead,2026-05-01,2026-05-02,The battery of the till was empty\n"
        "F-2,till dead again,2026-06-01,2026-06-02,Empty battery in the till\n",
        encoding="utf-8",
    )
    imported = json.loads(onrecall("import", table, "--json").stdout)
    assert {"no_cause_label"} <= {finding["name"] for finding in imported["quality"]["findings"]}
    (family,) = json.loads(onrecall("causes", "list", "--json").stdout)["proposed"]
    assert json.loads(onrecall("trust", "--json").stdout)["proposed_causes"] == 1
    assert isinstance(onrecall("causes", "confirm").exception, Invalid)
    assert json.loads(onrecall("causes", "confirm", "--all", "--json").stdout) == {"families": 1, "changed": 2}
    assert onrecall("causes", "list").exit_code == 0
    assert json.loads(onrecall("causes", "withdraw", family["id"], "--json").stdout) == {"changed": 2}
    assert json.loads(onrecall("causes", "dismiss", family["id"], "--json").stdout) == {"families": 1}


def test_causes_over_http(client: TestClient) -> None:
    rows = [
        {"id": f"H-{n}", "title": f"lamp {n}", "started_at": f"2026-05-0{n}T08:00:00Z", "source": "paper",
         "resolution": {"root_cause": cause, "at": f"2026-05-0{n}T09:00:00Z", "steps": []}}
        for n, cause in enumerate(("The ballast of the lamp overheated", "Overheated ballast in the lamp"), start=1)
    ]  # fmt: skip
    assert client.post("/api/v1/history", json=rows).status_code == 200
    proposed = client.get("/api/v1/causes").json()["proposed"]
    (family,) = (one for one in proposed if one["members"][0]["incident"] == "H-1")
    body = {"families": [{"id": family["id"], "label": "hot-ballast"}], "by": "ann"}
    assert client.post("/api/v1/causes/confirm", json=body).json() == {"changed": 2}
    assert client.get("/api/v1/incidents/H-2").json()["resolution"]["cause"] == "hot-ballast"
    assert client.post("/api/v1/causes/confirm", json=body).status_code == 404
    assert client.delete(f"/api/v1/causes/{family['id']}").json() == {"changed": 2}
    assert client.post("/api/v1/causes/dismiss", json={"families": [family["id"]]}).json() == {"changed": 1}


def test_the_address_says_what_the_command_line_says(client) -> None:
    table = "id,title,started_at\nKIX-1,決済が止まる,2026-05-04 09:00\nKIX-2,画面が白い,\n".encode("shift_jis")
    wishes = {"encoding": "shift_jis", "timezone": "Asia/Tokyo", "undated": "2026-01-01T00:00:00Z"}
    answer = client.post("/api/v1/history", params=wishes, content=table, headers={"content-type": "text/csv"})
    assert answer.status_code == 200, answer.text
    dated, undated = (client.get(f"/api/v1/incidents/KIX-{n}").json() for n in (1, 2))
    assert (dated["title"], dated["started_at"]) == ("決済が止まる", "2026-05-04T00:00:00Z")
    assert undated["started_at"] == "2026-01-01T00:00:00Z"
    refused = client.post("/api/v1/history", params={"timezone": "Mars/Base"}, content=table)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["field"]) == (422, "timezone")

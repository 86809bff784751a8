"""`onrecall sources`: what there is, how it is set up, and what would come of a payload."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from onrecall.cli import sources as cli
from onrecall.sources import SOURCES

Run = Callable[..., tuple[int, str, str]]
PUMP = {"title": "Pump 2 runs dry", "state": "alarm", "id": "p-2"}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, piped: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
        with pytest.raises(SystemExit) as ended:
            cli.app([*arguments])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def test_every_source_is_listed_with_its_address(run: Run) -> None:
    listed = run("list")[1]
    items = json.loads(run("list", "--json")[1])["items"]
    assert {one["name"] for one in items} == set(SOURCES)
    assert all(one["name"] in listed and one["address"] in listed for one in items)


def test_a_source_is_shown_with_configuration_to_paste(run: Run) -> None:
    code, out, _ = run("show", "LibreNMS", "--url", "http://memory.mill.example")
    assert code == 0
    assert "http://memory.mill.example/api/v1/alerts/librenms" in out
    detail = json.loads(run("show", "generic/mill", "--json")[1])
    assert "generic/mill" in detail["setup"]
    assert set(json.loads(run("show", "zabbix", "--json")[1])["reads"]) == {
        "title",
        "key",
        "status",
        "severity",
        "service",
        "time",
        "links",
    }


def test_a_payload_is_tried_from_a_file_or_a_pipe(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(PUMP), encoding="utf-8")
    for code, out, _ in (run("try", "generic/mill", str(file)), run("try", "generic/mill", piped=file.read_bytes())):
        assert code == 0
        assert "Pump 2 runs dry  ← title" in out
        assert "# mill.yaml" in out
    as_json = json.loads(run("try", "generic/mill", str(file), "--json")[1])
    assert as_json["parts"][0]["kind"] == "Alert"


def test_what_can_not_be_read_ends_with_2(run: Run) -> None:
    code, out, _ = run("try", "zabbix", piped=b"<xml/>")
    assert code == 2
    assert "can't be read" in out
    assert run("try", "generic/mill", piped=b'{"colour": "blue"}')[0] == 2


def test_own_files_are_known_and_a_wrong_one_is_said(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "mill.yaml").write_text(
        "tool: Mill\nshapes: [{name: any, marks: [wheel], title: wheel}]\n", encoding="utf-8"
    )
    monkeypatch.setenv("ONRECALL_SOURCES_DIR", str(folder))
    assert "mill: any" in run("try", "mill", piped=b'{"wheel": "stuck"}')[1]


def test_the_schema_is_printed_and_the_page_is_written(run: Run, tmp_path: Path) -> None:
    assert json.loads(run("schema")[1])["properties"]["shapes"]
    page = tmp_path / "page.md"
    page.write_text(
        "before\n<!-- table of sources: begin -->old<!-- table of sources: end -->\nafter", encoding="utf-8"
    )
    assert run("docs", str(page))[0] == 0
    written = page.read_text(encoding="utf-8")
    assert written.startswith("before")
    assert written.endswith("after")
    assert "old" not in written.splitlines()
    assert "| [Zabbix](#zabbix) |" in written

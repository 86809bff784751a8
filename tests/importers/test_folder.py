"""Folders: what is read, what is skipped and why, and what a file system can do to a reader."""

import json
import os
from pathlib import Path

import pytest

from importers.reports import Report
from onrecall.importers import estimate_record_count, read

ONE = {"id": "INC-1", "title": "x", "started_at": "2024-01-31T09:30:00Z"}


def test_everything_is_read_or_said_to_be_skipped(tmp_path: Path):
    (tmp_path / "runbooks" / "node").mkdir(parents=True)
    (tmp_path / "runbooks" / "node" / "DiskFull.md").write_text(
        "# DiskFull\n\n## Meaning\nfull\n\n## Mitigation\ndf -h\n"
    )
    (tmp_path / "runbooks" / "node" / "_index.md").write_text("---\ntitle: node\n---\n")
    (tmp_path / "runbooks" / "README.md").write_text("# Our runbooks\nsee there\n")
    (tmp_path / "runbooks" / "node" / "README.md").write_text("# Nodes\n\n## Diagnosis\nlook\n")
    (tmp_path / "runbooks" / "template.md").write_text("# {{ name }}\n## Meaning\n")
    (tmp_path / "runbooks" / "LICENSE").write_text("Apache License\n")
    (tmp_path / "runbooks" / "chart.png").write_bytes(b"\x89PNG\r\n")
    (tmp_path / "runbooks" / "notes.csv").write_bytes(b"PK\x03\x04")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config.md").write_text("# no")
    (tmp_path / "incidents.jsonl").write_text(json.dumps(ONE))
    result = Report(read(tmp_path))
    assert [item.id for item in result.documents] == ["runbooks/node/DiskFull", "runbooks/node/README"]
    assert [item.id for item in result.incidents] == ["INC-1"]
    assert [item.where for item in result.rejected] == ["runbooks/notes.csv"], "what promised to be a table is a loss"
    skipped = {note.partition(":")[0] for note in result.notes if "skipped" in note}
    assert skipped == {
        ".git", "runbooks/node/_index.md", "runbooks/README.md", "runbooks/template.md", "runbooks/LICENSE", "runbooks/chart.png",
    }  # fmt: skip
    assert "runbook: 2" in result.messages_text


def test_two_documents_with_one_id_clash(tmp_path: Path):
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(f"---\nid: RB-1\nkind: runbook\n---\n\n# {name}\n")
    result = Report(read(tmp_path))
    assert [item.title for item in result.documents] == ["a.md"]
    (rejected,) = result.rejected
    assert (rejected.where, rejected.field) == ("b.md", "id")
    assert "a.md" in rejected.message


def test_a_folder_without_anything_says_so(tmp_path: Path):
    (rejected,) = Report(read(tmp_path)).rejected
    assert "nothing in this folder" in rejected.message
    (missing,) = Report(read(tmp_path / "not-there.csv")).rejected
    assert "No such file" in missing.message


def test_links_never_lead_in_circles(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")
    (tmp_path / "gone.md").symlink_to(tmp_path / "nothing.md")
    (tmp_path / "a" / "one.md").write_text("# One\n## Steps\n1. look\n")
    result = Report(read(tmp_path))
    assert [item.id for item in result.documents] == ["a/one"]
    assert "a/up: skipped: a link to a folder" in result.messages_text
    assert {item.where for item in result.rejected} == {"self.md", "gone.md"}


def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    (rejected,) = Report(read(tmp_path / "pipe.jsonl")).rejected
    assert "not a regular file" in rejected.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(tmp_path: Path):
    for name in ("secret.md", "open.md"):
        (tmp_path / name).write_text("# One\n## Steps\n1. look\n")
    (tmp_path / "secret.md").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    result = Report(read(tmp_path))
    assert [item.id for item in result.documents] == ["open"]
    assert all("Permission denied" in item.message for item in result.rejected)
    assert len(result.rejected) == 2


def test_the_hint_for_a_progress_bar_is_near(tmp_path: Path):
    path = tmp_path / "many.jsonl"
    path.write_text("\n".join(json.dumps({**ONE, "id": f"INC-{n}"}) for n in range(3000)))
    assert 2800 <= estimate_record_count(path) <= 3200
    (tmp_path / "all.json").write_text(json.dumps([{**ONE, "id": f"INC-{n}"} for n in range(3000)], indent=2))
    assert 5600 <= estimate_record_count(tmp_path) <= 6400
    assert estimate_record_count(tmp_path / "nothing") == 0

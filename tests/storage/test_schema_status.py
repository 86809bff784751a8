"""What `upgrade --check` knows of a store, and that looking changes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from onrecall import __version__
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.storage import migrations
from onrecall.storage.database import Database
from onrecall.storage.schema_status import read_schema_status


def test_a_current_store_has_nothing_pending(store_url: str) -> None:
    Database(store_url).close()
    status = read_schema_status(store_url)
    assert (status.state, status.schema, status.pending) == ("current", migrations.newest_version(), ())
    assert status.release == __version__


def test_an_outdated_store_lists_its_migrations_and_stays(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Database(store_url).close()
    plan = migrations.all_migrations()
    extra = migrations.Migration(migrations.newest_version() + 1, "later", None, plan[-1].file)
    monkeypatch.setattr(migrations, "all_migrations", lambda: (*plan, extra))
    for _ in range(2):
        status = read_schema_status(store_url)
        assert (status.state, status.pending) == ("outdated", (f"{extra.number:04}_later",))


def test_a_newer_store_is_told_apart(store_url: str) -> None:
    with closing(Database(store_url)) as database, database.write() as connection:
        connection.exec_driver_sql("insert into migrations (number, name, release) values (500, 'x', '3.0.0')")
    status = read_schema_status(store_url)
    assert (status.state, status.schema, status.release) == ("newer", 500, "3.0.0")


def test_where_no_store_is_none_is_made(tmp_path: Path) -> None:
    assert read_schema_status(f"sqlite:///{tmp_path}/no/such.db").state == "blank"
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_may_only_be_read_is_read(tmp_path: Path) -> None:
    file = tmp_path / "m.db"
    Database(f"sqlite:///{file}").close()
    before = file.read_bytes()
    assert read_schema_status(f"sqlite:///{file}").state == "current"
    assert file.read_bytes() == before


def test_a_foreign_file_is_named_and_keeps_its_journal(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database at all\n" * 100)
    with pytest.raises(Invalid, match="not a database"):
        read_schema_status(f"sqlite:///{tmp_path}/notes.txt")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("create table t (x)")
    assert read_schema_status(f"sqlite:///{tmp_path}/other.db").state == "blank"
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        assert other.execute("pragma journal_mode").fetchone() == ("delete",)


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        read_schema_status("postgresql://127.0.0.1:1/none")

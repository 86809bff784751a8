"""`onrecall backup` and `restore` as an operator uses them: real files, real databases, real processes."""

import json
import os
import signal
import stat
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from onrecall.cli import main as cli
from onrecall.domain.errors import Conflict, Invalid
from onrecall.domain.incident import Incident
from onrecall.export import backup
from onrecall.storage import Storage
from warm_processes import WarmProcess

ASKED = "auth service returning 503 errors users cant login"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSING = {"latency_ms", "created_at", "as_of", "id"}


def nothing(_: int) -> None:
    """No progress to show."""


@pytest.fixture(scope="module")
def made(example_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the example history; never to be written to."""
    path = tmp_path_factory.mktemp("backup") / "memory.onrecall"
    store = Storage.open(f"sqlite:///{example_data / 'onrecall.db'}")
    backup.write(store, path, nothing)
    store.close()
    return path


@pytest.fixture
def onrecall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command on a database and hands back what it printed, as JSON."""

    def run(url: str, *arguments: object, check: int = 0) -> Any:
        monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("ONRECALL_DATABASE_URL", url)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([*map(str, arguments), "--json"])
        out, err = capsys.readouterr()
        assert (ended.value.code or 0) == check, out + err
        return json.loads(out) if out else err

    return run


def rows(url: str) -> list[dict[str, Any]]:
    store = Storage.open(url)
    found = list(store.backups.rows())
    store.close()
    return found


def used(url: str) -> None:
    """Have something in a store."""
    store = Storage.open(url)
    store.incidents.open(Incident("MINE", "auth is down", NOON), [], NOON)
    store.close()


def answer(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in PASSING}


def test_what_was_restored_answers_the_same_on_either_database(
    onrecall: Any, example_data: Path, made: Path, store_url: str, tmp_path: Path
) -> None:
    source = f"sqlite:///{example_data / 'onrecall.db'}"
    told = onrecall(store_url, "restore", made)
    assert (told["replaced"], told["problems"], told["audit"]["wrong"]) == (False, [], [])
    assert onrecall(store_url, "audit", "verify")["wrong"] == []
    assert answer(onrecall(store_url, "ask", ASKED)) == answer(onrecall(source, "ask", ASKED))
    again = tmp_path / "again.onrecall"
    onrecall(store_url, "backup", again)
    back = f"sqlite:///{tmp_path / 'back.db'}"
    onrecall(back, "restore", again)
    ours, theirs = ([row for row in rows(url) if not row["table"].startswith("audit")] for url in (source, back))
    assert ours == theirs, "SQLite to PostgreSQL and back"
    assert answer(onrecall(back, "ask", ASKED)) == answer(onrecall(source, "ask", ASKED))


def test_a_backup_is_private_whole_and_not_overwritten(onrecall: Any, store_url: str, tmp_path: Path) -> None:
    path = tmp_path / "here" / "one.onrecall"
    assert "can't write" in onrecall(store_url, "backup", path, check=2)
    path.parent.mkdir()
    told = onrecall(store_url, "backup", path)
    assert told["bytes"] == path.stat().st_size
    assert told["rows"]["counters"] > 5
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = path.read_bytes()
    assert "--force" in onrecall(store_url, "backup", path, check=1)
    assert path.read_bytes() == first
    onrecall(store_url, "backup", path, "--force")
    assert [one.name for one in path.parent.iterdir()] == [path.name], "no scraps"
    assert "a folder" in onrecall(store_url, "backup", path.parent, check=2)


def test_a_backup_that_fails_leaves_nothing(made: Path, tmp_path: Path) -> None:
    class Ending(Exception):
        pass

    def end(_: int) -> None:
        raise Ending

    store = Storage.open("sqlite://")
    backup.restore(store, made, backup.check(made, nothing), nothing)
    with pytest.raises(Ending):
        backup.write(store, tmp_path / "one.onrecall", end)
    assert list(tmp_path.iterdir()) == []
    store.close()


def test_nothing_is_replaced_unless_somebody_says_so(onrecall: Any, made: Path, store_url: str) -> None:
    used(store_url)
    before = rows(store_url)
    assert "--replace" in onrecall(store_url, "restore", made, check=1)
    assert "--yes" in onrecall(store_url, "restore", made, "--replace", check=2)
    assert rows(store_url) == before
    assert onrecall(store_url, "restore", made, "--replace", "--yes")["replaced"] is True
    assert onrecall(store_url, "show", "MINE", check=1)
    assert onrecall(store_url, "audit", "verify")["wrong"] == []


def repacked(made: Path, path: Path, manifest: dict[str, Any] | None = None, text: bytes | None = None) -> Path:
    """The backup with something else in it."""
    with zipfile.ZipFile(made) as packed:
        said, lines = json.loads(packed.read(backup.MANIFEST)), packed.read(backup.ROWS)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(backup.ROWS, lines if text is None else text)
        packed.writestr(backup.MANIFEST, json.dumps(said | (manifest or {})))
    return path


def spoiled(made: Path, path: Path, how: str) -> Path:
    whole = made.read_bytes()
    with zipfile.ZipFile(made) as packed:
        lines = packed.read(backup.ROWS)
    if how == "missing":
        return path
    if how in ("cut off", "empty", "foreign", "flipped"):
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]
        told = {"cut off": whole[:middle], "empty": b"", "foreign": b"SQLite format 3\0" * 99, "flipped": flipped}
        path.write_bytes(told[how])
    elif how == "other zip":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("manifest.json", '{"name": "an app"}')
    elif how in ("changed", "fewer"):
        other = lines.replace(b'"title":"', b'"title":"x', 1) if how == "changed" else lines[: lines.rindex(b"{")]
        repacked(made, path, text=other)
    else:
        manifest = {"newer format": {"format": 2}, "newer schema": {"schema": 999}, "odd": {"rows": "many"}}
        repacked(made, path, manifest[how])
    return path


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("missing", "can't be read"),
        ("empty", "damaged or truncated"),
        ("cut off", "damaged or truncated"),
        ("flipped", "damaged"),
        ("foreign", "is not a backup"),
        ("other zip", "manifest is invalid"),
        ("odd", "manifest is invalid"),
        ("changed", "SHA-256"),
        ("fewer", "SHA-256"),
        ("newer format", "update OnRecall"),
        ("newer schema", "upgrade"),
    ],
)
def test_a_file_that_is_not_a_whole_backup_changes_nothing(
    onrecall: Any, made: Path, tmp_path: Path, how: str, says: str
) -> None:
    url = f"sqlite:///{tmp_path / 'mine.db'}"
    used(url)
    before = rows(url)
    path = spoiled(made, tmp_path / "spoiled", how)
    assert says in onrecall(url, "restore", path, "--replace", "--yes", check=2)
    assert rows(url) == before


def test_a_file_that_changes_after_it_was_checked_changes_nothing(made: Path, tmp_path: Path) -> None:
    path = repacked(made, tmp_path / "one")
    manifest = backup.check(path, nothing)
    spoiled(made, path, "changed")
    store = Storage.open("sqlite://")
    with pytest.raises(Invalid, match="SHA-256"):
        backup.restore(store, path, manifest, nothing)
    assert store.backups.empty()
    store.close()


def test_two_who_restore_at_once_are_one_after_the_other(made: Path) -> None:
    store = Storage.open("sqlite://")
    manifest = backup.check(made, nothing)
    backup.restore(store, made, manifest, nothing)
    with pytest.raises(Conflict, match="not empty"):
        backup.restore(store, made, manifest, nothing)
    store.close()


@pytest.mark.parametrize("there", ["an empty store", "an old store"])
@pytest.mark.process
def test_killed_in_the_middle_of_a_restore_it_is_all_or_nothing(
    onrecall: Any, made: Path, store_url: str, tmp_path: Path, there: str
) -> None:
    if there == "an old store":
        used(store_url)
    before = rows(store_url)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONRECALL_")}
    environment = kept | {"ONRECALL_DATA_DIR": str(tmp_path / "data"), "ONRECALL_DATABASE_URL": store_url}
    command = ["-m", "onrecall", "restore", str(made), "--replace", "--yes"]
    process = WarmProcess(command, environment, stderr=subprocess.PIPE)
    assert process.stderr
    lines = iter(process.stderr.readline, "")
    assert any(line.startswith("restoring") for line in lines), "it got to the middle"
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    process.stderr.close()
    assert rows(store_url) == before
    assert onrecall(store_url, "restore", made, "--replace", "--yes")["problems"] == []
    assert len(rows(store_url)) > len(before) + 1000


def test_a_row_without_an_end_and_rows_without_number_are_refused_unread(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "MAX_ROW_BYTES", 100_000)
    with pytest.raises(Invalid, match="row 1 is longer"):
        backup.check(repacked(made, tmp_path / "long", text=b'"' + b"a" * 3_000_000), nothing)
    with pytest.raises(Invalid, match="more rows than"):
        backup.check(repacked(made, tmp_path / "many", text=b'{"table":"events"}\n' * 200_000), nothing)

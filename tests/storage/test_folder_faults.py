"""A data folder that can't be used is named by every command, with what is wrong and what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from onrecall.domain.errors import Unavailable
from onrecall.storage import Storage
from onrecall.storage.folder_faults import database_fault, folder_fault, make_folder

COMMANDS = (
    ("serve", "--port", "0"),
    ("worker",),
    ("ask", "checkout answers 503"),
    ("import", "--example"),
    ("demo", "--port", "0", "--once"),
    ("incidents", "list"),
)


@contextmanager
def disk(folder: Path, *options: str) -> Iterator[None]:
    """A disk of its own, which takes the right to mount one."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)]
    if shutil.which("mount") is None or (made := subprocess.run(mount, capture_output=True, check=False)).returncode:
        pytest.skip("no disk can be mounted here")
    assert made.returncode == 0
    try:
        for option in options:
            subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True, capture_output=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def onrecall(data: Path, *arguments: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONRECALL_")}
    environment |= {"ONRECALL_DATA_DIR": str(data), "ONRECALL_EMBEDDINGS": "none", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "onrecall", *arguments],
        capture_output=True, text=True, env=environment, timeout=120, check=False, user=user,
    )  # fmt: skip


def test_nothing_is_wrong_with_a_folder_that_can_be_written_or_made(tmp_path: Path):
    assert folder_fault(tmp_path) is None
    assert folder_fault(tmp_path / "a" / "b") is None
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_or_a_dead_link_in_the_place_of_a_folder_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert "file is a file, not a folder" in str(folder_fault(tmp_path / "file" / "data"))
    assert "link is a link to something that is missing" in str(folder_fault(tmp_path / "link"))
    with pytest.raises(Unavailable, match="is a file, not a folder: move it away, or name another folder in ONRECALL"):
        make_folder(tmp_path / "file")


def test_a_folder_in_the_place_of_the_database_is_named(tmp_path: Path):
    (tmp_path / "onrecall.db").mkdir()
    assert "onrecall.db is a folder, not a database file" in str(database_fault(tmp_path / "onrecall.db"))
    with pytest.raises(Unavailable, match="is a folder, not a database file"):
        Storage.open(f"sqlite:///{tmp_path / 'onrecall.db'}")


def test_a_read_only_and_a_full_disk_are_told_apart(tmp_path: Path):
    data = tmp_path / "data"
    with disk(data):
        assert folder_fault(data) is None
        (data / "filler").write_bytes(b"x" * 1_500_000)
        assert "is full" in str(folder_fault(data))
    with disk(data, "ro"):
        assert "is on a read-only file system: mount it for writing" in str(folder_fault(data / "below"))


@pytest.mark.process
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_names_a_read_only_folder_and_the_fix(tmp_path: Path, command: tuple[str, ...]):
    data = tmp_path / "data"
    with disk(data, "ro"):
        ended = onrecall(data, *command)
    assert ended.returncode == 75, ended.stderr
    assert f"{data} is on a read-only file system: mount it for writing, or name another folder" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.process
def test_doctor_names_a_folder_whose_disk_became_read_only(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir()
    assert onrecall(data, "incidents", "list").returncode == 0
    subprocess.run(["cp", "-r", str(data), str(tmp_path / "kept")], check=True)
    with disk(data):
        subprocess.run(["cp", "-r", f"{tmp_path / 'kept'}/.", str(data)], check=True)
        subprocess.run(["mount", "-o", "remount,ro", str(data)], check=True)
        doctor = onrecall(data, "doctor")
        asked = onrecall(data, "ask", "checkout answers 503")
    assert doctor.returncode == 1
    assert f"{data} is on a read-only file system" in doctor.stdout.replace("\n", " ")
    assert f"{data} is on a read-only file system" in asked.stderr


@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run a command as somebody else")
def test_a_folder_of_another_user_is_named_with_both(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    if subprocess.run(["test", "-r", sys.executable], user=65534, check=False).returncode:
        pytest.skip("another user may not read this Python")
    for folder in data.parents:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    ended = onrecall(data, "incidents", "list", user=65534)
    assert "by user 65534: it belongs to user 0" in ended.stderr, ended.stderr
    assert f"chown -R 65534 {data}" in ended.stderr

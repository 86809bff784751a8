"""The local index in its file: whatever happens to the file, the answers are those of the database."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from passage_log import MODEL, Log, passage, vector
from test_local_index import term_weights

from onrecall.domain.errors import Unavailable
from onrecall.retrieval import segment_file, snapshot, tokenizer
from onrecall.retrieval.index import VisibilityFilter
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.segment import Segment
from warm_processes import WarmProcess

ALL = 10_000


@pytest.fixture(autouse=True)
def _little_unsaved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onrecall.retrieval.local_index.MAX_UNSAVED_CHANGES", 8)
    monkeypatch.setattr("onrecall.retrieval.local_index.CHANGES_PER_READ", 16)


@pytest.fixture
def log() -> Log:
    log = Log()
    for n in range(40):
        log.add(passage(str(n), f"disk {n} full"), f"service-{n % 2}")
    return log


def started(log: Log, path: Path, model: str | None = MODEL) -> LocalIndex:
    index = LocalIndex(log, model, path)
    index.refresh()
    return index


def found_ids(index: LocalIndex) -> list[int]:
    by_words = sorted(index.words(term_weights("disk"), VisibilityFilter(), ALL))
    assert sorted(index.meaning(vector("disk"), VisibilityFilter(), ALL)) == by_words
    return by_words


def test_a_start_reads_only_what_is_new(log: Log, tmp_path: Path) -> None:
    started(log, tmp_path / "index")
    log.reads = 0
    log.add(passage("new", "disk"))
    log.remove(3)
    index = started(log, tmp_path / "index")
    assert log.reads == 2
    assert found_ids(index) == [1, 2, *range(4, 42)]
    assert len(index.words(term_weights("disk"), VisibilityFilter(service="service-0"), ALL)) == 19


def test_what_is_gone_stays_gone(log: Log, tmp_path: Path) -> None:
    index = started(log, tmp_path / "index")
    for number in range(1, 13):
        log.remove(number)
    index.refresh()
    log.reads = 0
    assert found_ids(started(log, tmp_path / "index")) == list(range(13, 41))
    assert log.reads == 0


def test_closing_keeps_what_is_worth_it(log: Log, tmp_path: Path) -> None:
    index = started(log, tmp_path / "index")
    for n in range(3):
        log.add(passage(f"late-{n}", "disk"))
    index.refresh()
    index.close()
    log.reads = 0
    assert len(found_ids(started(log, tmp_path / "index"))) == 43
    assert log.reads == 0


def segment_files(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.*.segment*"))


def has_term(path: Path, word: str) -> bool:
    """Whether any stored segment still has the hash of a word."""
    term_ids = np.array([tokenizer.term_id(word)], np.uint64)
    stored = snapshot.load(path, MODEL)
    assert stored
    named = {snapshot._segment_path(path, snapshot.segment_name(segment)) for segment in stored[0]}
    assert named == set(segment_files(path))
    return any(segment.words.counts(term_ids).any() for segment in stored[0])


def flipped(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for at in range(len(raw) // 3, len(raw), 997):
        raw[at] ^= 0xFF
    path.write_bytes(raw)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "nonsense": lambda path: path.write_bytes(b"nonsense" * 1000),
    "flipped": flipped,
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_noticed_and_mended(log: Log, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = tmp_path / "index"
    started(log, path)
    damage(path)
    assert found_ids(started(log, path)) == list(range(1, 41))
    log.add(passage("new", "disk"))
    assert found_ids(started(log, path)) == list(range(1, 42))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_of_a_segment_file_is_noticed_and_mended(
    log: Log, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    path = tmp_path / "index"
    started(log, path)
    (damaged, *_) = segment_files(path)
    damage(damaged)
    assert found_ids(started(log, path)) == list(range(1, 41))
    log.add(passage("new", "disk"))
    assert found_ids(started(log, path)) == list(range(1, 42))


def test_every_flipped_byte_of_a_segment_file_is_noticed(log: Log, tmp_path: Path) -> None:
    (segment, *_) = started(log, tmp_path / "index")._state.segments
    path = tmp_path / "one.segment"
    checksum = segment_file.write(path, segment)
    intact = path.read_bytes()
    assert (segment_file.read(path, checksum).words.keys() == segment.words.keys()).all()
    for at in range(0, len(intact), 61):
        broken = bytearray(intact)
        broken[at] ^= 0x10
        path.unlink()
        path.write_bytes(broken)
        with pytest.raises(segment_file.SegmentDamaged):
            segment_file.read(path, checksum)


def test_all_processes_read_the_arrays_of_the_files(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "index"
    first, second = started(log, path), started(log, path)
    for n in range(40):
        log.add(passage(f"later-{n}", "disk"))
    first.refresh()
    second.refresh()  # the first was quicker, so its files are taken
    for index in (first, second, started(log, path)):
        assert all(map(snapshot.is_mapped, index._state.segments))
        assert len(found_ids(index)) == 80
    mapped = Path("/proc/self/maps")
    if mapped.exists():  # on Linux
        assert all(str(file) in mapped.read_text() for file in segment_files(path))


def test_files_that_are_no_longer_needed_go(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "index"
    index = started(log, path)
    path.with_name("index.left-by-a-kill.segment.7.part").write_bytes(b"x")
    other = path.with_name("other-index.1-2-3.segment")
    other.write_bytes(b"of another store")
    for n in range(400):
        log.add(passage(f"later-{n}", "disk"))
        index.refresh()
    names = {snapshot._segment_path(path, snapshot.segment_name(segment)) for segment in snapshot.load(path, MODEL)[0]}
    assert set(segment_files(path)) == names
    assert other.exists()


def test_what_was_erased_is_in_no_file_and_does_not_come_back(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "index"
    erasing, other = started(log, path), started(log, path)
    secret = log.add(passage("secret", "zanzibar disk"))
    for n in range(20):
        log.add(passage(f"later-{n}", "disk"))
    erasing.refresh()
    other.refresh()
    log.remove(secret)
    other.refresh()  # at the same place of the log, but it marks what is gone
    other._keep()
    erasing.forget_removed()
    assert not has_term(path, "zanzibar")
    for n in range(20):
        log.add(passage(f"last-{n}", "disk"))
    other.refresh()
    assert not has_term(path, "zanzibar")
    assert found_ids(other) == found_ids(started(log, path)) == sorted(log.visible(VisibilityFilter()))


def test_a_further_process_is_followed_by_an_erasure(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "index"
    erasing = started(log, path)
    log.remove(3)
    erasing.refresh()
    log.add(passage("new", "disk"))
    further = started(log, path)
    further._keep()
    held, log.entries = log.entries, log.entries[:-1]  # what came last is not seen yet where something is erased
    erasing.refresh()
    log.entries = held
    erasing.forget_removed()
    assert found_ids(erasing) == [1, 2, *range(4, 42)]
    assert not any(segment.dead.any() for segment in snapshot.load(path, MODEL)[0])
    assert snapshot.load(path, MODEL)[1] == 42


def test_a_file_of_another_database_is_not_believed(log: Log, tmp_path: Path) -> None:
    started(log, tmp_path / "index")
    other_log = Log()
    for n in range(40):
        other_log.add(passage(f"other-{n}", f"disk {n} full" if n % 2 else "certificate"))
    index = started(other_log, tmp_path / "index")
    assert sorted(index.words(term_weights("disk"), VisibilityFilter(), ALL)) == list(range(2, 41, 2))
    other_log.reads = 0
    assert sorted(started(other_log, tmp_path / "index").words(term_weights("disk"), VisibilityFilter(), ALL)) == list(
        range(2, 41, 2)
    )
    assert other_log.reads == 0


def test_a_database_set_back_takes_its_file_along(log: Log, tmp_path: Path) -> None:
    started(log, tmp_path / "index")
    log.entries = log.entries[:20]
    assert found_ids(started(log, tmp_path / "index")) == list(range(1, 21))
    log.reads = 0
    assert found_ids(started(log, tmp_path / "index")) == list(range(1, 21))
    assert log.reads == 0


def test_another_model_starts_anew(log: Log, tmp_path: Path) -> None:
    started(log, tmp_path / "index")
    index = started(log, tmp_path / "index", "another")
    assert len(index.words(term_weights("disk"), VisibilityFilter(), ALL)) == 40
    assert index.meaning(vector("disk"), VisibilityFilter(), ALL) == []
    assert found_ids(started(log, tmp_path / "index")) == list(range(1, 41))


def test_another_format_starts_anew(log: Log, tmp_path: Path) -> None:
    started(log, tmp_path / "index")
    with sqlite3.connect(tmp_path / "index") as file:
        file.execute("update head set format = 'of the future'")
    file.close()
    log.reads = 0
    assert found_ids(started(log, tmp_path / "index")) == list(range(1, 41))
    assert log.reads == 40


def test_a_file_of_the_first_format_is_replaced_and_its_room_given_back(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "index"
    with sqlite3.connect(path) as file:
        file.execute("create table head (format text not null, model text, seq integer not null)")
        file.execute("create table segments (name text primary key, body blob not null, dead blob not null)")
        file.execute("insert into head values ('1', ?, 40)", (MODEL,))
        file.execute("insert into segments values ('1-40-7', zeroblob(1000000), zeroblob(5))")
    file.close()
    assert found_ids(started(log, path)) == list(range(1, 41))
    assert path.stat().st_size < 100_000
    log.reads = 0
    assert found_ids(started(log, path)) == list(range(1, 41))
    assert log.reads == 0


def test_two_processes_share_the_file(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "index"
    first, second = started(log, path), started(log, path)
    for n in range(60):
        number = log.add(passage(f"later-{n}", "disk"))
        if n % 7 == 0:
            log.remove(number - 20)
        (first if n % 3 else second).refresh()
    first.refresh()
    second.refresh()
    assert (
        found_ids(first)
        == found_ids(second)
        == found_ids(started(log, path))
        == sorted(log.visible(VisibilityFilter()))
    )


def test_an_older_state_does_not_replace_a_newer(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "index"
    old = started(log, path)
    for n in range(20):
        log.add(passage(f"later-{n}", "disk"))
    started(log, path)
    snapshot.save(path, MODEL, old._state.segments, old._state.seq)
    stored = snapshot.load(path, MODEL)
    assert stored
    assert stored[1] == 60


def test_a_place_that_cannot_be_written_costs_only_time(log: Log, tmp_path: Path) -> None:
    index = started(log, tmp_path / "absent" / "index")
    assert found_ids(index) == list(range(1, 41))
    assert index.storage_note == (
        f"the index cannot be stored in {tmp_path / 'absent'}, so each process holds it in memory"
    )
    assert started(log, tmp_path / "index").storage_note is None
    assert LocalIndex(log, MODEL).storage_note is None


def test_a_full_disk_costs_only_memory(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    index = started(log, tmp_path / "index")
    monkeypatch.setattr(segment_file, "write", refuse)
    for n in range(40):
        log.add(passage(f"later-{n}", "disk"))
    index.refresh()
    assert len(found_ids(index)) == 80
    assert index.storage_note
    monkeypatch.undo()
    assert len(found_ids(started(log, tmp_path / "index"))) == 80


def test_a_full_disk_is_not_filled_further(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index"
    parts = [Segment.of(log.entries[start : start + 10], MODEL) for start in (0, 10, 20)]
    assert snapshot.save(path, MODEL, parts[:1], 10)
    before, padded, taken = segment_files(path), segment_file._padded, []

    def fill_the_disk(array: np.ndarray) -> bytes:
        taken.append(array)
        if len(taken) > 15:  # within the second file
            raise OSError(28, "No space left on device")
        return padded(array)

    monkeypatch.setattr(segment_file, "_padded", fill_the_disk)
    assert snapshot.save(path, MODEL, parts, 30) is None
    assert len(taken) == 16
    assert segment_files(path) == before
    monkeypatch.undo()
    assert snapshot.load(path, MODEL)[1] == 10
    assert snapshot.save(path, MODEL, parts, 30)
    assert len(segment_files(path)) == 3


def erased_on_a_full_disk(log: Log, path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalIndex:
    """An index whose files have a word of a passage that is removed, where nothing can be written any more."""
    secret = log.add(passage("secret", "zanzibar disk"))
    index = started(log, path)
    assert has_term(path, "zanzibar")
    log.remove(secret)

    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segment_file, "write", refuse)
    return index


def test_what_was_erased_is_in_no_file_where_none_can_be_written(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index"
    index = erased_on_a_full_disk(log, path, monkeypatch)
    index.forget_removed()
    assert not path.exists()
    assert segment_files(path) == []
    assert found_ids(index) == list(range(1, 41))
    monkeypatch.undo()
    index.forget_removed()
    assert segment_files(path)
    assert not has_term(path, "zanzibar")


def test_an_erasure_that_leaves_files_says_so(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = erased_on_a_full_disk(log, tmp_path / "index", monkeypatch)

    def refuse(_path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(Unavailable, match="can be neither rewritten nor deleted"):
        index.forget_removed()


@pytest.mark.process
def test_killed_while_it_saves(log: Log, tmp_path: Path) -> None:
    """Killed at any moment of a save, the next start reads the state before or the state after."""
    path = tmp_path / "index"
    script = f"""
from pathlib import Path
from passage_log import *
from onrecall.retrieval import segment_file, snapshot, tokenizer
from onrecall.retrieval.segment import Segment
log = Log()
for n in range(40):
    log.add(passage(str(n), f"disk {{n}} full"))
parts = [Segment.of(log.entries[start : start + 10], MODEL) for start in range(0, 40, 10)]
print("ready", flush=True)
for seq in range(10**6):
    snapshot.save(Path({str(path)!r}), MODEL, parts[: seq % 4 + 1], seq)
"""
    survived = 0
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    for wait in (0.03, 0.101, 0.2):
        process = WarmProcess(["-c", script], environment, stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        stored = snapshot.load(path, MODEL)
        if stored:
            survived += 1
            assert len(stored[0]) == stored[1] % 4 + 1
    assert survived
    path.unlink()
    assert found_ids(started(log, path)) == list(range(1, 41))

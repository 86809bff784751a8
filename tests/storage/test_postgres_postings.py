"""The packed postings say what the passages say, whatever was added, replaced, removed, re-indexed or upgraded."""

import random
import threading
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import Connection, text

from notifications.twin import until
from onrecall.domain.errors import Unavailable
from onrecall.domain.passage import Passage
from onrecall.domain.situation import Filter
from onrecall.storage import Storage, migrations, postgres_postings
from onrecall.storage import passages as stored_passages
from onrecall.storage.database import Database
from storage.given import NOON, entry, incident, passage
from storage.test_migrations import older_store

pytestmark = pytest.mark.postgres
FIRST_SCHEMA = 36
SIGN = 1 << 31


@pytest.fixture
def filled(postgres_url: str) -> Iterator[Storage]:
    """A store whose passage numbers cross the border between two blocks."""
    with closing(Storage.open(postgres_url)) as store:
        with store.overview.database.write() as connection:
            connection.execute(text("update counters set value = 1019 where name = 'passage'"))
        dice = random.Random(7)
        records = [
            entry(incident(f"INC-{n}"), *(words(dice, f"{n}.{i}", i) for i in range(2)), resolved(dice, n))
            for n in range(8)
        ]
        assert {saved.state for saved in store.records.save(records, NOON)} == {"created"}
        yield store


def words(dice: random.Random, said: str, n: int) -> Passage:
    return passage(said, n=n, terms=tuple(dice.choices(range(SIGN - 20, SIGN + 20), k=dice.choice((3, 30, 190, 400)))))


def resolved(dice: random.Random, number: int) -> Passage:
    return passage(f"resolved {number}", part="resolution", terms=(5, 5, 2**32 - 1, dice.randrange(50)))


def in_table(connection: Connection) -> set[tuple[int, int, int]]:
    """Term, passage and length of every posting, decoded one by one."""
    found = []
    for term, block, data in connection.execute(text("select term, block, postings from passage_postings")):
        packed = [data[start : start + 3] for start in range(0, len(data), 3)]
        found += [(term + SIGN, block * 1024 + int.from_bytes(three[:2]), three[2]) for three in packed]
    assert len(found) == len(set(found))
    return set(found)


def in_passages(connection: Connection) -> set[tuple[int, int, int]]:
    """The same of what the passages themselves hold."""
    expected = set()
    for number, packed in connection.execute(text("select id, terms from passages")):
        size = len(packed) // 5
        length = sum(packed[4 * size :])
        code = length if length < 192 else min(255, 192 + (length - 192) // 16)
        expected |= {(int.from_bytes(packed[4 * n : 4 * n + 4], "little"), number, code) for n in range(size)}
    return expected


def check(store: Storage) -> None:
    with store.overview.database.read() as connection:
        assert in_table(connection) == in_passages(connection)
        assert connection.scalar(text("select count(*) from passage_postings where postings = ''")) == 0


def test_added_passages_have_postings_in_two_blocks(filled: Storage) -> None:
    check(filled)
    with filled.overview.database.read() as connection:
        assert connection.scalars(text("select distinct block from passage_postings order by 1")).all() == [0, 1]


def test_blocks_are_written_a_few_at_a_time(filled: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_postings, "BLOCKS_AT_ONCE", 1)
    packed = {number: passage("words", terms=(7, number)).terms for number in (4098, 2048, 4096, 3072)}
    chunks = list(postgres_postings._by_blocks(packed))
    assert [list(chunk) for chunk in chunks] == [[2048], [3072], [4096, 4098]]
    with filled.overview.database.write() as connection:
        before = in_table(connection)
        postgres_postings.add(connection, packed)
        assert len(in_table(connection)) == len(before) + 2 * len(packed)
        postgres_postings.remove(connection, packed)
        assert in_table(connection) == before


def test_what_is_replaced_or_removed_leaves_nothing(filled: Storage) -> None:
    dice = random.Random(8)
    for n in range(3):
        changed = entry(incident(f"INC-{n}", title="Another title"), words(dice, f"changed {n}", 0))
        assert [saved.state for saved in filled.records.save([changed], NOON)] == ["updated"]
        check(filled)
    with filled.overview.database.write() as connection:
        for n in range(8):
            stored_passages.replace_passages(connection, ("incident", f"INC-{n}"), ())
    with filled.overview.database.read() as connection:
        assert in_table(connection) == set()


def test_the_same_twice_changes_nothing(filled: Storage) -> None:
    with filled.overview.database.read() as connection:
        before = in_table(connection)
        owned = stored_passages.select_by_owner(connection, [("incident", "INC-1")])["incident", "INC-1"]
    with filled.overview.database.write() as connection:
        stored_passages.replace_passages(connection, ("incident", "INC-1"), [passage for _, passage in owned])
    with filled.overview.database.read() as connection:
        assert in_table(connection) == before


def test_scores_are_those_of_bm25(filled: Storage) -> None:
    with filled.overview.database.read() as connection:
        counted = dict(map(tuple, connection.execute(text("select id, terms from passages"))))
    lengths = {number: sum(packed[len(packed) // 5 * 4 :]) for number, packed in counted.items()}
    term = SIGN
    having = [
        number
        for number, packed in counted.items()
        if term.to_bytes(4, "little") in [packed[n : n + 4] for n in range(0, len(packed) // 5 * 4, 4)]
    ]
    expected = sorted(having, key=lambda number: (1.2 + 0.018 * min(191, lengths[number]), number))
    assert len(having) > 3
    found = filled.search(None, 0).words({term: 1.0}, Filter(), None, (), 3)
    assert [min(191, lengths[number]) for number in found] == [min(191, lengths[number]) for number in expected[:3]]


def test_what_a_sender_suggests_is_found_by_those_who_look_for_it(filled: Storage) -> None:
    with filled.overview.database.write() as connection:
        stored_passages.replace_passages(connection, ("suggestion", "S-1"), [passage("suggested", terms=(77,))])
    search = filled.search(None, 0)
    assert search.words({77: 1.0}, Filter(), None, (), 10) == []
    assert len(search.words({77: 1.0}, Filter(kind="suggestion"), None, (), 10)) == 1


def fill_as_before(connection: Connection) -> None:
    """Put passages into a store of the schema before, as that release did."""
    dice = random.Random(9)
    connection.execute(text("update counters set value = 1020 where name = 'passage'"))
    for n in range(12):
        made = words(dice, f"old {n}", n)
        size = len(made.terms) // 5
        hashes = [int.from_bytes(made.terms[4 * i : 4 * i + 4], "little") - SIGN for i in range(size)]
        row = {"id": 1015 + n, "n": n, "text": made.text, "packed": made.terms, "terms": hashes}
        connection.execute(
            text(
                "insert into passages (id, owner, kind, part, n, text, line, terms)"
                " values (:id, 'X-1', 'incident', 'opening', :n, :text, 1, :packed)"
            ),
            row,
        )
        connection.execute(
            text(
                "insert into passage_words values (:id, 'incident', 'X-1', null, '{}', null, :length,"
                " cast(:terms as integer[]))"
            ),
            row | {"length": sum(made.terms[4 * size :])},
        )


def test_an_upgrade_packs_what_is_stored(blank_postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with older_store(blank_postgres_url, FIRST_SCHEMA - 1, monkeypatch) as connection:
        fill_as_before(connection)
    for _ in range(2):
        with closing(Storage.open(blank_postgres_url)) as store:
            check(store)
            with store.overview.database.read() as connection:
                assert len(in_table(connection)) > 100


def test_a_killed_upgrade_changes_nothing_and_is_done_again(
    blank_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with older_store(blank_postgres_url, FIRST_SCHEMA - 1, monkeypatch) as connection:
        fill_as_before(connection)
    ended: list[BaseException] = []

    def upgrade() -> None:
        try:
            Database(blank_postgres_url).close()
        except Unavailable as error:
            ended.append(error)

    waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with psycopg.connect(blank_postgres_url) as holder, psycopg.connect(blank_postgres_url, autocommit=True) as killer:
        holder.execute("lock table passage_words in access share mode")  # it may be read, not changed
        upgrading = threading.Thread(target=upgrade)
        upgrading.start()
        until(lambda: killer.execute(waiting).fetchone())
        killer.execute(f"select pg_terminate_backend(pid) from ({waiting}) as stuck")
        upgrading.join(60)
        assert len(ended) == 1
        assert killer.execute("select to_regclass('passage_postings'), max(number) from migrations").fetchone() == (
            None,
            FIRST_SCHEMA - 1,
        )
    with closing(Storage.open(blank_postgres_url)) as store:
        check(store)
        with store.overview.database.read() as connection:
            assert migrations.current_version(connection) == migrations.newest_version()
            assert in_table(connection)


def test_a_length_beyond_the_steps_is_the_longest() -> None:
    assert postgres_postings.LENGTHS[-1] == 192 + 16 * 63

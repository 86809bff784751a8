"""Document frequencies on SQLite: exact whatever comes and goes, in few rows, and nothing left of erased terms."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from example_counts import example_count
from onrecall.domain.document import Document
from onrecall.storage import Storage, term_runs
from onrecall.storage.erasure import Derivation
from onrecall.storage.tables import terms
from onrecall.storage.term_runs import RUNS_PER_LEVEL, TermRun

from .given import NOON, entry, incident, passage

CHANGES = st.lists(
    st.dictionaries(st.integers(0, 2**32 - 1) | st.integers(0, 9), st.sampled_from([-2, -1, 1, 2])), max_size=40
)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Storage]:
    store = Storage.open(f"sqlite:///{tmp_path}/onrecall.db")
    yield store
    store.close()


def runs(store: Storage) -> list[TermRun]:
    with store.passages._database.read() as connection:
        return term_runs.read_all(connection)


@settings(max_examples=example_count(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_runs_sum_up_to_what_was_added(sqlite: Storage, changes: list[dict[int, int]]) -> None:
    expected: Counter[int] = Counter()
    with sqlite.passages._database.write() as connection:
        connection.execute(term_runs.term_runs.delete())
        for change in changes:
            term_runs.append(connection, TermRun.of(list(change), list(change.values())))
            expected.update(change)
        stored = term_runs.read_all(connection)
    assert dict(term_runs.sums(stored, [])) == {term: count for term, count in expected.items() if count}
    assert all((run.terms[1:] > run.terms[:-1]).all() and run.deltas.all() for run in stored)


def test_many_adds_leave_few_runs_and_no_row_for_each_term(sqlite: Storage) -> None:
    words = range(1, 200)
    for n in range(120):
        sqlite.records.save([entry(incident(f"X-{n}"), passage("a", terms=(n, 1000 + n, *words)))], NOON)
        by_level = Counter(len(run.terms) // term_runs.FIRST_LEVEL_TERMS for run in runs(sqlite))
        assert sum(by_level.values()) <= 3 * RUNS_PER_LEVEL
    assert sqlite.passages.term_statistics([7, 1007, 5000]).df == {7: 120, 1007: 1}
    with sqlite.passages._database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(terms)) == 0


def test_what_another_process_merges_is_seen(sqlite: Storage, tmp_path: Path) -> None:
    other = Storage.open(f"sqlite:///{tmp_path}/onrecall.db")
    for n in range(30):
        other.records.save([entry(incident(f"X-{n}"), passage("a", terms=(1, n + 2)))], NOON)
        assert sqlite.passages.term_statistics([1, n + 2]).df == {1: n + 1, n + 2: 1}
    other.close()


def test_what_an_earlier_release_counted_still_counts(sqlite: Storage) -> None:
    sqlite.documents.put(Document("d", "d", "x"), [passage("a", terms=(5, 6))], NOON)
    with sqlite.passages._database.write() as connection:  # as a table of an earlier release holds them
        connection.execute(term_runs.term_runs.delete())
        connection.execute(terms.insert(), [{"term": 5, "passages": 1}, {"term": 6, "passages": 1}])
    sqlite.documents.put(Document("e", "e", "x"), [passage("a", terms=(6, 7))], NOON)
    assert sqlite.passages.term_statistics([5, 6, 7]).df == {5: 1, 6: 2, 7: 1}
    sqlite.documents.delete("d")
    assert sqlite.passages.term_statistics([5, 6, 7]).df == {6: 1, 7: 1}
    assert sqlite.health.check() == ()


def test_an_erasure_leaves_no_hash_of_a_word_that_is_gone(sqlite: Storage) -> None:
    sqlite.records.save([entry(incident(f"X-{n}"), passage("zanzibar", terms=(1, 900 + n))) for n in range(2)], NOON)
    with sqlite.passages._database.write() as connection:
        connection.execute(terms.insert(), [{"term": 77, "passages": 1}])
        term_runs.append(connection, TermRun.of([77], [-1]))
    sqlite.erasures.erase_incident("X-1", Derivation(lambda records: [() for _ in records], str), NOON, None)
    assert [run.terms.tolist() for run in runs(sqlite)] == [[1, 900]]
    with sqlite.passages._database.read() as connection:
        assert connection.execute(select(terms)).all() == []

"""Consumer offsets: one process at a time holds a cursor, and its lease expires if the process dies."""

from datetime import timedelta

from onrecall.storage import Storage
from onrecall.storage.consumer_offsets import LEASE

from .given import NOON, incident

SECOND = timedelta(seconds=1)


def test_a_new_reader_begins_with_what_happens_from_now_on(store: Storage) -> None:
    store.incidents.open(incident("OLD"), [], NOON)
    after = store.consumer_offsets.acquire("reader", "a", NOON)
    store.incidents.open(incident("NEW"), [], NOON)
    assert [event.incident for event in store.events.feed(after)] == ["NEW"]


def test_it_goes_on_where_it_was(store: Storage) -> None:
    after = store.consumer_offsets.acquire("reader", "a", NOON)
    assert store.consumer_offsets.advance("reader", "a", after + 7, NOON)
    assert store.consumer_offsets.acquire("reader", "a", NOON) == after + 7
    assert store.consumer_offsets.acquire("other", "a", NOON) == after


def test_one_reads_at_a_time(store: Storage) -> None:
    after = store.consumer_offsets.acquire("reader", "a", NOON)
    assert store.consumer_offsets.acquire("reader", "b", NOON + LEASE - SECOND) is None
    assert not store.consumer_offsets.advance("reader", "b", after + 1, NOON)
    assert store.consumer_offsets.acquire("reader", "a", NOON + LEASE - SECOND) == after, (
        "the holder's lease grows as it reads"
    )
    assert store.consumer_offsets.acquire("reader", "b", NOON + LEASE + SECOND) is None


def test_what_a_killed_reader_held_is_taken_over(store: Storage) -> None:
    after = store.consumer_offsets.acquire("reader", "a", NOON)
    assert store.consumer_offsets.acquire("reader", "b", NOON + LEASE) == after
    assert not store.consumer_offsets.advance("reader", "a", after + 1, NOON + LEASE)
    assert store.consumer_offsets.acquire("reader", "b", NOON + LEASE) == after, "who was late has moved nothing"


def test_who_lets_go_lets_another_go_on_at_once(store: Storage) -> None:
    after = store.consumer_offsets.acquire("reader", "a", NOON)
    store.consumer_offsets.release("reader", "b")
    assert store.consumer_offsets.acquire("reader", "b", NOON) is None
    store.consumer_offsets.release("reader", "a")
    assert store.consumer_offsets.acquire("reader", "b", NOON) == after

"""The outbox: nothing told twice or never, one process at a time, and newest news only."""

from dataclasses import replace
from datetime import timedelta

import pytest

from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.storage import Storage
from onrecall.storage.outbox import LEASE, PendingMessage

from .given import NOON, at, incident

AGAIN = timedelta(seconds=2)
SECOND = timedelta(seconds=1)


@pytest.fixture
def box(store: Storage):
    store.incidents.open(incident("A"), [], NOON)
    store.incidents.open(incident("B"), [], NOON)
    return store.outbox


def letter(name: str = "A", seq: int = 9, kind: str = "opened") -> PendingMessage:
    return PendingMessage(name, seq, kind, {"says": kind}, {"verdict": kind})


def posted(box, *letters: PendingMessage, channel: str = "webhook") -> None:
    after = box.position(channel)
    assert box.enqueue(channel, after, after + 1, letters, NOON)


def take(box, now=NOON, holder: str = "one", channel: str = "webhook"):
    return box.start_attempt(channel, holder, now, AGAIN)


def test_a_new_channel_begins_with_what_happens_from_now_on(store, box):
    assert box.position("webhook") == store.events.feed()[-1].seq
    assert store.events.feed(box.position("webhook")) == ()


def test_events_are_settled_once(box):
    after = box.position("webhook")
    assert box.enqueue("webhook", after, after + 3, [letter()], NOON)
    assert not box.enqueue("webhook", after, after + 3, [letter()], NOON), "another process was first"
    assert box.position("webhook") == after + 3
    assert len(box.page().items) == 1


def test_the_newest_letter_supersedes_what_is_pending_for_its_incident_alone(box):
    posted(box, letter(seq=9), letter("B", 10))
    posted(box, letter(seq=11, kind="changed"))
    states = {(delivery.incident, delivery.kind): delivery.state for delivery in box.page().items}
    assert states == {("A", "opened"): "superseded", ("A", "changed"): "pending", ("B", "opened"): "pending"}
    assert box.threads("webhook", ["A"])["A"].told == {"verdict": "changed"}


def test_one_process_sends_at_a_time(box):
    posted(box, letter(), letter("B", 10))
    first = take(box)
    assert (first.incident, first.attempts) == ("A", 1)
    assert take(box, holder="two") is None
    assert take(box, NOON + LEASE, holder="two").incident == "B", "who fell silent has lost his turn"
    assert take(box, NOON + LEASE) is None


def test_a_released_channel_is_free_at_once(box):
    posted(box, letter(), letter("B", 10))
    take(box)
    box.release("webhook", "two")
    assert take(box, holder="two") is None, "only who holds it lets go"
    box.release("webhook", "one")
    assert take(box, holder="two").incident == "B"


def test_a_try_without_an_end_is_made_again_with_the_same_key(box):
    posted(box, letter())
    first = take(box)
    assert take(box) is None
    second = take(box, NOON + AGAIN)
    assert (second.key, second.attempts) == (first.key, 2)


def test_what_is_sent_is_remembered(box):
    posted(box, letter())
    box.sent(take(box), {"ts": "1.2"}, at(1))
    threads = box.threads("webhook", ["A", "B"])
    assert threads.keys() == {"A"}
    assert (threads["A"].remote, threads["A"].sent) == ({"ts": "1.2"}, {"verdict": "opened"})
    assert take(box, at(5)) is None
    assert box.page().items[0].sent_at == at(1)


def test_what_was_superseded_on_its_way_counts_as_sent_when_it_arrives_and_stays_away_when_not(box):
    posted(box, letter())
    on_its_way = take(box)
    posted(box, letter(seq=11, kind="changed"))
    box.failed(on_its_way, "no answer", at(1), NOON)
    assert [listed.state for listed in box.page().items] == ["pending", "superseded"]
    box.sent(on_its_way, {"ts": "1"}, at(1))
    assert [listed.state for listed in box.page().items] == ["pending", "sent"]
    assert box.threads("webhook", ["A"])["A"].sent == {"verdict": "opened"}


def test_a_pause_holds_the_channel_and_no_other(box):
    posted(box, letter(), letter("B", 10))
    posted(box, letter(), channel="teams")
    box.failed(take(box), "429", at(2), at(1))
    assert take(box, at(1) - SECOND) is None
    assert take(box, channel="teams") is not None
    slack = take(box, at(1))
    assert slack.incident == "B"
    box.sent(slack, {}, at(1))
    assert take(box, at(2)).incident == "A"


def test_the_dead_are_listed_with_the_reason_and_can_be_resent(box):
    posted(box, letter())
    attempt = take(box)
    box.dead_letter(attempt, "410 Gone")
    (dead,) = box.page("dead", "webhook").items
    assert (dead.last_error, dead.attempts) == ("410 Gone", 1)
    assert box.backlog("webhook").dead == 1
    again = box.resend(dead.id, at(3))
    assert (again.state, again.attempts, again.key) == ("pending", 0, attempt.key)
    assert take(box, at(3)).id == dead.id


def test_nothing_older_is_resent_over_something_newer(box):
    posted(box, letter())
    box.dead_letter(take(box), "410 Gone")
    posted(box, letter(seq=11, kind="changed"))
    old = box.page("dead").items[0]
    with pytest.raises(Conflict, match="is newer"):
        box.resend(old.id, NOON)


def test_pages(box):
    posted(box, *(replace(letter(), incident=name, seq=seq) for seq, name in enumerate("ABAB")))
    first = box.page(limit=3)
    assert [delivery.seq for delivery in (*first.items, *box.page(cursor=first.next_cursor, limit=3).items)] == [
        3,
        2,
        1,
        0,
    ]
    with pytest.raises(Invalid, match="state must be one of pending"):
        box.page("lost")
    for number in (0, 99, 2**40):
        with pytest.raises(NotFound):
            box.resend(number, NOON)


def test_a_backlog_says_since_when_and_why(box):
    posted(box, letter(), letter("B", 10))
    assert box.backlog("webhook").last_error is None
    box.failed(take(box), "connection refused\0", at(2), NOON)
    backlog = box.backlog("webhook")
    assert (backlog.pending, backlog.dead, backlog.since, backlog.last_error) == (2, 0, NOON, "connection refused�")
    assert box.backlog("teams").pending == 0

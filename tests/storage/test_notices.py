"""Notices: kept once, sent once a channel, and each says what became of it."""

from datetime import timedelta
from typing import Any

import pytest

from onrecall.domain.errors import Invalid, NotFound
from onrecall.storage import Storage
from onrecall.storage.notices import NewNotice, NoticePost

from .given import NOON, at, incident, recommendation

AGAIN = timedelta(seconds=2)


def post(name: str = "ntf-1", channel: str | None = "slack", **more: Any) -> NoticePost:
    notice = NewNotice(name, more.pop("type", "slack"), "Title", "Message", **more)
    return NoticePost(notice, {channel: {"says": name}} if channel else {})


def take(store: Storage, channel: str = "slack") -> Any:
    return store.outbox.start_attempt(channel, "one", NOON, AGAIN)


def test_a_notice_goes_from_queued_to_sent(store: Storage) -> None:
    posted = store.outbox.enqueue_notice(post(target="#ops", metadata={"by": "ann"}), NOON)
    assert (posted.status, posted.channel, posted.target, posted.metadata) == ("queued", "slack", "#ops", {"by": "ann"})
    delivery = take(store)
    assert (delivery.incident, delivery.notice, delivery.body) == (None, "ntf-1", {"says": "ntf-1"})
    store.outbox.sent(delivery, {}, at(1))
    notice = store.notices.get("ntf-1")
    assert (notice.status, notice.sent_at) == ("sent", at(1))
    assert take(store) is None


def test_one_that_is_given_up_says_why_and_can_be_sent_again(store: Storage) -> None:
    store.outbox.enqueue_notice(post(), NOON)
    delivery = take(store)
    store.outbox.dead_letter(delivery, "no such channel")
    notice = store.notices.get("ntf-1")
    assert (notice.status, notice.failed_reason) == ("failed", "no such channel")
    assert store.outbox.resend(delivery.id, at(2)).state == "pending"


def test_what_no_channel_sends_is_there_at_once_or_failed_at_once(store: Storage) -> None:
    in_app = store.outbox.enqueue_notice(post("ntf-1", None, type="in_app"), NOON)
    assert (in_app.status, in_app.sent_at) == ("sent", NOON)
    failed = store.outbox.enqueue_notice(post("ntf-2", None, failed_reason="nothing is configured"), NOON)
    assert (failed.status, failed.failed_reason, failed.sent_at) == ("failed", "nothing is configured", None)


def test_the_same_notice_again_changes_nothing(store: Storage) -> None:
    for _ in range(2):
        store.outbox.enqueue_notice(post(), NOON)
    assert len(store.outbox.page().items) == 1
    assert len(store.notices.newest(10)) == 1


def test_decisions_are_settled_once_for_each_channel(store: Storage) -> None:
    store.recommendations.save(recommendation("rec-0"), ["look", "restart"])
    start = store.outbox.decision_position("slack")
    assert store.overview.asked_after(start, 10) == (), "a new channel begins with what comes from now on"
    store.recommendations.save(recommendation("rec-1"), ["look", "restart"])
    ((number, answer),) = store.overview.asked_after(start, 10)
    posts = [post("ntf-d", decision=answer.id)]
    assert store.outbox.enqueue_decisions("slack", start, number, posts, NOON)
    assert not store.outbox.enqueue_decisions("slack", start, number, posts, NOON), "another process was first"
    assert store.outbox.decision_position("slack") == number
    assert [notice.decision for notice in store.notices.newest(10, "rec-1")] == ["rec-1"]
    assert store.notices.newest(10, "rec-0") == ()
    assert len(store.outbox.page().items) == 1


def test_a_decision_that_does_not_exist_is_refused(store: Storage) -> None:
    with pytest.raises(Invalid, match="there is no decision rec-9") as refused:
        store.outbox.enqueue_notice(post(decision="rec-9"), NOON)
    assert refused.value.field == "decision_id"
    with pytest.raises(NotFound):
        store.notices.get("ntf-1")
    with pytest.raises(NotFound):
        store.notices.get("\0")


def test_who_listens_reads_on_from_a_number(store: Storage) -> None:
    store.outbox.enqueue_notice(post("ntf-1"), NOON)
    number = store.notices.newest_number()
    store.outbox.enqueue_notice(post("ntf-2"), NOON)
    assert [notice.id for notice in store.notices.after(number, 10)] == ["ntf-2"]
    assert [notice.id for notice in store.notices.newest(10)] == ["ntf-2", "ntf-1"]


def test_notices_and_incidents_share_a_channel(store: Storage) -> None:
    store.incidents.open(incident("A"), [], NOON)
    store.outbox.enqueue_notice(post(), NOON)
    assert store.outbox.backlog("slack").pending == 1
    assert [(delivery.incident, delivery.notice) for delivery in store.outbox.page().items] == [(None, "ntf-1")]

"""What is kept of messages: once, the newest word, whatever order they come in."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from example_counts import example_count
from onrecall.domain.alert import Acknowledgement, Alert, ChangeEvent, Note
from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, RejectedPart
from onrecall.storage import IngestBatch, IngestResult, PreparedRecord, Storage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def firing(key: str = "k", starts: float = 0, **more: object) -> Alert:
    fields = {"title": "High error rate", "labels": {"service": "api"}, "service": "api"} | more
    return Alert("am", key, fields.pop("title"), at(starts), **fields)


def resolved(key: str = "k", starts: float = 0, ends: float = 5, **more: object) -> Alert:
    return firing(key, starts, **more, status="resolved", ends_at=at(ends))


def receive(store: Storage, *signals: object, now: float = 10) -> IngestResult:
    (received,) = store.ingest.store([IngestBatch("am", signals)], at(now))
    return received


def only(store: Storage) -> Alert:
    (waiting,) = store.alerts.waiting(10)
    return waiting.alert


def test_an_alert_comes_out_as_it_went_in(store: Storage):
    sent = firing(
        description="503 since 12:00", environment="prod", severity="high", annotations={"a": "b"}, group="g",
        values={"current": 5.25}, links=("https://example.com/",), told_at=at(1),
    )  # fmt: skip
    assert receive(store, sent) == IngestResult(1, 0)
    (stored,) = store.alerts.waiting(10)
    assert stored.alert == sent
    assert (stored.incident, stored.waiting, stored.received_at) == (None, True, at(10))


def test_the_same_again_changes_nothing(store: Storage):
    receive(store, firing())
    before = store.alerts.waiting(10)
    assert receive(store, firing(), firing(), now=20) == IngestResult(0, 2)
    assert receive(store, replace(firing(), group="another group of the sender's"), now=20) == IngestResult(0, 1)
    assert store.alerts.waiting(10) == before


def test_twice_in_one_delivery_is_one(store: Storage):
    assert receive(store, firing(), firing()) == IngestResult(1, 1)


def test_each_delivery_hears_of_its_own(store: Storage):
    results = store.ingest.store(
        [
            IngestBatch("am", (firing("a"), firing("b"))),
            IngestBatch(
                "am", (firing("b"), firing("c")), rejected_parts=(RejectedPart("alerts[2]", "labels", "missing", "{}"),)
            ),
        ],
        NOON,
    )
    assert [(result.accepted, result.duplicate, len(result.rejected)) for result in results] == [(2, 0, 0), (1, 1, 1)]


def test_another_start_is_another_episode(store: Storage):
    receive(store, firing(starts=0), resolved(starts=0), firing(starts=7), now=8)
    assert [(stored_alert.alert.status, stored_alert.alert.starts_at) for stored_alert in store.alerts.waiting(10)] == [
        ("resolved", at(0)),
        ("firing", at(7)),
    ]


def test_resolved_before_firing_stays_resolved(store: Storage):
    receive(store, resolved(), now=10)
    assert receive(store, firing(), now=10.5) == IngestResult(0, 1)
    assert only(store).status == "resolved"


def test_a_firing_of_the_same_start_long_after_counts(store: Storage):
    receive(store, resolved(), now=10)
    assert receive(store, firing(), now=15) == IngestResult(1, 0)
    assert only(store).status == "firing"
    assert only(store).ends_at is None


def test_the_latest_word_counts_in_any_order():
    messages = [
        firing(told_at=at(1), severity="low"),
        firing(told_at=at(2), severity="high"),
        resolved(told_at=at(3), severity="high"),
        firing(told_at=at(4), severity="critical"),
    ]
    store = Storage.open("sqlite://")
    for n, order in enumerate(permutations(messages)):
        for message in order:
            receive(store, replace(message, key=f"k{n}"))
    stored_alerts = store.alerts.waiting(100)
    assert {
        (stored_alert.alert.severity, stored_alert.alert.status, stored_alert.alert.told_at)
        for stored_alert in stored_alerts
    } == {("critical", "firing", at(4))}
    assert len(stored_alerts) == 24
    store.close()


def test_an_ended_alert_keeps_the_newest_words_that_said_it_fires_in_any_order():
    messages = [
        firing(told_at=at(1), severity="critical"),
        firing(told_at=at(2), severity="high"),
        resolved(told_at=at(3), severity="low"),
        resolved(told_at=at(4), severity="medium"),
    ]
    store = Storage.open("sqlite://")
    for n, order in enumerate(permutations(messages)):
        for message in order:
            receive(store, replace(message, key=f"k{n}"))
    ended = [row.alert for row in store.alerts.waiting(100)]
    assert {(alert.severity, alert.status, alert.told_at, alert.described_at) for alert in ended} == {
        ("high", "resolved", at(4), at(2))
    }
    assert len(ended) == 24
    store.close()


def test_an_ended_alert_keeps_what_was_written_while_it_fired_and_what_at_its_end_in_any_order():
    messages = [
        firing(told_at=at(1), description="answers after 2 s", annotations={"value": "2 s"}),
        firing(told_at=at(2), description="answers after 6 s", annotations={"value": "6 s"}),
        resolved(told_at=at(3), description="200 - OK", annotations={"value": "4 ms"}, values={"seconds": 0.004}),
        resolved(told_at=at(4), description="answers after 3 ms", annotations={"value": "3 ms"}),
    ]
    store = Storage.open("sqlite://")
    for n, order in enumerate(permutations(messages)):
        for message in order:
            receive(store, replace(message, key=f"k{n}"))
    ended = [row.alert for row in store.alerts.waiting(100)]
    assert {(alert.description, alert.end_description, alert.annotations["value"]) for alert in ended} == {
        ("answers after 6 s", "answers after 3 ms", "6 s")
    }
    assert len(ended) == 24
    store.close()


def test_an_end_that_repeats_the_description_or_has_none_is_not_shown_twice(store: Storage):
    for key, text in (("same", "disk is full"), ("empty", "")):
        receive(store, firing(key=key, description="disk is full"))
        receive(store, resolved(key=key, description=text))
    assert {(row.alert.description, row.alert.end_description) for row in store.alerts.waiting(10)} == {
        ("disk is full", "")
    }


def test_an_alert_that_fires_again_says_nothing_of_its_last_end(store: Storage):
    receive(store, firing(told_at=at(1), description="queue grows"))
    receive(store, resolved(told_at=at(2), description="queue is empty"))
    receive(store, firing(told_at=at(5), description=""))
    assert (only(store).description, only(store).end_description) == ("queue grows", "")


def test_an_alert_without_a_description_is_not_described_by_its_end_in_any_order():
    messages = firing(told_at=at(2)), resolved(told_at=at(1), description="200 - OK"), resolved(told_at=at(4))
    store = Storage.open("sqlite://")
    for n, order in enumerate(permutations(messages)):
        for message in order:
            receive(store, replace(message, key=f"k{n}"))
    assert {row.alert.description for row in store.alerts.waiting(100)} == {""}
    store.close()


def test_an_alert_that_was_ended_without_its_sender_keeps_its_words_when_the_end_comes_late(store: Storage):
    receive(store, firing(description="queue grows", starts_known=False, told_at=at(0)))
    receive(store, resolved(starts=6, description="queue is empty", starts_known=False, told_at=at(6)))
    receive(store, resolved(description="queue is short", told_at=at(3)))
    assert (only(store).description, only(store).end_description) == ("queue grows", "queue is empty")


def test_a_short_resolved_keeps_what_was_known(store: Storage):
    full = firing(description="pool exhausted", severity="critical", annotations={"runbook": "r"})
    short = Alert("am", "k", "k", at(0), status="resolved", ends_at=at(5))
    for first, second in ((full, short), (short, full)):
        key = f"k{first.status}"
        receive(store, replace(first, key=key, title=first.title if first is full else key))
        receive(store, replace(second, key=key, title=second.title if second is full else key))
    for stored_alert in store.alerts.waiting(10):
        stored = stored_alert.alert
        assert (stored.status, stored.title, stored.description) == ("resolved", "High error rate", "pool exhausted")
        assert (stored.severity, stored.service, stored.ends_at) == ("critical", "api", at(5))


def test_renotifying_moves_the_time_and_is_no_news(store: Storage):
    receive(store, firing(told_at=at(1)))
    assert receive(store, firing(told_at=at(9)), now=11) == IngestResult(0, 1)
    assert receive(store, resolved(told_at=at(5)), now=12) == IngestResult(0, 1), "older than what was told last"
    assert only(store).status == "firing"


def test_without_a_start_an_episode_goes_on_until_it_is_resolved(store: Storage):
    def unknown(minute: float, **more: object) -> Alert:
        return replace(firing(starts=minute, starts_known=False), **more)

    assert receive(store, unknown(1), now=1) == IngestResult(1, 0)
    assert receive(store, unknown(2), now=2) == IngestResult(0, 1)
    assert receive(store, unknown(3, status="resolved"), now=3) == IngestResult(1, 0)
    assert receive(store, unknown(4, status="resolved"), now=4) == IngestResult(0, 1)
    assert receive(store, unknown(9), now=9) == IngestResult(1, 0)
    assert [(stored_alert.alert.status, stored_alert.alert.starts_at) for stored_alert in store.alerts.waiting(10)] == [
        ("resolved", at(1)),
        ("firing", at(9)),
    ]


def test_without_a_known_start_an_old_message_is_about_the_old_episode(store: Storage):
    def unknown(minute: float, **more: object) -> Alert:
        return replace(firing(starts=minute, starts_known=False), **more)

    for message in (unknown(1), unknown(3, status="resolved"), unknown(9), unknown(9, status="resolved")):
        receive(store, message, now=20)
    assert receive(store, unknown(1, description="told again"), now=30) == IngestResult(1, 0)
    assert [stored_alert.alert.starts_at for stored_alert in store.alerts.waiting(10)] == [at(1), at(9)]


def test_what_cannot_be_stored_is_kept_apart_and_the_rest_goes_in(store: Storage):
    long, endless = firing("x" * 700), firing("n", values={"current": float("inf")})
    result = receive(store, firing("a"), long, endless, firing("b"))
    assert (result.accepted, [part.field for part in result.rejected]) == (2, ["key", "values.current"])
    assert [part.where for part in store.rejected.page().items] == ["signals[2]", "signals[1]"]


def test_notes_acknowledgements_and_changes_are_kept_once(store: Storage):
    signals = (
        Note("am", "k", "n-1", "restarted the pods", at(1), "ann"),
        Acknowledgement("am", "k", at(2), "bob"),
        ChangeEvent("ci", "d-1", "Deployed api 1.4", at(0), "deployment", "api"),
    )
    assert receive(store, *signals) == IngestResult(3, 0)
    assert receive(store, *signals, *signals) == IngestResult(0, 6)
    assert [(waiting_note.type, waiting_note.by, waiting_note.text) for waiting_note in store.notes.waiting(10)] == [
        ("note", "ann", "restarted the pods"),
        ("acknowledgement", "bob", None),
    ]
    assert store.change_events.near("api", at(5)) == (signals[2],)
    renamed = replace(signals[2], title="Deployed api 1.4.1")
    assert receive(store, renamed, signals[2], renamed) == IngestResult(3, 0)
    assert store.change_events.near("api", at(5)) == (renamed,)


def test_changes_near_are_of_the_service_or_of_none_and_not_later(store: Storage):
    changes = [
        ChangeEvent("ci", "own", "own", at(-6), service="api"),
        ChangeEvent("ci", "none", "none", at(-5)),
        ChangeEvent("ci", "other", "other", at(-4), service="web"),
        ChangeEvent("ci", "later", "later", at(1), service="api"),
        ChangeEvent("ci", "long ago", "long ago", at(-121), service="api"),
    ]
    receive(store, *changes)
    assert [change.key for change in store.change_events.near("api", NOON)] == ["none", "own"]
    assert [change.key for change in store.change_events.near(None, NOON)] == ["other", "none", "own"]
    first = store.change_events.page(limit=2)
    second = store.change_events.page(limit=10, cursor=first.next_cursor)
    assert [change.key for change in (*first.items, *second.items)] == ["later", "other", "none", "own", "long ago"]
    assert [change.key for change in store.change_events.page("api", since=at(-10)).items] == ["later", "own"]


def test_documents_go_in_with_the_rest(store: Storage):
    arrival = IngestBatch("rootly", (), (PreparedRecord(Document("pm-1", "Postmortem", "# Postmortem")),))
    assert store.ingest.store([arrival], NOON) == (IngestResult(1, 0),)
    assert store.ingest.store([arrival], NOON) == (IngestResult(0, 1),)
    assert store.documents.get("pm-1").title == "Postmortem"


def test_rejected_parts_are_kept_once_listed_in_pages_and_settled(store: Storage):
    parts = tuple(RejectedPart(f"alerts[{n}]", "labels", "missing", f'{{"n": {n}}}') for n in range(5))
    for _ in range(2):
        store.ingest.store([IngestBatch("am", rejected_parts=parts)], NOON)
    first = store.rejected.page(limit=3)
    second = store.rejected.page(cursor=first.next_cursor)
    assert [part.where for part in (*first.items, *second.items)] == [f"alerts[{n}]" for n in (4, 3, 2, 1, 0)]
    store.rejected.mark_settled([first.items[0].id], NOON)
    store.ingest.store([IngestBatch("am", rejected_parts=parts)], NOON)
    assert len(store.rejected.page().items) == 4, "what went in stays in"


def test_a_part_that_no_database_takes_is_kept_all_the_same(store: Storage):
    store.ingest.store(
        [IngestBatch("am", rejected_parts=(RejectedPart("body\0", None, "bad \ud800", "\0\udfff"),))], NOON
    )
    (stored_part,) = store.rejected.page().items
    assert (stored_part.where, stored_part.message, stored_part.raw) == ("body�", "bad ?", "�?")


def test_an_archive_takes_all_of_it_along(store: Storage):
    full = firing(
        description="d", environment="prod", severity="high", annotations={"a": "b"}, group="g",
        values={"current": 5}, links=("https://example.com/",), told_at=at(1), starts_known=False,
    )  # fmt: skip
    change = ChangeEvent("ci", "d-1", "Deployed", at(0), "deployment", "api", "prod", {"a": "b"}, ("https://ci/",))
    note = Note("am", "k", "n-1", "restarted", at(1), "ann")
    store.ingest.store(
        [IngestBatch("am", (full, resolved("r"), note, change), rejected_parts=(RejectedPart("b", None, "m", "{}"),))],
        at(10),
    )
    rows = json.loads(json.dumps(list(store.archive.dump())))
    target = Storage.open("sqlite://")
    target.archive.load(rows)
    target.archive.load(rows)
    assert list(target.archive.dump()) == list(store.archive.dump())
    assert target.alerts.waiting(9) == store.alerts.waiting(9)
    assert target.change_events.near("api", at(0)) == (change,)
    target.close()


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("alerts", {"title": "T", "key": "x"}),
        ("alerts", {"title": "T", "labels": {"a": 1}}),
        ("alerts", {"title": "T", "ends_at": "yesterday"}),
        ("alerts", {"severity": "high"}),
        ("change_events", {"title": "T", "at": "2026-03-01T12:00:00Z"}),
    ],
)
def test_an_archive_with_a_body_that_is_none_is_refused(table: str, wrong: dict[str, object]):
    store, target = Storage.open("sqlite://"), Storage.open("sqlite://")
    receive(store, firing(), ChangeEvent("ci", "d-1", "Deployed", at(0)))
    rows = [row | {"body": wrong} if row["table"] == table else row for row in store.archive.dump()]
    with pytest.raises(Invalid, match="body"):
        target.archive.load(rows)
    store.close()
    target.close()


KEYS = st.sampled_from(["a", "b", "c"])
SAID = st.builds(
    lambda key, start, minute, status, severity: Alert(
        "am", key, "T", at(start), status=status, severity=severity,
        ends_at=at(start + 1) if status == "resolved" else None, told_at=at(minute),
    ),
    KEYS, st.sampled_from([0, 10]), st.integers(0, 500), st.sampled_from(["firing", "resolved"]),
    st.sampled_from(["low", "high", "critical"]),
)  # fmt: skip


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[Storage, Storage]]:
    stores = Storage.open("sqlite://"), Storage.open("sqlite://")
    yield stores
    for opened in stores:
        opened.close()


EXAMPLE = count()


@given(st.lists(SAID, max_size=12, unique_by=lambda one: (one.key, one.starts_at, one.told_at)), st.randoms())
@settings(max_examples=example_count(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_three_times_and_shuffled_gives_the_same_rows(
    two: tuple[Storage, Storage], messages: list[Alert], chance: random.Random
):
    once, thrice = two
    mark = f"{next(EXAMPLE)}:"
    messages = [replace(message, key=mark + message.key) for message in messages]
    for message in messages:
        receive(once, message)
    shuffled = messages * 3
    chance.shuffle(shuffled)
    while shuffled:
        batch = [shuffled.pop() for _ in range(min(len(shuffled), chance.randint(1, 5)))]
        thrice.ingest.store([IngestBatch("am", tuple(batch))], at(10))

    def rows(store: Storage) -> list[str]:
        alerts = (stored_alert.alert for stored_alert in store.alerts.waiting(100_000))
        return sorted(str(stored_alert) for stored_alert in alerts if stored_alert.key.startswith(mark))

    assert rows(once) == rows(thrice)

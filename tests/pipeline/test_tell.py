"""Telling: each news once and the newest only, tried until it is there, and nobody waits for a channel that is down."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from onrecall.domain.errors import Unavailable
from onrecall.domain.incident import Incident, Resolution
from onrecall.notifications import IncidentUpdate, Message, PermanentDeliveryError, SentMessage, Thread
from onrecall.pipeline.notify import MAX_ATTEMPTS, MAX_EVENT_AGE, Notifier, wait_after
from onrecall.pipeline.stages import notify_round
from onrecall.worker.worker import thread_for
from storage.given import recommendation


@dataclass
class Ears:
    """A channel that hears everything, unless it is told not to."""

    name: str = "ears"
    deaf: Exception | None = None
    heard: list[dict] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    on_send: Callable[[], object] = lambda: None

    def render(self, incident: Incident, answer, event: IncidentUpdate, thread: Thread) -> Message | None:
        if incident.title == "unspeakable":
            return None
        return Message(
            {
                "kind": event.kind,
                "incident": incident.id,
                "verdict": answer and answer.verdict,
                "changes": list(event.changes),
            }
        )

    def send(self, message: Message, thread: Thread) -> SentMessage:
        self.keys.append(message.key)
        self.on_send()
        if self.deaf:
            raise self.deaf
        self.heard.append(dict(message.body))
        self.threads.append(thread)
        return SentMessage({"ts": str(len(self.heard)), "root": thread.get("root", len(self.heard))})

    @property
    def kinds(self) -> list[str]:
        return [one["kind"] for one in self.heard]


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def teller(memory, clock, ears) -> Notifier:
    made = Notifier(ears, memory.store, clock, jitter=lambda: 1.0)
    made.run_once()  # it begins here
    return made


def opened(memory, clock, name: str = "X-1", **more) -> Incident:
    incident, _ = memory.open(Incident(**{"id": name, "title": "Pool exhausted", "started_at": clock()} | more))
    return incident


def answered(memory, clock, name: str = "X-1", number: int = 1, **more) -> None:
    made = replace(recommendation(f"rec-{name}-{number}", name), created_at=clock(), **more)
    memory.store.recommendations.save(made, ["look", "restart"])


def rounds(teller: Notifier) -> None:
    while teller.run_once():
        pass


def test_the_life_of_an_incident(memory, clock, teller, ears) -> None:
    opened(memory, clock)
    rounds(teller)
    assert ears.heard == [], "no answer yet, no news"
    answered(memory, clock)
    rounds(teller)
    answered(memory, clock, number=2, verdict_reason="in other words")
    rounds(teller)
    answered(memory, clock, number=3, verdict="similar")
    rounds(teller)
    memory.resolve("X-1", Resolution("A leak", clock()))
    rounds(teller)
    memory.reopen("X-1")
    rounds(teller)
    assert ears.kinds == ["opened", "changed", "resolved", "reopened"]
    assert ears.heard[1]["changes"] == ["verdict: known → similar"]
    assert [thread.get("root") for thread in ears.threads] == [None, 1, 1, 1]
    assert len(set(ears.keys)) == 4


def test_a_real_answer_is_told(memory, clock, teller, ears) -> None:
    opened(memory, clock)
    memory.recommend("X-1")
    rounds(teller)
    assert [(one["kind"], one["verdict"]) for one in ears.heard] == [("opened", "never_seen")]


def test_what_was_turned_once_is_never_turned_again(memory, clock, teller, ears) -> None:
    opened(memory, clock)
    answered(memory, clock)
    other = Notifier(ears, memory.store, clock)
    for one in (teller, other, teller, other):
        rounds(one)
    assert ears.kinds == ["opened"]


def test_a_channel_that_was_down_gives_one_newest_message(memory, clock, teller, ears) -> None:
    ears.deaf = Unavailable("down")
    opened(memory, clock)
    answered(memory, clock)
    rounds(teller)
    for number, verdict in ((2, "similar"), (3, "never_seen"), (4, "similar")):
        clock.forward(minutes=1)
        answered(memory, clock, number=number, verdict=verdict)
        rounds(teller)
    ears.deaf = None
    clock.forward(hours=1)
    rounds(teller)
    assert [(one["kind"], one["verdict"]) for one in ears.heard] == [("opened", "similar")]
    assert [one.state for one in memory.store.outbox.page().items] == ["sent", "superseded", "superseded", "superseded"]


def test_news_that_come_together_are_one_message(memory, clock, teller, ears) -> None:
    opened(memory, clock)
    answered(memory, clock)
    answered(memory, clock, number=2, verdict="similar")
    rounds(teller)
    assert [(one["kind"], one["verdict"]) for one in ears.heard] == [("opened", "similar")]
    assert len(memory.store.outbox.page().items) == 1
    answered(memory, clock, number=3)
    memory.resolve("X-1", Resolution("A leak", clock()))
    rounds(teller)
    assert ears.kinds == ["opened", "resolved"]


def test_tries_wait_longer_each_time_and_end(memory, clock, teller, ears, caplog) -> None:
    caplog.set_level(logging.CRITICAL)
    ears.deaf = Unavailable("503 busy, token ghp_0123456789abcdefghijABCDEFGHIJ012345", 1)
    opened(memory, clock)
    answered(memory, clock)
    waited = []
    for _ in range(MAX_ATTEMPTS):
        assert teller.run_once() > 0
        assert teller.run_once() == 0
        (one,) = memory.store.outbox.page().items
        waited.append((one.next_at - clock()).total_seconds())
        assert "ghp_" not in one.last_error
        clock.at = max(one.next_at, clock())
    assert waited[: MAX_ATTEMPTS - 1] == [min(2.0**n, 3600) for n in range(1, MAX_ATTEMPTS)]
    (dead,) = memory.store.outbox.page().items
    assert (dead.state, dead.attempts) == ("dead", MAX_ATTEMPTS)
    assert dead.last_error.startswith("given up after 15 attempts: 503 busy")
    assert "ghp_" not in dead.last_error
    assert len(set(ears.keys)) == 1
    assert 3.5 * 3600 < sum(waited) < 5 * 3600
    ears.deaf = None
    memory.store.outbox.resend(dead.id, clock())
    rounds(teller)
    assert ears.kinds == ["opened"]
    assert len(set(ears.keys)) == 1


def test_patience_that_is_asked_for_is_kept_for_the_whole_channel(memory, clock, teller, ears) -> None:
    ears.deaf = Unavailable("429", 90)
    for name in ("X-1", "X-2"):
        opened(memory, clock, name)
        answered(memory, clock, name)
    rounds(teller)
    assert len(ears.keys) == 1
    ears.deaf = None
    clock.forward(seconds=89)
    rounds(teller)
    assert len(ears.keys) == 1
    clock.forward(seconds=1)
    rounds(teller)
    assert len(ears.heard) == 2


def test_what_is_refused_is_dead_at_once_and_the_next_news_goes_out(memory, clock, teller, ears) -> None:
    ears.deaf = PermanentDeliveryError("410 Gone")
    opened(memory, clock)
    answered(memory, clock)
    rounds(teller)
    (dead,) = memory.store.outbox.page("dead").items
    assert (dead.last_error, dead.attempts) == ("410 Gone", 1)
    ears.deaf = None
    answered(memory, clock, number=2, verdict="similar")
    rounds(teller)
    assert ears.kinds == ["opened"], "nobody heard of it before"


def test_a_process_that_dies_while_sending_is_followed_by_another_with_the_same_key(
    memory, clock, teller, ears
) -> None:
    opened(memory, clock)
    answered(memory, clock)
    ears.deaf = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        rounds(teller)
    ears.deaf = None
    other = Notifier(ears, memory.store, clock)
    rounds(other)
    assert ears.heard == [], "the first may still be at it"
    clock.forward(minutes=1)
    rounds(other)
    assert ears.kinds == ["opened"]
    assert len(set(ears.keys)) == 1


def test_a_message_that_kills_its_sender_each_time_is_buried(memory, clock, ears, caplog) -> None:
    caplog.set_level(logging.CRITICAL)
    Notifier(ears, memory.store, clock).run_once()
    opened(memory, clock)
    answered(memory, clock)
    ears.deaf = KeyboardInterrupt()
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            rounds(Notifier(ears, memory.store, clock))
        clock.forward(minutes=2)
    rounds(Notifier(ears, memory.store, clock))
    assert memory.store.outbox.page().items[0].last_error == "none of 15 attempts finished"
    assert len(ears.keys) == MAX_ATTEMPTS


def test_only_what_is_bad_enough_is_told(memory, clock, ears) -> None:
    teller = Notifier(ears, memory.store, clock, "high")
    teller.run_once()
    for severity in ("critical", "high", "medium", "low", "info", "unknown"):
        opened(memory, clock, severity, severity=severity)
        answered(memory, clock, severity)
    rounds(teller)
    assert {one["incident"] for one in ears.heard} == {"critical", "high", "unknown"}


def test_what_a_channel_has_nothing_to_say_about_is_settled(memory, clock, teller, ears) -> None:
    opened(memory, clock, title="unspeakable")
    answered(memory, clock)
    rounds(teller)
    assert memory.store.outbox.page().items == ()
    assert teller.run_once() == 0


def test_what_happened_long_ago_is_no_news(memory, clock, teller, ears) -> None:
    opened(memory, clock)
    answered(memory, clock)
    clock.forward(days=1)
    assert timedelta(days=1) == MAX_EVENT_AGE
    rounds(teller)
    assert ears.heard == []


def test_a_merge_is_told_of_the_one_that_is_gone(memory, clock, teller, ears) -> None:
    for name in ("X-1", "X-2"):
        opened(memory, clock, name)
        answered(memory, clock, name)
    rounds(teller)
    memory.link("X-1", "merged", "X-2")
    rounds(teller)
    assert [(one["kind"], one["incident"]) for one in ears.heard[2:]] == [("merged", "X-1")]


def test_waits() -> None:
    assert [wait_after(n, 1) for n in (1, 2, 3)] == [2, 4, 8]
    assert wait_after(1, 0) == 1
    assert wait_after(500, 1) == 3600


def test_who_hangs_delays_nobody(memory, clock) -> None:
    """One channel hangs for as long as the test lasts, one fails by mistake; the third is told at once."""
    free, hung = threading.Event(), threading.Event()
    hanging = Ears("hanging", on_send=lambda: (hung.set(), free.wait(120)))
    broken = Ears("broken", deaf=RuntimeError("a mistake"))
    fine = Ears("fine")
    tellers = [Notifier(one, memory.store, clock) for one in (hanging, broken, fine)]
    for one in tellers:
        one.run_once()
    logging.getLogger("onrecall.worker.polling_thread").setLevel(logging.CRITICAL)
    threads = [thread_for(notify_round(teller)) for teller in tellers]
    for thread in threads:
        thread.start()
    try:
        for name in ("X-1", "X-2", "X-3"):
            opened(memory, clock, name)
            answered(memory, clock, name)
            for thread in threads:
                thread.wake()
        assert hung.wait(60)
        deadline = time.monotonic() + 60
        while len(fine.heard) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(fine.heard) == 3
        assert hanging.heard == []
    finally:
        free.set()
        for thread in threads:
            thread.stop()
        logging.getLogger("onrecall.worker.polling_thread").setLevel(logging.NOTSET)
    assert not [thread for thread in threading.enumerate() if thread.name in ("onrecall-fine", "onrecall-hanging")]

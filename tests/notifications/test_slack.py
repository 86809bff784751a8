"""Telling Slack, over the twin: one root message for an incident, whatever happens."""

import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.errors import Unavailable
from onrecall.domain.incident import Incident, Resolution
from onrecall.notifications import Links, PermanentDeliveryError
from onrecall.notifications.slack import api as slack_api
from onrecall.notifications.slack.api import Api
from onrecall.notifications.slack.channel import ChannelRouting, SlackBot, SlackWebhook, check_webhook
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage
from onrecall.storage.outbox import LEASE
from onrecall.worker.worker import Worker
from warm_processes import calling

from .given import STEP, answer, incident, news, resolved
from .slack_twin import CHANNEL, TOKEN, workspace
from .slack_twin import Slack as Twin
from .twin import HERE, until

NOW = datetime.now(UTC)


@pytest.fixture
def slack() -> Iterator[Twin]:
    with workspace() as opened:
        yield opened


def channel(address: str, token: str = TOKEN) -> SlackBot:
    return SlackBot(Api(token, f"{address}/api/", pace=0), ChannelRouting(CHANNEL), Links("https://recall.example.com"))


def at_hand(**more: object) -> Incident:
    return incident(started_at=NOW, **more)


def update_of(kind: str = "opened", **more: object):
    return news(kind, at=NOW, **more)


def test_a_root_its_thread_and_updates(slack: Twin) -> None:
    out = channel(slack.address)
    first = out.send(out.render(at_hand(), answer(), update_of(), {}), {}).remote
    (root,) = slack.roots()
    assert (first["channel"], first["ts"]) == (CHANNEL, root["ts"])
    assert len(slack.thread(root["ts"])) == 1
    changed = answer(id="rec-2", cause="Another cause")
    second = out.send(
        out.render(at_hand(), changed, update_of("changed", seq=9, changes=("cause: a → b",)), first), first
    )
    assert "Another cause" in json.dumps(slack.roots())
    assert [message["text"] for message in slack.thread(root["ts"])] == [
        "Details to INC-1", "Answer changed: INC-1 Pool exhausted", "Details to INC-1",
    ]  # fmt: skip
    sent = out.send(
        out.render(resolved(started_at=NOW), changed, update_of("resolved", seq=11), second.remote), second.remote
    )
    back = out.send(out.render(at_hand(), changed, update_of("reopened", seq=12), sent.remote), sent.remote)
    merged = update_of("merged", seq=13, into="INC-2")
    out.send(out.render(at_hand(), changed, merged, back.remote), back.remote)
    (root,) = slack.roots()
    assert root["blocks"][0]["text"]["text"] == "Merged"
    assert len(slack.thread(root["ts"])) == 6, "the same steps are not told again"
    assert slack.refused == []


def test_a_delivery_that_comes_again_changes_nothing(slack: Twin) -> None:
    out = channel(slack.address)
    message = out.render(at_hand(), answer(), update_of("changed", changes=("x",)), {})
    for _ in range(3):
        out.send(message, {})
    assert len(slack.roots()) == 1
    assert len(slack.thread(slack.roots()[0]["ts"])) == 2


def test_what_looks_like_ours_and_is_another_app_s_is_left_alone(slack: Twin) -> None:
    out = channel(slack.address)
    payload = {"incident": "INC-1", "part": "root"}
    slack.say(
        CHANNEL,
        {"text": "x", "bot_id": "B0EVIL", "metadata": {"event_type": "onrecall_incident", "event_payload": payload}},
    )
    out.send(out.render(at_hand(), answer(), update_of(), {}), {})
    assert len([message for message in slack.roots() if message["bot_id"] == slack.bot]) == 1


def test_it_is_found_far_back_too(slack: Twin) -> None:
    out = channel(slack.address)
    message = out.render(at_hand(), answer(), update_of(), {})
    out.send(message, {})
    for n in range(30):
        slack.say(CHANNEL, {"text": f"chat {n}", "user": "U0ANN"})
    slack.page = 10
    out.send(message, {})
    assert len([root_message for root_message in slack.roots() if "bot_id" in root_message]) == 1


def test_a_deleted_root_is_posted_anew(slack: Twin) -> None:
    out = channel(slack.address)
    first = out.send(out.render(at_hand(), answer(), update_of(), {}), {}).remote
    slack.channels[CHANNEL].clear()
    out.send(out.render(at_hand(), answer(cause="x"), update_of("changed", seq=8), first), first)
    assert len(slack.roots()) == 1


def test_429_is_a_pause_as_long_as_slack_says(slack: Twin) -> None:
    out = channel(slack.address)
    message, slack.limited = out.render(at_hand(), answer(), update_of(), {}), 1
    with pytest.raises(Unavailable) as later:
        out.send(message, {})
    assert later.value.retry_after == 2.0
    out.send(message, {})
    assert len(slack.roots()) == 1


def test_an_error_of_the_server_is_tried_again_later(slack: Twin) -> None:
    out, slack.broken = channel(slack.address), 1
    with pytest.raises(Unavailable, match="503"):
        out.send(out.render(at_hand(), answer(), update_of(), {}), {})
    assert slack.calls == [], "and not within, for what was posted might be posted twice"
    with pytest.raises(Unavailable, match=r"no answer from Slack at 127\.0\.0\.1"):
        channel("http://127.0.0.1:9").send(out.render(at_hand(), answer(), update_of(), {}), {})


def test_what_only_people_can_mend_is_refused_with_what_to_do(slack: Twin) -> None:
    message = channel(slack.address).render(at_hand(), answer(), update_of(), {})
    with pytest.raises(PermanentDeliveryError, match="ONRECALL_SLACK_BOT_TOKEN is not the token") as no:
        channel(slack.address, "xoxb-wrong").send(message, {})
    assert "xoxb" not in str(no.value)
    slack.scopes.clear()
    with pytest.raises(PermanentDeliveryError, match="lacks a scope"):
        channel(slack.address).send(message, {})
    assert slack.roots() == []


@dataclass
class SleepingClock:
    """Time that passes only while somebody sleeps."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_one_message_a_second(slack: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SleepingClock()
    monkeypatch.setattr(slack_api, "time", clock)
    out = SlackBot(Api(TOKEN, f"{slack.address}/api/"), ChannelRouting(CHANNEL), Links())
    steps = tuple(replace(STEP, n=n, command="x" * 1200) for n in range(1, 20))
    out.send(out.render(at_hand(), answer(steps=steps), update_of(), {}), {})
    posted = len(slack.made("chat.postMessage"))
    assert posted > 2
    assert clock.now == 1000.0 + posted - 1


def test_the_webhook_tells_each_news_without_buttons(slack: Twin) -> None:
    hook = SlackWebhook(check_webhook(HERE, f"{slack.address}/services/T0/B0/hook"), Links())
    hook.send(hook.render(at_hand(), answer(), update_of(), {}), {})
    hook.send(hook.render(at_hand(), answer(), update_of("changed", changes=("cause: a → b",)), {}), {})
    assert len(slack.hooked) == 2
    assert "actions" not in json.dumps(slack.hooked)
    assert "cause: a → b" in json.dumps(slack.hooked[1], ensure_ascii=False)
    with pytest.raises(PermanentDeliveryError, match="404"):
        SlackWebhook(check_webhook(HERE, f"{slack.address}/services/gone"), Links()).send(
            hook.render(at_hand(), answer(), update_of(), {}), {}
        )


# killed and begun again, over the outbox


def memory(store: Storage, address: str, ahead: timedelta = timedelta()) -> IncidentService:
    """One that tells Slack, and whose clock is ahead, so that what another held is free."""
    recall = Retriever(store, None, LocalIndex(store.passages, None))
    return IncidentService(Dependencies(store, recall, lambda: datetime.now(UTC) + ahead, channels=(channel(address),)))


def work(database: str, address: str, seconds_ahead: float) -> None:
    with closing(Storage.open(database)) as store:
        Worker(memory(store, address, timedelta(seconds=seconds_ahead))).start()
        print("at work", flush=True)
        time.sleep(300)


def working(database: str, address: str, life: int) -> AbstractContextManager[str]:
    return calling(work, database, address, (LEASE + timedelta(seconds=1)).total_seconds() * life)


@pytest.mark.parametrize("posted", [0, 1])
@pytest.mark.process
def test_killed_between_posting_and_remembering_no_second_root(slack: Twin, store_url: str, posted: int) -> None:
    """A storm of alerts is one incident; the process dies after its root (0), or after a reply in its thread (1)."""
    with closing(Storage.open(store_url)) as store:
        line = memory(store, slack.address)
        line.dispatchers[0].run_once()
        line.open(
            Incident("OLD-1", "Pool exhausted in auth", NOW - timedelta(days=3), "connection pool exhausted", "auth")
        )
        line.resolve("OLD-1", Resolution("A leak of connections", NOW - timedelta(days=2)))
        slack.hold_after = posted
        line.open(Incident("NEW-1", "Pool exhausted in auth", datetime.now(UTC), "connection pool exhausted", "auth"))
        with working(store_url, slack.address, 0):
            assert slack.held.wait(60), "nothing was posted"
        assert store.outbox.threads("slack", ["NEW-1"])["NEW-1"].remote == {}, "killed before it could remember"
        assert len(slack.roots()) == 1
        slack.freed.set()
        with working(store_url, slack.address, 1):
            until(lambda: all(delivery.state == "sent" for delivery in store.outbox.page().items), 60)
            assert len(slack.roots()) == 1, "a second root message"
            (root,) = slack.roots()
            replies = len(slack.thread(root["ts"]))
            line.resolve("NEW-1", Resolution("A leak of connections", datetime.now(UTC)))
            until(lambda: slack.roots()[0]["blocks"][0]["text"]["text"] == "Resolved", 60)
            until(lambda: len(slack.thread(root["ts"])) == replies + 1, 60)
        assert slack.thread(root["ts"])[-1]["text"].startswith("Resolved: NEW-1")
        parts = [reply["metadata"]["event_payload"]["part"] for reply in slack.thread(root["ts"])]
        assert len(set(parts)) == len(parts), "something stands in the thread twice"
        assert slack.refused == []
        print(
            f"killed after {posted + 1} messages: {len(slack.roots())} root, {len(parts)} replies, {len(slack.calls)} calls"
        )

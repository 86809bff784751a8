"""A decision that is asked for is posted to Slack once; people post notices where a channel is configured."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from notifications.slack_twin import CHANNEL, TOKEN, workspace
from notifications.slack_twin import Slack as Twin
from notifications.twin import twin
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.situation import Situation
from onrecall.notifications import Channel, Links, Message
from onrecall.notifications.slack.api import Api
from onrecall.notifications.slack.channel import ChannelRouting, SlackBot, SlackWebhook
from onrecall.notifications.webhook import Webhook
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.pipeline.notices import NoticeRequest
from onrecall.pipeline.notify import MAX_EVENT_AGE, Notifier
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage

START = datetime(2026, 2, 1, 8, tzinfo=UTC)
QUESTION = Situation(
    "Anomaly: queue_overflow +300 % on orders\nspike=+300%", "orders", {"error_type": "queue_overflow"}
)


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack() -> Iterator[Twin]:
    with workspace() as opened:
        yield opened


def memory_of(store: Storage, clock: Clock, *channels: Channel) -> IncidentService:
    memory = IncidentService(
        Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), clock, channels=channels)
    )
    step = ResolutionStep("Throttled producers to 40 %: queue empty after 3 min", "kubectl set env deploy/p RATE=40")
    resolution = Resolution("Producers outran the queue", START + timedelta(hours=1), steps=(step,))
    old = Incident(
        "INC-7",
        "Anomaly: queue_overflow +250 % on orders",
        START,
        labels={"error_type": "queue_overflow"},
        service="orders",
        resolution=resolution,
    )
    memory.import_history([old])
    for teller in memory.dispatchers:
        teller.run_once()  # it begins here
    return memory


def bot(slack: Twin) -> SlackBot:
    return SlackBot(Api(TOKEN, f"{slack.address}/api/", pace=0), ChannelRouting(CHANNEL), Links(None))


def rounds(teller: Notifier) -> None:
    while teller.run_once():
        pass


def sent_texts(message: dict[str, object]) -> str:
    return str(message["blocks"])


def test_a_decision_is_posted_once_with_what_it_says(store: Storage, clock: Clock, slack: Twin) -> None:
    memory = memory_of(store, clock, bot(slack))
    (teller,) = memory.dispatchers
    answers = [memory.decide(QUESTION) for _ in range(2)]
    rounds(teller)
    memory.decide(QUESTION)
    rounds(teller)
    (message,) = slack.roots()
    assert message["blocks"][0]["text"]["text"] == "Incident Decision: INC-7"
    for part in ("Symptom: ", "queue_overflow +300 % on orders", "Throttle producers to 40 %", answers[0].id, " ms"):
        assert part in sent_texts(message), part
    (kept,) = store.notices.newest(10)
    assert (kept.type, kept.status, kept.decision) == ("slack", "sent", answers[0].id)


def test_a_decision_of_what_was_never_seen_says_so(store: Storage, clock: Clock, slack: Twin) -> None:
    memory = memory_of(store, clock, bot(slack))
    memory.decide(Situation("Anomaly: flux_drift +9 % on delorean", "delorean", {"error_type": "flux_drift"}))
    rounds(memory.dispatchers[0])
    (message,) = slack.roots()
    assert message["blocks"][0]["text"]["text"] == "Incident Decision: never seen"
    assert "No action is recommended" in sent_texts(message)


def test_a_process_that_died_between_posting_and_noting_it_posts_no_second_time(
    store: Storage, clock: Clock, slack: Twin
) -> None:
    memory = memory_of(store, clock, bot(slack))
    (teller,) = memory.dispatchers
    memory.decide(QUESTION)
    teller.enqueue_decisions()
    delivery = store.outbox.start_attempt("slack", "dead process", clock(), timedelta(seconds=1))
    assert delivery is not None
    teller.channel.send(Message(delivery.body, delivery.key), {})
    clock.now += timedelta(minutes=5)
    rounds(teller)
    assert len(slack.roots()) == 1


def test_a_decision_of_long_ago_is_no_news(store: Storage, clock: Clock, slack: Twin) -> None:
    memory = memory_of(store, clock, bot(slack))
    memory.decide(QUESTION)
    clock.now += MAX_EVENT_AGE + timedelta(hours=1)
    rounds(memory.dispatchers[0])
    assert slack.roots() == []


def test_other_channels_are_told_no_decision(store: Storage, clock: Clock) -> None:
    with twin() as other:
        memory = memory_of(store, clock, Webhook(other.posting(), Links(None)))
        memory.decide(QUESTION)
        rounds(memory.dispatchers[0])
        assert other.asked == []


def test_an_incoming_webhook_posts_decisions_too(store: Storage, clock: Clock) -> None:
    with twin() as other:
        memory = memory_of(store, clock, SlackWebhook(other.posting(), Links(None)))
        memory.decide(QUESTION)
        rounds(memory.dispatchers[0])
        (asked,) = other.asked
        assert b"Incident Decision: INC-7" in asked.body


def test_a_notice_goes_where_a_channel_is_and_never_to_its_target(store: Storage, clock: Clock, slack: Twin) -> None:
    with twin() as target:
        memory = memory_of(store, clock, bot(slack))
        posted = memory.notices.post(NoticeRequest("slack", "Look here", "line one\nline two", target.address))
        rounds(memory.dispatchers[0])
        assert (posted.status, posted.channel, posted.target) == ("queued", "slack", target.address)
        assert target.asked == []
        assert "line one line two" in sent_texts(slack.roots()[0])


def test_without_a_channel_it_fails_with_the_setting_to_make(store: Storage, clock: Clock) -> None:
    memory = memory_of(store, clock)
    for kind, setting in (("slack", "ONRECALL_SLACK_WEBHOOK_URL"), ("email", "ONRECALL_SMTP_HOST")):
        posted = memory.notices.post(NoticeRequest(kind, "t", "m"))  # type: ignore[arg-type]
        assert posted.status == "failed"
        assert setting in (posted.failed_reason or "")
    assert memory.notices.post(NoticeRequest("in_app", "t", "m")).status == "sent"


def test_a_secret_in_a_notice_is_redacted_before_it_is_kept(store: Storage, clock: Clock) -> None:
    memory = memory_of(store, clock)
    posted = memory.notices.post(
        NoticeRequest("in_app", "t", "password=hunter2hunter2", metadata={"api_key": "s3cr3t-0"})
    )
    assert "hunter2" not in str(posted)
    assert "s3cr3t-0" not in str(store.notices.get(posted.id))

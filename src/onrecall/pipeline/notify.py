"""Notifications: events become deliveries per channel, and each delivery is retried until it is sent or refused.

The pipeline never calls this. It reads the event feed, so a channel that is down delays nothing.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol, get_args

from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import NotFound, Unavailable
from onrecall.domain.incident import Incident, Severity
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.spans import span
from onrecall.notifications import (
    Channel,
    FeedEvent,
    Message,
    NotifiedState,
    PermanentDeliveryError,
    SentMessage,
    Thread,
    build_update,
    current_state,
    notice_channel,
)
from onrecall.pipeline import alert_links
from onrecall.pipeline.notices import decision_post
from onrecall.redaction import redact
from onrecall.storage import IncidentEvent, Storage
from onrecall.storage.holder_names import new_holder
from onrecall.storage.outbox import ChannelThread, OutboundDelivery, PendingMessage

BATCH = 100
MAX_ATTEMPTS = 15
"""Attempts before a delivery becomes a dead letter: about four hours."""
FIRST_WAIT = 2.0
MAX_WAIT = 3600.0
SEND_TIMEOUT = timedelta(seconds=30)
"""Retry an attempt with an unknown result after this long."""
MAX_EVENT_AGE = timedelta(days=1)
"""Skip events older than this, so that a process that was down for long does not announce old news."""
RANDOM = secrets.SystemRandom()
LINKED_ALERTS = 200
"""Number of newest alerts of an incident whose links are collected."""
NOTIFY_EVENTS = frozenset({"recommended", "resolved", "reopened", "merged", "suggested", "dismissed"})

log = logging.getLogger(__name__)


class Sender(Protocol):
    """The sending side of a channel."""

    @property
    def name(self) -> str:
        """Name under which its deliveries are stored."""

    def send(self, message: Message, thread: Mapping[str, Any]) -> SentMessage:
        """Send a message. Raises Unavailable (retried) or PermanentDeliveryError (not retried)."""


class MessageSource(Protocol):
    """Decides which events become deliveries, and renders them."""

    def concerns(self, event: IncidentEvent) -> bool:
        """Return whether an event may cause a delivery on this channel."""

    def letter(
        self, event: IncidentEvent, thread: ChannelThread | None, last_state: Mapping[str, Any] | None
    ) -> PendingMessage | None:
        """Return the message for an event, given the last sent state; None if there is nothing new."""


class NotificationRules:
    """Notifies people of the first answer, changed answers, the resolution and a reopening."""

    def __init__(
        self, channel: Channel, store: Storage, clock: Callable[[], datetime], least: Severity | None = None
    ) -> None:
        self._channel, self._store, self._clock, self._least = channel, store, clock, least

    def concerns(self, event: IncidentEvent) -> bool:
        """Return whether the event is of a notified type and recent enough."""
        return event.type in NOTIFY_EVENTS and self._clock() - event.recorded_at < MAX_EVENT_AGE

    def letter(
        self, event: IncidentEvent, thread: ChannelThread | None, last_state: Mapping[str, Any] | None
    ) -> PendingMessage | None:
        """Return the message for an event, given the last sent state; None if there is nothing new."""
        try:
            incident, answer = self._store.incidents.get(event.incident), self._answer(event)
        except NotFound:
            return None
        happened = FeedEvent(event.seq, event.type, event.at, event.by, event.detail)
        suggestions = () if incident.resolution else self._store.suggestions.pending(incident.id)
        delivered = NotifiedState.from_json(thread.sent) if thread else None
        update = build_update(incident, answer, happened, NotifiedState.from_json(last_state), delivered, suggestions)
        if update is None or not self._is_severe_enough(incident):
            return None
        links = alert_links.collect_links(self._store.alerts.of_incident(incident.id, LINKED_ALERTS))
        update = replace(update, alert_links=links)
        message = self._channel.render(incident, answer, update, thread.remote if thread else {})
        if message is None:
            return None
        state = current_state(incident, answer, update.into, suggestions).to_json()
        return PendingMessage(event.incident, event.seq, update.kind, message.body, state)

    def _answer(self, event: IncidentEvent) -> Recommendation | None:
        """Return the answer of a recommendation event, otherwise the newest answer."""
        name = event.detail.get("recommendation") if event.type == "recommended" else None
        return self._store.recommendations.get(name) if name else self._store.recommendations.newest(event.incident)

    def _is_severe_enough(self, incident: Incident) -> bool:
        """Return whether the severity reaches the channel's minimum; an unknown severity does."""
        order = get_args(Severity)
        if self._least is None or incident.severity == "unknown":
            return True
        return bool(order.index(incident.severity) <= order.index(self._least))


class Dispatcher:
    """Turns events into deliveries and sends them on one channel; use it from one thread."""

    def __init__(
        self,
        channel: Sender,
        store: Storage,
        clock: Callable[[], datetime],
        letters: MessageSource,
        *,
        jitter: Callable[[], float] = RANDOM.random,
        tries: int | None = MAX_ATTEMPTS,
        longest_wait: float = MAX_WAIT,
    ) -> None:
        """`tries`: attempts before a delivery is given up; None: never, as a newer one replaces it.
        `longest_wait`: maximum seconds between two attempts.
        """
        self.name = channel.name
        self.channel = channel
        self._store = store
        self._outbox = store.outbox
        self._clock = clock
        self._letters = letters
        self._jitter = jitter
        self._tries, self._longest_wait = tries, longest_wait
        self._holder = new_holder()

    def run_once(self) -> int:
        """Enqueue new deliveries and send what is due; returns the number of items handled."""
        return self.enqueue_new() + self.enqueue_decisions() + self.send_due()

    def release(self) -> None:
        """Release the lease, so that another process may send at once."""
        self._outbox.release(self.name, self._holder)

    # events to deliveries

    def enqueue_new(self) -> int:
        """Process the next events of the feed and enqueue deliveries; returns the number of events."""
        after = self._outbox.position(self.name)
        events = self._store.events.feed(after, BATCH)
        if not events:
            return 0
        letters = self._pending_messages([event for event in events if self._letters.concerns(event)])
        self._outbox.enqueue(self.name, after, events[-1].seq, letters, self._clock())
        return len(events)

    def enqueue_decisions(self) -> int:
        """Enqueue notices for the next answers asked without an incident, if the channel supports them."""
        channel = notice_channel(self.channel, "slack")
        if channel is None:
            return 0
        after = self._outbox.decision_position(self.name)
        answers = self._store.overview.asked_after(after, BATCH)
        if not answers:
            return 0
        recent_answers = [answer for _, answer in answers if self._clock() - answer.created_at < MAX_EVENT_AGE]
        posts = [decision_post(channel, answer) for answer in recent_answers]
        self._outbox.enqueue_decisions(self.name, after, answers[-1][0], posts, self._clock())
        return len(answers)

    def _pending_messages(self, events: Sequence[IncidentEvent]) -> list[PendingMessage]:
        threads = self._outbox.threads(self.name, {event.incident for event in events})
        last_states = {name: remembered.told for name, remembered in threads.items()}
        letters: dict[str, PendingMessage] = {}
        for event in events:
            letter = self._letters.letter(event, threads.get(event.incident), last_states.get(event.incident))
            if letter is not None:
                letters[event.incident] = letter  # only the newest
                last_states[event.incident] = letter.told
        return sorted(letters.values(), key=lambda letter: letter.seq)

    # deliveries to the other side

    def send_due(self) -> int:
        """Send due deliveries, the longest due first; returns the number of attempts."""
        tries = 0
        while tries < BATCH and (
            delivery := self._outbox.start_attempt(self.name, self._holder, self._clock(), SEND_TIMEOUT)
        ):
            self._try(delivery)
            tries += 1
        return tries

    def _try(self, delivery: OutboundDelivery) -> None:
        if self._tries is not None and delivery.attempts > self._tries:
            self._dead_letter(delivery, delivery.last_error or f"none of {self._tries} attempts finished")
            return
        try:
            with span("deliver", {"onrecall.channel": self.name, "onrecall.attempt": delivery.attempts}):
                sent = self.channel.send(Message(delivery.body, delivery.key), self._thread(delivery))
        except PermanentDeliveryError as error:
            self._dead_letter(delivery, str(error))
        except Unavailable as error:
            self._later(delivery, error)
        else:
            self._outbox.sent(delivery, sent.remote, self._clock())

    def _thread(self, delivery: OutboundDelivery) -> Thread:
        """Return the stored thread of the delivery's incident; a notice has no thread."""
        if delivery.incident is None:
            return {}
        return self._outbox.threads(self.name, [delivery.incident])[delivery.incident].remote

    def _later(self, delivery: OutboundDelivery, error: Unavailable) -> None:
        why = redact(str(error)).text
        if self._tries is not None and delivery.attempts >= self._tries:
            self._dead_letter(delivery, f"given up after {count_noun(delivery.attempts, 'attempt')}: {why}")
            return
        now = self._clock()
        wait = max(min(wait_after(delivery.attempts, self._jitter()), self._longest_wait), error.retry_after)
        log.warning("%s: delivery %d is retried in %.0f s: %s", self.name, delivery.id, wait, why)
        pause = now + timedelta(seconds=error.retry_after)
        self._outbox.failed(delivery, why, now + timedelta(seconds=wait), pause)

    def _dead_letter(self, delivery: OutboundDelivery, error: str) -> None:
        why = redact(error).text
        about = delivery.incident or delivery.notice
        log.error("%s: delivery %d about %s is given up: %s", self.name, delivery.id, about, why)
        self._outbox.dead_letter(delivery, why)


class Notifier(Dispatcher):
    """Notifies people on one channel."""

    def __init__(
        self,
        channel: Channel,
        store: Storage,
        clock: Callable[[], datetime],
        least: Severity | None = None,
        jitter: Callable[[], float] = RANDOM.random,
    ) -> None:
        super().__init__(channel, store, clock, NotificationRules(channel, store, clock, least), jitter=jitter)


def wait_after(attempts: int, jitter: float) -> float:
    """Return the seconds until the next attempt: exponential backoff up to an hour, with jitter."""
    return min(FIRST_WAIT * 2.0 ** min(attempts - 1, 20), MAX_WAIT) * (0.5 + jitter / 2)

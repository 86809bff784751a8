"""Telling: what happens becomes deliveries, channel by channel, and each delivery is sent until it is there or refused.

Nothing on the line calls this. It reads the feed of events behind it, so a channel that is down delays nobody.
"""

import logging
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol, get_args

from onrecall.domain.errors import NotFound, Unavailable
from onrecall.domain.incident import Incident, Recommendation, Severity
from onrecall.notifications import (
    Channel,
    FeedEvent,
    Message,
    NotifiedState,
    PermanentDeliveryError,
    SentMessage,
    Thread,
    build_update,
    notice_channel,
    current_state,
)
from onrecall.pipeline import alert_links
from onrecall.pipeline.notices import decision_post
from onrecall.redaction import redact
from onrecall.storage import IncidentEvent, Storage
from onrecall.storage.outbox import ChannelThread, OutboundDelivery, PendingMessage

BATCH = 100
MAX_ATTEMPTS = 15
"""After so many a delivery is a dead letter: about four hours of trying."""
FIRST_WAIT = 2.0
MAX_WAIT = 3600.0
SEND_TIMEOUT = timedelta(seconds=30)
"""Retry an attempt with an unknown result after this long."""
MAX_EVENT_AGE = timedelta(days=1)
"""Skip events older than this, so that a process that was down for long does not announce old news."""
RANDOM = secrets.SystemRandom()
LINKED_ALERTS = 200
"""So many of the newest alerts of an incident are asked for their links."""
NOTIFY_EVENTS = frozenset({"recommended", "resolved", "reopened", "merged", "suggested", "dismissed"})

log = logging.getLogger(__name__)


class Sender(Protocol):
    """The end of a channel that carries messages there."""

    @property
    def name(self) -> str:
        """What its deliveries are kept under."""

    def send(self, message: Message, thread: Mapping[str, Any]) -> SentMessage:
        """Carry it there, or raise Unavailable (it is tried again) or Refused (it is not)."""


class Letters(Protocol):
    """Decides which events of the feed become deliveries, and what these say."""

    def concerns(self, event: IncidentEvent) -> bool:
        """Whether an event may have something to say on this channel."""

    def letter(
        self, event: IncidentEvent, thread: ChannelThread | None, last_state: Mapping[str, Any] | None
    ) -> PendingMessage | None:
        """What an event adds to what was said last (`told`); None: nothing."""


class NotificationRules:
    """Tells people: the first answer, another answer, the end, and what was not the end."""

    def __init__(
        self, channel: Channel, store: Storage, clock: Callable[[], datetime], least: Severity | None = None
    ) -> None:
        self._channel, self._store, self._clock, self._least = channel, store, clock, least

    def concerns(self, event: IncidentEvent) -> bool:
        """Whether it is of a kind that people are told, and new enough to be news."""
        return event.type in NOTIFY_EVENTS and self._clock() - event.recorded_at < MAX_EVENT_AGE

    def letter(
        self, event: IncidentEvent, thread: ChannelThread | None, last_state: Mapping[str, Any] | None
    ) -> PendingMessage | None:
        """What an event adds to what was told last; None: nothing."""
        try:
            incident, answer = self._store.incident(event.incident), self._answer(event)
        except NotFound:
            return None
        happened = FeedEvent(event.seq, event.type, event.at, event.by, event.detail)
        suggestions = () if incident.resolution else self._store.suggestions.pending(incident.id)
        delivered = NotifiedState.from_json(thread.sent) if thread else None
        update = build_update(incident, answer, happened, NotifiedState.from_json(last_state), delivered, suggestions)
        if update is None or not self._is_severe_enough(incident):
            return None
        update = replace(update, alert_links=alert_links.collect_links(self._store.alerts_of(incident.id, LINKED_ALERTS)))
        message = self._channel.render(incident, answer, update, thread.remote if thread else {})
        if message is None:
            return None
        state = current_state(incident, answer, update.into, suggestions).to_json()
        return PendingMessage(event.incident, event.seq, update.kind, message.body, state)

    def _answer(self, event: IncidentEvent) -> Recommendation | None:
        """The answer that an event is about; the newest where it is about something else."""
        name = event.detail.get("recommendation") if event.type == "recommended" else None
        return self._store.recommendation(name) if name else self._store.newest_recommendation(event.incident)

    def _is_severe_enough(self, incident: Incident) -> bool:
        """Whether it is bad enough to be told here; where nobody said how bad it is, it may be."""
        order = get_args(Severity)
        if self._least is None or incident.severity == "unknown":
            return True
        return bool(order.index(incident.severity) <= order.index(self._least))


class Dispatcher:
    """One channel's way out, for one thread: events become deliveries, and deliveries are sent."""

    def __init__(
        self,
        channel: Sender,
        store: Storage,
        clock: Callable[[], datetime],
        letters: Letters,
        *,
        jitter: Callable[[], float] = RANDOM.random,
        tries: int | None = MAX_ATTEMPTS,
        longest_wait: float = MAX_WAIT,
    ) -> None:
        """`tries`: after so many a delivery is given up; None: never, for a newer one takes its place.
        `longest_wait`: the most seconds between two tries.
        """
        self.name = channel.name
        self.channel = channel
        self._store = store
        self._outbox = store.outbox
        self._clock = clock
        self._letters = letters
        self._jitter = jitter
        self._tries, self._longest_wait = tries, longest_wait
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def round(self) -> int:
        """Turn what is new into deliveries and send what is due; how much of that there was."""
        return self.enqueue_new() + self.enqueue_decisions() + self.send_due()

    def release(self) -> None:
        """Another process may send here at once."""
        self._outbox.release(self.name, self._holder)

    # events to deliveries

    def enqueue_new(self) -> int:
        """Settle the next events of the feed: those that are news become deliveries."""
        after = self._outbox.position(self.name)
        events = self._store.events(after, BATCH)
        if not events:
            return 0
        letters = self._pending_messages([event for event in events if self._letters.concerns(event)])
        self._outbox.enqueue(self.name, after, events[-1].seq, letters, self._clock())
        return len(events)

    def enqueue_decisions(self) -> int:
        """Settle the next answers that were asked for without an incident: where the channel tells them, each once."""
        channel = notice_channel(self.channel, "slack")
        if channel is None:
            return 0
        after = self._outbox.decision_position(self.name)
        answers = self._store.overview.asked_after(after, BATCH)
        if not answers:
            return 0
        fresh = [answer for _, answer in answers if self._clock() - answer.created_at < MAX_EVENT_AGE]
        posts = [decision_post(channel, answer) for answer in fresh]
        self._outbox.enqueue_decisions(self.name, after, answers[-1][0], posts, self._clock())
        return len(answers)

    def _pending_messages(self, events: Sequence[IncidentEvent]) -> list[PendingMessage]:
        threads = self._outbox.threads(self.name, {event.incident for event in events})
        last_states = {name: remembered.told for name, remembered in threads.items()}
        letters: dict[str, PendingMessage] = {}
        for event in events:
            letter = self._letters.letter(event, threads.get(event.incident), last_states.get(event.incident))
            if letter is not None:
                letters[event.incident] = letter  # the newest alone
                last_states[event.incident] = letter.told
        return sorted(letters.values(), key=lambda letter: letter.seq)

    # deliveries to the other side

    def send_due(self) -> int:
        """Send what is due, the longest due first; how many tries were made."""
        tries = 0
        while tries < BATCH and (delivery := self._outbox.start_attempt(self.name, self._holder, self._clock(), SEND_TIMEOUT)):
            self._try(delivery)
            tries += 1
        return tries

    def _try(self, delivery: OutboundDelivery) -> None:
        if self._tries is not None and delivery.attempts > self._tries:
            self._dead_letter(delivery, delivery.last_error or f"none of {self._tries} tries came to an end")
            return
        try:
            sent = self.channel.send(Message(delivery.body, delivery.key), self._thread(delivery))
        except PermanentDeliveryError as error:
            self._dead_letter(delivery, str(error))
        except Unavailable as error:
            self._later(delivery, error)
        else:
            self._outbox.sent(delivery, sent.remote, self._clock())

    def _thread(self, delivery: OutboundDelivery) -> Thread:
        """What the channel remembers of what it sent about the incident; a notice has no thread."""
        if delivery.incident is None:
            return {}
        return self._outbox.threads(self.name, [delivery.incident])[delivery.incident].remote

    def _later(self, delivery: OutboundDelivery, error: Unavailable) -> None:
        why = redact(str(error)).text
        if self._tries is not None and delivery.attempts >= self._tries:
            self._dead_letter(delivery, f"given up after {delivery.attempts} tries: {why}")
            return
        now = self._clock()
        wait = max(min(wait_after(delivery.attempts, self._jitter()), self._longest_wait), error.retry_after)
        log.warning("%s: delivery %d is tried again in %.0f s: %s", self.name, delivery.id, wait, why)
        pause = now + timedelta(seconds=error.retry_after)
        self._outbox.failed(delivery, why, now + timedelta(seconds=wait), pause)

    def _dead_letter(self, delivery: OutboundDelivery, error: str) -> None:
        why = redact(error).text
        about = delivery.incident or delivery.notice
        log.error("%s: delivery %d about %s is given up: %s", self.name, delivery.id, about, why)
        self._outbox.dead_letter(delivery, why)


class Notifier(Dispatcher):
    """The way out to people on one channel."""

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
    """The seconds to the next try: twice as long each time, up to an hour, and less by chance so that few coincide."""
    return min(FIRST_WAIT * 2.0 ** min(attempts - 1, 20), MAX_WAIT) * (0.5 + jitter / 2)

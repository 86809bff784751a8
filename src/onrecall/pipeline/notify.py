"""Telling: what happens becomes deliveries, channel by channel, and each delivery is sent until it is there or refused.

Nothing on the line calls this. It reads the feed of events behind it, so a channel that is down delays nobody.
"""

import logging
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import get_args

from onrecall.domain.errors import NotFound, Unavailable
from onrecall.domain.incident import Incident, Recommendation, Severity
from onrecall.notifications import Channel, Message, Refused, Told, news, standing
from onrecall.notifications import Event as Happened
from onrecall.redaction import redact
from onrecall.storage import Event, Store
from onrecall.storage.outbox import Delivery, Letter, Remembered

BATCH = 100
TRIES = 15
"""After so many a delivery is a dead letter: about four hours of trying."""
FIRST_WAIT = 2.0
LONGEST_WAIT = 3600.0
UNHEARD = timedelta(seconds=30)
"""After this a try of which nobody knows how it went is made again."""
STALE = timedelta(days=1)
"""What happened longer ago is no news: it is not told by who was switched off meanwhile."""
CHANCE = secrets.SystemRandom()
MATTERS = frozenset({"recommended", "resolved", "reopened", "merged", "suggested", "dismissed"})

log = logging.getLogger(__name__)


class Teller:
    """One channel's way out, for one thread."""

    def __init__(
        self,
        channel: Channel,
        store: Store,
        clock: Callable[[], datetime],
        least: Severity | None = None,
        jitter: Callable[[], float] = CHANCE.random,
    ) -> None:
        self.name = channel.name
        self._channel = channel
        self._store = store
        self._outbox = store.outbox
        self._clock = clock
        self._least = least
        self._jitter = jitter
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def round(self) -> int:
        """Turn what is new into deliveries and send what is due; how much of that there was."""
        return self.turn() + self.drain()

    def release(self) -> None:
        """Another process may send here at once."""
        self._outbox.release(self.name, self._holder)

    # events to deliveries

    def turn(self) -> int:
        """Settle the next events of the feed: those that are news become deliveries."""
        after = self._outbox.place(self.name)
        events = self._store.events(after, BATCH)
        if not events:
            return 0
        fresh = [one for one in events if one.type in MATTERS and self._clock() - one.recorded_at < STALE]
        letters = self._letters(fresh)
        self._outbox.post(self.name, after, events[-1].seq, letters, self._clock())
        return len(events)

    def _letters(self, events: Sequence[Event]) -> list[Letter]:
        known = self._outbox.remembered(self.name, {one.incident for one in events})
        last = {name: Told.read(one.told) for name, one in known.items()}
        letters: dict[str, Letter] = {}
        for event in events:
            letter = self._letter(event, last.get(event.incident), known.get(event.incident))
            if letter is not None:
                letters[event.incident] = letter  # the newest alone
                last[event.incident] = Told.read(letter.told)
        return sorted(letters.values(), key=lambda one: one.seq)

    def _letter(self, event: Event, last: Told | None, known: Remembered | None) -> Letter | None:
        try:
            incident, answer = self._store.incident(event.incident), self._answer(event)
        except NotFound:
            return None
        happened = Happened(event.seq, event.type, event.at, event.by, event.detail)
        suggestions = () if incident.resolution else self._store.suggestions.pending(incident.id)
        told = news(incident, answer, happened, last, Told.read(known.sent) if known else None, suggestions)
        if told is None or not self._loud_enough(incident):
            return None
        message = self._channel.render(incident, answer, told, known.remote if known else {})
        if message is None:
            return None
        said = standing(incident, answer, told.into, suggestions).plain()
        return Letter(event.incident, event.seq, told.kind, message.body, said)

    def _answer(self, event: Event) -> Recommendation | None:
        """The answer that an event is about; the newest where it is about something else."""
        name = event.detail.get("recommendation") if event.type == "recommended" else None
        return self._store.recommendation(name) if name else self._store.newest_recommendation(event.incident)

    def _loud_enough(self, incident: Incident) -> bool:
        """Whether it is bad enough to be told here; where nobody said how bad it is, it may be."""
        order = get_args(Severity)
        if self._least is None or incident.severity == "unknown":
            return True
        return bool(order.index(incident.severity) <= order.index(self._least))

    # deliveries to the other side

    def drain(self) -> int:
        """Send what is due, the longest due first; how many tries were made."""
        tries = 0
        while tries < BATCH and (delivery := self._outbox.take(self.name, self._holder, self._clock(), UNHEARD)):
            self._try(delivery)
            tries += 1
        return tries

    def _try(self, delivery: Delivery) -> None:
        if delivery.attempts > TRIES:
            self._bury(delivery, delivery.last_error or f"none of {TRIES} tries came to an end")
            return
        thread = self._outbox.remembered(self.name, [delivery.incident])[delivery.incident].remote
        try:
            sent = self._channel.send(Message(delivery.body, delivery.key), thread)
        except Refused as error:
            self._bury(delivery, str(error))
        except Unavailable as error:
            self._later(delivery, error)
        else:
            self._outbox.sent(delivery, sent.remote, self._clock())

    def _later(self, delivery: Delivery, error: Unavailable) -> None:
        why = redact(str(error)).text
        if delivery.attempts >= TRIES:
            self._bury(delivery, f"given up after {delivery.attempts} tries: {why}")
            return
        now = self._clock()
        wait = max(wait_after(delivery.attempts, self._jitter()), error.retry_after)
        log.warning("%s: delivery %d is tried again in %.0f s: %s", self.name, delivery.id, wait, why)
        pause = now + timedelta(seconds=error.retry_after)
        self._outbox.failed(delivery, why, now + timedelta(seconds=wait), pause)

    def _bury(self, delivery: Delivery, error: str) -> None:
        why = redact(error).text
        log.error("%s: delivery %d about %s is given up: %s", self.name, delivery.id, delivery.incident, why)
        self._outbox.bury(delivery, why)


def wait_after(attempts: int, jitter: float) -> float:
    """The seconds to the next try: twice as long each time, up to an hour, and less by chance so that few coincide."""
    return min(FIRST_WAIT * 2.0 ** (attempts - 1), LONGEST_WAIT) * (0.5 + jitter / 2)

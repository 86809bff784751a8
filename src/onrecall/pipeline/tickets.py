"""One-time tickets that stand for a key, valid for 30 seconds."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from onrecall.domain.access import Key, hash_key
from onrecall.domain.errors import Unauthorised
from onrecall.pipeline.keys import Keys
from onrecall.storage import Storage

LIFETIME = timedelta(seconds=30)
_TICKET_PATTERN = re.compile(r"(?:[a-z0-9_]+\.)?[0-9A-Za-z_-]{43}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket and its expiry; only its hash is stored."""

    ticket: str
    expires_at: datetime


class TicketService:
    """Issues tickets for clients that can't send a key. They are stored, so any process can redeem them."""

    def __init__(self, store: Storage, keys: Keys, clock: Callable[[], datetime], team: str | None = None) -> None:
        """A ticket of a team begins with the team's name, so that the right store is asked."""
        self._store = store.tickets
        self._keys = keys
        self._clock = clock
        self._prefix = "" if team is None else f"{team}."

    def issue(self, key: Key | None) -> Ticket:
        """Issue a ticket; without a key nothing is stored, as none is required."""
        now = self._clock()
        ticket = Ticket(self._prefix + secrets.token_urlsafe(32), now + LIFETIME)
        if key is not None:
            self._store.add(hash_key(ticket.ticket), key.id, ticket.expires_at, now)
        return ticket

    def redeem(self, ticket: str) -> Key:
        """Return the key of a ticket, once. Raises Unauthorised if it is invalid, used or expired."""
        key_id = self._store.redeem(hash_key(ticket), self._clock()) if _TICKET_PATTERN.fullmatch(ticket) else None
        key = None if key_id is None else self._keys.active(key_id)
        if key is None:
            raise Unauthorised("this ticket is unknown, already used or older than 30 s; request another one")
        return key

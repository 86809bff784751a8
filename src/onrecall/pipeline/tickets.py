"""Tickets along the line: given for a key, good once and for half a minute."""

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
_TICKET_PATTERN = re.compile(r"[0-9A-Za-z_-]{43}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What is told to its holder, and nowhere else."""

    ticket: str
    expires_at: datetime


class TicketService:
    """Stand for keys where none can be sent; kept in the store, so that any process takes them."""

    def __init__(self, store: Storage, keys: Keys, clock: Callable[[], datetime]) -> None:
        self._store = store.tickets
        self._keys = keys
        self._clock = clock

    def issue(self, key: Key | None) -> Ticket:
        """A new ticket; where no key is needed there is nothing to keep, for nothing is asked for."""
        now = self._clock()
        ticket = Ticket(secrets.token_urlsafe(32), now + LIFETIME)
        if key is not None:
            self._store.add(hash_key(ticket.ticket), key.id, ticket.expires_at, now)
        return ticket

    def redeem(self, ticket: str) -> Key:
        """The key that it stands for, once; Unauthorised when it is none, was taken, or is late."""
        key_id = self._store.redeem(hash_key(ticket), self._clock()) if _TICKET_PATTERN.fullmatch(ticket) else None
        key = None if key_id is None else self._keys.active(key_id)
        if key is None:
            raise Unauthorised("this ticket is none, or was used, or is older than 30 s; ask for another")
        return key

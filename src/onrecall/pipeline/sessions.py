"""Sessions: begin, list, use and end them, and look up the session for a token."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from onrecall.domain.access import Key, Principal, generate_key, parse_key_id
from onrecall.domain.errors import Forbidden, NotFound, Unauthorised
from onrecall.domain.session import (
    MAX_CLIENT_LENGTH,
    Person,
    Session,
    SessionLimits,
    generate_token,
    hash_token,
    is_token,
)
from onrecall.pipeline.keys import Keys
from onrecall.redaction import redact
from onrecall.storage import Storage
from onrecall.storage.sessions import USE_WRITE_INTERVAL

MAX_CACHED = 10_000
ANY_ISSUER = "*"
"""For the command line, which may run without the settings of the server."""
ENDED = "your session has ended; sign in again"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A new session with its token, which is not stored."""

    session: Session
    token: str


@dataclass(frozen=True, slots=True)
class Device:
    """The browser in which somebody signs in."""

    client: str | None = None
    """How it names itself."""
    token: str | None = None
    """Its session so far, which the new one replaces."""


class Sessions:
    """The sessions of one store. Those in use are cached and reread every second, as keys are."""

    def __init__(
        self,
        store: Storage,
        keys: Keys,
        clock: Callable[[], datetime],
        limits: SessionLimits = SessionLimits(),  # noqa: B008 - frozen
        issuer: str | None = None,
    ) -> None:
        self._store = store.sessions
        self._keys = keys
        self._clock = clock
        self._limits = limits
        self._issuer = issuer
        self._cache: OrderedDict[str, tuple[Session | None, float]] = OrderedDict()
        self._caching = threading.Lock()
        self._used: dict[str, datetime] = {}

    # beginning and ending

    def begin_with_key(self, key: Key, device: Device) -> NewSession:
        """Begin a session for the holder of a key. It ends with the key at the latest."""
        token = generate_token()
        session = self._new_session(Person("", "", key.name, key.role), device, token)
        expires_at = session.expires_at if key.expires_at is None else min(session.expires_at, key.expires_at)
        return self._begin(replace(session, key_id=key.id, expires_at=expires_at), device, token)

    def begin_for(
        self, person: Person, device: Device, provider_session: str | None = None, token: str | None = None
    ) -> NewSession:
        """Begin a session for somebody whom the identity provider vouches for.

        `token` is that of the session which the same sign-in began in the store of another team.
        """
        token = token or generate_token()
        session = self._new_session(person, device, token)
        return self._begin(replace(session, provider_session=provider_session), device, token)

    def _new_session(self, person: Person, device: Device, token: str) -> Session:
        now = self._clock()
        return Session(
            id=_generate_id(),
            hash=hash_token(token),
            name=person.name,
            role=person.role,
            created_at=now,
            last_used_at=now,
            expires_at=now + self._limits.absolute,
            issuer=person.issuer or None,
            subject=person.subject or None,
            client=_clean_client(device.client),
        )

    def _begin(self, session: Session, device: Device, token: str) -> NewSession:
        replaced = hash_token(device.token) if device.token is not None and is_token(device.token) else None
        self._store.add(session, replaced)
        self._forget_cached()
        return NewSession(session, token)

    def all_active(self, name: str | None = None) -> tuple[Session, ...]:
        """Return the sessions that are active now, of everybody or of one name, newest first."""
        now = self._clock()
        self._keys.refresh()
        return tuple(session for session in self._store.all(name) if self._is_active(session, now))

    def end(self, session_id: str, caller: Principal) -> Session:
        """End one session. Others' can be ended by admins alone; Forbidden and NotFound otherwise."""
        session = self._store.by_id(session_id)
        if session is None or not (session.name == caller.name or caller.may("admin")):
            raise NotFound(f"there is no session {session_id[:20]}; list the sessions to see them")
        self._end([session])
        return session

    def end_all(self, name: str, caller: Principal) -> tuple[Session, ...]:
        """End every active session of a name; returns them. Others' can be ended by admins alone."""
        if name != caller.name and not caller.may("admin"):
            raise Forbidden("only an admin may sign somebody else out")
        ending = self.all_active(name)
        self._end(ending)
        return ending

    def end_matching(self, which: str | None) -> tuple[Session, ...]:
        """End the active session with an id, or all of a name, or with None all; returns them. Raises NotFound."""
        active = self.all_active()
        ending = tuple(session for session in active if which in (None, session.id, session.name))
        if which is not None and not ending:
            raise NotFound(f"there is no active session {which}; `onrecall sessions list` shows them")
        self._end(ending)
        return ending

    def end_at_provider(self, issuer: str, subject: str | None, provider_session: str | None, at: datetime) -> int:
        """End the sessions that the identity provider reports as ended, begun up to a time; returns how many."""
        meant = self._store.of_person(issuer, subject, provider_session)
        ending = [session for session in meant if session.ended_at is None and session.created_at <= at]
        self._end(ending)
        return len(ending)

    def end_with_hash(self, token_hash: str) -> None:
        """End the session whose token has this hash, if it is one of this store."""
        session = self._store.by_hash(token_hash)
        if session is not None and session.ended_at is None:
            self._end([session])

    def end_of_person(self, issuer: str, subject: str) -> None:
        """End every session of a person of the identity provider."""
        self._end([session for session in self._store.of_person(issuer, subject, None) if session.ended_at is None])

    def change_role(self, person: Person) -> None:
        """Give all sessions of a person the role of the newest sign-in."""
        self._store.change_role(person.issuer, person.subject, person.role)
        self._forget_cached()

    def _end(self, ending: Sequence[Session]) -> None:
        self._store.end([session.id for session in ending], self._clock())
        self._forget_cached()

    def _forget_cached(self) -> None:
        with self._caching:
            self._cache.clear()

    # whose a session is

    def is_cached(self, token: str) -> bool:
        """Return whether `holder` answers without the database."""
        cached = self._cache.get(hash_token(token))
        return cached is not None and time.monotonic() - cached[1] < self._keys.fresh_seconds

    def holder(self, token: str) -> Principal:
        """Return who signed in with a token. Raises Unauthorised. The cache of the keys must be fresh."""
        session = self._look_up(token) if is_token(token) else None
        if session is None or not self._is_active(session, self._clock()):
            raise Unauthorised(ENDED)
        return self._principal(session)

    def check(self, session_id: str) -> None:
        """Raise Unauthorised unless the session with this id is active."""
        session = self._store.by_id(session_id)
        if session is None or not self._is_active(session, self._clock()):
            raise Unauthorised(ENDED)

    def get(self, session_id: str) -> Session | None:
        """Return the session with an id, whatever its state."""
        return self._store.by_id(session_id)

    def is_use_due(self, session_id: str) -> bool:
        """Return whether it is time to record that this session was used."""
        before = self._used.get(session_id)
        return before is None or self._clock() - before >= USE_WRITE_INTERVAL

    def record_use(self, session_id: str) -> None:
        """Record that a session was used now."""
        while len(self._used) >= MAX_CACHED:
            self._used.pop(next(iter(self._used)))
        self._used[session_id] = now = self._clock()
        self._store.used(session_id, now)

    def _look_up(self, token: str) -> Session | None:
        token_hash = hash_token(token)
        cached = self._cache.get(token_hash)
        began = time.monotonic()
        if cached is not None and began - cached[1] < self._keys.fresh_seconds:
            return cached[0]
        session = self._store.by_hash(token_hash)
        with self._caching:
            self._cache[token_hash] = session, began
            while len(self._cache) > MAX_CACHED:
                self._cache.popitem(last=False)
        return session

    def _is_active(self, session: Session, now: datetime) -> bool:
        if session.key_id is not None:
            is_valid = self._keys.active(session.key_id) is not None
        else:
            is_valid = session.issuer is not None and self._issuer in (session.issuer, ANY_ISSUER)
        return is_valid and session.is_active(now, self._limits.idle)

    def _principal(self, session: Session) -> Principal:
        key = None if session.key_id is None else self._keys.active(session.key_id)
        if session.key_id is not None and key is None:
            raise Unauthorised(ENDED)
        return Principal(session.role if key is None else key.role, session.name, key, session.id)


def _generate_id() -> str:
    key_id = parse_key_id(generate_key())
    assert key_id is not None
    return key_id


def _clean_client(client: str | None) -> str | None:
    """Return a browser's name for itself, redacted and on one line; it is foreign text."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in client or "").split())
    return redact(words[:MAX_CLIENT_LENGTH]).text or None

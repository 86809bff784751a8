"""Keys along the line: made, listed, replaced, ended; and whose a key is that somebody shows."""

import math
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from onrecall.domain.access import MARK, MAY, Key, Role, digest, id_of, mint
from onrecall.domain.errors import Conflict, Invalid, NotFound, Unauthorised
from onrecall.storage import Storage
from onrecall.storage.keys import USE_KEPT_EVERY

FRESH_SECONDS = 1.0
"""So long after a key was made or revoked may a running server not know it yet."""
OVERLAP = timedelta(days=1)
"""So long does a replaced key still open, unless it is told otherwise."""
LONGEST_NAME = 100
SHOWN = len(MARK) + 8
"""Letters of a key that are no secret."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key. The token is told here and nowhere else: what is stored does not give it back."""

    key: Key
    token: str


class Keys:
    """The keys of one store. They are few, so all are held and read anew each second: a guess costs no query."""

    def __init__(self, store: Storage, clock: Callable[[], datetime], fresh_seconds: float = FRESH_SECONDS) -> None:
        self._ring = store.keys()
        self._clock = clock
        self.fresh_seconds = fresh_seconds
        """How old what is held may be before it is read anew."""
        self._known: Mapping[str, Key] = {}
        self._read_at: float | None = None
        self._reading = threading.Lock()
        self._used: dict[str, datetime] = {}

    # making and ending

    def create(self, name: str, role: Role, expires_at: datetime | None = None) -> NewKey:
        """A new key for somebody, or something, who has none."""
        now = self._clock()
        made = _made(_name(name), _role(role), now, _later(expires_at, now))
        self._ring.add(made.key)
        self._read_at = None
        return made

    def all(self) -> tuple[Key, ...]:
        """Every key there ever was, oldest first."""
        return self._ring.all()

    def revoke(self, which: str, *, leave_admin: bool = False) -> tuple[Key, ...]:
        """Revoke a key at once; a name revokes all keys of its owner. A repetition changes nothing.

        With `leave_admin` the last working keys of admins are not ended: nobody could make another key then.
        """
        now = self._clock()
        found = self._find(which)
        ending = [key for key in found if key.state(now) == "active"] or found[-1:]
        if leave_admin and (last := _last_admin(ending, self._ring.all(), now)):
            raise Conflict(
                f"{last.prefix}… is the last key of the role admin that opens anything; make another first, or end it "
                f"at the server's machine with `onrecall keys revoke {last.id}`"
            )
        ended = tuple(self._ring.revoke(key.id, now) for key in ending)
        self._read_at = None
        return ended

    def rotate(self, which: str, overlap: timedelta = OVERLAP, expires_at: datetime | None = None) -> NewKey:
        """A new key in place of another, with its name, role and length of life; both open until the overlap ends."""
        now, found = self._clock(), self._find(which)
        old = next((key for key in reversed(found) if key.state(now) == "active"), found[-1])
        lasting = None if old.expires_at is None else now + (old.expires_at - old.created_at)
        made = _made(old.name, old.role, now, _later(expires_at, now) or lasting)
        self._ring.replace(old.id, made.key, now + overlap)
        self._read_at = None
        return made

    def _find(self, which: str) -> list[Key]:
        """The keys that are meant, oldest first: by id, by the name they were made for, or by a key that was found."""
        given = id_of(which) or which
        keys = self._ring.all()
        found = [key for key in keys if given in (key.id, key.prefix)] or [key for key in keys if key.name == given]
        if not found:
            shown = f"{given[:SHOWN]}…" if given.startswith(MARK) else given
            raise NotFound(f"there is no key {shown}; `onrecall keys list` shows all keys")
        return found

    # whose a key is

    @property
    def age(self) -> float:
        """How many seconds ago what is held was read; infinite when a key was made or ended here since then."""
        read_at = self._read_at
        return math.inf if read_at is None else time.monotonic() - read_at

    @property
    def fresh(self) -> bool:
        """Whether what is held was read so lately that nothing need be asked."""
        return self.age < self.fresh_seconds

    def refresh(self) -> None:
        """Read the keys anew, unless another thread just did."""
        with self._reading:
            if not self.fresh:
                self._read()

    def read(self) -> None:
        """Read the keys anew."""
        with self._reading:
            self._read()

    def _read(self) -> None:
        began = time.monotonic()
        self._known = {key.id: key for key in self._ring.all()}
        self._read_at = began

    @property
    def wanted(self) -> bool:
        """Whether the doors are locked: once a key was made they stay so, also when it has expired or been revoked."""
        return bool(self._known)

    @property
    def usable(self) -> bool:
        """Whether there is a key that opens anything now."""
        now = self._clock()
        return any(key.state(now) == "active" for key in self._known.values())

    def holder(self, token: str) -> Key:
        """The key that this is; Unauthorised when it is none that opens now. What is held must be fresh."""
        key = self._known.get(id_of(token) or "")
        if key is None or not key.is_of(token):
            raise Unauthorised("this is not a valid key of this OnRecall")
        state = key.state(self._clock())
        if state != "active":
            raise Unauthorised(f"the key {key.prefix}… is {state}; ask an admin for a new one")
        return key

    def active(self, key_id: str) -> Key | None:
        """The key with this id, when it opens now. What is held must be fresh."""
        key = self._known.get(key_id)
        return key if key is not None and key.state(self._clock()) == "active" else None

    def unkept(self, key: Key) -> bool:
        """Whether it is time to keep that this key was used."""
        before = self._used.get(key.id) or key.last_used_at
        return before is None or self._clock() - before >= USE_KEPT_EVERY

    def used(self, key: Key) -> None:
        """Keep that it was used now."""
        self._used[key.id] = now = self._clock()
        self._ring.used(key.id, now)


def _last_admin(ending: Iterable[Key], every: Iterable[Key], now: datetime) -> Key | None:
    """The admin's key among those, if no other admin's opens anything."""
    ids = {key.id for key in ending}
    working = [key for key in every if key.role == "admin" and key.state(now) == "active"]
    mine = [key for key in working if key.id in ids]
    return mine[-1] if mine and len(mine) == len(working) else None


def _made(name: str, role: Role, now: datetime, expires_at: datetime | None) -> NewKey:
    token = mint()
    key_id = id_of(token)
    assert key_id is not None
    return NewKey(Key(key_id, name, digest(token), role, now, expires_at), token)


def _name(name: str) -> str:
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME:
        raise Invalid(f"give a name of 1 to {LONGEST_NAME} letters without blanks around it, such as ann", "name")
    if any(unicodedata.category(letter).startswith("C") for letter in name):
        raise Invalid("the name contains a control character; remove it", "name")
    if id_of(name):
        raise Invalid("this is a key, not a name; revoke it, because it is now in your shell's history", "name")
    return name


def _role(role: Role) -> Role:
    if role not in MAY:
        raise Invalid(f"the role must be one of {', '.join(MAY)}", "role")
    return role


def _later(expires_at: datetime | None, now: datetime) -> datetime | None:
    if expires_at is not None and expires_at <= now:
        raise Invalid("it would have expired already; give a time to come, or a span such as 90d", "expires")
    return expires_at

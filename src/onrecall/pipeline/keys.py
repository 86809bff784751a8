"""API keys: create, list, rotate and revoke them, and look up the key for a token."""

import math
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from onrecall.domain.access import KEY_PREFIX, ROLE_INCLUDES, Key, Role, generate_key, hash_key, parse_key_id
from onrecall.domain.errors import Conflict, Invalid, NotFound, Unauthorised
from onrecall.storage import Storage
from onrecall.storage.keys import USE_WRITE_INTERVAL

CACHE_SECONDS = 1.0
"""How long a running server may take to notice that a key was created or revoked."""
ROTATION_OVERLAP = timedelta(days=1)
"""How long a rotated key stays valid by default."""
MAX_NAME_LENGTH = 100
SHOWN_CHARS = len(KEY_PREFIX) + 8
"""Number of leading characters of a key that are not secret."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key with its token, which is not stored and can't be shown again."""

    key: Key
    token: str


class Keys:
    """The keys of one store, cached in memory and reread every second, so that guessing keys costs no queries."""

    def __init__(self, store: Storage, clock: Callable[[], datetime], fresh_seconds: float = CACHE_SECONDS) -> None:
        self._ring = store.keys
        self._clock = clock
        self.fresh_seconds = fresh_seconds
        """Maximum age of the cache."""
        self._always_required = False
        self._known: Mapping[str, Key] = {}
        self._read_at: float | None = None
        self._reading = threading.Lock()
        self._used: dict[str, datetime] = {}

    # making and ending

    def create(self, name: str, role: Role, expires_at: datetime | None = None) -> NewKey:
        """Create a key."""
        now = self._clock()
        new_key = _generate(_check_name(name), _check_role(role), now, _check_expiry(expires_at, now))
        self._ring.add(new_key.key)
        self._read_at = None
        return new_key

    def ensure_admin(self, name: str, token: str) -> bool:
        """Store a key of the role admin that was made elsewhere; False where it is known, also a revoked one.

        Of several processes that do so at once, one stores it.
        """
        key_id = parse_key_id(token)
        if key_id is None:
            raise Invalid("this is not a key; make one with `onrecall keys generate`", "admin_key")
        stored = self._ring.ensure(Key(key_id, _check_name(name), hash_key(token), "admin", self._clock()))
        self._read_at = None
        return stored

    def all(self) -> tuple[Key, ...]:
        """Return every key, including revoked and expired ones, oldest first."""
        return self._ring.all()

    def revoke(self, which: str, *, leave_admin: bool = False) -> tuple[Key, ...]:
        """Revoke a key at once; a name revokes all keys of its owner. Idempotent.

        With `leave_admin`, revoking the last active admin key raises Conflict: nobody could create another key.
        """
        now = self._clock()
        matching = self._find(which)
        ending = [key for key in matching if key.state(now) == "active"] or matching[-1:]
        if leave_admin:
            self._require_other_admin(ending)
        ended = tuple(self._ring.revoke(key.id, now) for key in ending)
        self._read_at = None
        return ended

    def require_admin_besides(self, is_owner: Callable[[str], bool]) -> None:
        """Raise Conflict if every active admin key belongs to such an owner."""
        self._require_other_admin([key for key in self._ring.all() if is_owner(key.name)])

    def _require_other_admin(self, ending: Iterable[Key]) -> None:
        if last := _last_admin(ending, self._ring.all(), self._clock()):
            raise Conflict(
                f"{last.prefix}… is the last valid key with the role admin; create another one first, or revoke it "
                f"on the server's machine with `onrecall keys revoke {last.id}`"
            )

    def rotate(self, which: str, overlap: timedelta = ROTATION_OVERLAP, expires_at: datetime | None = None) -> NewKey:
        """Replace a key by one with the same name, role and lifetime; both are valid until the overlap ends."""
        now, matching = self._clock(), self._find(which)
        old = next((key for key in reversed(matching) if key.state(now) == "active"), matching[-1])
        same_lifetime = None if old.expires_at is None else now + (old.expires_at - old.created_at)
        new_key = _generate(old.name, old.role, now, _check_expiry(expires_at, now) or same_lifetime)
        self._ring.replace(old.id, new_key.key, now + overlap)
        self._read_at = None
        return new_key

    def _find(self, which: str) -> list[Key]:
        """Return the matching keys, oldest first, by id, prefix, name or token. Raises NotFound."""
        name_or_id = parse_key_id(which) or which
        keys = self._ring.all()
        matching = [key for key in keys if name_or_id in (key.id, key.prefix)] or [
            key for key in keys if key.name == name_or_id
        ]
        if not matching:
            displayed = f"{name_or_id[:SHOWN_CHARS]}…" if name_or_id.startswith(KEY_PREFIX) else name_or_id
            raise NotFound(f"there is no key {displayed}; `onrecall keys list` shows all keys")
        return matching

    # whose a key is

    @property
    def age(self) -> float:
        """Age of the cache in seconds; infinite if a key was created or revoked here since then."""
        read_at = self._read_at
        return math.inf if read_at is None else time.monotonic() - read_at

    @property
    def fresh(self) -> bool:
        """Whether the cache is recent enough to use."""
        return self.age < self.fresh_seconds

    def refresh(self) -> None:
        """Reread the keys, unless another thread just did."""
        with self._reading:
            if not self.fresh:
                self._read()

    def read(self) -> None:
        """Reread the keys."""
        with self._reading:
            self._read()

    def _read(self) -> None:
        began = time.monotonic()
        self._known = {key.id: key for key in self._ring.all()}
        self._read_at = began

    @property
    def required(self) -> bool:
        """Whether requests need credentials: true once a key was created, even if it has expired or been revoked.

        Always true where people sign in through an identity provider.
        """
        return self._always_required or bool(self._known)

    def require_always(self) -> None:
        """Require credentials even without any key, because people sign in otherwise."""
        self._always_required = True

    @property
    def usable(self) -> bool:
        """Whether any key is active now."""
        now = self._clock()
        return any(key.state(now) == "active" for key in self._known.values())

    def knows(self, token: str) -> bool:
        """Return whether a token is a key of this store, valid or not, as far as the cache goes."""
        key = self._known.get(parse_key_id(token) or "")
        return key is not None and key.matches(token)

    def holder(self, token: str) -> Key:
        """Return the active key for a token. Raises Unauthorised. The cache must be fresh."""
        key = self._known.get(parse_key_id(token) or "")
        if key is None or not key.matches(token):
            raise Unauthorised("this is not a valid key of this OnRecall")
        state = key.state(self._clock())
        if state != "active":
            raise Unauthorised(f"the key {key.prefix}… is {state}; ask an admin for a new one")
        return key

    def active(self, key_id: str) -> Key | None:
        """Return the key with this id if it is active. The cache must be fresh."""
        key = self._known.get(key_id)
        return key if key is not None and key.state(self._clock()) == "active" else None

    def is_use_due(self, key: Key) -> bool:
        """Return whether it is time to record that this key was used."""
        before = self._used.get(key.id) or key.last_used_at
        return before is None or self._clock() - before >= USE_WRITE_INTERVAL

    def record_use(self, key: Key) -> None:
        """Record that the key was used now."""
        self._used[key.id] = now = self._clock()
        self._ring.used(key.id, now)


def _last_admin(ending: Iterable[Key], all_keys: Iterable[Key], now: datetime) -> Key | None:
    """Return the last of the ending admin keys if no other admin key is active."""
    ids = {key.id for key in ending}
    working = [key for key in all_keys if key.role == "admin" and key.state(now) == "active"]
    ending_admins = [key for key in working if key.id in ids]
    return ending_admins[-1] if ending_admins and len(ending_admins) == len(working) else None


def _generate(name: str, role: Role, now: datetime, expires_at: datetime | None) -> NewKey:
    token = generate_key()
    key_id = parse_key_id(token)
    assert key_id is not None
    return NewKey(Key(key_id, name, hash_key(token), role, now, expires_at), token)


def _check_name(name: str) -> str:
    if not name.strip() or name != name.strip() or len(name) > MAX_NAME_LENGTH:
        raise Invalid(f"give a name of 1 to {MAX_NAME_LENGTH} letters without blanks around it, such as ann", "name")
    if any(unicodedata.category(letter).startswith("C") for letter in name):
        raise Invalid("the name contains a control character; remove it", "name")
    if parse_key_id(name):
        raise Invalid("this is a key, not a name; revoke it, because it is now in your shell's history", "name")
    return name


def _check_role(role: Role) -> Role:
    if role not in ROLE_INCLUDES:
        raise Invalid(f"the role must be one of {', '.join(ROLE_INCLUDES)}", "role")
    return role


def _check_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    if expires_at is not None and expires_at <= now:
        raise Invalid("it would have expired already; give a future time, or a span such as 90d", "expires")
    return expires_at

"""Who may do what: roles, and the keys that carry them. Nothing here knows a database or a network."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from onrecall.domain.errors import Forbidden

Role = Literal["ingest", "viewer", "responder", "admin"]
State = Literal["active", "expired", "revoked"]

ROLE_INCLUDES: Mapping[Role, frozenset[Role]] = {
    "ingest": frozenset({"ingest"}),
    "viewer": frozenset({"viewer"}),
    "responder": frozenset({"viewer", "responder", "ingest"}),
    "admin": frozenset({"viewer", "responder", "ingest", "admin"}),
}
"""Which roles each role includes: a sender only hands in, a viewer only reads, and nobody else is so narrow."""

KEY_PREFIX = "onr_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TOKEN = re.compile(rf"{KEY_PREFIX}([0-9A-Za-z]{{8}})_[0-9A-Za-z]{{43}}")


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key. The key itself is known to its holder alone."""

    id: str
    """The part of it that is no secret, and that it is listed by."""
    name: str
    """Whom it was made for: what its holder does is kept under this name."""
    hash: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    replaced_by: str | None = None

    @property
    def prefix(self) -> str:
        """How the key begins, so that one that is found somewhere can be told."""
        return f"{KEY_PREFIX}{self.id}"

    def state(self, now: datetime) -> State:
        """Return whether the key works at a time, and if not, why."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"

    def matches(self, token: str) -> bool:
        """Return whether this is the key; the time that takes reveals nothing."""
        return hmac.compare_digest(self.hash, hash_key(token))


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks."""

    role: Role
    name: str | None = None
    """None: somebody at this machine, where no key is needed."""
    key: Key | None = None
    """None: no key was needed, or a signature or an identity provider stood for it."""
    session_id: str | None = None
    """None: the request carried its own credentials."""

    def may(self, least: Role) -> bool:
        """Return whether this suffices for what requires a role."""
        return least in ROLE_INCLUDES[self.role]

    def attribution(self, claimed: str | None = None) -> str | None:
        """Under which name a deed is kept. Only an admin may say that it was somebody else's.

        What people say counts once for each name, so whoever could choose names could say it as often as he likes.
        """
        if claimed is None or claimed == self.name:
            return self.name
        if not self.may("admin"):
            raise Forbidden(
                f"`by`: {self._credential} acts for {self.name} only; leave `by` out, or use an admin's key"
            )
        return claimed

    @property
    def _credential(self) -> str:
        return "this key" if self.session_id is None else "this session"


def generate_key() -> str:
    """Return a new key: eight letters to find it by, and 43 that nobody guesses (62^43 is more than 2^256)."""
    return f"{KEY_PREFIX}{_random_letters(8)}_{_random_letters(43)}"


def hash_key(token: str) -> str:
    """Return what is stored of a key.

    SHA-256 at once, without salt or stretching: those slow down guessing at passwords, which people choose. Of 2^256
    keys, all equally likely, none is ever guessed, and a check of microseconds can be made at every request.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def parse_key_id(token: str) -> str | None:
    """Return the part of a key that is not secret; None if it is not a key."""
    match = _TOKEN.fullmatch(token)
    return match[1] if match else None


def _random_letters(letters: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(letters))

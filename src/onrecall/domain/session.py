"""Sessions of people in the console: what a cookie stands for. Nothing here knows a database or a network."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from onrecall.domain.access import Role

MAX_CLIENT_LENGTH = 200
_TOKEN = re.compile(r"[0-9A-Za-z_-]{43}")
_CSRF_PURPOSE = b"onrecall csrf token"


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts."""

    idle: timedelta = timedelta(hours=24)
    """A session that was not used for this long has ended."""
    absolute: timedelta = timedelta(hours=168)
    """Every session ends this long after it began."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person's sign-in on one device. Its token is known to that browser alone."""

    id: str
    """The name it is listed under and ended by; no secret."""
    hash: str
    name: str
    """Who signed in: actions are recorded under this name."""
    role: Role
    """The role at sign-in; for a session of a key, the key's present role counts instead."""
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    key_id: str | None = None
    """The key that it was begun with; None for an identity provider."""
    issuer: str | None = None
    """The identity provider that it was begun with; None for a key."""
    subject: str | None = None
    """The person at the identity provider."""
    provider_session: str | None = None
    """The provider's own id of the session (`sid`), for its notice that the person signed out there."""
    client: str | None = None
    """The browser, as it names itself."""
    ended_at: datetime | None = None

    def is_active(self, now: datetime, idle: timedelta) -> bool:
        """Return whether it is valid at a time: not ended, not expired, and used within `idle`."""
        return self.ended_at is None and now < self.expires_at and now - self.last_used_at < idle


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the identity provider vouches for."""

    issuer: str
    subject: str
    name: str
    role: Role


def generate_token() -> str:
    """Return a new secret of 256 random bits, in 43 characters that fit in a cookie and a URL."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Return whether a text has the form of such a secret."""
    return _TOKEN.fullmatch(text) is not None


def hash_token(token: str) -> str:
    """Return what is stored of a secret. It is random, so one round of SHA-256 suffices."""
    return hashlib.sha256(token.encode()).hexdigest()


def derive(secret: str, purpose: bytes) -> str:
    """Return a value that only the holder of a secret can compute, as 64 hexadecimal digits."""
    return hmac.new(secret.encode(), purpose, hashlib.sha256).hexdigest()


def csrf_token(session_token: str) -> str:
    """Return the token that each request of a session must repeat in a header to change anything.

    It follows from the session's own token, so a cookie planted from elsewhere never fits.
    """
    return derive(session_token, _CSRF_PURPOSE)

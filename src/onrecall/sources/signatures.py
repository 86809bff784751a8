"""Verifies that a message was signed with one of the secrets. Every failure raises Forbidden."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from onrecall.domain.errors import Forbidden
from onrecall.sources.webhook import WebhookRequest

SKEW = 300
"""Seconds that a signed time may be off; an older message is a replay."""
MOST_OFFERED = 16
"""Signatures that are checked in one message; a sender that rotates its secret sends two."""


def require_header(delivery: WebhookRequest, *names: str) -> str:
    """Return the first of these headers that is present. Raises Forbidden if none is."""
    value = next((candidate for name in names if (candidate := delivery.headers.get(name.lower(), "").strip())), None)
    if value is None:
        raise Forbidden(
            f"the message is not signed: the header {names[0]} is missing; set the secret at the sender too"
        )
    return value


def hmac_sha256(secret: str, message: bytes) -> str:
    """Compute the HMAC-SHA256 in lower-case hex."""
    return hmac.new(_secret_bytes(secret), message, hashlib.sha256).hexdigest()


def verify_hmac(message: bytes, offered: Iterable[str], secrets: Sequence[str]) -> None:
    """Raise Forbidden unless a hex signature matches a secret; all pairs are compared in constant time."""
    candidates = [signature.strip().lower().encode("utf-8", "replace") for signature in list(offered)[:MOST_OFFERED]]
    expected = [hmac_sha256(secret, message).encode() for secret in secrets if secret]
    if not sum(hmac.compare_digest(candidate, signature) for candidate in candidates for signature in expected):
        raise Forbidden(
            "the signature is not that of any secret known for this sender; compare the secrets on both sides"
        )


def check_timestamp(stamp: str, now: datetime) -> None:
    """Raise Forbidden unless the signed Unix time is close to now."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16 and abs(now.timestamp() - int(stamp)) <= SKEW):
        raise Forbidden(f"the signed time {stamp[:20]!r} is not within {SKEW} seconds of now; check both clocks")


def split_versions(header: str, prefix: str) -> list[str]:
    """Return the signatures of one version from a header such as `v1=…,v1=…`."""
    parts = (part.strip() for part in header.split(","))
    return [part.removeprefix(prefix) for part in parts if part.startswith(prefix)]


def _secret_bytes(secret: str) -> bytes:
    """Return the bytes of a secret, even if it is not valid text."""
    try:
        return secret.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return secret.encode("utf-8", "surrogatepass")

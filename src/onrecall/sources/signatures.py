"""Whether one of the secrets signed a message. Every way that it might not be so ends in Forbidden."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from onrecall.domain.errors import Forbidden
from onrecall.sources.webhook import WebhookRequest

SKEW = 300
"""Seconds that a signed time may be off: an older message is a repeated one."""
MOST_OFFERED = 16
"""Signatures looked at in one message; a sender that rotates its secret offers two."""


def require_header(delivery: WebhookRequest, *names: str) -> str:
    """The first of these headers that is there; Forbidden where none is."""
    value = next((candidate for name in names if (candidate := delivery.headers.get(name.lower(), "").strip())), None)
    if value is None:
        raise Forbidden(
            f"the message is not signed: the header {names[0]} is missing; set the secret at the sender too"
        )
    return value


def hmac_sha256(secret: str, message: bytes) -> str:
    """The HMAC-SHA256 in small hexadecimal digits."""
    return hmac.new(_secret_bytes(secret), message, hashlib.sha256).hexdigest()


def verify_hmac(message: bytes, offered: Iterable[str], secrets: Sequence[str]) -> None:
    """Forbidden unless one of the hexadecimal signatures is that of a secret; every pair is compared in full."""
    candidates = [signature.strip().lower().encode("utf-8", "replace") for signature in list(offered)[:MOST_OFFERED]]
    expected = [hmac_sha256(secret, message).encode() for secret in secrets if secret]
    if not sum(hmac.compare_digest(candidate, signature) for candidate in candidates for signature in expected):
        raise Forbidden(
            "the signature is not that of any secret known for this sender; compare the secrets on both sides"
        )


def check_timestamp(stamp: str, now: datetime) -> None:
    """Forbidden unless the signed count of seconds since 1970 is about now."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16 and abs(now.timestamp() - int(stamp)) <= SKEW):
        raise Forbidden(f"the signed time {stamp[:20]!r} is not within {SKEW} seconds of now; check both clocks")


def split_versions(header: str, prefix: str) -> list[str]:
    """The values of one version in a header such as `v1=…,v1=…`."""
    parts = (part.strip() for part in header.split(","))
    return [part.removeprefix(prefix) for part in parts if part.startswith(prefix)]


def _secret_bytes(secret: str) -> bytes:
    """The bytes of a secret, also of one that is no text."""
    try:
        return secret.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return secret.encode("utf-8", "surrogatepass")

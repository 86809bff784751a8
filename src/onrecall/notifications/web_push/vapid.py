"""The key by which push services recognize this server (VAPID, RFC 8292)."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from onrecall.domain.errors import Invalid
from onrecall.domain.push_subscription import decode_base64url
from onrecall.notifications.web_push.encryption import public_bytes

KEY_BYTES = 32
LIFETIME_SECONDS = 12 * 3600
"""Push services refuse tokens that are valid for more than a day."""


def encode_base64url(content: bytes) -> str:
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class VapidKey:
    """The server's key, and how a push service reaches its operator."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    contact: str
    """A `mailto:` or `https:` address."""
    clock: Callable[[], float] = time.time

    @classmethod
    def parse(cls, text: str, contact: str) -> "VapidKey":
        """Read a key as `generate_key` writes it; raise Invalid for another text."""
        try:
            number = int.from_bytes(decode_base64url(text.strip(), KEY_BYTES, "web_push_key"))
            private = ec.derive_private_key(number, ec.SECP256R1())
        except (Invalid, ValueError) as error:
            raise Invalid("is no key for web push; `onrecall web-push-key` prints one") from error
        return cls(private, contact)

    @property
    def public(self) -> str:
        """The public half, which browsers need to subscribe, in base64url."""
        return encode_base64url(public_bytes(self.private))

    def authorization(self, endpoint: httpx.URL) -> str:
        """Return the Authorization header for a push service."""
        host = endpoint.netloc.decode("ascii")
        claims = {
            "aud": f"{endpoint.scheme}://{host}",
            "exp": int(self.clock()) + LIFETIME_SECONDS,
            "sub": self.contact,
        }
        return f"vapid t={jwt.encode(claims, self.private, algorithm='ES256')}, k={self.public}"


def generate_key() -> str:
    """Return a new private key, as the setting takes it."""
    private = ec.generate_private_key(ec.SECP256R1())
    return encode_base64url(private.private_numbers().private_value.to_bytes(KEY_BYTES))

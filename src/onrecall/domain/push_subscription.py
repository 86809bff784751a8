"""A device that receives push notifications. Nothing here knows a database or a network."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from onrecall.domain.errors import Invalid

PUBLIC_KEY_BYTES = 65
"""An uncompressed point of P-256: 4, x and y."""
AUTH_BYTES = 16
MAX_ENDPOINT_LENGTH = 1_000
MAX_SERVICES = 100
MAX_SERVICE_LENGTH = 200
MAX_DELIVERED_KEYS = 20
"""Messages of other incidents may go out before one that failed is tried again, but not many."""


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """A browser that asked for push notifications, and where its push service takes them."""

    id: str
    endpoint: str
    p256dh: str
    """The browser's public key, in base64url: only this browser can decrypt what is sent."""
    auth: str
    """The secret that belongs to it, in base64url."""
    services: tuple[str, ...]
    """Services whose incidents it is notified of; empty: all incidents."""
    created_at: datetime
    name: str | None = None
    """Who asked; None: somebody at this machine, where no key is needed."""
    key_id: str | None = None
    """The key with which that person came."""
    session_id: str | None = None
    """The session in which that person last opened the console."""
    delivered_keys: tuple[str, ...] = ()
    """The last messages that its push service accepted, newest last, so that a retry sends it nothing twice."""

    def wants(self, service: str | None) -> bool:
        """Return whether it is notified of a service's incident; without a service it goes to those who want all."""
        return not self.services or (
            service is not None and service.casefold() in {wanted.casefold() for wanted in self.services}
        )


def decode_base64url(text: str, size: int, field: str) -> bytes:
    """Decode a value of a browser's subscription; raise Invalid, naming the field, unless it has `size` bytes."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("is not base64url, as a browser's subscription has it", field) from error
    if len(decoded) != size:
        raise Invalid(f"has {len(decoded)} bytes, not {size}; send what the browser's subscription contains", field)
    return decoded


def normalize_services(services: Sequence[str]) -> tuple[str, ...]:
    """Return chosen services without blanks around them and repetitions, in the order given."""
    names = tuple(dict.fromkeys(name.strip() for name in services if name.strip()))
    if len(names) > MAX_SERVICES:
        raise Invalid(
            f"has {len(names)} names, at most {MAX_SERVICES} are possible; leave it empty for all", "services"
        )
    if any(len(name) > MAX_SERVICE_LENGTH for name in names):
        raise Invalid(f"has a name of more than {MAX_SERVICE_LENGTH} characters", "services")
    return names

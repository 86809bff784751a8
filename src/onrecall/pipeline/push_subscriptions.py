"""People's devices: who is notified of new incidents in a browser, and of which services."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from onrecall.domain.access import Principal
from onrecall.domain.errors import NotFound
from onrecall.domain.push_subscription import PushSubscription, normalize_services
from onrecall.storage import Storage

if TYPE_CHECKING:
    from onrecall.notifications.web_push import WebPush

NOT_CONFIGURED = (
    "push notifications are not configured; set ONRECALL_WEB_PUSH_KEY, which `onrecall web-push-key` prints, "
    "and ONRECALL_WEB_PUSH_CONTACT"
)


@dataclass(frozen=True, slots=True)
class PushDevices:
    """The devices of the people who use the console."""

    store: Storage
    channel: "WebPush | None"
    """None: nothing is sent, and no device can be added."""
    clock: Callable[[], datetime]

    @property
    def public_key(self) -> str | None:
        """The key that a browser needs to subscribe; None if push is not configured."""
        return None if self.channel is None else self.channel.key.public

    def of(self, caller: Principal) -> tuple[PushSubscription, ...]:
        """Return the caller's devices, oldest first."""
        return tuple(device for device in self.store.push_subscriptions.all() if device.name == caller.name)

    def subscribe(
        self, caller: Principal, endpoint: str, p256dh: str, auth: str, services: Sequence[str]
    ) -> PushSubscription:
        """Store the caller's device, or other services for it. Raises NotFound if push is off, and Invalid."""
        if self.channel is None:
            raise NotFound(NOT_CONFIGURED)
        device = PushSubscription(
            id=device_id(endpoint),
            endpoint=endpoint,
            p256dh=p256dh,
            auth=auth,
            services=normalize_services(services),
            created_at=self.clock(),
            name=caller.name,
            key_id=None if caller.key is None else caller.key.id,
            session_id=caller.session_id,
        )
        self.channel.check(device)
        self.store.push_subscriptions.put(device)
        return device

    def unsubscribe(self, caller: Principal, subscription_id: str) -> None:
        """Remove one of the caller's devices; an admin removes anybody's. Raises NotFound."""
        own_ids = {
            device.id for device in (self.store.push_subscriptions.all() if caller.may("admin") else self.of(caller))
        }
        if subscription_id not in own_ids:
            raise NotFound(f"there is no device {subscription_id} of yours")
        self.store.push_subscriptions.remove(subscription_id, "unsubscribed", caller.name)


def device_id(endpoint: str) -> str:
    """Return the id of a device: whoever knows its address can compute it, and nobody else."""
    return hashlib.sha256(endpoint.encode()).hexdigest()[:32]

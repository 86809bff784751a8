"""Web push, as the settings say."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from onrecall.domain.errors import Invalid
from onrecall.settings import PREFIX, Settings
from onrecall.storage import Storage

if TYPE_CHECKING:
    from onrecall.notifications.web_push import VapidKey, WebPush


def vapid_key(chosen: Settings) -> "VapidKey | None":
    """Return the server's key for push services; None if web push is not configured. Raises Invalid for a wrong one."""
    if chosen.web_push_key is None:
        return None
    from onrecall.notifications.web_push import VapidKey  # noqa: PLC0415 - what costs time where nobody is notified

    if chosen.web_push_contact is None:
        reason = "push services ask for an address of yours, such as mailto:ops@example.com"
        raise Invalid(f"{PREFIX}WEB_PUSH_CONTACT is missing: {reason}", "web_push_contact")
    try:
        return VapidKey.parse(chosen.web_push_key.get_secret_value(), chosen.web_push_contact)
    except Invalid as error:
        raise Invalid(f"{PREFIX}WEB_PUSH_KEY: {error}", "web_push_key") from error


def web_push(
    key: "VapidKey | None", chosen: Settings, store: Storage, clock: Callable[[], datetime]
) -> "WebPush | None":
    """Build the channel; None without a key."""
    if key is None:
        return None
    from onrecall.notifications.egress_guard import EgressGuard  # noqa: PLC0415
    from onrecall.notifications.web_push import WebPush  # noqa: PLC0415

    return WebPush(store.push_subscriptions, EgressGuard.from_allowlist(chosen.private_hosts), key, clock)

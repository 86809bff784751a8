"""The JSON of push notifications."""

from datetime import datetime

from pydantic import Field

from onrecall.domain.push_subscription import MAX_ENDPOINT_LENGTH, PushSubscription
from onrecall.schemas.json_models import InputModel, OutputModel


class PushSubscriptionIn(InputModel):
    """A device that wants to be notified, as the browser describes it."""

    endpoint: str = Field(max_length=MAX_ENDPOINT_LENGTH, description="Address at the push service of the browser.")
    p256dh: str = Field(max_length=200, description="The browser's public key, in base64url.")
    auth: str = Field(max_length=100, description="The secret that belongs to it, in base64url.")
    services: list[str] = Field(default=[], description="Services whose new incidents it wants; empty: all incidents.")


class PushSubscriptionOut(OutputModel):
    """A device that is notified, without its address."""

    id: str = Field(description="The first 32 hexadecimal digits of the SHA-256 of its address.")
    host: str = Field(description="The push service that reaches it.")
    services: list[str]
    created_at: datetime

    @classmethod
    def of(cls, device: PushSubscription) -> "PushSubscriptionOut":
        """Describe a device."""
        host = device.endpoint.partition("://")[2].partition("/")[0]
        return cls(id=device.id, host=host, services=list(device.services), created_at=device.created_at)


class PushOut(OutputModel):
    """Whether push notifications are possible, and your devices that get them."""

    public_key: str | None = Field(description="The key a browser needs to subscribe; null: push is not configured.")
    items: list[PushSubscriptionOut]

"""The channel: a new incident, in short, to each device that wants its service."""

import json
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

import httpx

from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.domain.incident import Incident
from onrecall.domain.push_subscription import (
    AUTH_BYTES,
    MAX_ENDPOINT_LENGTH,
    PUBLIC_KEY_BYTES,
    PushSubscription,
    decode_base64url,
)
from onrecall.domain.recommendation import Recommendation
from onrecall.notifications import text as words
from onrecall.notifications.channel import IncidentUpdate, Message, PermanentDeliveryError, SentMessage, Thread
from onrecall.notifications.egress_guard import EgressGuard, parse_literal
from onrecall.notifications.json_poster import JsonPoster, ReceiverGone
from onrecall.notifications.web_push.encryption import encrypt
from onrecall.notifications.web_push.vapid import VapidKey

TITLE_LENGTH = 120
BODY_LENGTH = 160
SECONDS_PER_DEVICE = 5.0
SECONDS_PER_ATTEMPT = 20.0
"""After this long, the devices that are left wait for the next attempt."""
TIME_TO_LIVE = "3600"
"""Seconds for which a push service stores a message for a device that is off: later an incident is old news."""

log = logging.getLogger(__name__)


class Subscriptions(Protocol):
    """The devices, as the storage has them."""

    def entitled(self, now: datetime) -> tuple[PushSubscription, ...]:
        """Return the devices whose people may see incidents."""

    def remove(self, subscription_id: str, reason: str) -> bool:
        """Remove a device."""

    def delivered(self, subscription_id: str, message_key: str) -> None:
        """Record that a device has a message."""


@dataclass(frozen=True, slots=True)
class WebPush:
    """Encrypts for each device, and sends through the push service that its browser named."""

    subscriptions: Subscriptions
    guard: EgressGuard
    key: VapidKey
    clock: Callable[[], datetime]
    name: str = "web_push"

    def check(self, subscription: PushSubscription) -> None:
        """Raise Invalid, naming the field, for a device that nothing must or can be sent to."""
        if len(subscription.endpoint) > MAX_ENDPOINT_LENGTH:
            raise Invalid(f"has more than {MAX_ENDPOINT_LENGTH} characters", "endpoint")
        try:
            endpoint = self.guard.check_secure_url(subscription.endpoint)
            if parse_literal(endpoint.host):  # a name is resolved, and its addresses checked, when it is called
                self.guard.addresses(endpoint.host, endpoint.port or 443)
        except (Invalid, PermanentDeliveryError) as error:
            raise Invalid(str(error), "endpoint") from error
        key = decode_base64url(subscription.p256dh, PUBLIC_KEY_BYTES, "p256dh")
        auth = decode_base64url(subscription.auth, AUTH_BYTES, "auth")
        try:
            encrypt(b"", key, auth)
        except ValueError as error:
            raise Invalid("is no public key of a browser", "p256dh") from error

    def render(
        self,
        incident: Incident,
        recommendation: Recommendation | None,
        event: IncidentUpdate,
        thread: Thread,  # noqa: ARG002 - a device is notified of an incident once
    ) -> Message | None:
        """Render a new incident as plain text, which the browser shows as it is; None for all other updates."""
        if event.kind != "opened":
            return None
        about = [incident.severity if incident.severity != "unknown" else None, incident.service]
        title = words.single_line(incident.title, TITLE_LENGTH)
        facts = [", ".join(part for part in about if part)]
        if recommendation is not None:
            facts.append(words.VERDICT_SENTENCES[recommendation.verdict].partition(":")[0])
            facts.append(f"likely cause: {recommendation.cause}" if recommendation.cause else "")
        body = words.single_line(" · ".join(fact for fact in facts if fact), BODY_LENGTH)
        return Message({"incident": incident.id, "service": incident.service, "title": title, "body": body})

    def send(self, message: Message, thread: Thread) -> SentMessage:  # noqa: ARG002
        """Send to each device that wants the incident's service and does not have the message yet.

        Raises:
            Unavailable: a push service did not answer; the next attempt calls only the devices that are left.
            PermanentDeliveryError: every device's push service refused the message.
        """
        devices = [
            device
            for device in self.subscriptions.entitled(self.clock())
            if device.wants(message.body["service"]) and message.key not in device.delivered_keys
        ]
        content = {name: message.body[name] for name in ("incident", "title", "body")}
        plaintext = json.dumps(content, ensure_ascii=False).encode()  # escaped, an emoji would take twelve bytes
        outcome = _Attempt()
        context = httpx.create_ssl_context() if devices else None  # it reads all certificates: once, not per device
        for device in devices:
            outcome.add(partial(self._send_to, device, plaintext, message.key, context))
        outcome.conclude()
        return SentMessage()

    def _send_to(
        self, device: PushSubscription, plaintext: bytes, message_key: str, context: ssl.SSLContext | None
    ) -> None:
        """Send to one device; one that is gone or wrong is removed."""
        try:
            endpoint = self.guard.check_secure_url(device.endpoint)
            body = encrypt(
                plaintext,
                decode_base64url(device.p256dh, PUBLIC_KEY_BYTES, "p256dh"),
                decode_base64url(device.auth, AUTH_BYTES, "auth"),
            )
            JsonPoster(self.guard, endpoint, SECONDS_PER_DEVICE, context)(body, self._headers(endpoint))
        except ReceiverGone:
            self.subscriptions.remove(device.id, "its push service no longer knows it")
        except Invalid as error:
            self.subscriptions.remove(device.id, f"its address is no longer allowed: {error}")
        else:
            self.subscriptions.delivered(device.id, message_key)

    def _headers(self, endpoint: httpx.URL) -> Mapping[str, str]:
        return {
            "authorization": self.key.authorization(endpoint),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": TIME_TO_LIVE,
            "urgency": "high",
        }


class _Attempt:
    """What became of one attempt at all devices."""

    def __init__(self) -> None:
        self._end = time.monotonic() + SECONDS_PER_ATTEMPT
        self._sent = 0
        self._refused: list[str] = []
        self._waiting: list[Unavailable] = []

    def add(self, send: Callable[[], None]) -> None:
        """Send to one device, unless the attempt has taken too long."""
        if time.monotonic() >= self._end:
            self._waiting.append(Unavailable("no time was left", 1.0))
            return
        try:
            send()
        except PermanentDeliveryError as error:
            log.warning("web push: a device's push service refused a message: %s", error)
            self._refused.append(str(error))
        except Unavailable as error:
            self._waiting.append(error)
        else:
            self._sent += 1

    def conclude(self) -> None:
        """Raise what the whole attempt comes to."""
        if self._waiting:
            first = self._waiting[0]
            raise Unavailable(
                f"{count_noun(len(self._waiting), 'device was', 'devices were')} not reached: {first}",
                first.retry_after,
            )
        if self._refused and not self._sent:
            raise PermanentDeliveryError(f"every push service refused it; the first: {self._refused[0]}")

"""The input and the result of parsing a webhook."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onrecall.domain.alert import InboundEvent
from onrecall.domain.document import Document
from onrecall.domain.errors import RejectedPart
from onrecall.sources.body_decoding import DEEPEST, decode_body

__all__ = [
    "DEEPEST",
    "MOST_ITEMS",
    "Parse",
    "ParsedWebhook",
    "SubscriptionConfirmation",
    "WebhookRequest",
    "WebhookSource",
    "load_json",
]

MOST_ITEMS = 10_000
"""The most parts that one delivery may have."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One message exactly as received: signatures are computed over these bytes."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    def decoded(self) -> Any:
        """Decode the body to plain data. Raises Invalid if it can't be read."""
        return decode_body(self.body, self.headers)


@dataclass(frozen=True, slots=True)
class SubscriptionConfirmation:
    """A source's request to fetch an address as proof that we want its messages; only the interfaces may do that."""

    url: str
    topic: str


@dataclass(frozen=True, slots=True)
class ParsedWebhook:
    """The parts of a parsed message, and those that could not be read."""

    signals: tuple[InboundEvent, ...] = ()
    malformed: tuple[RejectedPart, ...] = ()
    documents: tuple[Document, ...] = ()
    confirmation: SubscriptionConfirmation | None = None


Parse = Callable[[WebhookRequest, datetime], ParsedWebhook]
"""Read a delivery that came at a time. A body that is no payload of this sender at all is Invalid."""
ReadRecognised = Callable[[Any, WebhookRequest, datetime, str], ParsedWebhook | None]
"""Read a body by the tool that surely sent it, under a name; None where no tool is known by it."""
Verify = Callable[[WebhookRequest, Sequence[str], datetime], None]
"""Forbidden unless one of the secrets signed exactly this body (several: one is being rotated)."""


@dataclass(frozen=True, slots=True)
class WebhookSource:
    """One kind of sender."""

    name: str
    parse: Parse
    verify: Verify | None = None
    """None: this sender signs nothing; it must show a key."""


def load_json(body: bytes) -> Any:
    """Decode a body to plain data. Raises Invalid if it is neither JSON nor JSON as templates mangle it."""
    return decode_body(body)

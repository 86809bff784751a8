"""What a door hands in, and what comes of reading it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onrecall.domain.alert import InboundEvent
from onrecall.domain.incident import Document
from onrecall.sources.body_decoding import DEEPEST, decode_body

__all__ = [
    "DEEPEST",
    "MOST_ITEMS",
    "Parse",
    "ParseError",
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
    """One message of a sender, exactly as it came: signatures are over these bytes."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    def decoded(self) -> Any:
        """What the body says as plain data; Invalid when it can't be read."""
        return decode_body(self.body, self.headers)


@dataclass(frozen=True, slots=True)
class ParseError:
    """A part of a delivery that could not be read: where it stood, which field is wrong, and how to mend it."""

    where: str
    field: str | None
    message: str
    raw: str
    """The part as JSON, so that it can be kept, listed and tried again."""


@dataclass(frozen=True, slots=True)
class SubscriptionConfirmation:
    """A sender asks us to fetch an address to prove that we want its messages; only a door may do that."""

    url: str
    topic: str


@dataclass(frozen=True, slots=True)
class ParsedWebhook:
    """What a delivery says, part by part, and which parts could not be read."""

    signals: tuple[InboundEvent, ...] = ()
    malformed: tuple[ParseError, ...] = ()
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
    """What a body says as plain data; Invalid when it is no JSON, nor what templates make of it."""
    return decode_body(body)

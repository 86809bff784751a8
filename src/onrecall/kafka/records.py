"""A record of a topic → whose format it has, and the delivery that it is. What can't be read is kept as it came."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onrecall.domain.errors import Invalid, OnRecallError
from onrecall.redaction import redact
from onrecall.sources import ParseError, WebhookRequest

if TYPE_CHECKING:
    from confluent_kafka import Message
    from confluent_kafka._types import HeadersType

SOURCE = "onrecall-source"
"""The header that names the sender whose format a record has."""
NOBODY = "kafka"
"""The source of records of which nobody knows whose format they have."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a record, as of a body over HTTP."""
KEPT = 64 * 1024
"""Bytes that are kept of one that is larger."""
MOST_HEADERS = 100
LONGEST_HEADER = 8 * 1024


@dataclass(frozen=True, slots=True)
class ConsumedRecord:
    """A record, and where it stood."""

    topic: str
    partition: int
    offset: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def place(self) -> str:
        """Where it stood, as people find it again."""
        return f"{self.topic}[{self.partition}]@{self.offset}"

    @property
    def empty(self) -> bool:
        """Whether it says nothing: a tombstone, as compacted topics have them."""
        return not self.body and "ce-specversion" not in self.headers


def record(message: "Message") -> ConsumedRecord:
    """The record of a message."""
    body, topic = message.value() or b"", message.topic() or ""
    return ConsumedRecord(
        topic, message.partition() or 0, message.offset() or 0, body, _headers(message.headers() or [])
    )


def source_of(one: ConsumedRecord, topics: Mapping[str, str | None]) -> str:
    """Whose format it has: its own header says, else that it is a CloudEvent, else its topic."""
    if named := one.headers.get(SOURCE):
        return named.strip()
    if "ce-specversion" in one.headers or one.headers.get("content-type", "").startswith("application/cloudevents"):
        return "cloudevents"
    if of_topic := topics.get(one.topic):
        return of_topic
    raise Invalid(
        f"the source of this record is unknown; give the record a header `{SOURCE}`, "
        f"or write ONRECALL_KAFKA_TOPICS={one.topic}=<sender>",
        SOURCE,
    )


def delivery(one: ConsumedRecord) -> WebhookRequest:
    """What a sender would have sent over HTTP; Invalid when it is larger than that may be."""
    if len(one.body) > LARGEST:
        raise Invalid(f"the record has {len(one.body):,} bytes; at most {LARGEST:,} are read, send it in parts", "body")
    return WebhookRequest(one.body, one.headers)


def unread(one: ConsumedRecord, error: OnRecallError) -> ParseError:
    """A record that can't be read, with the reason."""
    field = error.field if isinstance(error, Invalid) else SOURCE
    return ParseError(one.place, field, str(error), _kept(one.body))


def _kept(body: bytes) -> str:
    """The body as text; bytes that are none as base64; of one that is too large the beginning."""
    if len(body) > LARGEST:
        digest = hashlib.sha256(body).hexdigest()
        return f"{body[:KEPT].decode(errors='replace')}… ({len(body):,} bytes, SHA-256 {digest})"
    try:
        return body.decode()
    except UnicodeDecodeError:
        text = body.replace(b"\0", b"").decode(errors="replace")
        if redact(text, personal=True).text != text:
            return text  # so that what is secret in it is redacted, as it could not be in base64
        return f"base64:{base64.b64encode(body).decode()}"


def _headers(given: "HeadersType") -> Mapping[str, str]:
    """Headers by names as HTTP has them. CloudEvents in HTTP are percent-encoded and in Kafka are not."""
    named: dict[str, str] = {}
    for said, value in list(given.items() if isinstance(given, dict) else given)[:MOST_HEADERS]:
        name, text = said.lower(), value[:LONGEST_HEADER].decode(errors="replace") if isinstance(value, bytes) else ""
        if name.startswith("ce_"):
            named["ce-" + name[3:]] = text.replace("%", "%25")
        else:
            named[name] = text
    return named

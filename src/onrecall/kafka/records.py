"""Convert Kafka records to webhook requests of their source; unreadable ones are stored as they are."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onrecall.domain.errors import Invalid, OnRecallError, RejectedPart
from onrecall.redaction import redact
from onrecall.sources import WebhookRequest

if TYPE_CHECKING:
    from confluent_kafka import Message
    from confluent_kafka._types import HeadersType

SOURCE = "onrecall-source"
"""The header that names a record's source."""
UNKNOWN_SOURCE = "kafka"
"""The source of records whose source is unknown."""
MAX_RECORD_BYTES = 4 * 1024 * 1024
"""The most bytes of a record, as for HTTP bodies."""
KEPT_BYTES = 64 * 1024
"""Bytes stored of a larger record."""
MAX_HEADERS = 100
MAX_HEADER_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class ConsumedRecord:
    """A record and its position."""

    topic: str
    partition: int
    offset: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def place(self) -> str:
        """Its position as shown to people."""
        return f"{self.topic}[{self.partition}]@{self.offset}"

    @property
    def empty(self) -> bool:
        """Whether it is a tombstone, as in compacted topics."""
        return not self.body and "ce-specversion" not in self.headers


def from_message(message: "Message") -> ConsumedRecord:
    """Convert a message to a ConsumedRecord."""
    body, topic = message.value() or b"", message.topic() or ""
    return ConsumedRecord(
        topic, message.partition() or 0, message.offset() or 0, body, _headers(message.headers() or [])
    )


def source_of(record: ConsumedRecord, topics: Mapping[str, str | None]) -> str:
    """Return the source: from the record's header, else `cloudevents` if it is one, else from its topic."""
    if source := record.headers.get(SOURCE):
        return source.strip()
    if "ce-specversion" in record.headers or record.headers.get("content-type", "").startswith(
        "application/cloudevents"
    ):
        return "cloudevents"
    if topic_source := topics.get(record.topic):
        return topic_source
    raise Invalid(
        f"the source of this record is unknown; give the record a header `{SOURCE}`, "
        f"or write ONRECALL_KAFKA_TOPICS={record.topic}=<sender>",
        SOURCE,
    )


def to_webhook_request(record: ConsumedRecord) -> WebhookRequest:
    """Return the record as a webhook request. Raises Invalid if it is too large."""
    if len(record.body) > MAX_RECORD_BYTES:
        raise Invalid(
            f"the record has {len(record.body):,} bytes; at most {MAX_RECORD_BYTES:,} are accepted; send it in parts",
            "body",
        )
    return WebhookRequest(record.body, record.headers)


def to_rejected_part(record: ConsumedRecord, error: OnRecallError) -> RejectedPart:
    """Return the parse error for an unreadable record."""
    field = error.field if isinstance(error, Invalid) else SOURCE
    return RejectedPart(record.place, field, str(error), _body_text(record.body))


def _body_text(body: bytes) -> str:
    """Return the body as text: base64 if it is not UTF-8, only the beginning if it is too large."""
    if len(body) > MAX_RECORD_BYTES:
        digest = hashlib.sha256(body).hexdigest()
        return f"{body[:KEPT_BYTES].decode(errors='replace')}… ({len(body):,} bytes, SHA-256 {digest})"
    try:
        return body.decode()
    except UnicodeDecodeError:
        text = body.replace(b"\0", b"").decode(errors="replace")
        if redact(text, personal=True).text != text:
            return text  # so that what is secret in it is redacted, as it could not be in base64
        return f"base64:{base64.b64encode(body).decode()}"


def _headers(raw_headers: "HeadersType") -> Mapping[str, str]:
    """Return headers named as in HTTP. CloudEvents are percent-encoded in HTTP but not in Kafka."""
    headers: dict[str, str] = {}
    for raw_name, value in list(raw_headers.items() if isinstance(raw_headers, dict) else raw_headers)[:MAX_HEADERS]:
        name, text = (
            raw_name.lower(),
            value[:MAX_HEADER_BYTES].decode(errors="replace") if isinstance(value, bytes) else "",
        )
        if name.startswith("ce_"):
            headers["ce-" + name[3:]] = text.replace("%", "%25")
        else:
            headers[name] = text
    return headers

"""The JSON of senders, and of the sources that there are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from onrecall.schemas.imports import RejectedPartOut
from onrecall.schemas.json_models import OutputModel

Shows = Literal["key", "routing key", "signature", "signature or key"]


class SetAsideOut(OutputModel):
    """Alerts of one purpose that opened no incident."""

    count: int
    last_at: datetime


class SenderOut(OutputModel):
    """A sender that OnRecall supports: its address, its credentials and its activity."""

    name: str
    title: str = Field(description="The tool's name.")
    category: str
    address: str = Field(description="The path to which it posts.")
    shows: Shows = Field(description="How its messages authenticate with the current settings.")
    heard_at: datetime | None = Field(
        description="When its last message arrived, to ten seconds; null if none has arrived."
    )
    alerts: int
    notes: int
    changes: int
    rejected: int = Field(description="Unreadable parts that wait for a retry.")
    set_aside: Mapping[str, SetAsideOut] = Field(
        description="Tests, heartbeats, planned and informational messages; stored, but not incidents."
    )


class SourceOut(OutputModel):
    """A source that OnRecall supports, and how its payloads are read."""

    name: str
    title: str
    category: str
    address: str
    also: list[str] = Field(description="Other names for it in the address.")
    documentation: str | None = Field(description="Where the tool's own documentation of its payload is.")
    shapes: list[str]
    sends_end: bool = Field(description="False if it never reports the end of an alert, so its alerts expire.")


class SourceDetailOut(SourceOut):
    """A source with configuration to paste, and the place of each field."""

    setup: str = Field(description="Configuration to paste, Markdown.")
    notes: str
    reads: Mapping[str, str] = Field(description="The places of title, key, status, severity, service, time and links.")


class RehearsedFieldOut(OutputModel):
    """One field of what would be stored, and the expression that found it."""

    name: str
    value: str | None
    place: str | None


class RehearsedPartOut(OutputModel):
    """One alert, change, note or acknowledgement that the payload would become."""

    kind: str
    fields: list[RehearsedFieldOut]
    problems: list[str]


class RehearsalOut(OutputModel):
    """What a payload would become. Nothing was stored, and nobody was notified."""

    source: str = Field(description="The key under which it would be stored.")
    known_as: str | None = Field(
        description="The tool and message form it was recognized as; null if it was read by common field names."
    )
    parts: list[RehearsedPartOut]
    rejected: list[RejectedPartOut]
    refusal: str | None = Field(description="Why it cannot be read.")
    definition: str = Field(
        description="A YAML source file to start from; empty if a source file already reads the payload."
    )

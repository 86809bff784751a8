"""The JSON of senders, and of the sources that there are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from onrecall.schemas.alerts import RejectedPartOut
from onrecall.schemas.incidents import Out

Shows = Literal["key", "routing key", "signature", "signature or key"]


class SetAsideOut(Out):
    """Alerts of one purpose that opened no incident."""

    count: int
    last_at: datetime


class SenderOut(Out):
    """A sender that OnRecall understands: where it posts to, what it has to show, and what came of it."""

    name: str
    title: str = Field(description="The tool's name, as people write it.")
    category: str
    address: str = Field(description="The path that it posts to.")
    shows: Shows = Field(description="What lets its messages in, as this server is set up now.")
    heard_at: datetime | None = Field(description="When its last message came, to ten seconds; null: none yet.")
    alerts: int
    notes: int
    changes: int
    rejected: int = Field(description="Parts that could not be read and wait to be tried again.")
    set_aside: Mapping[str, SetAsideOut] = Field(
        description="Tests received, heartbeats, planned and informational messages: kept, and no incidents."
    )


class SourceOut(Out):
    """A source that OnRecall understands, and what its payloads are read by."""

    name: str
    title: str
    category: str
    address: str
    also: list[str] = Field(description="Other names of it in the address.")
    documentation: str | None = Field(description="Where the tool's own documentation of its payload is.")
    shapes: list[str]
    sends_end: bool = Field(description="False: it never says that an alert is over, so its alerts expire.")


class SourceDetailOut(SourceOut):
    """A source with configuration to paste, and where each field stands."""

    setup: str = Field(description="Configuration to paste, Markdown.")
    notes: str
    reads: Mapping[str, str] = Field(description="Where title, key, status, severity, service, time and links stand.")


class RehearsedFieldOut(Out):
    """One field of what would be stored, and the expression that found it."""

    name: str
    value: str | None
    place: str | None


class RehearsedPartOut(Out):
    """One alert, change, note or acknowledgement that would come of the payload."""

    kind: str
    fields: list[RehearsedFieldOut]
    problems: list[str]


class RehearsalOut(Out):
    """What would come of a payload. Nothing was stored, and nobody was notified."""

    source: str = Field(description="Under which it would be stored.")
    known_as: str | None = Field(description="The tool and shape it was read as; null: by the common names of fields.")
    parts: list[RehearsedPartOut]
    rejected: list[RejectedPartOut]
    refusal: str | None = Field(description="Why nothing of it can be read.")
    definition: str = Field(description="A source file to start from, YAML; empty where a file read the payload.")

"""The JSON of senders."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from onrecall.schemas.incidents import Out

Shows = Literal["key", "routing key", "signature", "signature or key"]


class SenderOut(Out):
    """A sender that OnRecall understands: where it posts to, what it has to show, and what came of it."""

    name: str
    address: str = Field(description="The path that it posts to.")
    shows: Shows = Field(description="What lets its messages in, as this server is set up now.")
    heard_at: datetime | None = Field(description="When its last message came, to ten seconds; null: none yet.")
    alerts: int
    notes: int
    changes: int
    rejected: int = Field(description="Parts that could not be read and wait to be tried again.")

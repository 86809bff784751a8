"""The JSON of deliveries."""

from datetime import datetime

from pydantic import Field

from onrecall.schemas.incidents import Out
from onrecall.storage.outbox import DeliveryState


class DeliveryOut(Out):
    """Something that is told of an incident on a channel, or a notice, and what became of it."""

    id: int
    channel: str
    incident: str | None = Field(description="null: it is a notice, and tells of no incident.")
    notice: str | None = Field(description="The notice that is sent; null where it tells of an incident.")
    kind: str = Field(description="opened, changed, resolved, reopened, merged or notice.")
    seq: int = Field(description="The event that it tells of, or the number of the notice.")
    state: DeliveryState = Field(description="`superseded`: a newer one about the same incident took its place.")
    attempts: int
    next_at: datetime = Field(description="When it is tried next, if it is pending.")
    last_error: str | None
    key: str = Field(description="The same at each try, so that who has it already can drop it.")
    created_at: datetime
    sent_at: datetime | None

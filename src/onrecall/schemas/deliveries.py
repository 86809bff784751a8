"""The JSON of deliveries."""

from datetime import datetime

from pydantic import Field

from onrecall.schemas.json_models import OutputModel
from onrecall.storage.outbox import DeliveryState


class DeliveryOut(OutputModel):
    """A message about an incident, or a notice, on one channel, and its state."""

    id: int
    channel: str
    incident: str | None = Field(description="null for a notice, which is about no incident.")
    notice: str | None = Field(description="The notice; null if the delivery is about an incident.")
    kind: str = Field(description="opened, changed, resolved, reopened, merged or notice.")
    seq: int = Field(description="The event that it reports, or the number of the notice.")
    state: DeliveryState = Field(description="`superseded`: a newer delivery about the same incident replaced it.")
    attempts: int
    next_at: datetime = Field(description="The time of the next attempt, if it is pending.")
    last_error: str | None
    key: str = Field(description="The same for every attempt, so that a receiver can drop repetitions.")
    created_at: datetime
    sent_at: datetime | None

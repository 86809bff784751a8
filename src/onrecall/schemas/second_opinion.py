"""The JSON of a second opinion."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class OpinionMatchOut(BaseModel):
    """A document that the other memory finds most like the question."""

    model_config = ConfigDict(from_attributes=True)

    document_id: str
    incident: str | None = Field(description="The incident that it is about, where it names one.")
    title: str | None
    semantic: float = Field(description="Its own similarity; neither our match score nor a probability.")


class SecondOpinionOut(BaseModel):
    """What a Hindsight bank finds for the same question; shown beside our evidence, never part of it."""

    model_config = ConfigDict(from_attributes=True)

    source: str
    bank: str
    state: Literal["ok", "unavailable"]
    detail: str | None = Field(description="Why there is none.")
    matches: list[OpinionMatchOut]
    agrees: bool | None = Field(description="Whether its first incident is the first of our evidence.")
    latency_ms: float

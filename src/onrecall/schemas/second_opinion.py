"""The JSON of a second opinion."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class OpinionMatchOut(BaseModel):
    """A document that the bank considers most similar to the question."""

    model_config = ConfigDict(from_attributes=True)

    document_id: str
    incident: str | None = Field(description="The incident that it is about, if it names one.")
    title: str | None
    semantic: float = Field(description="The bank's own similarity; neither OnRecall's match score nor a probability.")


class SecondOpinionOut(BaseModel):
    """The matches of a Hindsight bank for the same question; shown next to the evidence, never part of it."""

    model_config = ConfigDict(from_attributes=True)

    source: str
    bank: str
    state: Literal["ok", "unavailable"]
    detail: str | None = Field(description="Why there is no second opinion.")
    matches: list[OpinionMatchOut]
    agrees: bool | None = Field(description="Whether its best match is also the best evidence in OnRecall.")
    latency_ms: float

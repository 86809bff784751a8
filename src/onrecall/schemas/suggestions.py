"""The JSON of suggestions: what senders say, until a responder confirms it."""

from datetime import datetime

from pydantic import Field

from onrecall.domain.suggestion import Suggestion, SuggestionKind, SuggestionState
from onrecall.schemas.documents import DocumentOut
from onrecall.schemas.incidents import ResolutionOut
from onrecall.schemas.json_models import InputModel, OutputModel


class SuggestionOut(OutputModel):
    """A sender's statement of what fixed an incident, or a document that it proposes."""

    id: str
    kind: SuggestionKind
    state: SuggestionState
    source: str
    by: str = Field(description="Who wrote it, such as `pagerduty: Ann`, or the name of the key that delivered it.")
    at: datetime
    title: str
    text: str
    incident: str | None = Field(description="The incident that it would resolve.")
    resolution: ResolutionOut | None = Field(description="The resolution that the incident would get.")
    document: DocumentOut | None = Field(description="The document that would be stored.")
    decided_at: datetime | None
    decided_by: str | None

    @classmethod
    def of(cls, suggestion: Suggestion) -> "SuggestionOut":
        """Return a suggestion as JSON shows it."""
        return cls.model_validate(suggestion)


class ConfirmSuggestionIn(InputModel):
    """Words that replace the suggested ones; omitted fields are confirmed unchanged."""

    root_cause: str | None = Field(None, min_length=1, max_length=50_000)
    cause: str | None = Field(None, min_length=1, max_length=200, examples=["connection-pool-exhaustion"])
    by: str | None = Field(None, max_length=200)

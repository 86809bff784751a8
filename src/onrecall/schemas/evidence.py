"""A situation, and the evidence that is retrieved for it, as JSON."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.incident import Status
from onrecall.schemas.incidents import ResolutionOut
from onrecall.schemas.json_models import InputModel, OutputModel, When
from onrecall.schemas.second_opinion import SecondOpinionOut


class RecordOut(OutputModel):
    """How often it was tried here, and the outcomes."""

    tried: int
    worked: int
    failed: int
    last: datetime | None


class ExcerptOut(OutputModel):
    """The lines that matched best."""

    text: str
    line: int
    heading: str | None
    page: str | None = Field(description="The document that contains the lines, if the evidence's own page does not.")


class EvidenceOut(OutputModel):
    """An earlier incident or a document that is similar to the situation, with the reasons."""

    id: str
    kind: EvidenceKind
    title: str
    score: float = Field(description="Similarity, 0..1. Not a probability of being right.")
    signals: Mapping[str, float]
    why: list[str]
    excerpt: ExcerptOut | None
    resolution: ResolutionOut | None
    record: RecordOut
    family: list[str]
    suggested_by: str | None = Field(None, description="The author of an unconfirmed suggestion.")
    document: str | None = Field(
        default=None, validation_alias="report_id", description="The id of the postmortem that reports the incident."
    )
    dated: datetime | None = Field(
        None, description="The start of the incident, or the date of the document; null if undated."
    )


class ServiceIncidentOut(OutputModel):
    """An incident of the service that a question names: no match, and listed because nothing matches."""

    id: str
    title: str
    status: Status
    started_at: datetime
    service: str


class OngoingOut(OutputModel):
    """A similar incident that is open or began later, and therefore is not a precedent."""

    id: str
    title: str
    score: float
    status: Status
    started_at: datetime
    service: str | None


class CitationOut(OutputModel):
    """The place where it is written: the id, the words, and their line."""

    id: str
    quote: str
    line: int
    incident: str | None = Field(description="The incident that the cited postmortem reports.")


class RecallOut(OutputModel):
    """The most similar earlier incidents and documents, best first."""

    evidence: list[EvidenceOut]
    degraded: str | None = Field(
        None, description="Why less than the whole memory was searched: the search index could not be used."
    )
    second_opinion: SecondOpinionOut | None = Field(None, description="From a Hindsight bank, if one is configured.")


class FilterIn(InputModel):
    """Recall only records that match every given field."""

    kind: EvidenceKind | None = None
    service: str | None = Field(None, max_length=200)
    labels: dict[str, str] = Field(default_factory=dict, max_length=100)


class SituationIn(InputModel):
    """The current situation."""

    text: str = Field(
        min_length=1, max_length=2_000_000, examples=["DB connection pool at 95%, auth service returning 503s"]
    )
    service: str | None = Field(None, max_length=200, description="Affected service; a signal, not a filter.")
    labels: dict[str, str] = Field(default_factory=dict, max_length=100)
    only: FilterIn = Field(default_factory=lambda: FilterIn(kind=None, service=None))
    limit: int = Field(5, ge=1, le=50)
    as_of: When | None = Field(None, description="Use only what was known at this time.")

"""Runbooks, postmortems and RCAs as JSON."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from onrecall.domain.document import DocumentKind
from onrecall.schemas.json_models import InputModel, OutputModel, When


class DocumentOut(OutputModel):
    """A runbook, a postmortem or an RCA."""

    id: str
    title: str
    kind: DocumentKind
    service: str | None
    labels: Mapping[str, str]
    source: str | None
    dated: datetime | None
    text: str


class DocumentIn(InputModel):
    """A runbook, a postmortem or an RCA to store under the id in the path."""

    title: str = Field(min_length=1, max_length=2000)
    text: str = Field(min_length=1, max_length=2_000_000)
    kind: DocumentKind = "runbook"
    service: str | None = Field(None, max_length=200)
    labels: dict[str, str] = Field(default_factory=dict, max_length=100)
    source: str | None = Field(None, max_length=2000)
    dated: When | None = None

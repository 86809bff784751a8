"""The JSON of shared documents."""

from datetime import datetime

from pydantic import Field

from onrecall.schemas.json_models import InputModel, OutputModel


class ShareOut(OutputModel):
    """A document that another team has a copy of."""

    document: str
    team: str
    at: datetime
    by: str | None


class ShareIn(InputModel):
    """A document and a team."""

    document: str = Field(description="Id of a runbook.")
    team: str = Field(description="The team to share it with; `default` is the installation's own store.")


class ShareChangedOut(OutputModel):
    """Whether there was anything to do."""

    changed: bool

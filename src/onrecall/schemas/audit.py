"""The JSON of the audit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from onrecall.schemas.json_models import OutputModel


class AuditedOut(OutputModel):
    """One row of the audit."""

    seq: int
    at: datetime
    who: str | None = Field(
        description="The name of the key; null for the installation itself or a person at its machine."
    )
    what: str
    about: str | None
    detail: Mapping[str, Any]
    previous: str = Field(description="The hash of the row before.")
    hash: str

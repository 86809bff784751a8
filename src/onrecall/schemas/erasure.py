"""The JSON of erasures."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from onrecall.domain.erasure import ErasureReceipt
from onrecall.pipeline.erasure import OUT_OF_REACH
from onrecall.schemas.json_models import InputModel, OutputModel


class PersonErasureIn(InputModel):
    """A person to erase."""

    names: list[str] = Field(
        description="Every form that the person is known by: name, address, user name.",
        min_length=1,
        max_length=20,
        examples=[["ann@example.com", "Ann Example"]],
    )


class ErasureOut(OutputModel):
    """What an erasure changed. It holds nothing of what was erased."""

    id: str | None = Field(description="Under which the audit records it; null: there was nothing to erase.")
    kind: Literal["person", "incident"]
    about: str = Field(description="The pseudonym that stands for the person now, or the incident's id.")
    at: datetime
    by: str | None
    rows: dict[str, int] = Field(description="Changed or deleted rows by table.")
    remaining: dict[str, int] = Field(
        description="Rows by table whose identifiers contain it still, as other tools refer to those."
    )
    out_of_reach: str = Field(description="What an erasure can't reach.")

    @classmethod
    def of(cls, receipt: ErasureReceipt) -> "ErasureOut":
        """Describe a receipt."""
        return cls(
            id=receipt.id,
            kind=receipt.kind,
            about=receipt.about,
            at=receipt.at,
            by=receipt.by,
            rows=dict(receipt.rows),
            remaining=dict(receipt.remaining),
            out_of_reach=OUT_OF_REACH,
        )

"""The result of an import as JSON: what was stored, what was rejected, and what of the file was not used."""

from pydantic import Field

from onrecall.schemas.json_models import OutputModel


class RejectedPartOut(OutputModel):
    """One rejected part: its place, the wrong field, and how to correct it."""

    where: str
    field: str | None
    message: str


class FindingOut(OutputModel):
    """One kind of flaw: how many incidents have it, and the first few of them."""

    name: str
    meaning: str
    count: int
    examples: list[str]


class ImportQualityOut(OutputModel):
    """How useful the imported incidents are for learning; flaws without incidents are omitted."""

    incidents: int
    findings: list[FindingOut]


class UnusedFieldOut(OutputModel):
    """A field or column that has content and was not used."""

    field: str
    count: int = Field(description="Records in which the field has content.")
    of: int = Field(description="Records that were read.")
    example: str


class UnusedFieldsOut(OutputModel):
    """The unused fields of one file."""

    where: str
    fields: list[UnusedFieldOut]


class ImportOut(OutputModel):
    """The result of an import."""

    created: int
    updated: int
    unchanged: int
    rejected: list[RejectedPartOut]
    notes: list[str] = Field([])
    unused: list[UnusedFieldsOut] = Field([])
    quality: ImportQualityOut = Field(default_factory=lambda: ImportQualityOut(incidents=0, findings=[]))

"""Cause labels over HTTP and in `--json`."""

from datetime import datetime

from pydantic import Field

from onrecall.schemas.json_models import InputModel, OutputModel


class FamilyMemberOut(OutputModel):
    """An incident of a proposed family."""

    incident: str
    title: str
    root_cause: str
    shared: list[str] = Field(description="Its most informative words that others of the family have too.")


class ProposedFamilyOut(OutputModel):
    """Similar root causes, waiting for a person's decision."""

    id: str
    label: str = Field(description="From the incidents' own words, or from a labelled incident with the same cause.")
    members: list[FamilyMemberOut]
    why: str


class DecidedFamilyOut(OutputModel):
    """A family that was confirmed or dismissed."""

    id: str
    label: str
    state: str
    incidents: list[str]
    by: str | None
    at: datetime


class CausesOut(OutputModel):
    """Proposed families and past decisions."""

    proposed: list[ProposedFamilyOut]
    confirmed: list[DecidedFamilyOut]
    dismissed: list[DecidedFamilyOut]
    labelled: int = Field(description="Incidents with a root cause and a label.")
    unlabelled: int = Field(description="Incidents with a root cause in prose and no label.")
    summary: str


class ChoiceIn(InputModel):
    """A proposed family to confirm."""

    id: str = Field(min_length=1, max_length=200)
    label: str | None = Field(None, description="A label to use instead of the proposed one.", max_length=80)


class ConfirmFamiliesIn(InputModel):
    """Families to confirm, all at once."""

    families: list[ChoiceIn] = Field(min_length=1, max_length=1000)
    by: str | None = Field(None, max_length=200)


class DismissIn(InputModel):
    """Families to dismiss."""

    families: list[str] = Field(min_length=1, max_length=1000)
    by: str | None = Field(None, max_length=200)


class ChangedOut(OutputModel):
    """The effect of a decision."""

    changed: int = Field(
        description="Number of incidents that got or lost a label; for a dismissal, number of families."
    )

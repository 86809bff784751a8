"""The JSON of a risk: what is asked about a command or a step, and the answer."""

from typing import Literal

from pydantic import ConfigDict, Field

from onrecall.domain.recommendation import Risk
from onrecall.recommendation.risk import classify
from onrecall.recommendation.risk.assessment import Assessment
from onrecall.schemas.json_models import InputModel, OutputModel

Kind = Literal["auto", "command", "words"]
LONGEST = 1_000_000


class RiskIn(InputModel):
    """A command, or a step in words."""

    model_config = ConfigDict(str_strip_whitespace=False)

    command: str = Field(min_length=1, max_length=LONGEST, description="A command line, or a step in words.")
    kind: Kind = Field(
        "auto", description="`command` or `words`; `auto` detects which, and in doubt returns the higher risk."
    )


class RiskOut(OutputModel):
    """How dangerous it is, and why."""

    command: str
    risk: Risk
    reason: str = Field(description="Begins with `not understood` if a part of it is not in the tables.")


def assess_risk(command: str, kind: Kind = "auto") -> RiskOut:
    """Return how dangerous a text is, read as a command, as words, or as what it looks like."""
    assessment = _assess(command, kind)
    return RiskOut(command=command, risk=assessment.risk, reason=assessment.reason)


def _assess(command: str, kind: Kind) -> Assessment:
    if kind == "command":
        return classify.classify(command)
    if kind == "words":
        return classify.classify_text(command)
    return classify.assess(command)

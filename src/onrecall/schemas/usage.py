"""The JSON of what models were used for."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from onrecall.pipeline.refine import UsageReport
from onrecall.schemas.json_models import OutputModel


class ModelOut(OutputModel):
    """A model that refines answers."""

    role: str
    model: str


class ModelUseOut(OutputModel):
    """The calls of one model on one day."""

    day: str
    provider: str
    model: str
    calls: int
    accepted: int = Field(description="Answers that passed every check.")
    rejected: int = Field(description="Answers that failed a check; their tokens count.")
    failed: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None = Field(description="Null if the cost of any call is unknown.")
    known_cost_usd: float | None
    of_unknown_cost: int
    mean_latency_ms: float | None


class BreakerOut(OutputModel):
    """Whether a provider is called."""

    provider: str
    state: Literal["closed", "open", "half_open"]
    failures: int
    until: datetime | None


class UsageOut(OutputModel):
    """The use of models, and whether they may be called now."""

    models: list[ModelOut]
    days: list[ModelUseOut]
    spent_today_usd: float = Field(description="Known costs, plus the maximum for calls of unknown cost.")
    daily_budget_usd: float | None
    calls_per_minute: int
    breakers: list[BreakerOut]

    @classmethod
    def of(cls, report: UsageReport) -> "UsageOut":
        """Return the report as JSON shows it."""
        return cls(
            models=[ModelOut(role=role, model=model) for role, model in report.models],
            days=[ModelUseOut.model_validate(day) for day in report.days],
            spent_today_usd=report.spent_today_usd,
            daily_budget_usd=report.daily_budget_usd,
            calls_per_minute=report.calls_per_minute,
            breakers=[BreakerOut.model_validate(breaker) for breaker in report.breakers],
        )

"""Settings: language models that refine answers, and what they may cost."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class ModelSettings(BaseSettings):
    """Language models that refine answers, and what they may cost."""

    llm_draft: str | None = Field(
        default=None, description="Model that drafts refined answers, such as `groq:llama-3.3-70b-versatile`."
    )
    llm_strong: str | None = Field(
        default=None, description="Model for drafts that fail a check, such as `anthropic:claude-sonnet-5`."
    )
    llm_url: str | None = Field(default=None, description="Base URL of `openai-compatible:` models.")
    llm_key: SecretStr | None = Field(default=None, description="API key for that URL, if it requires one.")
    llm_url_price: str | None = Field(
        default=None,
        description="Price at that URL per million tokens, input and output, in dollars: `0,0`; unknown by default.",
    )
    groq_url: str | None = Field(
        default=None, description="Base URL of `groq:` models, in place of Groq's own: a gateway, or a proxy."
    )
    openai_url: str | None = Field(default=None, description="Base URL of `openai:` models, likewise.")
    anthropic_url: str | None = Field(default=None, description="Base URL of `anthropic:` models, likewise.")
    groq_key: SecretStr | None = Field(default=None, description="Key for `groq:` models.")
    openai_key: SecretStr | None = Field(default=None, description="Key for `openai:` models.")
    anthropic_key: SecretStr | None = Field(default=None, description="Key for `anthropic:` models.")
    llm_deadline_seconds: float = Field(
        default=8,
        gt=0,
        le=3600,
        description="Time limit for all models together, in seconds. Local models need more.",
    )
    llm_answer_tokens: int = Field(
        default=2_000, ge=200, le=32_000, description="Maximum tokens of an answer; reasoning models need more."
    )
    llm_calls_per_minute: int = Field(
        default=20, ge=1, le=10_000, description="Maximum number of model calls, over all processes."
    )
    llm_daily_budget_usd: float | None = Field(
        default=None, ge=0, description="Maximum cost per day (UTC), over all processes."
    )

"""Settings: when alerts become an incident, and when it is answered and resolved."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class GroupingSettings(BaseSettings):
    """When alerts become an incident, and when it is answered and resolved."""

    group_wait_seconds: float = Field(
        default=3, ge=0, le=60, description="Seconds from an incident's first alert to its answer."
    )
    group_interval_seconds: float = Field(
        default=60, ge=0, le=86_400, description="Minimum seconds between two answers to one incident."
    )
    resolve_timeout_seconds: float = Field(
        default=300, ge=0, le=604_800, description="Seconds from the end of an incident's last alert to its own end."
    )
    dependencies: Path | None = Field(
        default=None, description="YAML or JSON file of service dependencies: `service: [services it needs]`."
    )

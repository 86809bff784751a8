"""Settings: where OnRecall keeps its data, how texts become vectors, and what is redacted."""

from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from onrecall.domain.team import INSTALLATION, TEAM_RULE, is_team_name


def _check_team(name: str) -> str:
    if name != INSTALLATION and not is_team_name(name):
        raise ValueError(f"this can't be a team's name; {TEAM_RULE}")
    return name


class StoreSettings(BaseSettings):
    """Where OnRecall keeps its data, how texts become vectors, and what is redacted."""

    data_dir: Path = Field(
        default_factory=lambda: user_data_path("onrecall"),
        description="Folder for the database, the derived indexes and the embedding cache.",
    )
    database_url: str | None = Field(
        default=None,
        json_schema_extra={"from_file": True},
        description="The database: `postgresql://user@host/name`; by default a SQLite file in the data folder.",
    )
    read_url: str | None = Field(
        default=None,
        json_schema_extra={"from_file": True},
        description="Streaming replica of the database, which answers questions: `postgresql://user@replica/name`.",
    )
    read_max_lag: float = Field(
        default=10.0,
        gt=0,
        description="Seconds that the replica may be behind; beyond them the database itself answers questions.",
    )
    team: Annotated[str, AfterValidator(_check_team)] | None = Field(
        default=None,
        description="Team whose store is used; by default the installation's own, and `serve` and `worker` serve all.",
    )
    model_dir: Path | None = Field(
        default=None,
        description="Folder with a sentence model, or an ONNX file, in place of the one in use.",
    )
    embeddings_url: str | None = Field(
        default=None,
        description="Base URL of an OpenAI-compatible embeddings endpoint, which replaces the local model.",
    )
    embeddings_model: str | None = Field(default=None, description="Name of the model at that endpoint.")
    embeddings_question_prefix: str = Field(
        default="",
        description="What that model's authors put before what is asked, such as `query:`; a blank follows it.",
    )
    embeddings_passage_prefix: str = Field(
        default="", description="What they put before what is stored, such as `passage:`; a change needs `reindex`."
    )
    embeddings_cosine_floor: float = Field(
        default=0.0, ge=-1, le=1, description="Its cosines count as (cosine − floor) × gain."
    )
    embeddings_cosine_gain: float = Field(
        default=1.0, gt=0, le=20, description="The gain of the same; `models measure` fits both."
    )
    embeddings_key: SecretStr | None = Field(default=None, description="API key of that endpoint.")
    redact_personal: bool = Field(
        default=False, description="Also redact e-mail addresses, phone and card numbers before storage."
    )

    @property
    def database(self) -> str:
        """The URL of the store in use."""
        return self.database_url or f"sqlite:///{self.data_dir / 'onrecall.db'}"

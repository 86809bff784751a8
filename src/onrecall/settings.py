"""What an operator can choose: environment variables with the prefix ONRECALL_, each secret also as …_FILE."""

import json
import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from onrecall.domain.access import parse_key_id
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.issue_form import IssueForm
from onrecall.domain.team import TEAM_PATTERN
from onrecall.identity.roles import parse_roles, parse_team_roles

PREFIX = "ONRECALL_"


class Settings(BaseSettings):
    """Everything that can be chosen. The defaults need no network, no key and no server."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True)

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
    team: str | None = Field(
        default=None,
        pattern=TEAM_PATTERN,
        description="Team whose store is used; by default the installation's own, and `serve` and `worker` serve all.",
    )
    host: str = Field(default="127.0.0.1", description="Address that `serve` and `demo` listen on.")
    port: int = Field(
        default=8000, ge=0, le=65535, description="Port that `serve` and `demo` listen on; 0 picks a free one."
    )
    admin_key: SecretStr | None = Field(
        default=None,
        description="Key of the role admin that `serve` stores when it starts; make one with `onrecall keys generate`.",
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
    embeddings_key: SecretStr | None = Field(default=None, description="API key of that endpoint.")
    redact_personal: bool = Field(
        default=False, description="Also redact e-mail addresses, phone and card numbers before storage."
    )

    webhook_secrets: SecretStr | None = Field(
        default=None,
        description='Signing secrets of senders, as JSON: {"pagerduty": ["new", "old"]}.',
    )
    sns_topics: str | None = Field(
        default=None,
        description="Topics of Amazon SNS (ARNs, separated by commas) to accept subscriptions and alarms from.",
    )
    alert_mapping: Path | None = Field(
        default=None,
        description="YAML or JSON file that maps the fields of your `generic` payloads.",
    )
    trusted_sources: str | None = Field(
        default=None,
        description="Senders whose notes and documents count without confirmation by a responder, separated by commas.",
    )
    sources_dir: Path | None = Field(
        default=None, description="Folder of your own source files (YAML), each a tool: `acme.yaml` is `/alerts/acme`."
    )
    alert_expiry: str | None = Field(
        default=None,
        description="Time after which alerts without a reported end expire: `default=24h,falco=1h`, or never.",
    )
    heartbeats: str | None = Field(
        default=None,
        description="Time without a heartbeat that raises an alert: `default=10m,alertmanager=1h`, or never.",
    )
    cors_origins: str | None = Field(
        default=None, description="Other origins whose pages may call the API, separated by commas."
    )
    oidc_issuer: str | None = Field(
        default=None, description="Issuer of an OpenID Connect provider through which people sign in (https://…)."
    )
    oidc_client_id: str | None = Field(default=None, description="Client id of this OnRecall at that provider.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Secret of that client; a public client has none."
    )
    oidc_name: str | None = Field(
        default=None, max_length=40, description="Name of the provider on the sign-in button; by default its host."
    )
    oidc_scopes: str = Field(
        default="openid profile email", description="Scopes to request, separated by blanks; add `groups` if needed."
    )
    oidc_groups_claim: str = Field(
        default="groups", min_length=1, description="Claim with a person's groups, such as `realm_access.roles`."
    )
    oidc_roles: str | None = Field(
        default=None, description="Roles by group: `sre=admin,dev=responder,*=viewer`; `*` is everybody."
    )
    oidc_teams: str | None = Field(
        default=None,
        description="Teams and roles by group: `sre=payments:admin,dev=search:viewer`; a person may be in several.",
    )
    oidc_allowed_domains: str | None = Field(
        default=None, description="Domains of verified email addresses that may sign in, separated by commas."
    )
    session_idle_hours: float = Field(
        default=24, gt=0, le=8760, description="Hours without use after which a session ends."
    )
    session_hours: float = Field(default=168, gt=0, le=8760, description="Hours after which every session ends.")
    local_proxy_role: Literal["viewer", "responder", "admin"] | None = Field(
        default=None,
        description="Role of requests without a key through a proxy on this machine, such as a Next.js rewrite.",
    )
    group_wait_seconds: float = Field(
        default=3, ge=0, le=60, description="Seconds from an incident's first alert to its answer."
    )
    group_interval_seconds: float = Field(
        default=60, ge=0, le=86_400, description="Minimum seconds between two answers to one incident."
    )
    resolve_timeout_seconds: float = Field(
        default=300, ge=0, le=604_800, description="Seconds from the end of an incident's last alert to its own end."
    )
    worker: Literal["auto", "thread", "process"] = Field(
        default="auto", description="Where `serve` runs its worker; auto: a process if there are two processors."
    )
    dependencies: Path | None = Field(
        default=None, description="YAML or JSON file of service dependencies: `service: [services it needs]`."
    )

    kafka_brokers: str | None = Field(default=None, description="Kafka brokers: `host:port`, separated by commas.")
    kafka_group: str = Field(default="onrecall", min_length=1, description="Consumer group of all `kafka` processes.")
    kafka_topics: str | None = Field(
        default=None,
        description="Topics, each with the sender whose format its records have: `alerts=alertmanager,mixed`.",
    )
    kafka_publish: str | None = Field(default=None, description="Topic to publish recommendations to.")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="Protocol of the connection to the brokers."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="Mechanism of the login."
    )
    kafka_sasl_username: str | None = Field(default=None, description="User name for the brokers.")
    kafka_sasl_password: SecretStr | None = Field(default=None, description="Password of that user.")
    kafka_ssl_ca: Path | None = Field(default=None, description="CA certificates for verifying the brokers.")
    kafka_ssl_certificate: Path | None = Field(default=None, description="Client certificate.")
    kafka_ssl_key: Path | None = Field(default=None, description="Its private key.")

    opensearch_url: str | None = Field(
        default=None,
        description="Base URLs of OpenSearch nodes that hold the search index, separated by commas.",
    )
    opensearch_user: str | None = Field(default=None, description="User name for OpenSearch.")
    opensearch_password: SecretStr | None = Field(default=None, description="Password of that user.")
    opensearch_ca: Path | None = Field(default=None, description="CA certificates for verifying the nodes.")
    opensearch_index: str = Field(default="onrecall", description="Beginning of the names of the indexes there.")
    opensearch_shards: int = Field(default=1, ge=1, le=256, description="Shards of an index that is made.")
    opensearch_timeout: float = Field(
        default=2, gt=0, le=60, description="Seconds that a question waits for a node before words alone answer it."
    )

    public_url: str | None = Field(
        default=None,
        description="Public address of this OnRecall, for links in messages, such as https://recall.example.com.",
    )
    issue_form_url: str | None = Field(
        default=None,
        description="Address of your tracker's form for a new issue, with {title} and {body} where they go.",
    )
    notify_min_severity: Literal["critical", "high", "medium", "low", "info"] | None = Field(
        default=None, description="Lowest severity to notify about; unknown severity always notifies."
    )
    webhook_url: SecretStr | None = Field(default=None, description="Address to post answers to, as JSON.")
    webhook_secret: SecretStr | None = Field(
        default=None, min_length=16, description="Secret for signing those posts (HMAC-SHA256)."
    )
    webhook_format: Literal["json", "cloudevents"] = Field(
        default="json", description="Format of those posts; `cloudevents` uses structured mode."
    )
    web_push_key: SecretStr | None = Field(
        default=None, description="Private key for push notifications to browsers; `onrecall web-push-key` prints one."
    )
    web_push_contact: str | None = Field(
        default=None,
        pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$",
        description="How push services reach you: mailto:ops@example.com, or an https address.",
    )
    teams_url: SecretStr | None = Field(default=None, description="Address of a workflow of Microsoft Teams.")
    slack_bot_token: SecretStr | None = Field(default=None, description="Token of your Slack app's bot (`xoxb-…`).")
    slack_signing_secret: SecretStr | None = Field(
        default=None, min_length=16, description="Signing secret of the Slack app, for buttons, commands and mentions."
    )
    slack_channel: str | None = Field(default=None, description="Id of the channel for incidents.")
    slack_channels: str | None = Field(
        default=None,
        description='Other channels, as JSON: {"service": {"checkout": "C…"}, "severity": {"critical": "C…"}}.',
    )
    slack_webhook_url: SecretStr | None = Field(
        default=None, description="Address of an incoming webhook of Slack, if you cannot use a bot."
    )
    slack_api_url: str = Field(default="https://slack.com/api/", description="Base URL of Slack's API.")
    smtp_host: str | None = Field(default=None, description="Mail server for answers.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="Encryption of the connection."
    )
    smtp_user: str | None = Field(default=None, description="User name for the mail server.")
    smtp_password: SecretStr | None = Field(default=None, description="Password of that user.")
    smtp_from: str | None = Field(default=None, description="Sender address of the mails.")
    smtp_to: str | None = Field(default=None, description="Recipient addresses, separated by commas.")
    allow_private_hosts: str | None = Field(
        default=None,
        description="Private hosts, addresses or networks that channels may call, separated by commas.",
    )

    otlp_endpoint: str | None = Field(
        default=None,
        description="Base URL of an OpenTelemetry collector (OTLP over HTTP, as `http://otel:4318`) that gets traces.",
    )
    otlp_headers: SecretStr | None = Field(
        default=None, description="Headers of each export to it, as `name=value,name=value`."
    )
    hindsight_url: str | None = Field(
        default=None, description="Base URL of a Hindsight server, `HINDSIGHT_BASE_URL` in its own clients."
    )
    hindsight_key: SecretStr | None = Field(default=None, description="API key of that server, if it requires one.")
    hindsight_bank: str = Field(default="onrecall", description="Bank on that server.")
    hindsight_timeout: float = Field(default=10, gt=0, le=300, description="Time limit of one call, in seconds.")
    hindsight_mirror: bool = Field(default=True, description="Mirror incidents to that bank as they change.")
    hindsight_opinion_seconds: float = Field(
        default=2, ge=0, le=30, description="Maximum seconds an answer waits for the second opinion; 0 turns it off."
    )

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

    @field_validator("*", mode="before")
    @classmethod
    def _no_stray_quotes(cls, value: object) -> object:
        if isinstance(value, str) and value != value.strip(" \t\r\n\"'"):
            raise ValueError("has surrounding blanks or quotes, which would become part of the value; remove them")
        return value

    @field_validator("webhook_secrets")
    @classmethod
    def _are_secrets(cls, value: SecretStr | None) -> SecretStr | None:
        _parse_secrets(value)
        return value

    @field_validator("admin_key")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and parse_key_id(value.get_secret_value()) is None:
            raise ValueError("is not a key of OnRecall; make one with `onrecall keys generate`")
        return value

    @field_validator("oidc_roles")
    @classmethod
    def _are_roles(cls, value: str | None) -> str | None:
        if value is not None:
            parse_roles(value)
        return value

    @field_validator("oidc_teams")
    @classmethod
    def _are_team_roles(cls, value: str | None) -> str | None:
        if value is not None:
            parse_team_roles(value)
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _is_issuer(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("is not an issuer; write its address, such as https://login.example.com/realms/main")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError("has no TLS, so anybody between could sign in as anybody; use https")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _are_scopes(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("lacks `openid`, without which a provider names nobody; write openid profile email")
        return value

    @field_validator("sns_topics")
    @classmethod
    def _are_topics(cls, value: str | None) -> str | None:
        _parse_sns_topics(value)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: str | None) -> str | None:
        _parse_origins(value)
        return value

    @field_validator("kafka_topics")
    @classmethod
    def _are_kafka_topics(cls, value: str | None) -> str | None:
        _parse_kafka_topics(value)
        return value

    @field_validator("kafka_publish")
    @classmethod
    def _is_kafka_topic(cls, value: str | None) -> str | None:
        return value if value is None else _check_kafka_topic(value)

    @field_validator("opensearch_url")
    @classmethod
    def _are_nodes(cls, value: str | None) -> str | None:
        _parse_nodes(value)
        return value

    @field_validator("opensearch_index")
    @classmethod
    def _is_index(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", value, re.ASCII):
            raise ValueError(
                f"{value!r} can't begin the name of an index; use lower-case letters, digits, underscores and hyphens"
            )
        return value

    @field_validator("slack_channel")
    @classmethod
    def _is_room(cls, value: str | None) -> str | None:
        return value if value is None else _check_channel(value)

    @field_validator("slack_channels")
    @classmethod
    def _are_rooms(cls, value: str | None) -> str | None:
        _parse_channels(value)
        return value

    @field_validator("hindsight_key")
    @classmethod
    def _is_one_line(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]+", value.get_secret_value()):
            raise ValueError("contains a blank, a line break or a character that no header allows; set only the key")
        return value

    @field_validator("hindsight_bank")
    @classmethod
    def _is_bank(cls, value: str) -> str:
        if not re.fullmatch(r"[\w.:-]{1,100}", value, re.ASCII):
            raise ValueError(
                f"{value!r} is not a valid bank; use letters, digits, dots, colons, underscores and hyphens"
            )
        return value

    @field_validator(
        "public_url", "otlp_endpoint", "hindsight_url", "llm_url", "groq_url", "openai_url", "anthropic_url"
    )
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        is_http = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0  # ValueError: no number
        if not is_http or parts.query or parts.fragment or parts.username:
            raise ValueError("is not an address; write a scheme and a host, such as https://recall.example.com")
        return value

    @field_validator("issue_form_url")
    @classmethod
    def _is_issue_form(cls, value: str | None) -> str | None:
        if value is not None and (problem := IssueForm(value).problem()):
            raise ValueError(problem)
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library passes all four
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the environment, then from the files that …_FILE variables name."""
        prefix = env_settings.env_prefix if isinstance(env_settings, EnvSettingsSource) else PREFIX
        return init_settings, env_settings, _SecretFiles(settings_cls, prefix)

    @property
    def database(self) -> str:
        """The URL of the store in use."""
        return self.database_url or f"sqlite:///{self.data_dir / 'onrecall.db'}"

    @property
    def webhook_secrets_by_source(self) -> Mapping[str, tuple[str, ...]]:
        """The secrets that each sender may sign with; SNS signs with its own, so for it these are the topics."""
        topics = _parse_sns_topics(self.sns_topics)
        return {**_parse_secrets(self.webhook_secrets), **({"cloudwatch": topics} if topics else {})}

    @property
    def source_by_topic(self) -> Mapping[str, str | None]:
        """Kafka's topics with the source of their records, or None if each record names it."""
        return _parse_kafka_topics(self.kafka_topics)

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins whose web pages may call the API."""
        return _parse_origins(self.cors_origins)

    @property
    def allowed_domains(self) -> tuple[str, ...]:
        """The domains of addresses that may sign in, in lower case; empty: all."""
        return tuple(domain.removeprefix("@").casefold() for domain in _split_list(self.oidc_allowed_domains))

    @property
    def trusted_source_names(self) -> tuple[str, ...]:
        """The sources that are trusted like a responder."""
        return _split_list(self.trusted_sources)

    @property
    def private_hosts(self) -> tuple[str, ...]:
        """Hosts that channels may call although their addresses are not public."""
        return _split_list(self.allow_private_hosts)

    @property
    def slack_routing(self) -> Mapping[str, Mapping[str, str]]:
        """Slack's channels by `service` and by `severity`."""
        return _parse_channels(self.slack_channels)

    @property
    def opensearch_nodes(self) -> tuple[str, ...]:
        """The base URLs of OpenSearch's nodes; none where none is configured."""
        return _parse_nodes(self.opensearch_url)

    @property
    def mail_recipients(self) -> tuple[str, ...]:
        """The recipients of mail."""
        return _split_list(self.smtp_to)

    def effective_values(self) -> Mapping[str, str]:
        """Return every effective value by its variable's name, secrets masked."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        values["database_url"] = mask_url(self.database)
        return {PREFIX + name.upper(): "" if value is None else str(value) for name, value in values.items()}


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads `ONRECALL_<SECRET>_FILE`, as container platforms mount secrets."""

    def __init__(self, settings_cls: type[BaseSettings], prefix: str) -> None:
        super().__init__(settings_cls)
        self._prefix = prefix

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {}
        for name, field in self.settings_cls.model_fields.items():
            path = os.environ.get(f"{self._prefix}{name.upper()}_FILE")
            if path and may_be_in_file(field):
                try:
                    values[name] = Path(path).read_text(encoding="utf-8").removesuffix("\n")
                except OSError as error:
                    raise Invalid(
                        f"{self._prefix}{name.upper()}_FILE: {path} can't be read: {error.strerror}", name
                    ) from error
        return values


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting's value is never shown."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


def may_be_in_file(field: FieldInfo) -> bool:
    """Whether `…_FILE` is read for a setting: for each secret, and for what may contain one."""
    marked = isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("from_file") is True
    return marked or is_secret(field)


def _parse_secrets(value: SecretStr | None) -> Mapping[str, tuple[str, ...]]:
    """Parse webhook secrets. Error messages never include the value, because it is secret."""
    if value is None:
        return {}
    try:
        parsed = json.loads(value.get_secret_value(), object_pairs_hook=_reject_duplicates)
    except json.JSONDecodeError as error:
        raise ValueError(
            f'is not JSON at line {error.lineno}, column {error.colno}; write {{"pagerduty": ["secret"]}}'
        ) from None
    if not isinstance(parsed, dict):
        raise ValueError('give each sender a list of secrets, such as {"pagerduty": ["secret"]}')  # noqa: TRY004
    for sender, secrets in parsed.items():
        if not isinstance(secrets, list) or not secrets:
            raise ValueError(f'{sender}: give a list with at least one secret, such as {{"{sender}": ["secret"]}}')
        if not all(isinstance(secret, str) and secret and secret == secret.strip() for secret in secrets):
            raise ValueError(f"{sender}: each secret must be a non-empty string without surrounding blanks")
    return {sender: tuple(secrets) for sender, secrets in parsed.items()}


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{min(twice)} appears twice; put all its secrets into one list")
    return dict(pairs)


def _parse_sns_topics(value: str | None) -> tuple[str, ...]:
    topics = tuple(part.strip() for part in value.split(",")) if value else ()
    for topic in topics:
        if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]{1,256}", topic, re.ASCII):
            raise ValueError(f"{topic!r} is not a topic; write it as arn:aws:sns:eu-west-1:123456789012:alarms")
    return topics


def _parse_kafka_topics(value: str | None) -> Mapping[str, str | None]:
    topics: dict[str, str | None] = {}
    for part in value.split(",") if value else ():
        topic, equals, sender = (word.strip() for word in part.partition("="))
        if equals and not sender:
            raise ValueError(f"{topic}= names no sender; write {topic}=alertmanager, or {topic} if its records name it")
        if _check_kafka_topic(topic) in topics:
            raise ValueError(f"{topic} appears twice")
        topics[topic] = sender or None
    return topics


def _check_kafka_topic(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", name) or name in (".", ".."):
        raise ValueError(f"{name!r} is not a valid topic; use letters, digits, dots, underscores and hyphens")
    return name


def _parse_origins(value: str | None) -> tuple[str, ...]:
    origins = tuple(part.strip() for part in value.split(",")) if value else ()
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(
                f"{origin!r} is not an origin; write a scheme and a host, such as https://wiki.example.com"
            )
    return origins


def _parse_nodes(value: str | None) -> tuple[str, ...]:
    nodes = tuple(url.rstrip("/") for url in _split_list(value))
    for url in nodes:
        parts = urlsplit(url)
        if parts.username:
            raise ValueError("has a user in it; set ONRECALL_OPENSEARCH_USER and ONRECALL_OPENSEARCH_PASSWORD instead")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{url!r} is not an address; write a scheme and a host, such as https://search:9200")
    return nodes


def _check_channel(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[CG][A-Z0-9]{7,20}", value, re.ASCII):
        raise ValueError(
            f"{value!r} is not the id of a channel; find it at the end of the channel's details, such as C0123456789"
        )
    return value


def _parse_channels(value: str | None) -> Mapping[str, Mapping[str, str]]:
    try:
        parsed = json.loads(value or "{}")
    except json.JSONDecodeError as error:
        raise ValueError(f'is not JSON: {error}; write {{"severity": {{"critical": "C0123456789"}}}}') from None
    if not isinstance(parsed, dict) or not all(isinstance(rooms, dict) for rooms in parsed.values()):
        raise ValueError('write {"service": {"checkout": "C0123456789"}, "severity": {"critical": "C0123456789"}}')
    if unknown := parsed.keys() - {"service", "severity"}:
        raise ValueError(f"{min(unknown)} is neither service nor severity")
    if strange := parsed.get("severity", {}).keys() - set(get_args(Severity)):
        raise ValueError(f"{min(strange)} is not a severity; choose from {', '.join(get_args(Severity))}")
    return {kind: {name: _check_channel(room) for name, room in rooms.items()} for kind, rooms in parsed.items()}


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _split_list(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if value else ()


RENAMED = {
    "SETTLE_SECONDS": "GROUP_WAIT_SECONDS",
    "REFRESH_SECONDS": "GROUP_INTERVAL_SECONDS",
    "RESOLVE_AFTER_SECONDS": "RESOLVE_TIMEOUT_SECONDS",
}
"""Former names of settings; they are refused, because a name that is ignored changes nothing and nobody notices."""


def load() -> Settings:
    """Load the settings of this environment. Raises Invalid naming the wrong variable."""
    variables = {name.upper() for name in os.environ}
    for former, current in RENAMED.items():
        if PREFIX + former in variables:
            raise Invalid(f"{PREFIX}{former} is now {PREFIX}{current}; rename it", PREFIX + former)
    return read_settings(PREFIX)


def read_settings(prefix: str) -> Settings:
    """Read the variables that begin with a prefix. Raises Invalid naming the wrong one."""
    try:
        return Settings(_env_prefix=prefix)  # type: ignore[call-arg]  # the library takes it; its types do not say so
    except ValidationError as error:
        first = error.errors()[0]
        variable = prefix + str(first["loc"][0]).upper()
        raise Invalid(f"{variable}: {first['msg'].removeprefix('Value error, ')}", variable) from error


def mask_url(url: str) -> str:
    """Return the URL without its password."""
    scheme, mark, remainder = url.partition("://")
    credentials, at, place = remainder.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{scheme}{mark}{user}{colon}{'***' if colon else ''}{at}{place}" if at else url

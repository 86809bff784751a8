"""Checks all settings at once: where each comes from, what is wrong, what has no effect, and unknown names.

It opens no store and calls nobody; `doctor` does that.
"""

import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from onrecall.bootstrap.app import read_access, read_service_graph
from onrecall.bootstrap.channels import channels
from onrecall.bootstrap.kafka import kafka_connection
from onrecall.bootstrap.model_choice import model_folder
from onrecall.bootstrap.models import models
from onrecall.bootstrap.search_index import cluster_address
from onrecall.bootstrap.sources import expiry_by_source, heartbeat_patience, source_catalog, trusted_sources
from onrecall.bootstrap.web_push import vapid_key
from onrecall.domain.errors import Invalid, OnRecallError
from onrecall.domain.validation_messages import describe_error
from onrecall.redaction import redact
from onrecall.retrieval.embeddings import load_embedder
from onrecall.settings import PREFIX, RENAMED, Settings, is_secret, mask_url, may_be_in_file
from onrecall.storage.database import BACKENDS

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

FILE = "_FILE"
MASK = "**********"
MISSPELT = 0.75
"""The likeness of two names from which one is taken for the other, misspelt (difflib's ratio)."""
KUBERNETES = re.compile(r"ONRECALL_(SERVICE_(HOST|PORT\w*)|PORT_\d+_(TCP|UDP)\w*)")
"""Variables that Kubernetes sets in every pod beside a Service named `onrecall`."""
TEAM_VARIABLE = re.compile(r"ONRECALL_TEAM_[A-Z][A-Z0-9_]{0,29}?__(?=[A-Z])")
"""The beginning of a variable that is a team's own."""
SERVICE_LINKS = "Kubernetes sets it for a Service named onrecall; set enableServiceLinks: false on the pod"
_CHANNELS = ("webhook_url", "teams_url", "smtp_host", "slack_bot_token", "slack_webhook_url", "web_push_key")
_MODELS = ("llm_draft", "llm_strong")
NEEDS: Mapping[str, tuple[str, ...]] = {
    "read_max_lag": ("read_url",),
    "embeddings_model": ("embeddings_url",),
    "embeddings_key": ("embeddings_url",),
    "webhook_secret": ("webhook_url",),
    "webhook_format": ("webhook_url",),
    "web_push_contact": ("web_push_key",),
    "slack_channels": ("slack_bot_token",),
    "slack_workspaces": ("slack_signing_secret",),
    "slack_api_url": ("slack_bot_token",),
    "notify_min_severity": _CHANNELS,
    "allow_private_hosts": _CHANNELS,
    **{name: ("oidc_issuer",) for name in Settings.model_fields if re.fullmatch(r"oidc_(?!issuer)\w+", name)},
    **{f"smtp_{name}": ("smtp_host",) for name in ("port", "security", "user", "password", "from", "to")},
    **{name: ("kafka_brokers",) for name in Settings.model_fields if re.fullmatch(r"kafka_(?!brokers)\w+", name)},
    **{name: ("opensearch_url",) for name in Settings.model_fields if re.fullmatch(r"opensearch_(?!url)\w+", name)},
    **{name: ("hindsight_url",) for name in Settings.model_fields if re.fullmatch(r"hindsight_(?!url)\w+", name)},
    **{name: _MODELS for name in Settings.model_fields if re.fullmatch(r"llm_(?!draft|strong)\w+", name)},
    **{f"{provider}_{name}": _MODELS for provider in ("groq", "openai", "anthropic") for name in ("key", "url")},
}
"""Settings that have no effect unless one of these is set."""
PROVIDERS = {"groq": "groq", "openai": "openai", "anthropic": "anthropic", "llm_url": "openai-compatible"}
"""The start of a setting's name, and the start of the names of the models that it is for."""


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """One setting: its effective value, masked, and where it comes from."""

    variable: str
    value: str
    origin: str
    """`environment`, `default`, or `file` and its path."""


@dataclass(frozen=True, slots=True)
class ConfigFinding:
    """Something about one variable that is wrong (`error`), or surely not meant (`warning`)."""

    level: Literal["error", "warning"]
    variable: str
    message: str


@dataclass(frozen=True, slots=True)
class ConfigReport:
    """All settings, and what was found."""

    settings: tuple[SettingOrigin, ...]
    findings: tuple[ConfigFinding, ...]

    def at(self, level: Literal["error", "warning"]) -> list[ConfigFinding]:
        """Return the findings of one level."""
        return [finding for finding in self.findings if finding.level == level]


def check_config(environment: Mapping[str, str] = os.environ) -> ConfigReport:
    """Check every setting of this process; nothing is opened, written or called."""
    origins = {name: _origin(name, field, environment) for name, field in Settings.model_fields.items()}
    findings = [*_unknown_names(environment), *_set_twice(environment)]
    values = {name: _raw_value(name, field, environment) for name, field in Settings.model_fields.items()}
    try:
        chosen = Settings()
    except ValidationError as error:
        findings += [_flawed_value(flaw, environment) for flaw in error.errors()]
    except Invalid as error:
        findings.append(_as_finding(error, PREFIX))
    else:
        findings += [*_wiring_errors(chosen), *_without_effect(chosen, origins)]
        shown = chosen.effective_values()
        values = {name: shown[PREFIX + name.upper()] for name in Settings.model_fields}
    settings = tuple(SettingOrigin(PREFIX + name.upper(), values[name], origin) for name, origin in origins.items())
    return ConfigReport(settings, tuple(dict.fromkeys(findings)))


def _flawed_value(flaw: "ErrorDetails", environment: Mapping[str, str]) -> ConfigFinding:
    variable = PREFIX + str(flaw["loc"][0]).upper()
    hint = f"; {SERVICE_LINKS}" if environment.get(variable, "").startswith("tcp://") else ""
    return ConfigFinding("error", variable, f"{describe_error(flaw)}{hint}")


def _origin(name: str, field: FieldInfo, environment: Mapping[str, str]) -> str:
    variable = PREFIX + name.upper()
    if _is_set(variable, environment):
        return "environment"
    file = environment.get(variable + FILE)
    return f"file {file}" if file and may_be_in_file(field) else "default"


def _is_set(variable: str, environment: Mapping[str, str]) -> bool:
    """Return whether a variable is set, in whatever case, as the settings read it."""
    return variable in environment or any(name.upper() == variable for name in environment)


def _raw_value(name: str, field: FieldInfo, environment: Mapping[str, str]) -> str:
    """Return what a variable says if not all of them can be read; the default otherwise."""
    variable = PREFIX + name.upper()
    value = environment.get(variable)
    if value is None:
        default = field.get_default(call_default_factory=True)
        return "" if default is None else str(default)
    return MASK if is_secret(field) else redact(mask_url(value)).text


def _unknown_names(environment: Mapping[str, str]) -> Iterator[ConfigFinding]:
    """Variables that nothing reads: an error where it is likely a misspelt one, else a warning."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    files = {PREFIX + name.upper() + FILE for name, field in Settings.model_fields.items() if may_be_in_file(field)}
    for variable in sorted(environment):
        name = TEAM_VARIABLE.sub(PREFIX, variable.upper())
        if not name.startswith(PREFIX) or name in known or name in files:
            continue
        if (current := RENAMED.get(name.removeprefix(PREFIX))) is not None:
            prefix = variable.upper().removesuffix(name.removeprefix(PREFIX))  # of the installation, or of a team
            yield ConfigFinding("error", variable, f"it is now {prefix}{current}; rename it")
        elif name.removesuffix(FILE) in known:
            setting = name.removesuffix(FILE)
            yield ConfigFinding("error", variable, f"only a secret can be read from a file; set {setting} itself")
        elif KUBERNETES.fullmatch(name):
            yield ConfigFinding("warning", variable, f"no such setting; {SERVICE_LINKS}")
        elif close := _nearest(name, known | files, MISSPELT):
            yield ConfigFinding("error", variable, f"no such setting; did you mean {close}?")
        else:
            nearest = _nearest(name, known, 0.0)
            yield ConfigFinding("warning", variable, f"no such setting, so it has no effect; the nearest is {nearest}")


def _nearest(variable: str, known: set[str], cutoff: float) -> str | None:
    """Return the known variable that is spelled most like this one behind the prefix that all share."""
    names = sorted(name.removeprefix(PREFIX) for name in known)
    close = difflib.get_close_matches(variable.removeprefix(PREFIX), names, 1, cutoff)
    return f"{PREFIX}{close[0]}" if close else None


def _set_twice(environment: Mapping[str, str]) -> Iterator[ConfigFinding]:
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        if may_be_in_file(field) and _is_set(variable, environment) and environment.get(variable + FILE):
            message = f"it is set and {variable}{FILE} as well; the file is not read, so remove one of the two"
            yield ConfigFinding("warning", variable, message)


def _wiring_errors(chosen: Settings) -> Iterator[ConfigFinding]:
    """Yield what is refused when the parts are put together, each part asked by itself."""
    checks: Sequence[Callable[[], object]] = (
        lambda: _check_database(chosen),
        lambda: load_embedder(folder) if (folder := model_folder(chosen)) and not chosen.embeddings_url else None,
        lambda: read_access(chosen),
        lambda: channels(chosen),
        lambda: vapid_key(chosen),
        lambda: models(chosen),
        lambda: trusted_sources(chosen, source_catalog(chosen)),
        lambda: expiry_by_source(chosen),
        lambda: heartbeat_patience(chosen),
        lambda: read_service_graph(chosen.dependencies),
        lambda: kafka_connection(chosen),
        lambda: cluster_address(chosen),
    )
    for check in checks:
        try:
            check()
        except OnRecallError as error:
            yield _as_finding(error, PREFIX)


def _check_database(chosen: Settings) -> None:
    scheme = chosen.database.partition("://")[0]
    if scheme not in BACKENDS:
        raise Invalid(
            f"{PREFIX}DATABASE_URL: {scheme!r} is not a supported database; "
            "write sqlite:///path or postgresql://user@host/name"
        )


def _as_finding(error: OnRecallError, prefix: str) -> ConfigFinding:
    """Return a refusal as a finding; its sentence begins with the variable that it is about, if it names one."""
    variable, colon, message = str(error).partition(": ")
    if colon and re.fullmatch(prefix + r"[A-Z_]+", variable):
        return ConfigFinding("error", variable, message)
    return ConfigFinding("error", "", str(error))


def _without_effect(chosen: Settings, origins: Mapping[str, str]) -> Iterator[ConfigFinding]:
    """Settings that somebody set and that nothing reads as the others stand."""
    chosen_settings = [name for name, origin in origins.items() if origin != "default"]
    for name in chosen_settings:
        variable = PREFIX + name.upper()
        needed = NEEDS.get(name, ())
        if needed and all(getattr(chosen, other) is None for other in needed):
            others = " or ".join(PREFIX + other.upper() for other in needed)
            yield ConfigFinding("warning", variable, f"it has no effect without {others}")
        elif wanted := _model_without(chosen, name):
            yield ConfigFinding("warning", variable, f"it has no effect: no model is named {wanted}:…")
    if "embeddings_url" in chosen_settings and "model_dir" in chosen_settings:
        message = f"it has no effect beside {PREFIX}EMBEDDINGS_URL, which replaces the local model"
        yield ConfigFinding("warning", f"{PREFIX}MODEL_DIR", message)


def _model_without(chosen: Settings, name: str) -> str | None:
    """Return the provider that a setting is for, where no model of it is used."""
    start = name if name == "llm_url" else name.partition("_")[0]
    provider = PROVIDERS.get("llm_url" if name in ("llm_key", "llm_url_price") else start)
    named = [model for model in (chosen.llm_draft, chosen.llm_strong) if model]
    if provider is None or not named or any(model.startswith(f"{provider}:") for model in named):
        return None
    return provider

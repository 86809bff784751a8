"""The configured models that refine answers. None by default; nothing is loaded before the first call."""

from collections.abc import Mapping

from pydantic import SecretStr

from onrecall.domain.errors import Invalid
from onrecall.pipeline.refine import Models
from onrecall.recommendation.llm.prices import Price
from onrecall.recommendation.llm.providers import COMPATIBLE, PROVIDERS, RemoteModel, check_installed
from onrecall.recommendation.llm.request_form import AcceptedForms
from onrecall.recommendation.llm.routing import Role
from onrecall.settings import Settings
from onrecall.storage import UsageLimits


def models(chosen: Settings) -> Models:
    """Read the draft model and the strong one, with their limits."""
    names_by_role: list[tuple[Role, str | None]] = [("draft", chosen.llm_draft), ("strong", chosen.llm_strong)]
    forms = AcceptedForms()
    remote_models = tuple(
        (role, _model(f"ONRECALL_LLM_{role.upper()}", name, chosen, forms)) for role, name in names_by_role if name
    )
    if remote_models or _has_any_key(chosen):
        check_installed()
    limits = UsageLimits(chosen.llm_calls_per_minute, chosen.llm_daily_budget_usd)
    return Models(remote_models, limits, chosen.llm_deadline_seconds)


def _has_any_key(chosen: Settings) -> bool:
    """Return whether a model key is set: then models are wanted, even if none is named yet."""
    return any(key is not None for key in (chosen.groq_key, chosen.openai_key, chosen.anthropic_key, chosen.llm_key))


def _model(variable: str, name: str, chosen: Settings, forms: AcceptedForms) -> RemoteModel:
    provider, colon, model = name.partition(":")
    if not (colon and model and provider in PROVIDERS):
        raise Invalid(
            f"{variable}: {name!r} is not a model; write provider:name, with a provider from {', '.join(PROVIDERS)}",
            variable,
        )
    secret, url = _access(provider, chosen)
    key = secret.get_secret_value() if secret else None
    if provider == COMPATIBLE and url is None:
        raise Invalid(f"{variable}: set ONRECALL_LLM_URL, such as http://localhost:11434/v1", "ONRECALL_LLM_URL")
    if not key and url is None:
        key_variable = f"ONRECALL_{provider.upper()}_KEY"
        raise Invalid(f"{variable}: {name} needs a key; set {key_variable} or {key_variable}_FILE", key_variable)
    price = _price(chosen.llm_url_price) if provider == COMPATIBLE else None
    return RemoteModel(provider, model, key, url, price, chosen.llm_answer_tokens, forms)


def _access(provider: str, chosen: Settings) -> tuple[SecretStr | None, str | None]:
    access: Mapping[str, tuple[SecretStr | None, str | None]] = {
        "groq": (chosen.groq_key, chosen.groq_url),
        "openai": (chosen.openai_key, chosen.openai_url),
        "anthropic": (chosen.anthropic_key, chosen.anthropic_url),
        COMPATIBLE: (chosen.llm_key, chosen.llm_url),
    }
    return access[provider]


def _price(text: str | None) -> Price | None:
    if text is None:
        return None
    try:
        into, out = (float(part) for part in text.split(","))
    except ValueError:
        into = out = -1.0
    if not (0 <= into < 100_000 and 0 <= out < 100_000):
        raise Invalid(
            f"ONRECALL_LLM_URL_PRICE: {text!r} is not a price; write two numbers, such as 0.5,1.5", "llm_url_price"
        )
    return Price(into, out)

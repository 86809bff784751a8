"""Which models refine answers, as the settings say. None by default; nothing is loaded before one is asked."""

from collections.abc import Mapping

from pydantic import SecretStr

from onrecall.domain.errors import Invalid
from onrecall.pipeline.refine import Models
from onrecall.recommendation.llm.providers import COMPATIBLE, PROVIDERS, Price, RemoteModel, check_installed
from onrecall.recommendation.llm.routing import Role
from onrecall.settings import Settings
from onrecall.storage import Limits


def models(chosen: Settings) -> Models:
    """The draft model and the strong one, where they are set, with all that they need."""
    named: list[tuple[Role, str | None]] = [("draft", chosen.llm_draft), ("strong", chosen.llm_strong)]
    asked = tuple((role, _model(f"ONRECALL_LLM_{role.upper()}", name, chosen)) for role, name in named if name)
    if asked:
        check_installed()
    limits = Limits(chosen.llm_calls_per_minute, chosen.llm_daily_budget_usd)
    return Models(asked, limits, chosen.llm_deadline_seconds)


def _model(variable: str, name: str, chosen: Settings) -> RemoteModel:
    provider, colon, model = name.partition(":")
    if not (colon and model and provider in PROVIDERS):
        raise Invalid(
            f"{variable}: {name!r} is not a model; write provider:name, with a provider from {', '.join(PROVIDERS)}",
            variable,
        )
    keys: Mapping[str, SecretStr | None] = {
        "groq": chosen.groq_key,
        "openai": chosen.openai_key,
        "anthropic": chosen.anthropic_key,
        COMPATIBLE: chosen.llm_key,
    }
    secret = keys[provider]
    key = secret.get_secret_value() if secret else None
    if provider == COMPATIBLE:
        return RemoteModel(provider, model, key, _url(variable, chosen.llm_url), _price(chosen.llm_url_price))
    if not key:
        wanted = f"ONRECALL_{provider.upper()}_KEY"
        raise Invalid(f"{variable}: {name} needs a key; set {wanted} or {wanted}_FILE", wanted)
    return RemoteModel(provider, model, key)


def _url(variable: str, url: str | None) -> str:
    if url is None or not url.startswith(("http://", "https://")):
        raise Invalid(f"{variable}: set ONRECALL_LLM_URL, such as http://localhost:11434/v1", "ONRECALL_LLM_URL")
    return url


def _price(said: str | None) -> Price | None:
    if said is None:
        return None
    try:
        into, out = (float(part) for part in said.split(","))
    except ValueError:
        into = out = -1.0
    if not (0 <= into < 100_000 and 0 <= out < 100_000):
        raise Invalid(
            f"ONRECALL_LLM_URL_PRICE: {said!r} is not a price; write two numbers, such as 0.5,1.5", "llm_url_price"
        )
    return Price(into, out)

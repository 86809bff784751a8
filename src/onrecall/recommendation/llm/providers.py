"""Real models through pydantic-ai: OpenAI, Groq, Anthropic, and whatever speaks OpenAI's protocol. Loaded when used."""

import asyncio
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from onrecall.domain.errors import Invalid
from onrecall.recommendation.llm.prompt import SCHEMA, Prompt
from onrecall.recommendation.llm.routing import Failed, Reply

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse
    from pydantic_ai.models import Model as PydanticModel

ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "groq": "https://api.groq.com",
    "anthropic": "https://api.anthropic.com",
}
COMPATIBLE = "openai-compatible"
PROVIDERS = (*ADDRESSES, COMPATIBLE)
MOST_OUT = 2_000
"""Tokens of an answer."""
FORMALITIES = 500
"""Tokens that a provider may add to a prompt of its own."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens, in and out, where an operator says so."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """One model at one provider. It is given no tools, and nothing it says is done."""

    provider: str
    model: str
    key: str | None = field(default=None, repr=False)
    url: str | None = None
    """Where it is, in place of the provider's own address."""
    price: Price | None = None

    @property
    def name(self) -> str:
        """As it is configured."""
        return f"{self.provider}:{self.model}"

    def ready(self) -> None:
        """Load what it takes to ask, which takes seconds the first time: better before anybody waits."""
        own = self.provider if self.provider in ("groq", "anthropic") else "openai"
        for name in ("pydantic_ai.direct", "genai_prices", f"pydantic_ai.models.{own}"):
            import_module(name)

    def worst_cost(self, prompt: Prompt) -> float | None:
        """The most that asking can cost; None when its price is not known."""
        return self._cost(prompt.size + FORMALITIES, MOST_OUT)

    def send(self, prompt: Prompt, seconds: float) -> Reply:
        """Ask, and give up after so many seconds however slowly the answer drips in."""
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(asyncio.wait_for(self._send(prompt, seconds), seconds))
        except TimeoutError:
            raise Failed("no answer in time", free=False) from None
        except Failed:
            raise
        except Exception as error:  # three SDKs fail in ways of their own; what failed is the model
            raise _failed(error) from error
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _send(self, prompt: Prompt, seconds: float) -> Reply:
        from pydantic_ai.direct import model_request  # noqa: PLC0415 - takes seconds to import, and most never need it
        from pydantic_ai.messages import ModelRequest, SystemPromptPart, UserPromptPart  # noqa: PLC0415
        from pydantic_ai.models import ModelRequestParameters  # noqa: PLC0415
        from pydantic_ai.output import OutputObjectDefinition  # noqa: PLC0415
        from pydantic_ai.settings import ModelSettings  # noqa: PLC0415

        client, model = self._opened(seconds)
        try:
            response = await model_request(
                model,
                [ModelRequest(parts=[SystemPromptPart(prompt.rules), UserPromptPart(prompt.data)])],
                model_settings=ModelSettings(max_tokens=MOST_OUT, timeout=seconds),
                model_request_parameters=ModelRequestParameters(
                    output_mode="native" if self.provider in ("openai", "anthropic") else "prompted",
                    output_object=OutputObjectDefinition(json_schema=SCHEMA, name="answer", strict=True),
                    prompted_output_template=False,
                ),
            )
            return self._reply(response)
        finally:
            await client.close()

    def _opened(self, seconds: float) -> tuple[Any, "PydanticModel"]:
        """A client of its own for each question: one belongs to the event loop that it began in."""
        given: dict[str, Any] = {"api_key": self.key or "none", "max_retries": 0, "timeout": seconds}
        given["base_url"] = self.url or ADDRESSES[self.provider]
        if self.provider == "groq":
            from groq import AsyncGroq, DefaultAsyncHttpxClient  # noqa: PLC0415
            from pydantic_ai.models.groq import GroqModel  # noqa: PLC0415
            from pydantic_ai.providers.groq import GroqProvider  # noqa: PLC0415

            groq = AsyncGroq(**given, http_client=DefaultAsyncHttpxClient(follow_redirects=False))
            return groq, GroqModel(self.model, provider=GroqProvider(groq_client=groq))
        if self.provider == "anthropic":
            from anthropic import AsyncAnthropic  # noqa: PLC0415
            from anthropic import DefaultAsyncHttpxClient as ClaudesClient  # noqa: PLC0415
            from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415
            from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

            claude = AsyncAnthropic(**given, http_client=ClaudesClient(follow_redirects=False))
            return claude, AnthropicModel(self.model, provider=AnthropicProvider(anthropic_client=claude))
        from openai import AsyncOpenAI  # noqa: PLC0415
        from openai import DefaultAsyncHttpxClient as OpenAIsClient  # noqa: PLC0415
        from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415
        from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

        client = AsyncOpenAI(**given, http_client=OpenAIsClient(follow_redirects=False))
        return client, OpenAIChatModel(self.model, provider=OpenAIProvider(openai_client=client))

    def _reply(self, response: "ModelResponse") -> Reply:
        from pydantic_ai.messages import TextPart  # noqa: PLC0415

        text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
        used = response.usage
        if not (used.input_tokens or used.output_tokens):
            return Reply(text, None, None, None)  # it did not say
        return Reply(
            text, used.input_tokens, used.output_tokens, self._cost(used.input_tokens, used.output_tokens, used)
        )

    def _cost(self, tokens_in: int, tokens_out: int, usage: Any = None) -> float | None:
        """Dollars; None when nobody knows the price."""
        if self.price is not None:
            return (self.price.input * tokens_in + self.price.output * tokens_out) / 1_000_000
        if self.provider == COMPATIBLE:
            return None
        from genai_prices import Usage, calc_price  # noqa: PLC0415

        try:
            used = usage or Usage(input_tokens=tokens_in, output_tokens=tokens_out)
            return float(calc_price(used, self.model, provider_id=self.provider).total_price)
        except (LookupError, ValueError):
            return None


def check_installed() -> None:
    """Invalid when the extra is not there."""
    missing = [name for name in ("pydantic_ai", "openai", "groq", "anthropic") if find_spec(name) is None]
    if missing:
        raise Invalid(f"models need more packages ({', '.join(missing)}); install `onrecall[llm]`", "llm_draft")


def _failed(error: Exception) -> Failed:
    """What is said of a failure: never the provider's own words, which may repeat what it was sent."""
    from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError  # noqa: PLC0415 - it is imported by now

    if isinstance(error, ModelHTTPError):
        return Failed(f"it answered {error.status_code}", free=True)
    if isinstance(error, ModelAPIError):
        return Failed("it could not be reached", free=True)
    return Failed("it answered something else than a completion", free=False)

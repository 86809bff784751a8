"""Real models: OpenAI, Groq, Anthropic, and whatever speaks OpenAI's protocol. Their libraries are loaded when used."""

import asyncio
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from urllib.parse import urlsplit

from onrecall.domain.errors import Invalid
from onrecall.domain.optional_packages import missing_extra
from onrecall.recommendation.llm import anthropic_messages, openai_chat
from onrecall.recommendation.llm.endpoint import Completion, Endpoint, EndpointRefused
from onrecall.recommendation.llm.prices import Price, listed_cost
from onrecall.recommendation.llm.prompt import Prompt
from onrecall.recommendation.llm.refusals import Refusal
from onrecall.recommendation.llm.request_form import AcceptedForms, RequestForm
from onrecall.recommendation.llm.routing import ModelError, Reply

COMPATIBLE = "openai-compatible"
ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "groq": "https://api.groq.com/openai/v1",
    "anthropic": "https://api.anthropic.com",
}
API_PATHS = {"openai": "/v1", "groq": "/openai/v1", "anthropic": "", COMPATIBLE: "/v1"}
"""Where a provider's API is on its host: for a URL that names only the host."""
PROVIDERS = (*ADDRESSES, COMPATIBLE)
ANSWER_TOKENS = 2_000
"""Tokens of an answer."""
FORMALITIES = 500
"""Tokens that a provider may add to a prompt of its own."""


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """One model at one provider. It is given no tools, and nothing it says is done."""

    provider: str
    model: str
    key: str | None = field(default=None, repr=False)
    url: str | None = None
    """Where it is, in place of the provider's own address."""
    price: Price | None = None
    answer_tokens: int = ANSWER_TOKENS
    """The most tokens of an answer."""
    forms: AcceptedForms = field(default_factory=AcceptedForms, repr=False, compare=False)
    """What its server takes, as far as its refusals have told."""

    @property
    def name(self) -> str:
        """As it is configured."""
        return f"{self.provider}:{self.model}"

    @property
    def address(self) -> str:
        """Where its API is."""
        return api_url(self.provider, self.url) if self.url else ADDRESSES[self.provider]

    @property
    def _protocol(self) -> ModuleType:
        return anthropic_messages if self.provider == "anthropic" else openai_chat

    def ready(self) -> None:
        """Load what it takes to ask, which takes seconds the first time: better before anybody waits."""
        for name in (*self._protocol.MODULES, "genai_prices"):
            import_module(name)

    def worst_cost(self, prompt: Prompt) -> float | None:
        """The most that asking can cost; None when its price is not known."""
        return self._cost(prompt.size + FORMALITIES, self.answer_tokens)

    def send(self, prompt: Prompt, seconds: float) -> Reply:
        """Ask, and give up after so many seconds however slowly the answer drips in.

        A request that the server refuses is sent again without what it refused; that is remembered in `forms`.
        """
        loop = asyncio.new_event_loop()  # asyncio.run would wait for a slow look-up of a name
        try:
            return loop.run_until_complete(asyncio.wait_for(self._send(prompt, seconds), seconds))
        except TimeoutError:
            raise ModelError("no answer in time", free=False) from None
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _send(self, prompt: Prompt, seconds: float) -> Reply:
        form = self.forms.form(self.address, self.model, self._first_form())
        guessing = False
        while True:
            try:
                completion = await self._complete(prompt, form, seconds)
            except EndpointRefused as refused:
                if text := refused.refusal.failed_generation:
                    return Reply(text, None, None, None)
                guessing = guessing or refused.refusal.named_parameter(form) is None
                form = self._next_form(form, refused.refusal)
                if not guessing:
                    self.forms.remember(self.address, self.model, form)
                continue
            if guessing:
                self.forms.remember(self.address, self.model, form)
            return self._reply(completion)

    def _first_form(self) -> RequestForm:
        if self.provider == "openai":
            return RequestForm(("max_completion_tokens", "max_tokens"))
        if self.provider == "anthropic":
            return RequestForm((), frozenset({"strict", "json_object", "temperature", "system"}))
        return RequestForm()

    def _next_form(self, form: RequestForm, refusal: Refusal) -> RequestForm:
        """The form without what was refused. Raises ModelError where there is nothing left to leave out."""
        parameter = refusal.named_parameter(form) or refusal.guessed_parameter(form)
        if parameter is None:
            raise ModelError(refusal.reason, free=True)
        less = form.without(parameter)
        if form.token_limit and less.token_limit is None and self._cost(0, 1):
            raise ModelError(f"{refusal.reason}: it takes no limit of its answer, which costs money", free=True)
        return less

    async def _complete(self, prompt: Prompt, form: RequestForm, seconds: float) -> Completion:
        endpoint = Endpoint(self.address, self.key, self.model, self.answer_tokens)
        completion: Completion = await self._protocol.complete(endpoint, prompt, form, seconds)
        return completion

    def _reply(self, completion: Completion) -> Reply:
        tokens_in, tokens_out = completion.input_tokens, completion.output_tokens
        if tokens_in is None and tokens_out is None:
            return Reply(completion.text, None, None, None)
        cost = self._cost(tokens_in or 0, tokens_out or 0, completion.cached_tokens)
        return Reply(completion.text, tokens_in, tokens_out, cost)

    def _cost(self, tokens_in: int, tokens_out: int, cached: int = 0) -> float | None:
        """Dollars; None when nobody knows the price."""
        if self.price is not None:
            return self.price.cost(tokens_in, tokens_out)
        if self.provider == COMPATIBLE:
            return None
        return listed_cost(self.provider, self.model, tokens_in, tokens_out, cached)


def api_url(provider: str, url: str) -> str:
    """Where the API is: the URL itself, or the provider's usual path on it where it names only a host."""
    bare = url.rstrip("/")
    if provider == "anthropic":
        return bare.removesuffix("/v1")
    return bare if urlsplit(bare).path else f"{bare}{API_PATHS[provider]}"


def check_installed() -> None:
    """Invalid when the extra is not there."""
    modules = (*openai_chat.MODULES, *anthropic_messages.MODULES, "genai_prices")
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise Invalid(missing_extra("a language model", "llm"), "llm_draft")

"""Asks a model by OpenAI's chat completions, as do Groq, Ollama, LM Studio, vLLM, llama.cpp and many others."""

from typing import Any

from onrecall.recommendation.llm.answer_schema import SCHEMA
from onrecall.recommendation.llm.endpoint import Completion, Endpoint, exchange
from onrecall.recommendation.llm.prompt import Prompt
from onrecall.recommendation.llm.request_form import RequestForm

MODULES = ("openai",)
"""What has to be there to ask."""


async def complete(endpoint: Endpoint, prompt: Prompt, form: RequestForm, seconds: float) -> Completion:
    """Ask the model. Raises EndpointRefused where the server answers with an error, ModelError where none comes."""
    import openai  # noqa: PLC0415 - takes a second to import, and most never need it

    body = request(endpoint, prompt, form)
    return await exchange(
        openai,
        openai.AsyncOpenAI,
        endpoint,
        seconds,
        lambda client: client.chat.completions.create(**body),
        _completion,
    )


def request(endpoint: Endpoint, prompt: Prompt, form: RequestForm) -> dict[str, Any]:
    """The body of a request in this form."""
    body: dict[str, Any] = {"model": endpoint.model, "messages": _messages(prompt, form)}
    if form.token_limit:
        body[form.token_limit] = endpoint.answer_tokens
    if form.temperature:
        body["temperature"] = 0
    if form.answer_format == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif form.answer_format != "text":
        strict = {"strict": True} if form.answer_format == "strict" else {}
        schema = {"name": "answer", "schema": prompt.schema or SCHEMA, **strict}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def _messages(prompt: Prompt, form: RequestForm) -> list[dict[str, str]]:
    if form.system:
        return [{"role": "system", "content": prompt.rules}, {"role": "user", "content": prompt.data}]
    return [{"role": "user", "content": f"{prompt.rules}\n\n{prompt.data}"}]


def _completion(response: Any) -> Completion:
    text = response.choices[0].message.content or ""
    usage = response.usage
    if usage is None or not (usage.prompt_tokens or usage.completion_tokens):
        return Completion(text)
    details = usage.prompt_tokens_details
    cached = details.cached_tokens if details else None
    return Completion(text, usage.prompt_tokens, usage.completion_tokens, cached or 0)

"""Asks a model by Anthropic's messages."""

from typing import Any

from onrecall.recommendation.llm.answer_schema import SCHEMA
from onrecall.recommendation.llm.endpoint import Completion, Endpoint, exchange
from onrecall.recommendation.llm.prompt import Prompt
from onrecall.recommendation.llm.request_form import RequestForm

MODULES = ("anthropic",)
"""What has to be there to ask."""


async def complete(endpoint: Endpoint, prompt: Prompt, form: RequestForm, seconds: float) -> Completion:
    """Ask the model. Raises EndpointRefused where the server answers with an error, ModelError where none comes."""
    import anthropic  # noqa: PLC0415 - takes seconds to import, and most never need it

    body = request(endpoint, prompt, form)
    return await exchange(
        anthropic,
        anthropic.AsyncAnthropic,
        endpoint,
        seconds,
        lambda client: client.messages.create(**body),
        _completion,
    )


def request(endpoint: Endpoint, prompt: Prompt, form: RequestForm) -> dict[str, Any]:
    """The body of a request in this form. Anthropic knows schemas, which are always strict, and no other format."""
    body: dict[str, Any] = {
        "model": endpoint.model,
        "max_tokens": endpoint.answer_tokens,
        "system": prompt.rules,
        "messages": [{"role": "user", "content": prompt.data}],
    }
    if form.answer_format != "text":
        body["output_config"] = {"format": {"type": "json_schema", "schema": prompt.schema or SCHEMA}}
    return body


def _completion(response: Any) -> Completion:
    text = "".join(block.text for block in response.content if block.type == "text")
    usage = response.usage
    if usage is None or not (usage.input_tokens or usage.output_tokens):
        return Completion(text)
    return Completion(text, usage.input_tokens, usage.output_tokens)

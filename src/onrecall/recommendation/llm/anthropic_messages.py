"""Asks a model by Anthropic's messages."""

import json
from typing import Any

from onrecall.recommendation.llm.answer_schema import SCHEMA
from onrecall.recommendation.llm.endpoint import NO_COMPLETION, Completion, Endpoint, Refused
from onrecall.recommendation.llm.prompt import Prompt
from onrecall.recommendation.llm.refusals import Refusal
from onrecall.recommendation.llm.request_form import RequestForm
from onrecall.recommendation.llm.routing import Failed

MODULES = ("anthropic",)
"""What has to be there to ask."""


async def complete(endpoint: Endpoint, prompt: Prompt, form: RequestForm, seconds: float) -> Completion:
    """The model's answer. Refused where the server answers with an error, Failed where it can't be reached."""
    import anthropic  # noqa: PLC0415 - takes seconds to import, and most never need it

    http = anthropic.DefaultAsyncHttpxClient(follow_redirects=False)
    client = anthropic.AsyncAnthropic(
        api_key=endpoint.key or "none", base_url=endpoint.url, max_retries=0, timeout=seconds, http_client=http
    )
    body: dict[str, Any] = request(endpoint, prompt, form)
    async with client:
        try:
            response = await client.messages.create(**body)
        except anthropic.APIStatusError as error:
            raise Refused(Refusal(error.status_code, error.response.text)) from None
        except anthropic.APITimeoutError:
            raise Failed("no answer in time", free=False) from None
        except anthropic.APIConnectionError:
            raise Failed("it could not be reached", free=True) from None
        except (anthropic.APIError, json.JSONDecodeError):
            raise Failed(NO_COMPLETION, free=False) from None
    try:
        return _completion(response)
    except (AttributeError, IndexError, TypeError):
        raise Failed(NO_COMPLETION, free=False) from None


def request(endpoint: Endpoint, prompt: Prompt, form: RequestForm) -> dict[str, Any]:
    """The body of a request in this form. Anthropic knows schemas, which are always strict, and no other format."""
    body: dict[str, Any] = {
        "model": endpoint.model,
        "max_tokens": endpoint.answer_tokens,
        "system": prompt.rules,
        "messages": [{"role": "user", "content": prompt.data}],
    }
    if form.answer_format != "text":
        body["output_config"] = {"format": {"type": "json_schema", "schema": SCHEMA}}
    return body


def _completion(response: Any) -> Completion:
    text = "".join(block.text for block in response.content if block.type == "text")
    usage = response.usage
    if usage is None or not (usage.input_tokens or usage.output_tokens):
        return Completion(text)
    return Completion(text, usage.input_tokens, usage.output_tokens)

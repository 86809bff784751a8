"""Asks a model by OpenAI's chat completions, as do Groq, Ollama, LM Studio, vLLM, llama.cpp and many others."""

import json
from typing import Any

from onrecall.recommendation.llm.answer_schema import SCHEMA
from onrecall.recommendation.llm.endpoint import NO_COMPLETION, Completion, Endpoint, Refused
from onrecall.recommendation.llm.prompt import Prompt
from onrecall.recommendation.llm.refusals import Refusal
from onrecall.recommendation.llm.request_form import RequestForm
from onrecall.recommendation.llm.routing import Failed

MODULES = ("openai",)
"""What has to be there to ask."""


async def complete(endpoint: Endpoint, prompt: Prompt, form: RequestForm, seconds: float) -> Completion:
    """The model's answer. Refused where the server answers with an error, Failed where it can't be reached."""
    import openai  # noqa: PLC0415 - takes a second to import, and most never need it

    http = openai.DefaultAsyncHttpxClient(follow_redirects=False)
    client = openai.AsyncOpenAI(
        api_key=endpoint.key or "none", base_url=endpoint.url, max_retries=0, timeout=seconds, http_client=http
    )
    body: dict[str, Any] = request(endpoint, prompt, form)
    async with client:
        try:
            response = await client.chat.completions.create(**body)
        except openai.APIStatusError as error:
            raise Refused(Refusal(error.status_code, error.response.text)) from None
        except openai.APITimeoutError:
            raise Failed("no answer in time", free=False) from None
        except openai.APIConnectionError:
            raise Failed("it could not be reached", free=True) from None
        except (openai.APIError, json.JSONDecodeError):
            raise Failed(NO_COMPLETION, free=False) from None
    try:
        return _completion(response)
    except (AttributeError, IndexError, TypeError):
        raise Failed(NO_COMPLETION, free=False) from None


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
        schema = {"name": "answer", "schema": SCHEMA, **strict}
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

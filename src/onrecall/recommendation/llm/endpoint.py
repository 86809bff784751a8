"""Where a model is asked, by which library, and what comes back from there."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from onrecall.recommendation.llm.refusals import Refusal
from onrecall.recommendation.llm.routing import ModelError

NO_COMPLETION = "it answered something else than a completion"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model on one server."""

    url: str
    key: str | None = field(repr=False)
    model: str
    answer_tokens: int
    """The most tokens of an answer."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a server answered. None: it did not say."""

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int = 0


class EndpointRefused(Exception):
    """The server answered with an error."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


async def exchange(
    library: Any,
    client_type: Callable[..., Any],
    endpoint: Endpoint,
    seconds: float,
    send: Callable[[Any], Awaitable[Any]],
    read: Callable[[Any], Completion],
) -> Completion:
    """Send one request by OpenAI's or Anthropic's library, which name things alike, and read the response.

    Raises EndpointRefused where the server answers with an error, ModelError where it can't be reached or answers with
    no completion.
    """
    http = library.DefaultAsyncHttpxClient(follow_redirects=False)
    client = client_type(
        api_key=endpoint.key or "none", base_url=endpoint.url, max_retries=0, timeout=seconds, http_client=http
    )
    async with client:
        try:
            response = await send(client)
        except library.APIStatusError as error:
            raise EndpointRefused(Refusal(error.status_code, error.response.text)) from None
        except library.APITimeoutError:
            raise ModelError("no answer in time", free=False) from None
        except library.APIConnectionError:
            raise ModelError("it could not be reached", free=True) from None
        except (library.APIError, json.JSONDecodeError):
            raise ModelError(NO_COMPLETION, free=False) from None
    try:
        return read(response)
    except (AttributeError, IndexError, TypeError):
        raise ModelError(NO_COMPLETION, free=False) from None

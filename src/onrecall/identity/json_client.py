"""JSON from the identity provider: bounded in size and time, without redirects."""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import httpx

from onrecall import __version__
from onrecall.domain.errors import Unavailable

SECONDS = 10.0
LARGEST_ANSWER = 512 * 1024


class JsonClient:
    """Requests to the identity provider that the operator configured. The client is made when it is first used."""

    def __init__(self, seconds: float = SECONDS) -> None:
        """`seconds`: how long each step of a request may take, and the whole answer once it has begun."""
        self._seconds = seconds
        self._client: httpx.Client | None = None
        self._making = threading.Lock()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at a URL. Raises Unavailable without one."""
        return self._answer("GET", url, headers or {}, None)[1]

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Post a form; returns the status and the JSON object of the answer, also that of an error."""
        return self._answer("POST", url, headers, form)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _answer(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> tuple[int, dict[str, Any]]:
        host = httpx.URL(url).host
        try:
            with self._opened().stream(method, url, headers=dict(headers), data=form) as answer:
                body = _read(answer, host, self._seconds)
        except httpx.HTTPError as error:  # its text names the host, and no parameter or header
            raise Unavailable(f"no answer from the identity provider at {host}: {type(error).__name__}") from error
        if answer.is_redirect or (form is None and not answer.is_success):
            raise Unavailable(f"the identity provider at {host} answered {answer.status_code}")
        try:
            parsed = json.loads(body)
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, dict):
            raise Unavailable(f"the identity provider at {host} answered {answer.status_code} without a JSON object")
        return answer.status_code, parsed

    def _opened(self) -> httpx.Client:
        with self._making:
            if self._client is None:
                agent = {"User-Agent": f"OnRecall/{__version__}", "Accept": "application/json"}
                self._client = httpx.Client(timeout=self._seconds, follow_redirects=False, headers=agent)
            return self._client


def _read(answer: httpx.Response, host: str, seconds: float) -> bytes:
    body, deadline = bytearray(), time.monotonic() + seconds
    for part in answer.iter_bytes():
        body += part
        if time.monotonic() > deadline:
            raise Unavailable(f"no whole answer within {seconds:g} s from the identity provider at {host}")
        if len(body) > LARGEST_ANSWER:
            raise Unavailable(f"the identity provider at {host} answered with more than {LARGEST_ANSWER} bytes")
    return bytes(body)

"""What can go wrong with a Hindsight server, in OnRecall's own errors.

The client lets out three families: its own exceptions, aiohttp's, and bare time-outs.
"""

import json
from functools import cache
from typing import Any

from onrecall.domain.errors import Invalid, NotFound, OnRecallError, Unavailable

REFUSED_SECONDS = 60.0
"""A refused key is tried again after this: somebody has to mend it first."""
LONGEST_DETAIL = 200


@cache
def failures() -> tuple[type[BaseException], ...]:
    """Return every exception that a call may raise."""
    import aiohttp  # noqa: PLC0415 - comes with the extra
    from hindsight_client_api.exceptions import OpenApiException  # noqa: PLC0415
    from pydantic import ValidationError  # noqa: PLC0415

    # what no client can be made of raises ValueError, as a key with a line break does
    return OpenApiException, aiohttp.ClientError, TimeoutError, ValidationError, ValueError, OSError


def status(error: BaseException) -> int | None:
    """Return the HTTP status that an error came with."""
    code = getattr(error, "status", None)
    return code if isinstance(code, int) else None


def translate(error: BaseException, url: str, seconds: float) -> OnRecallError:
    """OnRecall's error for one of the client's, with a sentence that says what to do."""
    where, code = f"Hindsight at {url}", status(error)
    if code is not None:
        return _refused(error, where, code)
    if isinstance(error, TimeoutError):
        return timeout_error(url, seconds)
    detail = str(error)[:LONGEST_DETAIL] or type(error).__name__
    if isinstance(error, OSError) or type(error).__module__.startswith("aiohttp"):
        return Unavailable(f"{where} can't be reached: {detail}")
    return Unavailable(f"{where} returned an answer that is not Hindsight's: {detail}", 10.0)


def timeout_error(url: str, seconds: float) -> Unavailable:
    """Return the error for a server that took too long."""
    hint = "if it is only slow, raise ONRECALL_HINDSIGHT_TIMEOUT"
    return Unavailable(f"Hindsight at {url} did not answer within {seconds:g} s; {hint}")


def _refused(error: BaseException, where: str, code: int) -> OnRecallError:
    if code in (401, 403):
        return Unavailable(f"{where} refuses the key ({code}): set ONRECALL_HINDSIGHT_KEY to its key", REFUSED_SECONDS)
    if code == 404:
        return NotFound(f"{where} has no such document or bank")
    if code >= 500 or code in (408, 425, 429):
        return Unavailable(f"{where} answered {code}", _retry_after(error))
    return Invalid(f"{where} refused the request ({code}): {_detail(error)}", "hindsight")


def _retry_after(error: BaseException) -> float:
    headers: Any = getattr(error, "headers", None) or {}
    seconds = str(headers.get("Retry-After", ""))
    return min(float(seconds), 3600.0) if seconds.isdecimal() else 1.0


def _detail(error: BaseException) -> str:
    body = str(getattr(error, "body", "") or error)
    try:
        reply = json.loads(body)
    except ValueError:
        reply = body
    return str(reply.get("detail", reply) if isinstance(reply, dict) else reply)[:LONGEST_DETAIL]

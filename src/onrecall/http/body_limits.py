"""Limits the size of request bodies, whatever their header says."""

import logging
import re

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onrecall.domain.image import LARGEST_IMAGE
from onrecall.http.problems import Problem, problem_response

log = logging.getLogger(__name__)

MAX_BODY = 2 * 1024 * 1024
MAX_HISTORY_BODY = 64 * 1024 * 1024
IMAGES = re.compile(r"/api/v1/incidents/[^/]+/images")


class BodyLimit:
    """Refuses bodies over the limit with 413 before they are held in memory."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit, advice = _limit(scope["path"])
        message = f"at most {limit:,} bytes are accepted here; {advice}"
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            log.warning("a body of %d bytes was refused at %r: %s", int(declared), scope["path"][:100], message)
            refusal = problem_response(Problem(title="The body is too large", status=413, detail=message))
            await refusal(scope, receive, send)
            return
        await self._app(scope, _counting(receive, limit, scope["path"], message), send)


def _counting(receive: Receive, limit: int, path: str, message: str) -> Receive:
    """Return `receive` that refuses what comes after `limit` bytes."""
    size = 0

    async def receive_within_limit() -> Message:
        nonlocal size
        part = await receive()
        size += len(part.get("body", b""))
        if size > limit:
            log.warning("a body was refused at %r: %s", path[:100], message)
            raise HTTPException(413, message)
        return part

    return receive_within_limit


def _limit(path: str) -> tuple[int, str]:
    """Return how many bytes are read at a path, and what to do with more."""
    if IMAGES.fullmatch(path):
        return LARGEST_IMAGE, "save the picture smaller"
    return MAX_HISTORY_BODY if path == "/api/v1/history" else MAX_BODY, "send it in parts"


CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
)


class SafeHeaders:
    """Tells browsers to run nothing but our own files."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and not scope["path"].startswith("/docs"):
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in SECURITY_HEADERS if header[0] not in present),
                ]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)

"""Removes hidden characters from what the API answers, for whoever shows it: once here instead of in every client."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onrecall.domain.hidden_characters import visible

READ_BY_PEOPLE = ("json", "text/plain", "text/markdown")
"""Kinds of content with texts that people read. Downloads, such as an export, stay as they are stored."""


class VisibleText:
    """Answers JSON and plain text without characters that hide or turn the order of letters around."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the head of an answer back until its body is known: one that arrives whole is cleaned."""
        start: Message | None = None

        async def send_visible(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_text(message):
                start = message
                return
            if start is not None:
                head, start = start, None
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    message = _cleaned(head, message)
                await send(head)
            await send(message)

        await self._app(scope, receive, send_visible if scope["type"] == "http" else send)


def _is_text(start: Message) -> bool:
    headers = MutableHeaders(raw=start["headers"])
    if headers.get("content-disposition", "").startswith("attachment"):
        return False
    return any(part in headers.get("content-type", "") for part in READ_BY_PEOPLE)


def _cleaned(head: Message, message: Message) -> Message:
    """Return the body without hidden characters, and set its length in the head."""
    body: bytes = message.get("body", b"")
    headers = MutableHeaders(raw=head["headers"])
    if body.isascii() or "content-encoding" in headers:
        return message
    shown = visible(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    if shown == body:
        return message
    headers["content-length"] = str(len(shown))
    head["headers"] = headers.raw
    return {**message, "body": shown}

"""Requests from Slack: buttons, modals, commands, mentions and messages. The middleware has verified the signature."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from onrecall.domain.errors import Invalid, OnRecallError, Unavailable
from onrecall.http.slack_actions import SlackActions
from onrecall.http.slack_app import SlackApp
from onrecall.http.slack_questions import SlackQuestions
from onrecall.notifications import PermanentDeliveryError
from onrecall.pipeline import IncidentService

PATIENCE_SECONDS = 2.0
"""Slack waits three seconds; work that takes longer is acknowledged and continues."""
WORKERS = 4
MOST_WAITING = 100
LOOKING = "Looking …"
Result = TypeVar("Result")

log = logging.getLogger(__name__)
router = APIRouter(prefix="/slack", include_in_schema=False)


class SlackRequests:
    """Runs the work of the Slack routes in a bounded pool of threads."""

    def __init__(self, memory: IncidentService, app: SlackApp | None) -> None:
        self.actions = SlackActions(memory, app or SlackApp())
        self.questions = SlackQuestions(memory, app or SlackApp())
        self._pool = ThreadPoolExecutor(WORKERS, "slack")
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

    def stop(self) -> None:
        """Finish acknowledged work, and stop."""
        self._pool.shutdown(wait=True)

    def begin(self, job: Callable[[], Result]) -> "Future[Result]":
        """Start a job in the pool. Raises Unavailable if too many wait."""
        if not self._waiting.acquire(blocking=False):
            raise Unavailable("too many requests from Slack are in progress; try again", 5)
        future = self._pool.submit(job)
        future.add_done_callback(self._ended)
        return future

    def later(self, job: Callable[[], None]) -> None:
        """Run a job after the response is sent."""
        self.begin(job)

    def _ended(self, future: "Future[Any]") -> None:
        self._waiting.release()
        error = future.exception() if not future.cancelled() else None
        if error is not None:
            log.warning("a request from Slack failed: %s", error)

    async def soon(self, job: Callable[[], Result]) -> Result | None:
        """Run a job, and return its result if it is done in time; None while it continues."""
        future = asyncio.wrap_future(self.begin(job))
        try:
            return await asyncio.wait_for(asyncio.shield(future), PATIENCE_SECONDS)
        except TimeoutError:
            future.add_done_callback(_retrieve_exception)
            return None


@router.post("/interactions")
async def interactions(request: Request) -> Response:
    """Handle a pressed button or a sent dialog; it is stored before the answer if that takes at most two seconds."""
    slack = _slack(request)
    payload = _parse_object(_parse_form(await request.body()).get("payload", ""), "payload")
    answer = await slack.soon(lambda: _malformed_as_invalid(lambda: slack.actions.interact(payload, slack.later)))
    return JSONResponse(answer) if answer else Response()


@router.post("/commands")
async def commands(request: Request) -> Response:
    """`/recall TEXT`: an answer that only who asked sees."""
    slack = _slack(request)
    form = _parse_form(await request.body())
    if form.get("ssl_check"):
        return Response()
    asking = slack.begin(lambda: slack.questions.ask(form.get("text", "")))
    try:
        answer = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(asking)), PATIENCE_SECONDS)
    except TimeoutError:
        asking.add_done_callback(
            lambda finished: slack.later(lambda: slack.actions.reply_privately(form, finished.result()))
        )
        answer = {"text": LOOKING}
    return JSONResponse({**answer, "response_type": "ephemeral"})


@router.post("/events")
async def events(request: Request) -> Response:
    """Something happened in Slack: the app was mentioned or written to, or Slack asks whether this address is ours."""
    slack = _slack(request)
    envelope = _parse_object((await request.body()).decode("utf-8", "replace"), "body")
    if envelope.get("type") == "url_verification":
        return JSONResponse({"challenge": str(envelope.get("challenge", ""))[:1000]})
    again = "x-slack-retry-num" in request.headers
    try:
        await slack.soon(lambda: _malformed_as_invalid(lambda: slack.questions.handle_event(envelope, again=again)))
    except PermanentDeliveryError as error:
        log.warning("an event from Slack could not be answered: %s", error)
    except OnRecallError as error:
        if error.retry:
            raise  # Slack says it again, and then it may go
        log.warning("an event from Slack was not answered: %s", error)
    return Response()


def _slack(request: Request) -> SlackRequests:
    slack: SlackRequests = request.app.state.slack
    return slack


def _parse_form(body: bytes) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(body.decode("utf-8"), max_num_fields=100).items()}
    except (UnicodeDecodeError, ValueError) as error:
        raise Invalid(f"the body is not a form: {error}", "body") from error


def _parse_object(text: str, field: str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{field} is not JSON: {str(error)[:100]}", field) from error
    if not isinstance(parsed, dict):
        raise Invalid(f"{field} is not a JSON object", field)
    return parsed


def _malformed_as_invalid(job: Callable[[], Result]) -> Result:
    try:
        return job()
    except (AttributeError, KeyError, TypeError) as error:
        raise Invalid(f"this is not a request from Slack: {error}", "body") from error


def _retrieve_exception(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()  # it is in the log

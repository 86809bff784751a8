"""Problem details (RFC 9457): maps errors to statuses."""

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from onrecall.domain.errors import Conflict, Forbidden, Invalid, NotFound, OnRecallError, Unauthorised, Unavailable
from onrecall.domain.validation_messages import describe_error

STATUS: Mapping[type[OnRecallError], int] = {
    Invalid: 422,
    NotFound: 404,
    Conflict: 409,
    Unauthorised: 401,
    Forbidden: 403,
    Unavailable: 503,
}
MEDIA_TYPE = "application/problem+json"

log = logging.getLogger(__name__)


class FieldError(BaseModel):
    """One field that is wrong."""

    field: str
    message: str


class Problem(BaseModel):
    """An error, as a problem of RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldError] | None = None
    error_id: str | None = None


def install(app: FastAPI) -> None:
    """Answer every error of this application with a problem."""
    app.add_exception_handler(OnRecallError, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected_error)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems of a route for OpenAPI."""
    return {
        status: {"model": Problem, "description": _title(status), "content": {MEDIA_TYPE: {}}}
        for status in (*statuses, 500)
    }


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Build a response from a problem."""
    return JSONResponse(
        problem.model_dump(exclude_none=True), problem.status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def to_response(error: Exception) -> JSONResponse:
    """Build the response to an error raised before any route is reached."""
    return _domain_error(None, error) if isinstance(error, OnRecallError) else _http_error(None, error)


def _domain_error(_: Request | None, error: Exception) -> JSONResponse:
    assert isinstance(error, OnRecallError)
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    problem = Problem(title=error.title, status=status, detail=str(error))
    if isinstance(error, Invalid) and error.field:
        problem.errors = [FieldError(field=error.field, message=str(error))]
    headers = {"Retry-After": str(max(1, round(error.retry_after)))} if isinstance(error, Unavailable) else None
    return problem_response(problem, headers)


def _validation_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [_field_error(field_error) for field_error in error.errors()]
    detail = "; ".join(f"{field_error.field}: {field_error.message}" for field_error in errors)
    return problem_response(Problem(title="Invalid input", status=422, detail=detail, errors=errors))


def _field_error(field_error: Mapping[str, Any]) -> FieldError:
    if field_error["type"] == "json_invalid":
        why = (field_error.get("ctx") or {}).get("error", "it can't be read")
        return FieldError(field="body", message=f"this is not JSON: {why} at character {field_error['loc'][-1]}")
    return FieldError(
        field=".".join(str(part) for part in field_error["loc"] if part != "body") or "body",
        message=describe_error(field_error),
    )


def _http_error(_: Request | None, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem_response(
        Problem(title=_title(error.status_code), status=error.status_code, detail=str(error.detail)), error.headers
    )


def _unexpected_error(request: Request, error: Exception) -> JSONResponse:
    error_id = secrets.token_hex(8)
    log.error("error %s at %s %s", error_id, request.method, request.url.path, exc_info=error)
    detail = f"An internal error occurred; the server's log has the details under {error_id}."
    return problem_response(Problem(title="Internal error", status=500, detail=detail, error_id=error_id))


def _title(status: int) -> str:
    return {
        401: "A valid key is required",
        403: "This key lacks the permission",
        404: "Not found",
        405: "Method not supported",
        409: "Conflict with existing data",
        413: "The body is too large",
        422: "Invalid input",
        429: "Too many wrong keys",
        500: "Internal error",
        503: "Temporarily unavailable",
    }.get(status, "The request cannot be answered")

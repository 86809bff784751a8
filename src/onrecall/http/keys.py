"""Keys over HTTP, for admins: made, listed, replaced, ended. And who it is that asks."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from onrecall.domain.access import parse_key_id
from onrecall.domain.errors import Conflict, Invalid
from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses
from onrecall.http.session_cookies import renew_csrf_cookie
from onrecall.pipeline.keys import Keys
from onrecall.pipeline.sessions import Sessions
from onrecall.schemas.keys import CallerOut, KeyIn, KeyOut, NewKeyOut, RotateIn
from onrecall.schemas.sessions import SessionOut

router = APIRouter(prefix="/api/v1", tags=["keys"])
SECRET = {"Cache-Control": "no-store"}


class KeyList(BaseModel):
    """All keys ever created, oldest first."""

    items: list[KeyOut]


async def _keys(request: Request) -> Keys:
    keys: Keys = request.state.keys
    return keys


TheKeys = Annotated[Keys, Depends(_keys)]
"""The keys that the guard itself looks at."""


@router.get("/me")
def me(request: Request, response: Response, caller: TheCaller, keys: TheKeys) -> CallerOut:
    """Return your name and role, and the key or the session that says so."""
    sessions: Sessions = request.app.state.sessions
    session = None if caller.session_id is None else sessions.get(caller.session_id)
    if session is not None:
        renew_csrf_cookie(request, response, request.app.state.cookies, session)
    return CallerOut(
        name=caller.name,
        role=caller.role,
        key=None if caller.key is None else caller.key.id,
        locked=keys.required,
        team=request.app.state.team,
        session=None if session is None else SessionOut.of(session, session.id),
    )


@router.get("/keys")
def list_(memory: TheMemory, keys: TheKeys) -> KeyList:
    """List all keys, without their secrets."""
    now = memory.now()
    return KeyList(items=[KeyOut.of(key, now) for key in keys.all()])


@router.post("/keys", status_code=201, responses=responses(409, 422))
def create(request: KeyIn, memory: TheMemory, keys: TheKeys, response: Response) -> NewKeyOut:
    """Create a key; it is shown once. The first must be an admin's, because from then on every request needs a key."""
    if request.role != "admin" and not keys.all():
        raise Conflict("the first key must have the role admin, because from then on only an admin can create keys")
    created = keys.create(request.name, request.role, request.expires_at)
    response.headers.update(SECRET)
    return NewKeyOut.of_made(created, memory.now())


@router.post("/keys/{which}/rotate", responses=responses(404, 409, 422))
def rotate(
    which: str, memory: TheMemory, keys: TheKeys, response: Response, given: RotateIn | None = None
) -> NewKeyOut:
    """Replace a key by a new one with its name and role; both work until the overlap ends."""
    options = given or RotateIn.model_validate({})
    rotated = keys.rotate(_no_key(which), timedelta(hours=options.overlap_hours), options.expires_at)
    response.headers.update(SECRET)
    return NewKeyOut.of_made(rotated, memory.now())


@router.post("/keys/{which}/revoke", responses=responses(404, 409, 422))
def revoke(which: str, memory: TheMemory, keys: TheKeys) -> KeyList:
    """Revoke a key by its id, or all keys of a name. Refuses to revoke the last admin key."""
    now = memory.now()
    return KeyList(items=[KeyOut.of(key, now) for key in keys.revoke(_no_key(which), leave_admin=True)])


def _no_key(which: str) -> str:
    if parse_key_id(which):
        raise Invalid("this is a key, and every proxy has now logged it: revoke it by its id", "which")
    return which

"""Keys over HTTP, for admins: made, listed, replaced, ended. And who it is that asks."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from onrecall.domain.access import id_of
from onrecall.domain.errors import Conflict, Invalid
from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline.keys import Keys
from onrecall.schemas.keys import CallerOut, KeyIn, KeyOut, MadeOut, RotateIn

router = APIRouter(prefix="/api/v1", tags=["keys"])
SECRET = {"Cache-Control": "no-store"}


class KeyList(BaseModel):
    """Every key there ever was, oldest first."""

    items: list[KeyOut]


async def _keys(request: Request) -> Keys:
    keys: Keys = request.state.keys
    return keys


TheKeys = Annotated[Keys, Depends(_keys)]
"""The keys that the guard itself looks at."""


@router.get("/me")
def me(caller: TheCaller, keys: TheKeys) -> CallerOut:
    """Who you are here: the name and role of your key."""
    return CallerOut(
        name=caller.name, role=caller.role, key=None if caller.key is None else caller.key.id, locked=keys.wanted
    )


@router.get("/keys")
def list_(memory: TheMemory, keys: TheKeys) -> KeyList:
    """All keys, without themselves."""
    now = memory.now()
    return KeyList(items=[KeyOut.of(key, now) for key in keys.all()])


@router.post("/keys", status_code=201, responses=responses(409, 422))
def create(given: KeyIn, memory: TheMemory, keys: TheKeys, response: Response) -> MadeOut:
    """Make a key; it is told once. From the first one on everybody needs one, so that is to be an admin's."""
    if given.role != "admin" and not keys.all():
        raise Conflict("the first key locks every door, so make one of the role admin first; nobody could make more")
    made = keys.create(given.name, given.role, given.expires_at)
    response.headers.update(SECRET)
    return MadeOut.of_made(made, memory.now())


@router.post("/keys/{which}/rotate", responses=responses(404, 409, 422))
def rotate(which: str, memory: TheMemory, keys: TheKeys, response: Response, given: RotateIn | None = None) -> MadeOut:
    """Make a key in place of another, with its name and role; both open until the overlap ends."""
    how = given or RotateIn.model_validate({})
    made = keys.rotate(_no_key(which), timedelta(hours=how.overlap_hours), how.expires_at)
    response.headers.update(SECRET)
    return MadeOut.of_made(made, memory.now())


@router.post("/keys/{which}/revoke", responses=responses(404, 409, 422))
def revoke(which: str, memory: TheMemory, keys: TheKeys) -> KeyList:
    """End a key at once, by its id; under a name, all of its holder. The last one of an admin is not ended here."""
    now = memory.now()
    return KeyList(items=[KeyOut.of(key, now) for key in keys.revoke(_no_key(which), leave_admin=True)])


def _no_key(which: str) -> str:
    if id_of(which):
        raise Invalid("this is a key, and now it stands in the logs of every proxy: end it by its id", "which")
    return which

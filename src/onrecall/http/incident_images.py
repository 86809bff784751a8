"""Pictures of incidents over HTTP: taken by their content, and served so that a browser only draws them."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from onrecall.domain.image import IMAGE_TYPES, ImageType, StoredImage, UnsupportedImage
from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses

router = APIRouter(prefix="/api/v1", tags=["incidents"])
PICTURE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes of one picture, at most 5 MB; its content tells its type.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in IMAGE_TYPES},
    }
}
SERVED: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in IMAGE_TYPES}}
}
SANDBOX = "default-src 'none'; sandbox"


class ImageOut(BaseModel):
    """A stored picture, and the Markdown that shows it in a note."""

    id: str
    incident: str
    name: str
    type: ImageType
    width: int
    height: int
    size: int = Field(description="Bytes, without metadata.")
    url: str = Field(description="The path of the picture on this server.")
    markdown: str = Field(
        description="The Markdown that shows it in a note.", examples=["![graph.png](/api/v1/incidents/…)"]
    )

    @classmethod
    def of(cls, image: StoredImage) -> "ImageOut":
        """Return the JSON of a stored picture."""
        url = f"/api/v1/incidents/{quote(image.incident, safe='')}/images/{image.id}"
        return cls(
            id=image.id,
            incident=image.incident,
            name=image.name,
            type=image.file.type,
            width=image.file.width,
            height=image.file.height,
            size=len(image.file.data),
            url=url,
            markdown=f"![{image.name}]({url})",
        )


@router.post(
    "/incidents/{incident_id}/images",
    status_code=201,
    responses={200: {"model": ImageOut}, **responses(404, 409, 413, 415, 422, 503)},
    openapi_extra=PICTURE,
)
async def add(
    incident_id: str,
    request: Request,
    response: Response,
    memory: TheMemory,
    caller: TheCaller,
    name: Annotated[str | None, Query(max_length=300, description="The name of the file.")] = None,
) -> ImageOut:
    """Store a picture for its notes, without metadata; the same picture again answers 200 and adds nothing."""
    try:
        data = await request.body()
    except ClientDisconnect as error:
        raise HTTPException(400, "the connection ended before the whole picture arrived") from error
    try:
        image, is_new = await run_in_threadpool(memory.images.add, incident_id, data, name, caller.attribution())
    except UnsupportedImage as error:
        raise HTTPException(415, str(error)) from error
    if not is_new:
        response.status_code = 200
    return ImageOut.of(image)


@router.get(
    "/incidents/{incident_id}/images/{image_id}",
    response_class=Response,
    responses={**SERVED, **responses(404)},
)
def image(incident_id: str, image_id: str, memory: TheMemory) -> Response:
    """Return a picture; a browser that opens it saves it."""
    stored = memory.images.get(incident_id, image_id)
    headers = {
        "Content-Disposition": _disposition(stored.name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, max-age=3600",
    }
    return Response(stored.file.data, media_type=stored.file.type, headers=headers)


def _disposition(name: str) -> str:
    """Return the header of a download, for names of any language (RFC 6266)."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "_" for sign in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

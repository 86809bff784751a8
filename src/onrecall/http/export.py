"""All of memory as a download."""

import tempfile
import threading
from collections.abc import Iterator
from typing import IO

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from onrecall.domain.errors import Unavailable
from onrecall.export import archive
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline import IncidentService

router = APIRouter(prefix="/api/v1", tags=["history"])
CHUNK_BYTES = 1 << 18
ZIP = "application/zip"
_packing = threading.Lock()


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}, **responses(503)},
)
def export(memory: TheMemory) -> StreamingResponse:
    """Return all of memory as a zip, which `onrecall import` reads once unpacked. A `?ticket=` replaces a key."""
    file, size = _pack_archive(memory)
    headers = {
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="onrecall-{memory.now():%Y-%m-%d}.zip"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_read_chunks(file), media_type=ZIP, headers=headers)


def _pack_archive(memory: IncidentService) -> tuple[IO[bytes], int]:
    """Write the zip to a temporary file, so that slow clients do not block the database and failures are reported."""
    if not _packing.acquire(blocking=False):
        raise Unavailable("another export is in progress; try again when it is done")
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was read
        try:
            counts = archive.pack(memory.store, file)
            memory.store.audit.record("archive exported", detail=counts)
        except BaseException:
            file.close()
            raise
    finally:
        _packing.release()
    size = file.tell()
    file.seek(0)
    return file, size


def _read_chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(CHUNK_BYTES):
            yield part

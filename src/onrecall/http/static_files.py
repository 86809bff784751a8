"""Serves the files of the console, compressed in advance where a browser accepts that."""

import os
from typing import Final

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.staticfiles import PathLike
from starlette.types import Scope

CACHE_FOREVER: Final = "public, max-age=31536000, immutable"
SERVICE_WORKER: Final = "/static/service-worker.js"
"""It stores the page and the files of the console, and no answer of the API."""
COPIES: Final = {"br": ".br", "gzip": ".gz"}
"""Encodings of the compressed copies of a file, best first, with the endings of their names."""


class ConsoleFiles(StaticFiles):
    """Files that browsers may cache forever, because a changed file gets another name."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file; a compressed copy is no file of its own."""
        return ("", None) if path.endswith(tuple(COPIES.values())) else super().lookup_path(path)

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the file, or its best compressed copy that the browser accepts."""
        path = os.fspath(full_path)
        encoding = _best_encoding(path, Headers(scope=scope).get("accept-encoding", ""))
        if encoding:
            path += COPIES[encoding]
            stat_result = os.stat(path)  # noqa: PTH116  as Starlette wants it
        answer = super().file_response(path, stat_result, scope, status_code)
        answer.headers["Vary"] = "Accept-Encoding"
        if encoding and answer.status_code == status_code:
            answer.headers["Content-Encoding"] = encoding
        return _with_caching(answer, scope["path"])


def _best_encoding(path: str, accepted: str) -> str:
    """Return the best encoding of which there is a copy; "" if the file goes out as it is."""
    names = {
        part.partition(";")[0].strip() for part in accepted.split(",") if not part.replace(" ", "").endswith(";q=0")
    }
    return next((name for name, ending in COPIES.items() if name in names and os.path.exists(path + ending)), "")  # noqa: PTH110


def _with_caching(answer: Response, path: str) -> Response:
    if path.startswith("/static/assets/"):
        answer.headers["Cache-Control"] = CACHE_FOREVER
    elif path == SERVICE_WORKER:
        answer.headers["Service-Worker-Allowed"] = "/"
        answer.headers["Cache-Control"] = "no-cache"
    return answer

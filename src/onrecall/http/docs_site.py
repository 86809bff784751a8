"""The documentation site at `/docs/guide/`, where `make docs-site` or a wheel has brought its files."""

import hashlib
import re
from base64 import b64encode
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from onrecall.domain.errors import NotFound

router = APIRouter(include_in_schema=False)
BUILD_FOLDER = Path(__file__).parent / "guide_site"
"""Where `make docs-site` writes the site; it is not in the repository, and a wheel has it if it was built before."""
ROOT = "/docs/guide/"
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@router.get("/docs/guide")
def root() -> RedirectResponse:
    """Redirect to the address to which the links of the site are relative."""
    return RedirectResponse(ROOT)


@router.get("/docs/guide/{path:path}")
def file(path: str) -> Response:
    """Return a file of the site. Raises NotFound if it does not exist, or if the site is not built."""
    if not (BUILD_FOLDER / "index.html").is_file():
        raise NotFound(
            "the documentation site is not built; run `make docs-site`, or read the pages that /llms.txt lists"
        )
    target = (BUILD_FOLDER / path).resolve()
    if not target.is_relative_to(BUILD_FOLDER.resolve()):
        raise NotFound(f"the documentation has no page {path}")
    if target.is_dir() and path and not path.endswith("/"):
        return RedirectResponse(f"{ROOT}{path}/")
    page = target / "index.html" if target.is_dir() else target
    if not page.is_file():
        raise NotFound(f"the documentation has no page {path}")
    if page.suffix != ".html":
        return FileResponse(page)
    text, policy = _page(page, page.stat().st_mtime_ns)
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})


@lru_cache(maxsize=64)
def _page(page: Path, _changed: int) -> tuple[str, str]:
    """Return a page, and a content security policy that allows only its own inline scripts, by their hashes."""
    text = page.read_text(encoding="utf-8")
    digests = (hashlib.sha256(script.encode()).digest() for script in INLINE_SCRIPT.findall(text))
    hashes = " ".join(sorted({f"'sha256-{b64encode(digest).decode()}'" for digest in digests}))
    return text, (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )

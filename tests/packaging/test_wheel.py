"""The built wheels in an environment of their own: installed from a folder, run without Node, a compiler or git."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from onrecall.retrieval import embeddings

ROOT = Path(__file__).parents[2]
MOST_BYTES = 350 * 1_000_000
"""Of an installation, compiled Python left out: pip writes that, and uv does not."""

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("packaging")]  # the wheels are built and installed once


def run(*command: str | Path, environment: dict[str, str] | None = None, folder: Path = ROOT) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=folder,
        timeout=240,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    """The folder that `make dist` would fill."""
    folder = tmp_path_factory.mktemp("dist")
    for project in (ROOT / "packages" / "onrecall-model", ROOT):
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, folder=project)
    return folder


@pytest.fixture(scope="module")
def installed(artifacts, tmp_path_factory):
    """The programs of an environment that holds the wheels and what they ask for, and the variables to run them with."""
    uv = Path(sys.executable).with_name("uv")
    place = tmp_path_factory.mktemp("installed")
    path = place / "bin"
    path.mkdir()
    bare = {"PATH": str(path), "HOME": str(place), "ONRECALL_DATA_DIR": str(place / "data"), "COLUMNS": "200"}
    cache = {name: os.environ[name] for name in os.environ if name.startswith(("UV_", "PIP_", "SSL_", "HTTP", "http"))}
    uv_cache = run(uv, "cache", "dir").strip()
    venv = place / "venv"
    run(uv, "venv", "--quiet", "--python", sys.executable, venv, environment=bare | cache)
    arguments = ["pip", "install", "--quiet", "--python", venv / "bin" / "python", "--only-binary", ":all:"]
    options = ["--find-links", artifacts, "--cache-dir", uv_cache, "onrecall"]
    done = subprocess.run(
        [uv, *arguments, *options], capture_output=True, text=True, check=False, env=bare | cache, cwd=place
    )
    if "error sending request" in done.stderr or "Failed to fetch" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    return venv / "bin", bare


def test_a_wheel_holds_the_console_and_no_source_of_it(artifacts):
    (wheel,) = artifacts.glob("onrecall-0*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "onrecall/http/console/index.html" in names
    assert {"onrecall/http/guide_pages/llms.txt", "onrecall/http/guide_pages/docs/reference.md"} <= set(names)
    assert not [name for name in names if name.startswith(("web/", "tests/")) or "node_modules" in name]


def test_an_installed_wheel_serves_the_console_without_node(artifacts, tmp_path):
    (wheel,) = artifacts.glob("onrecall-0*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    script = """
import re, sys
from pathlib import Path
import onrecall
from onrecall.http import create
from onrecall.bootstrap.app import open_app
from onrecall.worker.worker import Worker
from onrecall.settings import Settings
from starlette.testclient import TestClient

with open_app(Settings(data_dir=Path(sys.argv[1]))) as home:
    worker = Worker(home.memory)
    client = TestClient(create(home.memory, worker, home.status), "http://127.0.0.1", client=("127.0.0.1", 50000))
    page = client.get("/").text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert files and all(client.get(one).status_code == 200 for one in files), page
print(onrecall.__file__)
"""
    environment = {"PYTHONPATH": str(tmp_path / "installed"), "PATH": "/nowhere", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "data"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "installed"))


def test_the_model_is_built_the_same_each_time_and_asks_for_nothing(artifacts, tmp_path):
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        tmp_path,
        folder=ROOT / "packages" / "onrecall-model",
    )
    (wheel,), (again,) = artifacts.glob("onrecall_model-*.whl"), tmp_path.glob("*.whl")
    assert wheel.read_bytes() == again.read_bytes()
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
    assert "Requires-Dist" not in archive.read(metadata).decode()
    assert {"LICENSE", "NOTICE"} <= {name.rpartition("/")[2] for name in archive.namelist()}


def test_the_model_of_the_wheel_means_what_that_of_a_clone_means(artifacts, tmp_path):
    (wheel,) = artifacts.glob("onrecall_model-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path, [name for name in archive.namelist() if "/weights/" in name])
    folders = tmp_path / "onrecall_model" / "weights", embeddings._find_packaged()
    sizes = [(folder / "model.safetensors").stat().st_size for folder in folders]
    assert sizes[0] < 0.75 * sizes[1], "the table of words is in half precision"
    pages = sorted((ROOT / "src" / "onrecall" / "examples").rglob("*.md"))[:20]
    texts = [part for page in pages for part in page.read_text("utf-8").split("\n\n")][:200]
    wheel_vectors, vectors = (embeddings.load_embedder(folder).embed(texts) for folder in folders)
    np.testing.assert_allclose(wheel_vectors, vectors, atol=1e-4)


def test_a_changed_weight_stops_the_build(tmp_path):
    project = tmp_path / "onrecall-model"
    shutil.copytree(ROOT / "packages" / "onrecall-model", project)
    listed = project / "weights.sha256"
    first, rest = listed.read_text().split("\n", 1)
    listed.write_text(f"{'0' * 64}{first[64:]}\n{rest}")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=project,
    )
    assert done.returncode != 0
    assert "is not the file that was released" in done.stderr


def test_an_installation_answers_by_meaning_and_draws_no_torch_in(installed):
    programs, environment = installed
    assert run(programs / "onrecall", "--version", environment=environment).startswith("onrecall ")
    run(programs / "onrecall", "import", "--example", environment=environment)
    answer = json.loads(
        run(programs / "onrecall", "ask", "logins fail, auth answers 503", "--json", environment=environment)
    )
    assert answer["evidence"]
    report = json.loads(run(programs / "onrecall", "doctor", "--json", environment=environment))
    assert next(part for part in report["parts"] if part["name"] == "meaning")["state"] == "ok"
    site = next((programs.parent / "lib").glob("python*/site-packages"))
    assert not [name for name in ("torch", "transformers", "psycopg", "slack_sdk") if (site / name).exists()]


def test_an_installation_plays_the_demo(installed):
    programs, environment = installed
    played = run(programs / "onrecall", "demo", "--fast", "--once", "--port", "0", environment=environment)
    assert "resolved" in played


def test_an_installation_stays_below_its_size(installed):
    programs, _ = installed
    files = [file for file in programs.parent.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    total = sum(file.lstat().st_size for file in files if not file.is_symlink())
    print(f"installed: {total / 1e6:.0f} MB")
    assert total <= MOST_BYTES


def test_a_database_whose_library_is_missing_is_told_with_the_extra(installed):
    programs, environment = installed
    done = subprocess.run(
        [programs / "onrecall", "trust"],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"ONRECALL_DATABASE_URL": "postgresql://u@h/n"},
    )
    assert done.returncode == 2
    assert "onrecall[postgres]" in done.stderr

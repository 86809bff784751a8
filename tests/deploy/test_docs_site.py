"""The documentation site: its navigation has every page, and the product serves its files under a strict policy."""

import hashlib
from base64 import b64encode
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from onrecall.bootstrap.status import ComponentStatus, build_report
from onrecall.http import create, docs_site
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage
from onrecall.worker.worker import Worker

ROOT = Path(__file__).parents[2]
SCRIPT = "document.title = 'Storms'"


@pytest.fixture(scope="module")
def client():
    """HTTP to an empty memory, by somebody elsewhere without a key."""
    with closing(Storage.open("sqlite://")) as store:
        memory = IncidentService(
            Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: datetime.now(UTC))
        )
        status = lambda: build_report(memory, ComponentStatus(name="meaning", state="ok", detail=""))  # noqa: E731
        app = create(memory, Worker(memory), status)
        yield TestClient(app, "http://recall.example.com", client=("192.0.2.7", 50000))


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A small built site, next to a file that is none of its."""
    folder = tmp_path / "site"
    (folder / "storms").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>Documentation</h1>")
    (folder / "storms" / "index.html").write_text(f"<script>{SCRIPT}</script><h1>Storms</h1>")
    (folder / "search.json").write_text('{"items": []}')
    (tmp_path / "private.txt").write_text("not part of the site")
    monkeypatch.setattr(docs_site, "BUILD_FOLDER", folder)
    return folder


def test_the_navigation_has_every_page_once():
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")]
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    assert sorted(listed_pages(navigation)) == sorted(pages)


def listed_pages(entry):
    """Every page below an entry of the navigation."""
    if isinstance(entry, str):
        yield entry
    else:
        for below in entry if isinstance(entry, list) else entry.values():
            yield from listed_pages(below)


def test_pages_are_served_to_anybody_and_run_only_their_own_scripts(client, site):
    answer = client.get("/docs/guide/storms/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    digest = b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in answer.headers["content-security-policy"]
    assert "sha256" not in client.get("/docs/guide/").headers["content-security-policy"]
    assert client.get("/docs/guide/search.json").json() == {"items": []}


def test_an_address_without_its_slash_leads_to_the_page(client, site):
    assert client.get("/docs/guide").url.path == "/docs/guide/"
    assert client.get("/docs/guide/storms").url.path == "/docs/guide/storms/"


@pytest.mark.parametrize("path", ["nothing/", "..%2fprivate.txt", "%2e%2e/private.txt", "storms/..%2f..%2fprivate.txt"])
def test_nothing_outside_the_site_is_served(client, site, path):
    answer = client.get(f"/docs/guide/{path}")
    assert answer.status_code in (401, 404)
    assert "not part of the site" not in answer.text


def test_a_site_that_is_not_built_names_the_command(client, tmp_path, monkeypatch):
    monkeypatch.setattr(docs_site, "BUILD_FOLDER", tmp_path / "nothing")
    answer = client.get("/docs/guide/")
    assert (answer.status_code, "make docs-site" in answer.json()["detail"]) == (404, True)

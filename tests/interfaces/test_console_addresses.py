"""The console at real addresses: a deep link opened in a browser shows it, and a wrong one leads home."""

import pytest

from onrecall.http import console

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
needs_console = pytest.mark.skipif(not (console.BUILD_FOLDER / "index.html").is_file(), reason="needs a built console")
ADDRESSES = [
    "/",
    "/ask?q=disk",
    "/incidents/INC-1",
    "/incidents/team%2F7",
    "/memory",
    "/trust",
    "/actions",
    "/recurrences",
    "/services",
    "/services/team%2Fapi",
]


@needs_console
@pytest.mark.parametrize("address", [*ADDRESSES, "/system", "/system/audit"])
def test_each_page_has_an_address_of_its_own(client, address):
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "nonce-" in answer.headers["content-security-policy"]
    assert '<div id="root">' in answer.text


@needs_console
def test_a_browser_at_a_wrong_address_gets_the_console_that_says_so(client):
    answer = client.get("/no/such/page", headers=BROWSER)
    assert answer.status_code == 404
    assert '<div id="root">' in answer.text


@pytest.mark.parametrize("address", ["/api/v1/nothing", "/static/nothing.js"])
def test_wrong_addresses_of_the_api_and_of_files_stay_problems(client, address):
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 404
    assert "root" not in answer.text


def test_a_script_at_a_wrong_address_gets_a_problem(client):
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@needs_console
def test_pages_say_nothing_of_the_memory_and_so_need_no_key(client):
    client.post("/api/v1/keys", json={"name": "Amal", "role": "admin"})
    assert client.get("/incidents/INC-001", headers=BROWSER).status_code == 200
    assert client.get("/api/v1/incidents/INC-001").status_code == 401


@needs_console
def test_the_service_worker_may_serve_the_whole_console_and_is_fetched_anew(client):
    worker = client.get("/static/service-worker.js")
    assert worker.headers["service-worker-allowed"] == "/"
    assert worker.headers["cache-control"] == "no-cache"
    manifest = client.get("/static/manifest.webmanifest")
    assert manifest.headers["content-type"].startswith("application/manifest+json")
    assert manifest.json()["scope"] == "/"

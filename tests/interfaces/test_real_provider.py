"""The same flow at an identity provider that somebody else wrote."""

import threading
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest
from guarded import Doors
from provider_twin import callback
from starlette.testclient import TestClient
from werkzeug.serving import make_server

from onrecall.bootstrap.access import Access
from onrecall.identity.provider import ProviderSettings
from onrecall.storage import Storage

PUBLIC = "http://localhost:8000"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the library that this provider is made with


@pytest.fixture
def issuer():
    server = make_server(
        "localhost", 0, oidc_provider_mock.app(require_client_registration=True, require_nonce=True), threaded=True
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def settings(issuer: str) -> ProviderSettings:
    registration = {
        "redirect_uris": [f"{PUBLIC}/sign-in/callback"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    client = httpx.post(f"{issuer}/oauth2/clients", json=registration).json()
    return ProviderSettings(
        issuer, client["client_id"], client["client_secret"], "Mock", "openid email profile", "teams",
        {"on-call": "responder"}, ("corp.example",), PUBLIC,
    )  # fmt: skip


def at_provider(url: str, subject: str) -> dict[str, str]:
    location = httpx.post(url, data={"sub": subject}).headers["location"]
    assert location.startswith(f"{PUBLIC}/sign-in/callback?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def test_somebody_signs_in_and_somebody_else_is_refused(issuer: str) -> None:
    httpx.put(f"{issuer}/users/1", json={"email": "kim@corp.example", "email_verified": True, "teams": ["on-call"]})
    httpx.put(f"{issuer}/users/2", json={"email": "kim@evil.example", "email_verified": True, "teams": ["on-call"]})
    doors = Doors(Storage.open("sqlite://"), Access(oidc=settings(issuer), public_url=PUBLIC))
    with TestClient(doors.app, PUBLIC, client=("127.0.0.1", 50000)) as browser:
        for subject, status in (("1", 200), ("2", 401)):
            url = browser.post(
                "/api/v1/sign-in/provider", json={"return_to": "/ask"}, headers={"origin": PUBLIC}
            ).json()["url"]
            browser.get(callback(at_provider(url, subject)), follow_redirects=False)
            answer = browser.get("/api/v1/me")
            assert answer.status_code == status
            if status == 200:
                assert (answer.json()["name"], answer.json()["role"]) == ("kim@corp.example", "responder")
                leave = {"x-csrf-token": str(browser.cookies["onrecall-csrf"])}
                assert (
                    browser.delete("/api/v1/session", headers=leave)
                    .json()["provider_url"]
                    .startswith(f"{issuer}/oauth2/end_session?")
                )
    doors.store.close()

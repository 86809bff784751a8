"""Sign-in through an identity provider: the whole code flow over HTTP, and what attackers try."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from guarded import Doors, bearer
from provider_twin import CLIENT_ID, CLIENT_SECRET, ELSEWHERE, Claims, ProviderTwin, callback, logout_token, running
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from onrecall.bootstrap.access import Access
from onrecall.bootstrap.identity import provider_checks
from onrecall.domain.session import SessionLimits, csrf_token
from onrecall.identity.provider import ProviderSettings
from onrecall.settings import Settings
from onrecall.storage import Storage

PUBLIC = "https://recall.example"
SESSION, CSRF, BROWSER = "__Host-onrecall-session", "__Host-onrecall-csrf", "__Host-onrecall-sign-in"


@pytest.fixture
def twin() -> Iterator[ProviderTwin]:
    with running() as provider:
        yield provider


@pytest.fixture
def store() -> Iterator[Storage]:
    opened = Storage.open("sqlite://")
    yield opened
    opened.close()


def configured(twin: ProviderTwin) -> ProviderSettings:
    return ProviderSettings(
        twin.url, CLIENT_ID, CLIENT_SECRET, "Corp", "openid email groups", "groups",
        {"sre": "admin", "dev": "responder", "*": "viewer"}, (), PUBLIC,
    )  # fmt: skip


@pytest.fixture
def doors(store: Storage, twin: ProviderTwin) -> Doors:
    return Doors(store, Access(oidc=configured(twin), public_url=PUBLIC))


@pytest.fixture
def browser(doors: Doors) -> TestClient:
    opened = doors.client("192.0.2.9", PUBLIC)
    opened.headers["origin"] = PUBLIC
    return opened


def begin(browser: TestClient, to: str = "/incidents/INC-7?tab=alerts") -> str:
    answer = browser.post("/api/v1/sign-in/provider", json={"return_to": to})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


def sign_in(browser: TestClient, twin: ProviderTwin, to: str = "/incidents/INC-7?tab=alerts") -> str:
    """Sign in and return where the browser is sent then."""
    answer = browser.get(callback(twin.consent(begin(browser, to))), follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def problem(location: str) -> str:
    assert urlsplit(location).path == "/sign-in"
    return parse_qs(urlsplit(location).query)["problem"][0]


def changing(browser: TestClient) -> dict[str, str]:
    return {"x-csrf-token": str(browser.cookies[CSRF])}


def test_the_whole_flow_signs_somebody_in_and_leads_back(browser: TestClient, twin: ProviderTwin) -> None:
    assert browser.get("/api/v1/me").status_code == 401
    assert browser.get("/api/v1/sign-in").json() == {"provider": "Corp"}
    assert sign_in(browser, twin) == "/incidents/INC-7?tab=alerts"
    me = browser.get("/api/v1/me").json()
    assert (me["name"], me["role"], me["key"], me["locked"]) == ("ann@corp.example", "admin", None, True)
    assert me["session"]["method"] == twin.url
    opened = browser.post("/api/v1/incidents", json={"title": "queue grows"}, headers=changing(browser))
    assert opened.status_code == 201
    incident = opened.json()["id"]
    note = browser.post(f"/api/v1/incidents/{incident}/notes", json={"text": "looking"}, headers=changing(browser))
    assert note.json()["by"] == "ann@corp.example"
    assert "ann@corp.example" in browser.get("/api/v1/people").json()["items"]
    rows = browser.get("/api/v1/audit").json()["items"]
    assert {("signed in", "ann@corp.example"), ("incident changed", "ann@corp.example")} <= {
        (row["what"], row["who"]) for row in rows
    }


def test_cookies_are_for_this_host_tls_and_no_script(browser: TestClient, twin: ProviderTwin) -> None:
    answer = browser.get(callback(twin.consent(begin(browser))), follow_redirects=False)
    cookies = {line.partition("=")[0]: line.lower() for line in answer.headers.get_list("set-cookie")}
    assert set(cookies) == {SESSION, CSRF, BROWSER}
    assert all(
        "secure" in line and "samesite=lax" in line and "path=/" in line and "domain" not in line
        for line in cookies.values()
    )
    assert "httponly" in cookies[SESSION]
    assert "httponly" not in cookies[CSRF]
    assert "max-age=0" in cookies[BROWSER]


def test_what_is_secret_is_in_no_url_no_log_and_not_in_the_store(
    browser: TestClient, twin: ProviderTwin, doors: Doors, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = begin(browser)
    verifier_challenge = parse_qs(urlsplit(url).query)["code_challenge"][0]
    location = browser.get(callback(twin.consent(url)), follow_redirects=False).headers["location"]
    token = str(browser.cookies[SESSION])
    assert token not in location
    assert verifier_challenge not in location
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("onrecall"))
    assert token not in ours
    (session,) = doors.store.sessions.all()
    assert token not in repr(session)
    assert session.hash == hashlib.sha256(token.encode()).hexdigest()


def test_one_is_led_nowhere_else(browser: TestClient, twin: ProviderTwin) -> None:
    assert sign_in(browser, twin, "//evil.example/x") == "/"


def test_a_tab_that_only_signs_in_says_so_at_the_end(browser: TestClient, twin: ProviderTwin) -> None:
    assert sign_in(browser, twin, "/sign-in?done=1") == "/sign-in?done=1"


def test_a_state_is_good_once_and_in_one_browser(browser: TestClient, twin: ProviderTwin, doors: Doors) -> None:
    answer = twin.consent(begin(browser))
    secret = str(browser.cookies[BROWSER])
    assert browser.get(callback(answer), follow_redirects=False).headers["location"].startswith("/incidents")
    browser.cookies.set(BROWSER, secret, domain="recall.example")
    again = twin.consent(begin(browser)) | {"state": answer["state"]}
    assert problem(browser.get(callback(again), follow_redirects=False).headers["location"]) == "expired"

    stolen = twin.consent(begin(browser))
    victim = doors.client("192.0.2.10", PUBLIC)
    assert problem(victim.get(callback(stolen), follow_redirects=False).headers["location"]) == "expired"
    assert SESSION not in victim.cookies
    assert problem(browser.get(callback({"code": "x"}), follow_redirects=False).headers["location"]) == "expired"


def test_two_tabs_can_sign_in_at_once_and_a_late_one_can_not(
    browser: TestClient, twin: ProviderTwin, doors: Doors
) -> None:
    first, second = twin.consent(begin(browser, "/a")), twin.consent(begin(browser, "/b"))
    doors.clock.go(minutes=9)
    for answer, place in ((second, "/b"), (first, "/a")):
        secret = browser.cookies.get(BROWSER)
        assert browser.get(callback(answer), follow_redirects=False).headers["location"] == place
        browser.cookies.set(BROWSER, str(secret), domain="recall.example")
    late = twin.consent(begin(browser))
    doors.clock.go(minutes=10)
    assert problem(browser.get(callback(late), follow_redirects=False).headers["location"]) == "expired"


def signed_elsewhere(twin: ProviderTwin, claims: Claims) -> str:
    return jwt.encode(claims, ELSEWHERE, "RS256", {"kid": twin.key_id})


def test_a_token_that_fails_a_check_signs_nobody_in(browser: TestClient, twin: ProviderTwin) -> None:
    twin.sign = signed_elsewhere
    assert problem(sign_in(browser, twin)) == "token"
    assert SESSION not in browser.cookies
    twin.sign, twin.change = None, lambda claims: claims | {"nonce": "of another sign-in"}
    assert problem(sign_in(browser, twin)) == "token"
    assert browser.get("/api/v1/me").status_code == 401


def test_the_answer_of_another_provider_is_refused(browser: TestClient, twin: ProviderTwin) -> None:
    answer = twin.consent(begin(browser)) | {"iss": "https://evil.example"}
    assert problem(browser.get(callback(answer), follow_redirects=False).headers["location"]) == "token"
    answer = twin.consent(begin(browser)) | {"iss": twin.url}
    assert browser.get(callback(answer), follow_redirects=False).headers["location"].startswith("/incidents")


def test_a_provider_that_names_itself_must(store: Storage, twin: ProviderTwin) -> None:
    twin.metadata = {"authorization_response_iss_parameter_supported": True}
    browser = Doors(store, Access(oidc=configured(twin), public_url=PUBLIC)).client(base=PUBLIC)
    assert problem(sign_in(browser, twin)) == "token"


def test_keys_of_the_provider_may_change(
    browser: TestClient, twin: ProviderTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(browser, twin)
    twin.key, twin.key_id, twin.algorithm = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "second",
        "PS256",
    )
    assert problem(sign_in(browser, twin)) == "token", "read a moment ago"
    monkeypatch.setattr("onrecall.identity.signing_keys.LEAST_SECONDS", 0.0)
    assert sign_in(browser, twin).startswith("/incidents")
    assert twin.requests.count("GET /keys") == 2


def test_a_person_may_cancel_and_a_provider_may_fail(browser: TestClient, twin: ProviderTwin) -> None:
    for answer, reason in (
        ({"error": "access_denied"}, "cancelled"),
        ({"error": "server_error"}, "provider"),
        ({"code": "made-up"}, "provider"),
    ):
        state = twin.consent(begin(browser))["state"]
        location = browser.get(callback(answer | {"state": state}), follow_redirects=False).headers["location"]
        assert problem(location) == reason
        assert parse_qs(urlsplit(location).query)["to"] == ["/incidents/INC-7?tab=alerts"]


@pytest.mark.parametrize(
    "metadata", [{"issuer": "https://evil.example"}, {"token_endpoint": None}, {"jwks_uri": "file:///etc/passwd"}]
)
def test_a_provider_that_is_not_the_configured_one_signs_nobody_in(
    store: Storage, twin: ProviderTwin, metadata: Claims
) -> None:
    twin.metadata = metadata
    browser = Doors(store, Access(oidc=configured(twin), public_url=PUBLIC)).client(base=PUBLIC)
    assert browser.post("/api/v1/sign-in/provider", json={}).status_code == 503


def test_doctor_asks_the_provider(twin: ProviderTwin) -> None:
    chosen = Settings(oidc_issuer=twin.url, oidc_client_id=CLIENT_ID, oidc_roles="*=viewer", public_url=PUBLIC)
    (check,) = provider_checks(chosen)
    assert (check().state, twin.url in check().detail) == ("ok", True)
    twin.metadata = {"issuer": "https://evil.example"}
    assert (check().state, "evil.example" in check().detail) == ("degraded", True)
    assert provider_checks(Settings()) == []


def test_groups_give_the_highest_of_their_roles(browser: TestClient, twin: ProviderTwin) -> None:
    for groups, role in (
        (["sre", "dev"], "admin"),
        ("dev", "responder"),
        (["*", "x"], "viewer"),
        ({"sre": 1}, "viewer"),
    ):
        twin.user["groups"] = groups
        sign_in(browser, twin)
        assert browser.get("/api/v1/me").json()["role"] == role


def test_a_role_that_is_lowered_counts_in_every_session(browser: TestClient, twin: ProviderTwin, doors: Doors) -> None:
    sign_in(browser, twin)
    assert browser.get("/api/v1/keys").status_code == 200
    twin.user["groups"] = ["dev"]
    sign_in(doors.client("192.0.2.10", PUBLIC), twin)
    assert browser.get("/api/v1/me").json()["role"] == "responder"
    assert browser.get("/api/v1/keys").status_code == 403


def test_whoever_loses_every_role_is_signed_out_everywhere(store: Storage, twin: ProviderTwin) -> None:
    settings = replace(configured(twin), roles={"sre": "admin"})
    doors = Doors(store, Access(oidc=settings, public_url=PUBLIC))
    browser = doors.client(base=PUBLIC)
    phone = doors.client("192.0.2.10", PUBLIC)
    sign_in(browser, twin)
    twin.user["groups"] = ["sales"]
    assert problem(sign_in(phone, twin)) == "role"
    assert browser.get("/api/v1/me").status_code == 401
    (refused,) = store.audit.page("sign-in refused").items
    assert "ann@corp.example is in no group" in refused.detail["reason"]


def test_domains_count_for_verified_addresses_alone(store: Storage, twin: ProviderTwin) -> None:
    settings = replace(configured(twin), allowed_domains=("corp.example",))
    browser = Doors(store, Access(oidc=settings, public_url=PUBLIC)).client(base=PUBLIC)
    assert sign_in(browser, twin) == "/incidents/INC-7?tab=alerts"
    for email, verified in (
        ("eve@evil.example", True),
        ("eve@corp.example", False),
        ("eve@corp.example", None),
        ("a@corp.example@evil.example", True),
        (None, True),
    ):
        twin.user |= {"sub": "u-2", "email": email, "email_verified": verified}
        assert problem(sign_in(browser, twin)) == "domain", (email, verified)


def test_what_the_id_token_lacks_comes_from_the_userinfo_of_the_same_person(
    browser: TestClient, twin: ProviderTwin
) -> None:
    twin.user = {"sub": "u-1"}
    twin.userinfo = {"sub": "u-1", "email": "ann@corp.example", "email_verified": True, "groups": ["dev"]}
    sign_in(browser, twin)
    assert browser.get("/api/v1/me").json()["name"] == "ann@corp.example"
    twin.userinfo |= {"sub": "u-2"}
    assert problem(sign_in(browser, twin)) == "token"


def test_nobody_takes_the_name_of_somebody_else(browser: TestClient, twin: ProviderTwin, doors: Doors) -> None:
    doors.keys.create("ann", "admin")
    names = []
    for number, claims in enumerate(
        (
            {"preferred_username": "ann"},
            {"preferred_username": "zoe"},
            {"preferred_username": "zoe"},
            {"preferred_username": "Slack"},
            {"email": "bob@corp.example", "email_verified": False, "preferred_username": "bob"},
            {"preferred_username": "a\u202e\x00b  c"},
            {},
        )
    ):
        twin.user = {"sub": f"u-{number}", **claims}
        sign_in(browser, twin)
        names.append(browser.get("/api/v1/me").json()["name"])
    assert len(set(names)) == len(names)
    assert names[0].startswith("ann (")
    assert names[1] == "zoe"
    assert names[2].startswith("zoe (")
    assert names[3] == "Slack (account)"
    assert names[4:] == ["bob", "ab c", "u-6"]


def test_signing_out_ends_the_session_and_leads_to_the_provider(browser: TestClient, twin: ProviderTwin) -> None:
    sign_in(browser, twin)
    token = str(browser.cookies[SESSION])
    answer = browser.delete("/api/v1/session", headers=changing(browser))
    leads = urlsplit(answer.json()["provider_url"])
    assert f"{leads.scheme}://{leads.netloc}{leads.path}" == f"{twin.url}/logout"
    assert parse_qs(leads.query) == {
        "client_id": [CLIENT_ID],
        "post_logout_redirect_uri": [f"{PUBLIC}/sign-in?signed-out=1"],
    }
    assert SESSION not in browser.cookies
    browser.cookies.set(SESSION, token, domain="recall.example")
    assert browser.get("/api/v1/me").status_code == 401


def test_the_provider_signs_somebody_out(browser: TestClient, twin: ProviderTwin, doors: Doors) -> None:
    twin.user["sid"] = "s-1"
    sign_in(browser, twin)
    doors.clock.go(minutes=1)

    def post(token: str) -> int:
        return browser.post("/sign-in/back-channel-logout", data={"logout_token": token}).status_code

    wrong = [
        logout_token(twin, aud="another", sub="u-1"),
        logout_token(twin, sub="u-1", nonce="n"),
        logout_token(twin, sub="u-1", events={}),
        logout_token(twin),
        signed_elsewhere(twin, {"iss": twin.url, "sub": "u-1"}),
        "garbage",
        "",
    ]
    assert [post(token) for token in wrong] == [400] * len(wrong)
    assert browser.get("/api/v1/me").status_code == 200
    assert post(logout_token(twin, sid="s-2")) == 200
    assert browser.get("/api/v1/me").status_code == 200
    assert post(logout_token(twin, sid="s-1")) == 200
    assert browser.get("/api/v1/me").status_code == 401


def test_another_site_can_not_begin_a_sign_in_and_nobody_begins_hundreds(
    browser: TestClient, twin: ProviderTwin
) -> None:
    for headers in (
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        assert browser.post("/api/v1/sign-in/provider", json={}, headers=headers).status_code == 403
    answers = [browser.post("/api/v1/sign-in/provider", json={}).status_code for _ in range(62)]
    assert set(answers[:60]) == {200}
    assert answers[-1] == 429


def test_a_page_under_another_name_of_this_server_begins_at_the_public_one(doors: Doors) -> None:
    browser = doors.client(base="http://10.0.0.5:8000")
    answer = browser.post(
        "/api/v1/sign-in/provider", json={"return_to": "/ask"}, headers={"origin": "http://10.0.0.5:8000"}
    )
    assert answer.json()["url"] == f"{PUBLIC}/sign-in?to=%2Fask&go=1"


def test_with_a_provider_this_machine_is_asked_too_and_keys_work_as_before(doors: Doors) -> None:
    with doors.client() as local:
        assert local.get("/api/v1/incidents").status_code == 401
        token = doors.keys.create("prometheus", "ingest").token
        sent = local.post("/api/v1/alerts/generic/cron", json={"title": "disk full"}, headers=bearer(token))
        assert sent.status_code == 202


def test_without_a_provider_there_is_none(store: Storage) -> None:
    local = Doors(store).client()
    assert local.get("/api/v1/sign-in").json() == {"provider": None}
    assert local.post("/api/v1/sign-in/provider", json={}).status_code == 404
    assert local.get("/sign-in/callback?code=x&state=y").status_code == 404
    assert local.get("/api/v1/me").json()["session"] is None


def test_a_session_of_a_provider_that_is_no_longer_configured_has_ended(
    browser: TestClient, twin: ProviderTwin, store: Storage
) -> None:
    sign_in(browser, twin)
    other = replace(configured(twin), issuer="https://other.example")
    client = Doors(store, Access(oidc=other, public_url=PUBLIC)).client(base=PUBLIC)
    client.cookies.set(SESSION, str(browser.cookies[SESSION]), domain="recall.example")
    assert client.get("/api/v1/me").status_code == 401


def test_a_web_socket_opens_for_this_servers_pages_alone(doors: Doors, twin: ProviderTwin) -> None:
    with doors.client(base=PUBLIC) as browser:
        sign_in(browser, twin)
        open_sockets(browser)


def open_sockets(browser: TestClient) -> None:
    with browser.websocket_connect("wss://recall.example/api/v1/live", headers={"origin": PUBLIC}) as socket:
        assert socket.receive_json()["type"] == "hello"
    for origin in ("https://evil.example", "https://x.recall.example", "null"):
        with (
            pytest.raises(WebSocketDisconnect),
            browser.websocket_connect("wss://recall.example/api/v1/live", headers={"origin": origin}) as socket,
        ):
            socket.receive_json()
    assert browser.post("/api/v1/live/ticket", headers=changing(browser)).status_code == 409


def test_limits_of_sessions_are_those_of_the_settings(store: Storage, twin: ProviderTwin) -> None:
    limits = SessionLimits(timedelta(hours=2), timedelta(hours=5))
    doors = Doors(store, Access(oidc=configured(twin), public_url=PUBLIC, session_limits=limits))
    browser = doors.client(base=PUBLIC)
    sign_in(browser, twin)
    for _ in range(4):
        doors.clock.go(hours=1)
        assert browser.get("/api/v1/me").status_code == 200
    doors.clock.go(hours=1)
    assert browser.get("/api/v1/me").status_code == 401
    assert browser.cookies[CSRF] == csrf_token(str(browser.cookies[SESSION]))

"""Sessions that begin with a key: cookies, protection against other sites, and their end."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from guarded import LOOPBACK, Doors, basic, bearer
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from onrecall.bootstrap.access import Access
from onrecall.storage import Storage

SESSION, CSRF = "onrecall-session", "onrecall-csrf"
LIVE = "ws://127.0.0.1:8000/api/v1/live"


@pytest.fixture
def store() -> Iterator[Storage]:
    opened = Storage.open("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store, Access(cors_origins=("https://wall.example",)))


@pytest.fixture
def browser(doors: Doors) -> TestClient:
    return doors.client()


def sign_in(browser: TestClient, token: str) -> dict[str, str]:
    """Sign in and return the header that a change needs."""
    answer = browser.post("/api/v1/session", headers=bearer(token))
    assert answer.status_code == 201, answer.text
    return {"x-csrf-token": str(browser.cookies[CSRF])}


def test_a_key_begins_a_session_that_needs_no_key_any_more(browser: TestClient, doors: Doors) -> None:
    token = doors.keys.create("ann", "responder").token
    change = sign_in(browser, token)
    assert token not in str(browser.cookies)
    me = browser.get("/api/v1/me").json()
    assert (me["name"], me["role"], me["session"]["method"], me["session"]["current"]) == (
        "ann",
        "responder",
        "key",
        True,
    )
    assert browser.post("/api/v1/incidents", json={"title": "x"}, headers=change).status_code == 201
    assert browser.get("/api/v1/keys").status_code == 403


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_over_tls_the_cookies_are_bound_to_the_host(doors: Doors, scheme: str) -> None:
    token = doors.keys.create("ann", "viewer").token
    client = doors.client(base=f"{scheme}://recall.example")
    answer = client.post("/api/v1/session", headers=bearer(token))
    for line in answer.headers.get_list("set-cookie"):
        assert line.startswith("__Host-") == (scheme == "https")
        assert ("Secure" in line) == (scheme == "https")
        assert "SameSite=lax" in line
        assert ("HttpOnly" in line) == ("session" in line.partition("=")[0])


def test_behind_tls_a_cookie_without_the_prefix_does_not_count(doors: Doors) -> None:
    """Another site under the same domain could have planted it."""
    token = doors.keys.create("eve", "viewer").token
    client = doors.client(base="http://recall.example")
    sign_in(client, token)
    planted = {"cookie": f"{SESSION}={client.cookies[SESSION]}"}
    client = doors.client(base="https://recall.example")
    assert client.get("/api/v1/me", headers=planted).status_code == 401
    assert (
        client.get("http://recall.example/api/v1/me", headers=planted | {"x-forwarded-proto": "https"}).status_code
        == 401
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-csrf-token": "guessed"},
        {"x-csrf-token": "é"},
    ],
    ids=repr,
)
def test_no_change_without_the_token(browser: TestClient, doors: Doors, headers: dict[str, str]) -> None:
    sign_in(browser, doors.keys.create("ann", "admin").token)
    for method, path in (
        ("POST", "/api/v1/incidents"),
        ("PUT", "/api/v1/documents/a"),
        ("PATCH", "/api/v1/incidents/x"),
        ("DELETE", "/api/v1/session"),
        ("POST", "/mcp"),
        ("POST", "/api/query"),
    ):
        encoded = {name: value.encode() for name, value in headers.items()}
        assert browser.request(method, path, json={}, headers=encoded).status_code == 403, (method, path)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://wall.example"},
        {"origin": "http://127.0.0.1:9000"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=repr,
)
def test_no_other_site_changes_anything_even_with_the_token(
    browser: TestClient, doors: Doors, headers: dict[str, str]
) -> None:
    change = sign_in(browser, doors.keys.create("ann", "admin").token)
    refused = (401, 403)  # a page under TLS is not this server's, so its cookie does not even count
    assert browser.post("/api/v1/incidents", json={"title": "x"}, headers=change | headers).status_code in refused
    assert browser.get("/api/v1/export", headers=headers).status_code in refused
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect(LIVE, headers=headers) as socket:
        socket.receive_json()
    assert (
        browser.post(
            "/api/v1/incidents",
            json={"title": "x"},
            headers=change | {"origin": LOOPBACK, "sec-fetch-site": "same-origin"},
        ).status_code
        == 201
    )


def test_a_key_in_the_request_counts_alone(browser: TestClient, doors: Doors) -> None:
    sign_in(browser, doors.keys.create("ann", "admin").token)
    viewer = doors.keys.create("bob", "viewer").token
    assert browser.get("/api/v1/me", headers=bearer(viewer)).json()["name"] == "bob"
    assert browser.get("/api/v1/keys", headers=bearer(viewer)).status_code == 403
    assert browser.get("/api/v1/me", headers=bearer("onr_wrong")).status_code == 401
    assert browser.get("/api/v1/me", headers={"x-api-key": "onr_wrong"}).status_code == 401
    assert browser.get("/api/v1/me", headers=basic("onr_wrong")).status_code == 401
    sender = doors.keys.create("cron", "ingest").token
    with doors.client() as opened:
        sign_in(opened, doors.keys.create("cat", "admin").token)
        sent = opened.post("/api/v1/alerts/generic/cron", json={"title": "x"}, headers=bearer(sender))
        assert sent.status_code == 202


def test_a_session_ends_with_its_key_and_follows_its_role(browser: TestClient, doors: Doors) -> None:
    sign_in(browser, doors.keys.create("ann", "admin", doors.clock() + timedelta(hours=3)).token)
    doors.keys.create("boss", "admin")
    assert browser.get("/api/v1/me").status_code == 200
    doors.keys.revoke("ann")
    answer = browser.get("/api/v1/me")
    assert answer.status_code == 401
    assert "session has ended" in answer.json()["detail"]
    sign_in(browser, doors.keys.create("late", "viewer", doors.clock() + timedelta(hours=3)).token)
    doors.clock.go(hours=3)
    assert browser.get("/api/v1/me").status_code == 401


def test_a_session_ends_when_it_is_idle_and_in_the_end_anyway(browser: TestClient, doors: Doors) -> None:
    token = doors.keys.create("ann", "viewer").token
    sign_in(browser, token)
    doors.clock.go(hours=23)
    assert browser.get("/api/v1/me").status_code == 200
    doors.clock.go(hours=25)
    assert browser.get("/api/v1/me").status_code == 401
    sign_in(browser, token)
    for _ in range(8):
        assert browser.get("/api/v1/me").status_code == 200
        doors.clock.go(hours=23)
    assert browser.get("/api/v1/me").status_code == 401


def test_signing_in_gives_a_new_token_and_ends_the_old_session(browser: TestClient, doors: Doors) -> None:
    token = doors.keys.create("ann", "viewer").token
    browser.cookies.set(SESSION, "A" * 43, domain="127.0.0.1")
    sign_in(browser, token)
    first = str(browser.cookies.get(SESSION, domain="127.0.0.1", path="/"))
    assert first != "A" * 43
    sign_in(browser, token)
    assert browser.cookies[SESSION] != first
    assert browser.get("/api/v1/me", headers={"cookie": f"{SESSION}={first}"}).status_code == 401
    assert len(browser.get("/api/v1/sessions").json()["items"]) == 1


def test_one_signs_out_here_there_and_everywhere(doors: Doors) -> None:
    token = doors.keys.create("ann", "viewer").token
    laptop = doors.client()
    phone, tablet = doors.client(), doors.client()
    leave, _, _ = sign_in(laptop, token), sign_in(phone, token), sign_in(tablet, token)
    listed = laptop.get("/api/v1/sessions").json()["items"]
    assert [one["current"] for one in listed].count(True) == 1
    other = next(one["id"] for one in listed if not one["current"])
    assert laptop.delete(f"/api/v1/sessions/{other}", headers=leave).status_code == 200
    assert sorted(client.get("/api/v1/me").status_code for client in (laptop, phone, tablet)) == [200, 200, 401]
    assert laptop.delete("/api/v1/session", headers=leave).json() == {"provider_url": None}
    assert SESSION not in laptop.cookies
    assert laptop.get("/api/v1/me").status_code == 401
    leave = sign_in(laptop, token)
    assert len(laptop.delete("/api/v1/sessions", headers=leave).json()["items"]) == 2
    assert {client.get("/api/v1/me").status_code for client in (laptop, phone, tablet)} == {401}


def test_an_admin_sees_and_ends_the_sessions_of_others_and_nobody_else_does(doors: Doors) -> None:
    ann = doors.client()
    boss = doors.client()
    leave = sign_in(ann, doors.keys.create("ann", "responder").token)
    rule = sign_in(boss, doors.keys.create("boss", "admin").token)
    hers = boss.get("/api/v1/sessions").json()["items"][0]["id"]
    assert ann.get("/api/v1/sessions?everybody=true").status_code == 403
    assert ann.delete(f"/api/v1/sessions/{hers}", headers=leave).status_code == 404
    assert ann.delete("/api/v1/sessions?name=boss", headers=leave).status_code == 403
    assert {one["name"] for one in boss.get("/api/v1/sessions?everybody=true").json()["items"]} == {"ann", "boss"}
    assert boss.delete("/api/v1/sessions?name=ann", headers=rule).json()["items"][0]["name"] == "ann"
    assert ann.get("/api/v1/me").status_code == 401
    assert boss.delete("/api/v1/sessions/unknown", headers=rule).status_code == 404


def test_a_session_begins_with_a_key_and_with_nothing_else(browser: TestClient, doors: Doors) -> None:
    assert browser.post("/api/v1/session").status_code == 409
    sender = doors.keys.create("boss", "admin"), doors.keys.create("cron", "ingest").token
    assert browser.post("/api/v1/session").status_code == 401
    assert browser.post("/api/v1/session", headers=bearer(sender[1])).status_code == 403
    change = sign_in(browser, sender[0].token)
    assert browser.post("/api/v1/session", headers=change).status_code == 409
    page = bearer(sender[0].token) | {"origin": "https://evil.example"}
    assert browser.post("/api/v1/session", headers=page).status_code == 403


def test_a_cookie_that_is_none_locks_nobody_out_and_is_no_guess(store: Storage) -> None:
    doors = Doors(store)
    garbage = {"cookie": f"{SESSION}=garbage"}
    client = doors.client()
    assert client.get("/api/v1/me", headers=garbage).status_code == 200, "this machine needs no sign-in"
    doors.keys.create("ann", "viewer")
    assert {client.get("/api/v1/me", headers=garbage).status_code for _ in range(15)} == {401}
    assert store.audit.page("key refused").items == ()


def test_the_token_for_changes_comes_back_where_a_browser_lost_it(browser: TestClient, doors: Doors) -> None:
    change = sign_in(browser, doors.keys.create("ann", "viewer").token)
    browser.cookies.delete(CSRF)
    browser.get("/api/v1/me")
    assert browser.cookies[CSRF] == change["x-csrf-token"]


def test_a_browsers_name_for_itself_is_foreign_text(browser: TestClient, doors: Doors) -> None:
    key = doors.keys.create("ann", "viewer").token
    agent = f"Evil\x1b[31m {'x' * 500} {key}"
    browser.post("/api/v1/session", headers=bearer(key) | {"user-agent": agent})
    (session,) = browser.get("/api/v1/sessions").json()["items"]
    assert session["client"].startswith("Evil [31m xxx")
    assert len(session["client"]) <= 200
    assert "hash" not in session


def receive_until_closed(socket: WebSocketTestSession) -> None:
    while True:
        socket.receive_json()


def test_a_web_socket_closes_when_the_session_ends(doors: Doors) -> None:
    doors.app.state.stream.heartbeat_seconds = 0.05
    token = doors.keys.create("ann", "viewer").token
    with doors.client() as browser:
        leave = sign_in(browser, token)
        with browser.websocket_connect(LIVE, headers={"origin": LOOPBACK}) as socket:
            assert socket.receive_json()["type"] == "hello"
            browser.delete("/api/v1/session", headers=leave)
            with pytest.raises(WebSocketDisconnect) as closed:
                receive_until_closed(socket)
            assert closed.value.code == 1008

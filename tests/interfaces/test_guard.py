"""The guard: every route, for everybody who might ask for it."""

import gzip
import json
import re
from collections.abc import Iterator

import pytest
from guarded import ROLES, Doors, basic, bearer, routes
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from onrecall.domain.access import ROLE_INCLUDES, Principal
from onrecall.domain.errors import Forbidden
from onrecall.http.console import PAGES
from onrecall.http.roles import ROUTES, match_route
from onrecall.storage import Storage

TOLD_APART = {"GET /healthz", "GET /readyz"}
SAME_EVERYWHERE = {
    *(f"GET {path}" for path in PAGES),
    "GET /static/{file:path}",
    "GET /docs",
    "GET /docs/static/{file:path}",
    "GET /openapi.json",
    "GET /llms.txt",
    "GET /.well-known/agent-card.json",
    "GET /docs/{name}.md",
    "GET /docs/guide",
    "GET /docs/guide/{path:path}",
}
OF_SIGN_IN = {
    "GET /api/v1/sign-in",
    "POST /api/v1/sign-in/provider",
    "GET /sign-in/callback",
    "POST /sign-in/back-channel-logout",
}
"""What is asked before anybody is signed in; they say the provider's name, or check what it has signed."""
OF_THE_PROTOCOL = {"OPTIONS /api/v1/alerts/{source}", "GET /health", "GET /health/live", "GET /version"}
"""CloudEvents' handshake, and what Hindsight's clients ask before they show a key: that it answers, and the version."""
EVENT = {
    "event_action": "trigger",
    "payload": {"summary": "5xx above 5 %", "source": "web-1", "severity": "critical"},
}


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store)


@pytest.fixture
def client(doors: Doors) -> Iterator[TestClient]:
    with doors.client() as opened:
        yield opened


def status_of(client: TestClient, route: str, headers: dict[str, str]) -> int:
    method, path = route.split(" ")
    sample = re.sub(r"\{rejected_id\}", "1", path)
    sample = re.sub(r"\{source\}", "alertmanager", sample)
    sample = re.sub(r"\{\w+(?::path)?\}", "x", sample)
    body = {} if method in ("GET", "OPTIONS", "DELETE") else {"json": {}}
    client.cookies.clear()  # a session that a key began before
    return client.request(method, sample, headers=headers, **body).status_code


def test_every_route_has_a_row_and_every_row_a_route(doors: Doors) -> None:
    offered = routes(doors.app)
    assert offered - ROUTES.keys() == set(), "give each new route the least role that may use it, in roles.py"
    assert ROUTES.keys() - offered == set(), "rows in roles.py without a route"
    described = {
        f"{method.upper()} {path}" for path, methods in doors.app.openapi()["paths"].items() for method in methods
    }
    assert described <= {re.sub(r":path\}", "}", route) for route in offered}, "a route that the test can't see"


def test_nothing_is_open_but_what_says_nothing_of_this_memory() -> None:
    assert {
        route for route, least in ROUTES.items() if least == "open"
    } == TOLD_APART | SAME_EVERYWHERE | OF_THE_PROTOCOL | OF_SIGN_IN


def test_the_table_and_the_application_mean_the_same_route(doors: Doors) -> None:
    for route in routes(doors.app):
        method, path = route.split(" ")
        assert match_route(method, re.sub(r"\{\w+(?::path)?\}", "x", path)).least == ROUTES[route], route


def test_every_route_for_everybody(doors: Doors, client: TestClient, store_url: str) -> None:
    """Everybody on SQLite; on PostgreSQL, where only the place differs in which keys are found, one of each sort."""
    tokens = doors.tokens()
    if not store_url.startswith("sqlite"):
        tokens = {who: tokens[who] for who in ("admin", "viewer", "revoked", "wrong")}
    for route in sorted(one for one in routes(doors.app) if not one.startswith("WEBSOCKET")):
        least = ROUTES[route]
        for who, token in tokens.items():
            status = status_of(client, route, bearer(token))
            if least == "open":
                assert status not in (401, 403, 429), f"{who} at {route}: {status}"
            elif least == "slack":
                assert status == 403, f"{who} at {route}: {status}, and Slack did not sign it"
            elif who not in ROLES:
                assert status == 401 or (least != "ingest" and status == 429), f"{who} at {route}: {status}"
            elif least in ROLE_INCLUDES[who]:
                assert status not in (401, 403, 404, 405, 429, 500) or "{" in route, f"{who} at {route}: {status}"
                assert status not in (401, 403, 405, 429, 500), f"{who} at {route}: {status}"
            else:
                assert status == 403, f"{who} at {route}: {status}"


def test_every_web_socket_for_everybody(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    sockets = [one for one in routes(doors.app) if one.startswith("WEBSOCKET")]
    assert sockets
    for route in sockets:
        for who, token in tokens.items():
            assert opens(client, route.split(" ")[1], bearer(token)) == (
                who in ROLES and ROUTES[route] in ROLE_INCLUDES[who]
            ), who


def opens(client: TestClient, path: str, headers: dict[str, str]) -> bool:
    try:
        with client.websocket_connect(path, headers=headers):
            return True
    except WebSocketDisconnect:
        return False


@pytest.mark.parametrize(
    "path", ["/api/v1/secrets", "/api/v1/incidents/", "/metrics/x", "//api/v1/incidents", "/mcp/x"]
)
def test_what_is_not_in_the_table_is_closed(doors: Doors, client: TestClient, path: str) -> None:
    tokens = doors.tokens()
    assert client.get(path).status_code == 401
    assert client.get(path, headers=bearer(tokens["admin"])).status_code == 404


def test_a_route_that_was_forgotten_in_the_table_is_closed_to_everybody(doors: Doors) -> None:
    @doors.app.get("/api/v1/forgotten")
    def forgotten() -> str:
        raise AssertionError

    tokens = doors.tokens()
    with doors.client() as client:
        assert "GET /api/v1/forgotten" in routes(doors.app)
        assert client.get("/api/v1/forgotten").status_code == 401
        assert client.get("/api/v1/forgotten", headers=bearer(tokens["admin"])).status_code == 404


def test_another_method_is_told_to_those_who_may_be_told(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    assert client.patch("/api/v1/incidents").status_code == 401
    answer = client.patch("/api/v1/incidents", headers=bearer(tokens["viewer"]))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert client.head("/api/v1/incidents").status_code == 401
    assert client.options("/api/v1/incidents").status_code == 401


def test_web_sockets_are_closed_too(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    for headers in ({}, bearer(tokens["admin"]), bearer(tokens["wrong"])):
        for path in ("/api/v1/secrets", "/v2/enqueue"):
            with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect(path, headers=headers):
                pass
            assert closed.value.code == 1008


def test_a_key_is_carried_in_whatever_way_its_sender_can(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    token = tokens["viewer"]
    assert token is not None
    for headers in (
        bearer(token),
        {"Authorization": f"bearer {token}"},
        {"X-API-Key": token},
        basic(token),
        basic(token, ""),
    ):
        assert client.get("/api/v1/incidents", headers=headers).status_code == 200, headers
    proxy_asks_for_its_own = {"X-API-Key": token, "Authorization": "Basic cHJveHk6c2VjcmV0"}
    assert client.get("/api/v1/incidents", headers=proxy_asks_for_its_own).status_code == 200
    for headers in (
        {"Authorization": token},
        {"Authorization": f"Token {token}"},
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic /w=="},
        {"Cookie": f"key={token}"},
        {"X-API-Key": f"{token}x"},
        {"X-API-Key": token.swapcase()},
    ):
        assert client.get("/api/v1/incidents", headers=headers).status_code in (401, 429), headers
    for name in ("key", "api_key", "token", "access_token"):
        assert client.get("/api/v1/incidents", params={name: token}).status_code == 401


def test_pagerduty_clients_send_the_key_in_the_message(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    for path in ("/v2/enqueue", "/v2/change/enqueue", "/api/v1/alerts/pagerduty-events"):
        for who, right in (("ingest", True), ("admin", True), ("viewer", False), ("wrong", False), ("revoked", False)):
            status = client.post(path, json=EVENT | {"routing_key": tokens[who]}).status_code
            assert (status == 202) == right, (path, who, status)
        assert client.post(path, json=EVENT).status_code == 401
        packed = gzip.compress(json.dumps(EVENT | {"routing_key": tokens["ingest"]}).encode())
        assert client.post(path, content=packed, headers={"Content-Encoding": "gzip"}).status_code == 202
        bomb = gzip.compress(b" " * 50_000_000)
        assert client.post(path, content=bomb, headers={"Content-Encoding": "gzip"}).status_code == 413
        for mangled in (
            b"",
            b"[]",
            b"{",
            b"\xff",
            b'{"routing_key": 5}',
            b'{"routing_key": "\\ud800"}',
            b"[" * 100_000,
        ):
            assert client.post(path, content=mangled).status_code == 401
    kept = repr([*doors.store.archive.dump()])
    assert str(tokens["ingest"]) not in kept
    assert str(tokens["wrong"]) not in kept


def test_what_a_person_does_is_kept_under_the_name_of_the_key(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    mine, admins = bearer(tokens["responder"]), bearer(tokens["admin"])
    client.post("/api/v1/incidents", json={"id": "X-1", "title": "auth is down"}, headers=mine)
    doors.memory.recommend("X-1")
    answer = client.get("/api/v1/incidents/X-1/recommendation", headers=mine).json()["id"]
    said = {"verdict": "helped"}
    for by, headers, status in (
        (None, mine, 200),
        ("the responder", mine, 200),
        ("somebody else", mine, 403),
        ("", mine, 403),
        ("ann", admins, 200),
        (None, admins, 200),
    ):
        got = client.post(f"/api/v1/recommendations/{answer}/outcome", json=said | {"by": by}, headers=headers)
        assert got.status_code == status, (by, got.text)
    assert {one.by for one in doors.store.outcomes.of_recommendation(answer)} == {"the responder", "ann", "the admin"}

    client.post("/api/v1/incidents/X-1/acknowledge", headers=mine)
    fixed = {"root_cause": "a leak", "at": doors.clock().isoformat()}
    other = client.post("/api/v1/incidents/X-1/resolution", json=fixed | {"by": "bob"}, headers=mine)
    assert other.status_code == 403
    assert client.post("/api/v1/incidents/X-1/resolution", json=fixed, headers=mine).status_code == 200
    assert client.post("/api/v1/incidents/X-1/reopen", headers=admins).status_code == 200
    client.post("/api/v1/incidents", json={"id": "X-0", "title": "auth was down"}, headers=mine)
    client.post("/api/v1/incidents/X-1/links", json={"incident": "X-0"}, headers=mine)
    told = {event.type: event.by for event in doors.store.events.timeline("X-1")}
    assert told["acknowledged"] == told["resolved"] == told["linked"] == "the responder"
    assert told["reopened"] == "the admin"


def test_one_person_is_heard_once_however_often_he_says_it(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    mine = bearer(tokens["responder"])
    client.post("/api/v1/incidents", json={"id": "X-1", "title": "auth is down"}, headers=mine)
    doors.memory.recommend("X-1")
    answer = client.get("/api/v1/incidents/X-1/recommendation", headers=mine).json()["id"]
    for n in range(20):
        doors.clock.go(minutes=1)
        body = {"verdict": "helped", "note": f"again {n}", "by": None if n % 2 else "the responder"}
        assert client.post(f"/api/v1/recommendations/{answer}/outcome", json=body, headers=mine).status_code == 200
    assert len(doors.store.outcomes.of_recommendation(answer)) == 1


def test_whoever_needs_no_key_may_give_any_name() -> None:
    assert Principal("admin").attribution("ann") == "ann"
    assert Principal("admin").attribution() is None
    with pytest.raises(Forbidden, match="acts for bob only"):
        Principal("responder", "bob").attribution("ann")


def test_guesses_are_slowed_and_right_keys_let_in(doors: Doors) -> None:
    tokens = doors.tokens()
    with doors.client("203.0.113.9") as guesser, doors.client("203.0.113.10") as other:
        statuses = [guesser.get("/api/v1/incidents", headers=bearer(tokens["wrong"])).status_code for _ in range(15)]
        assert statuses == [401] * 10 + [429] * 5
        refused = guesser.get("/api/v1/status", headers=bearer(tokens["expired"]))
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["content-type"] == "application/problem+json"
        assert guesser.get("/api/v1/incidents", headers=bearer(tokens["viewer"])).status_code == 200
        assert guesser.get("/api/v1/incidents").status_code == 401, "no key is no guess"
        assert other.get("/api/v1/incidents", headers=bearer(tokens["wrong"])).status_code == 401


def test_senders_are_never_answered_with_429(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    senders = ("/api/v1/alerts/alertmanager", "/api/v2/alerts", "/v2/enqueue")
    answers = [client.post(path, json=[], headers=bearer(tokens["wrong"])) for path in senders * 10]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {'Basic realm="OnRecall"'}
    assert client.get("/api/v1/status").headers["www-authenticate"] == 'Bearer realm="OnRecall"'


def test_a_revoked_key_opens_nothing_and_a_rotated_one_until_the_overlap_ends(doors: Doors, client: TestClient) -> None:
    old = doors.keys.create("ann", "viewer")
    new = doors.keys.rotate("ann")
    status = lambda made: client.get("/api/v1/incidents", headers=bearer(made.token)).status_code  # noqa: E731
    assert (status(old), status(new)) == (200, 200)
    doors.clock.go(hours=25)
    assert (status(old), status(new)) == (401, 200)
    doors.keys.revoke("ann")
    assert (status(old), status(new)) == (401, 401)


def test_the_last_use_is_kept_to_the_minute(doors: Doors, client: TestClient) -> None:
    made = doors.keys.create("ann", "viewer")
    used = lambda: doors.keys.all()[0].last_used_at  # noqa: E731
    began = doors.clock()
    for seconds, expected in ((0, 0), (30, 0), (30, 60)):
        doors.clock.go(seconds=seconds)
        client.get("/api/v1/incidents", headers=bearer(made.token))
        assert (used() - began).total_seconds() == expected
    client.get("/api/v1/incidents", headers=bearer(made.token[:-1]))


def test_no_answer_and_no_log_line_holds_a_key(
    doors: Doors, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    tokens = doors.tokens()
    for token in filter(None, tokens.values()):
        for headers in (bearer(token), {"X-API-Key": token}, basic(token)):
            for method, path in (
                ("GET", "/api/v1/incidents"),
                ("POST", "/api/v1/alerts/alertmanager"),
                ("GET", "/nothing"),
            ):
                answer = client.request(method, path, headers=headers)
                assert len(token) < 20 or token not in f"{answer.text}{answer.headers}"
        client.post("/v2/enqueue", json=EVENT | {"routing_key": token, "event_action": "nonsense"})
        client.get(f"/api/v1/incidents?key={token}")
    told = "\n".join(
        f"{record.getMessage()}{record.exc_text}" for record in caplog.records if not record.name.startswith("httpx")
    )
    for token in tokens.values():
        assert not token or len(token) < 20 or token.rpartition("_")[2] not in told


def test_a_store_that_is_down_lets_nobody_in() -> None:
    doors = Doors(Storage.open("sqlite://?timeout=0.2"))
    tokens = doors.tokens()
    with doors.client() as client, doors.store._database.read():  # the one connection that there is in memory
        answer = client.get("/api/v1/incidents", headers=bearer(tokens["admin"]))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert client.get("/healthz").status_code == 200
    doors.store.close()

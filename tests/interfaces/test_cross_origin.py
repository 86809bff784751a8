"""Pages of other origins, and pages behind a proxy of this machine: who may read, who may write, who is told what."""

from collections.abc import Iterator

import pytest
from guarded import Doors, bearer
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from onrecall.bootstrap.access import Access
from onrecall.http.roles import READS_BY_POST, ROUTES
from onrecall.storage import Storage

LOCAL_PAGES = ["http://localhost:3000", "http://127.0.0.1:5173", "https://localhost", "http://[::1]:3000"]
OTHER_PAGES = [
    "https://evil.example",
    "http://localhost.evil.example:3000",
    "http://127.0.0.1:3000.evil.example",
    "http://localhost:3000@evil.example",
    "http://192.168.1.5:3000",
    "ftp://localhost",
    "null",
    "localhost:3000",
]
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
INCIDENT = {"title": "Pool exhausted", "description": "all connections in use"}
ALLOWED = "access-control-allow-origin"


@pytest.fixture
def store_url(tmp_path: object) -> str:
    """What the guard lets through does not depend on the database."""
    return f"sqlite:///{tmp_path}/onrecall.db"


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store)


@pytest.fixture
def client(doors: Doors) -> Iterator[TestClient]:
    with doors.client() as opened:
        yield opened


@pytest.mark.parametrize("origin", LOCAL_PAGES)
def test_a_page_of_this_machine_reads_without_any_setting(client: TestClient, origin: str) -> None:
    page = {"Origin": origin, "Sec-Fetch-Site": "same-site"}
    for path in ("/incidents/all", "/api/v1/decisions", "/status", "/api/v1/incidents"):
        answer = client.get(path, headers=page)
        assert (answer.status_code, answer.headers.get(ALLOWED)) == (200, origin), path
    for path, body in (("/api/query", {"query": "pool"}), ("/deduplicate", {})):
        preflight = client.options(path, headers=page | PREFLIGHT)
        assert (preflight.status_code, preflight.headers[ALLOWED]) == (200, origin)
        answer = client.post(path, json=body, headers=page)
        assert (answer.status_code, answer.headers.get(ALLOWED)) == (200, origin), answer.text


@pytest.mark.parametrize("origin", LOCAL_PAGES)
def test_it_changes_nothing_without_the_setting_and_can_read_which_one(
    client: TestClient, doors: Doors, origin: str
) -> None:
    page = {"Origin": origin}
    before = [str(row) for row in doors.store.archive.dump()]
    for path, body in (
        ("/incident/new", INCIDENT),
        ("/api/seed", {"incidents": [{"id": "X", "title": "t", "fix": "f"}]}),
        ("/api/v1/decisions/analyze", {"error_type": "x", "spike_percentage": 1}),
        ("/api/v1/incidents", {"title": "t"}),
    ):
        answer = client.post(path, json=body, headers=page)
        assert (answer.status_code, answer.headers.get(ALLOWED)) == (403, origin), path
        assert "ONRECALL_CORS_ORIGINS" in answer.json()["detail"]
    assert client.delete("/api/v1/documents/x", headers=page).status_code == 403
    assert [str(row) for row in doors.store.archive.dump()] == before


@pytest.mark.parametrize("origin", OTHER_PAGES)
def test_other_pages_read_nothing(client: TestClient, origin: str) -> None:
    page = {"Origin": origin}
    assert ALLOWED not in client.get("/incidents/all", headers=page).headers
    preflight = client.options("/api/query", headers=page | PREFLIGHT)
    assert preflight.status_code == 403
    assert ALLOWED not in preflight.headers
    assert "ONRECALL_CORS_ORIGINS" in preflight.text


def test_what_only_admins_see_no_page_reads_unless_it_is_named(client: TestClient) -> None:
    page = {"Origin": "http://localhost:3000"}
    for path in ("/api/v1/keys", "/api/v1/audit"):
        answer = client.get(path, headers=page)
        assert (answer.status_code, answer.headers.get(ALLOWED)) == (200, None), path
    assert client.get("/api/v1/export", headers=page).status_code == 403, "a download is begun by nobody else's page"


def test_every_route_that_reads_by_post_is_one_and_takes_a_viewer() -> None:
    assert {ROUTES.get(route) for route in READS_BY_POST} == {"viewer"}


def test_with_keys_a_page_of_this_machine_is_as_any_other(doors: Doors, client: TestClient) -> None:
    token = doors.keys.create("ann", "viewer").token
    page = {"Origin": "http://localhost:3000"}
    assert ALLOWED not in client.get("/incidents/all", headers=page | bearer(token)).headers
    assert client.options("/incidents/all", headers=page | PREFLIGHT).status_code == 403
    assert client.get("/incidents/all", headers=page).status_code == 401


def test_from_another_machine_a_local_origin_means_nothing(doors: Doors) -> None:
    with doors.client("192.0.2.7") as other:
        answer = other.get("/incidents/all", headers={"Origin": "http://localhost:3000"})
        assert (answer.status_code, answer.headers.get(ALLOWED)) == (401, None)


def test_a_named_page_may_do_what_its_key_may(store: Storage) -> None:
    named = {"Origin": "http://localhost:3000"}
    with Doors(store, Access(cors_origins=("http://localhost:3000",))).client() as client:
        assert client.options("/incident/new", headers=named | PREFLIGHT).status_code == 200
        answer = client.post("/incident/new", json=INCIDENT, headers=named)
        assert (answer.status_code, answer.headers[ALLOWED]) == (200, named["Origin"])
        assert client.delete("/api/v1/documents/x", headers=named).status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/live", "/ws/incidents", "/ws/dashboard"])
def test_web_sockets_tell_a_page_why_they_close(client: TestClient, path: str) -> None:
    with client.websocket_connect(f"ws://127.0.0.1:8000{path}", headers={"Origin": "http://localhost:3000"}) as one:
        assert one.receive_json()["type"] in ("connected", "hello")
    with client.websocket_connect(f"ws://127.0.0.1:8000{path}", headers={"Origin": "https://evil.example"}) as one:
        with pytest.raises(WebSocketDisconnect) as closed:
            one.receive_json()
        assert (closed.value.code, "ONRECALL_CORS_ORIGINS" in closed.value.reason) == (1008, True)
        assert len(closed.value.reason.encode()) <= 123


# proxies on this machine

NEXT = {
    "X-Forwarded-For": "::ffff:127.0.0.1",
    "X-Forwarded-Host": "localhost:3000",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "3000",
}
"""What a rewrite of Next.js adds to a request of a page at http://localhost:3000."""
PAGE = {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def behind(store: Storage) -> Iterator[TestClient]:
    with Doors(store, Access(local_proxy_role="responder")).client() as opened:
        yield opened


def test_the_refusal_of_a_proxied_request_names_the_recipe(client: TestClient) -> None:
    answer = client.get("/incidents/all", headers=NEXT)
    assert answer.status_code == 401
    assert "ONRECALL_LOCAL_PROXY_ROLE=responder" in answer.json()["detail"]
    assert "onrecall keys create" in answer.json()["detail"]


def test_with_the_setting_pages_behind_the_proxy_read_and_write(behind: TestClient, store: Storage) -> None:
    assert behind.get("/incidents/all", headers=NEXT).status_code == 200
    answer = behind.post("/incident/new", json=INCIDENT, headers=NEXT | PAGE)
    assert answer.status_code == 200, answer.text
    name = answer.json()["incident_id"]
    solved = {"incident_id": name, "root_cause": "a leak", "mitigation_steps": "Restarted"}
    assert behind.post("/incident/resolve", json=solved, headers=NEXT | PAGE).status_code == 200
    assert store.incidents.get(name).resolution.by == "local proxy"  # type: ignore[union-attr]
    assert behind.post("/api/seed", json={"incidents": []}, headers=NEXT | PAGE).status_code == 403, "that takes admin"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.168.1.7"},
        {"X-Forwarded-For": "127.0.0.1, 192.168.1.7"},
        {"X-Forwarded-For": "192.168.1.7, 127.0.0.1"},
        {"X-Real-IP": "192.168.1.7"},
        {"X-Forwarded-For": "unknown"},
        {"X-Forwarded-For": ""},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Host": "localhost:3000, evil.example"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Forwarded-For": "127.0.0.1.evil.example"},
    ],
)
def test_for_others_than_this_machine_the_proxy_opens_nothing(behind: TestClient, headers: dict[str, str]) -> None:
    assert behind.get("/incidents/all", headers=NEXT | headers).status_code == 401


def test_a_page_of_another_origin_does_not_get_in_through_the_proxy(behind: TestClient) -> None:
    for page in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert behind.post("/incident/new", json=INCIDENT, headers=NEXT | page).status_code == 403


def test_another_machine_cannot_pass_itself_off_as_the_proxy(store: Storage) -> None:
    with Doors(store, Access(local_proxy_role="admin")).client("192.0.2.7") as other:
        assert other.get("/incidents/all", headers=NEXT).status_code == 401


def test_it_works_beside_keys_and_only_through_the_proxy(store: Storage) -> None:
    doors = Doors(store, Access(local_proxy_role="viewer"))
    token = doors.keys.create("ann", "responder").token
    with doors.client() as client:
        assert client.get("/incidents/all", headers=NEXT).status_code == 200
        assert client.get("/incidents/all").status_code == 401
        assert client.post("/incident/new", json=INCIDENT, headers=NEXT | PAGE).status_code == 403
        assert client.post("/incident/new", json=INCIDENT, headers=NEXT | PAGE | bearer(token)).status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1:50123", "[::1]:50123", "::1", "127.0.0.1"])
def test_addresses_may_have_ports(behind: TestClient, address: str) -> None:
    assert behind.get("/incidents/all", headers=NEXT | {"X-Forwarded-For": address}).status_code == 200

"""Nobody reads another team's data: every door of one server, with the credentials of each team."""

import io
import itertools
import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest
from guarded import LOOPBACK, Doors, basic, bearer, routes
from prometheus_client.parser import text_string_to_metric_families as parse
from sqlalchemy import func, select
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from onrecall.bootstrap.access import Access
from onrecall.domain.access import Role
from onrecall.domain.errors import Unavailable
from onrecall.http.body_limits import MAX_BODY
from onrecall.http.teams import TeamDispatcher
from onrecall.storage import Storage
from onrecall.storage.tables import alerts

SECRET = "quokkaleak"
"""A word that only the team `search` has, in everything it has."""
TEAMS = ("payments", "search")


@dataclass
class Installation:
    """A server of the installation and two teams, and a key of every role of each."""

    client: TestClient
    doors: dict[str, Doors]
    keys: dict[str, dict[Role, str]]


@pytest.fixture
def installation() -> Iterator[Installation]:
    with ExitStack() as stack:
        doors = {}
        for name in ("default", *TEAMS):
            store = Storage.open("sqlite://")
            stack.callback(store.close)
            doors[name] = Doors(store, Access(team=None if name == "default" else name))
        roles: tuple[Role, ...] = ("ingest", "viewer", "responder", "admin")
        keys = {
            name: {role: each.keys.create(f"{name} {role}", role).token for role in roles}
            for name, each in doors.items()
        }
        app = TeamDispatcher(doors["default"].app, {name: doors[name].app for name in TEAMS})
        client = TestClient(app, LOOPBACK, raise_server_exceptions=False, client=("127.0.0.1", 50000))
        yield Installation(stack.enter_context(client), doors, keys)


def seed(client: TestClient, admin: dict[str, str]) -> dict[str, str]:
    """Give a team a little of everything; returns ids by the name of the parameter that takes them."""
    opened = client.post(
        "/api/v1/incidents",
        headers=admin,
        json={"title": f"{SECRET} checkout answers 503", "service": SECRET, "labels": {"site": SECRET}},
    ).json()
    incident = opened["id"]
    answer = client.get(f"/api/v1/incidents/{incident}/recommendation?wait=30", headers=admin).json()
    picture = (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
        b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
    )
    image = client.post(
        f"/api/v1/incidents/{incident}/images", headers=admin | {"content-type": "image/png"}, content=picture
    ).json()
    client.post(f"/api/v1/incidents/{incident}/notes", headers=admin, json={"text": f"look at {SECRET}"})
    client.post(
        f"/api/v1/incidents/{incident}/resolution",
        headers=admin,
        json={"root_cause": f"{SECRET} ran full", "steps": [{"text": f"restart {SECRET}", "outcome": "worked"}]},
    )
    client.put(
        "/api/v1/documents/rb-1",
        headers=admin,
        json={"title": SECRET, "text": f"# {SECRET}\nrestart", "kind": "runbook"},
    )
    client.post(
        "/api/v1/alerts/alertmanager",
        headers=admin,
        json={"alerts": [{"status": "firing", "labels": {"alertname": SECRET}, "startsAt": "2026-03-01T11:00:00Z"}]},
    )
    client.post("/api/v1/decisions/analyze", headers=admin, json={"service": SECRET, "description": SECRET})
    return {
        "incident_id": incident,
        "recommendation_id": answer["id"],
        "decision_id": answer["id"],
        "image_id": image.get("id", "none"),
        "document_id": "rb-1",
        "thing_id": incident,
        "name": SECRET,
    }


def readable(door: Doors) -> list[str]:
    """The paths of all routes that read, whatever made them."""
    found = [route.partition(" ")[2] for route in routes(door.app) if route.startswith("GET ")]
    return sorted(path for path in found if not path.startswith(("/static", "/docs", "/openapi", "/llms")))


def filled(path: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace(f"{{{name}:path}}", value).replace(f"{{{name}}}", value)
    separator = "&" if "?" in path else "?"
    return f"{path}{separator}q=checkout&text=checkout&query=checkout&everybody=true"


def body_of(response: object) -> bytes:
    """What a response says, an archive unpacked."""
    content: bytes = response.content  # type: ignore[attr-defined]
    if content[:2] != b"PK":
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())


def leaks(installation: Installation, headers: dict[str, str], ids: dict[str, str]) -> set[str]:
    """The reading routes whose answer holds the secret word; a word that was only asked for does not count."""
    found = set()
    for path in readable(installation.doors["search"]):
        answer = installation.client.get(filled(path, ids), headers=headers)
        echoed = answer.status_code in (404, 422)
        if SECRET.encode() in body_of(answer) and not echoed:
            found.add(path)
        assert answer.status_code != 500, path
    return found


def test_no_reading_route_shows_a_team_what_is_anothers(installation: Installation) -> None:
    owner = bearer(installation.keys["search"]["admin"])
    ids = seed(installation.client, owner)
    own = leaks(installation, owner, ids)
    assert len(own) > 18, f"what is looked for must be there for its owner: {sorted(own)}"
    for name in ("payments", "default"):
        assert leaks(installation, bearer(installation.keys[name]["admin"]), ids) == set(), name


def test_no_id_of_another_team_can_be_changed(installation: Installation) -> None:
    client = installation.client
    owner, stranger = (bearer(installation.keys[name]["admin"]) for name in ("search", "payments"))
    ids = seed(client, owner)
    before = client.get(f"/api/v1/incidents/{ids['incident_id']}", headers=owner).json()
    incident = f"/api/v1/incidents/{ids['incident_id']}"
    for action, body in (
        ("acknowledge", {}),
        ("notes", {"text": "I was here"}),
        ("reopen", {}),
        ("resolution", {"root_cause": "wrong", "steps": []}),
        ("links", {"kind": "url", "target": "https://example.com"}),
    ):
        assert client.post(f"{incident}/{action}", headers=stranger, json=body).status_code in (404, 422), action
    assert client.patch(incident, headers=stranger, json={"title": "mine"}).status_code == 404
    assert client.delete("/api/v1/documents/rb-1", headers=stranger).status_code == 404
    assert client.get(incident, headers=owner).json() == before


def test_questions_find_only_the_own_history(installation: Installation) -> None:
    client = installation.client
    owner, stranger = (bearer(installation.keys[name]["viewer"]) for name in ("search", "payments"))
    seed(client, bearer(installation.keys["search"]["admin"]))
    question = {"text": f"{SECRET} checkout answers 503"}
    for path in ("/api/v1/recall", "/api/v1/ask", "/api/query", "/deduplicate", "/api/v1/documents/search"):
        asked = question | {"query": question["text"], "title": question["text"], "description": question["text"]}
        own, other = (client.post(path, headers=headers, json=asked) for headers in (owner, stranger))
        assert "ran full" not in other.text, path
        assert f"restart {SECRET}" not in other.text, path
        assert own.status_code == other.status_code, path
    assert f"restart {SECRET}" in client.post("/api/v1/ask", headers=owner, json=question).text


def test_the_tools_of_an_assistant_see_one_team(installation: Installation) -> None:
    client = installation.client
    ids = seed(client, bearer(installation.keys["search"]["admin"]))
    accepted = {"accept": "application/json, text/event-stream"}

    def call(headers: dict[str, str], name: str, arguments: dict[str, object]) -> str:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        return client.post("/mcp", headers=headers | accepted, json=message).text

    owner, stranger = (bearer(installation.keys[name]["responder"]) for name in ("search", "payments"))
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    tools = client.post("/mcp", headers=owner | accepted, json=listing).json()["result"]["tools"]
    seen = 0
    for tool in tools:
        needed = tool["inputSchema"].get("required", [])
        arguments = {name: ids["incident_id"] if "id" in name else f"{SECRET} checkout 503" for name in needed}
        seen += "ran full" in call(owner, tool["name"], arguments)
        assert "ran full" not in call(stranger, tool["name"], arguments), tool["name"]
    assert seen, "an owner's tools find it"


def test_live_streams_tell_of_the_own_team(installation: Installation) -> None:
    client = installation.client
    owner, stranger = (bearer(installation.keys[name]["admin"]) for name in ("search", "payments"))
    with client.websocket_connect("/api/v1/live", headers=stranger) as socket:
        assert socket.receive_json()["type"] == "hello"
        client.post("/api/v1/incidents", headers=owner, json={"title": SECRET})
        mine = client.post("/api/v1/incidents", headers=stranger, json={"title": "mine"}).json()["id"]
        assert socket.receive_json() == {"type": "opened", "id": mine, "seq": 1}


def test_a_ticket_opens_the_stream_of_its_team_alone(installation: Installation) -> None:
    client = installation.client
    ticket = client.post("/api/v1/live/ticket", headers=bearer(installation.keys["search"]["viewer"])).json()["ticket"]
    for forged in (ticket.replace("search.", "payments."), ticket.partition(".")[2], f"nobody.{ticket}"):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"/api/v1/live?ticket={forged}"):
            pass
    with client.websocket_connect(f"/api/v1/live?ticket={ticket}") as socket:
        assert socket.receive_json()["type"] == "hello"


def test_a_session_is_good_for_its_own_team_whatever_the_cookie_says(installation: Installation) -> None:
    client = installation.client
    signed_in = client.post("/api/v1/session", headers=bearer(installation.keys["search"]["viewer"]))
    assert signed_in.status_code == 201
    assert client.cookies["onrecall-team"] == "search"
    assert client.get("/api/v1/me").json()["team"] == "search"
    for other in ("payments", "nobody", ""):
        client.cookies.set("onrecall-team", other, domain="127.0.0.1", path="/")
        assert client.get("/api/v1/me").status_code == 401, other


def test_signing_in_for_the_installation_leaves_the_team(installation: Installation) -> None:
    client = installation.client
    client.post("/api/v1/session", headers=bearer(installation.keys["search"]["viewer"]))
    client.post("/api/v1/session", headers=bearer(installation.keys["default"]["viewer"]))
    assert client.get("/api/v1/me").json()["team"] is None


def test_a_team_without_a_key_is_open_to_nobody(installation: Installation) -> None:
    installation.client.cookies.set("onrecall-team", "fresh")
    fresh = Doors(installation.doors["payments"].store, Access(team="fresh"))
    app = TeamDispatcher(installation.doors["default"].app, {"fresh": fresh.app})
    client = TestClient(app, LOOPBACK, client=("127.0.0.1", 50000), cookies={"onrecall-team": "fresh"})
    assert client.get("/api/v1/incidents").status_code == 401
    assert client.post("/api/v1/incidents", json={"title": "mine"}).status_code == 401


def count_alerts(store: Storage) -> int:
    with store.overview.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(alerts))


def test_alerts_go_to_the_team_of_their_key(installation: Installation) -> None:
    client = installation.client
    alert = {"alerts": [{"status": "firing", "labels": {"alertname": "Full"}, "startsAt": "2026-03-01T11:00:00Z"}]}
    event = {"event_action": "trigger", "payload": {"summary": "Full", "source": "db-1", "severity": "critical"}}
    for name in TEAMS:
        key = installation.keys[name]["ingest"]
        assert client.post("/api/v1/alerts/alertmanager", headers=bearer(key), json=alert).status_code == 202
        assert client.post("/api/v2/alerts", headers=basic(key), json=alert["alerts"]).status_code in (200, 202)
        assert client.post("/v2/enqueue", json=event | {"routing_key": key}).status_code == 202
    counts = {name: count_alerts(door.store) for name, door in installation.doors.items()}
    assert counts["default"] == 0
    assert counts["payments"] == counts["search"] > 1


def test_a_body_that_can_not_be_read_is_refused_as_without_teams(installation: Installation) -> None:
    client = installation.client
    for headers, body, status in (
        ({"content-encoding": "br"}, b"{}", 415),
        ({"content-encoding": "gzip"}, b"no gzip", 401),
        ({}, b"[" * 3_000_000, 413),
        ({}, b"not json", 401),
    ):
        assert client.post("/v2/enqueue", headers=headers, content=body).status_code == status, headers


def test_a_path_says_whose_a_message_is_and_the_key_must_be_theirs(installation: Installation) -> None:
    client = installation.client
    alert = {"alerts": [{"status": "firing", "labels": {"alertname": "Full"}, "startsAt": "2026-03-01T11:00:00Z"}]}
    path = "/teams/search/api/v1/alerts/alertmanager"
    assert client.post(path, headers=bearer(installation.keys["search"]["ingest"]), json=alert).status_code == 202
    for headers in (bearer(installation.keys["payments"]["ingest"]), {}):
        assert client.post(path, headers=headers, json=alert).status_code == 401
    elsewhere = client.get("/teams/search/api/v1/incidents", headers=bearer(installation.keys["payments"]["admin"]))
    assert elsewhere.status_code == 404


@pytest.mark.parametrize("path", ["api/v1/alerts/alertmanager", "api/v1/alerts/pagerduty", "slack/commands"])
def test_no_answer_says_which_teams_exist(installation: Installation, path: str) -> None:
    with closing(Storage.open("sqlite://")) as store:
        signed = Doors(store, Access(team="signed", webhook_secrets={"pagerduty": ("a secret of the team",)}))
        app = TeamDispatcher(
            installation.doors["default"].app, {"search": installation.doors["search"].app, "signed": signed.app}
        )
        client = TestClient(app, LOOPBACK, raise_server_exceptions=False, client=("127.0.0.1", 50000))
        strangers = (
            {},
            bearer("onr_garbage"),
            bearer(installation.keys["payments"]["admin"]),
            bearer(installation.keys["default"]["admin"]),
            {"x-pagerduty-signature": "v1=00"},
            {"x-slack-signature": "v0=00", "x-slack-request-timestamp": "0"},
        )
        for headers, body in itertools.product(strangers, (b"{}", b"[" * 3_000_000)):
            answers = [
                client.post(f"/teams/{name}/{path}", headers=headers, content=body)
                for name in ("search", "signed", "nobody")
            ]
            said = {(answer.status_code, answer.content, str(sorted(answer.headers.items()))) for answer in answers}
            assert len(said) == 1, (headers, said)
            assert answers[0].status_code == (413 if len(body) > MAX_BODY else 401)


def test_a_key_of_the_team_is_told_which_role_it_lacks(installation: Installation) -> None:
    viewer = bearer(installation.keys["search"]["viewer"])
    answer = installation.client.post("/teams/search/api/v1/alerts/alertmanager", headers=viewer, json={"alerts": []})
    assert answer.status_code == 403
    assert "requires the role ingest" in answer.text


def test_a_store_that_can_not_be_read_is_no_refusal(installation: Installation) -> None:
    def fail() -> None:
        raise Unavailable("the database can't be reached")

    installation.doors["search"].app.state.keys.refresh = fail
    answer = installation.client.post("/teams/search/api/v1/alerts/alertmanager", json={"alerts": []})
    assert answer.status_code == 503


def test_a_failure_of_one_application_at_its_end_is_reported_as_one() -> None:
    def fail() -> None:
        raise RuntimeError("the intake can't be emptied")

    with closing(Storage.open("sqlite://")) as own_store, closing(Storage.open("sqlite://")) as team_store:
        own, team = Doors(own_store), Doors(team_store, Access(team="search"))
        team.app.state.intake.stop = fail
        app = TeamDispatcher(own.app, {"search": team.app})
        with pytest.raises(RuntimeError, match="can't be emptied"), TestClient(app, LOOPBACK):
            pass
        assert not own.app.state.worker.alive
        assert not team.app.state.worker.alive


def test_a_key_made_meanwhile_and_one_revoked_count_at_once(installation: Installation) -> None:
    client, door = installation.client, installation.doors["payments"]
    token = door.keys.create("new", "viewer").token
    assert client.get("/api/v1/me", headers=bearer(token)).json()["team"] == "payments"
    door.keys.revoke("new")
    assert client.get("/api/v1/me", headers=bearer(token)).status_code == 401


def test_counts_of_one_team_are_not_in_the_metrics_of_another(installation: Installation) -> None:
    client = installation.client
    seed(client, bearer(installation.keys["search"]["admin"]))
    lines = [
        client.get("/metrics", headers=bearer(installation.keys[name]["viewer"])).text.splitlines()
        for name in ("search", "payments")
    ]
    passages = [next(line for line in each if line.startswith("onrecall_passages")) for each in lines]
    assert float(passages[0].split()[-1]) > 0
    assert float(passages[1].split()[-1]) == 0


def test_only_an_admin_of_the_installation_sees_numbers_by_team(installation: Installation) -> None:
    client = installation.client
    for name, roles in (("default", ("viewer", "responder")), ("payments", ("viewer", "admin"))):
        for role in roles:
            answer = client.get("/metrics", headers=bearer(installation.keys[name][role]))
            assert "onrecall_team_" not in answer.text, (name, role)
    for accept in ("text/plain", "application/openmetrics-text"):
        headers = bearer(installation.keys["default"]["admin"]) | {"accept": accept}
        families = {family.name: family for family in parse(client.get("/metrics", headers=headers).text)}
        up = {sample.labels["team"]: sample.value for sample in families["onrecall_team_up"].samples}
        assert up == {"payments": 1, "search": 1}


def test_the_export_of_a_team_holds_its_own_history(installation: Installation) -> None:
    client = installation.client
    seed(client, bearer(installation.keys["search"]["admin"]))
    own, other = (
        client.get("/api/v1/export", headers=bearer(installation.keys[name]["admin"]))
        for name in ("search", "payments")
    )
    assert SECRET.encode() in body_of(own)
    assert SECRET.encode() not in body_of(other)
    assert json.dumps(SECRET) not in other.text

"""Keys over HTTP: made once, told once, replaced, ended; and nobody locks himself out without being told."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from guarded import Doors, bearer
from starlette.testclient import TestClient

from onrecall.storage import Storage

PROBLEM = "application/problem+json"


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store)


@pytest.fixture
def client(doors: Doors) -> Iterator[TestClient]:
    with doors.client() as opened:
        yield opened


def test_the_first_key_is_made_at_this_machine_and_locks_every_door(doors: Doors, client: TestClient) -> None:
    assert client.get("/api/v1/me").json() == {
        "name": None,
        "role": "admin",
        "key": None,
        "locked": False,
        "session": None,
        "team": None,
    }
    refused = client.post("/api/v1/keys", json={"name": "alertmanager", "role": "ingest"})
    assert refused.status_code == 409
    assert "the first key must have the role admin" in refused.json()["detail"]
    assert client.get("/api/v1/keys").json() == {"items": []}, "nobody is locked out by what was refused"

    made = client.post("/api/v1/keys", json={"name": "ann", "role": "admin"})
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    token, about = made.json()["key"], made.json()["about"]
    assert about["prefix"] == token[:12]
    assert client.get("/api/v1/me").status_code == 401
    mine = client.get("/api/v1/me", headers=bearer(token)).json()
    assert mine == {"name": "ann", "role": "admin", "key": about["id"], "locked": True, "session": None, "team": None}
    listed = client.get("/api/v1/keys", headers=bearer(token))
    assert token not in listed.text
    assert [(one["name"], one["state"]) for one in listed.json()["items"]] == [("ann", "active")]
    assert token not in repr([*doors.store.audit.page().items])


def test_a_key_is_made_replaced_and_ended(doors: Doors, client: TestClient) -> None:
    admin = bearer(doors.keys.create("ann", "admin").token)
    until = (doors.clock() + timedelta(days=90)).isoformat()
    given = {"name": "bob", "role": "responder", "expires_at": until}
    bob = client.post("/api/v1/keys", json=given, headers=admin).json()
    assert client.get("/api/v1/me", headers=bearer(bob["key"])).json()["role"] == "responder"
    again = client.post("/api/v1/keys", json=given, headers=admin)
    assert (again.status_code, again.headers["content-type"]) == (409, PROBLEM)

    where = f"/api/v1/keys/{bob['about']['id']}"
    new = client.post(f"{where}/rotate", json={"overlap_hours": 1}, headers=admin).json()
    assert (new["about"]["name"], new["about"]["role"]) == ("bob", "responder")
    for token in (bob["key"], new["key"]):
        assert client.get("/api/v1/me", headers=bearer(token)).status_code == 200
    doors.clock.go(hours=2)
    assert client.get("/api/v1/me", headers=bearer(bob["key"])).status_code == 401
    assert client.get("/api/v1/me", headers=bearer(new["key"])).status_code == 200

    ended = client.post("/api/v1/keys/bob/revoke", headers=admin).json()["items"]
    assert [(one["id"], one["state"]) for one in ended] == [(new["about"]["id"], "revoked")]
    assert client.get("/api/v1/me", headers=bearer(new["key"])).status_code == 401
    told = {(one.what, one.who) for one in doors.store.audit.page().items}
    assert {("key created", "ann"), ("key replaced", "ann"), ("key revoked", "ann")} <= told


def test_the_last_admin_is_not_ended_here(doors: Doors, client: TestClient) -> None:
    ann = doors.keys.create("ann", "admin")
    doors.keys.create("bob", "viewer")
    mine = bearer(ann.token)
    refused = client.post(f"/api/v1/keys/{ann.key.id}/revoke", headers=mine)
    assert refused.status_code == 409
    assert f"onrecall keys revoke {ann.key.id}" in refused.json()["detail"]
    assert client.get("/api/v1/me", headers=mine).status_code == 200
    doors.keys.create("eve", "admin")
    assert client.post(f"/api/v1/keys/{ann.key.id}/revoke", headers=mine).status_code == 200
    assert client.get("/api/v1/me", headers=mine).status_code == 401


def test_what_can_not_be_meant_is_said(doors: Doors, client: TestClient) -> None:
    admin = doors.keys.create("ann", "admin")
    mine = bearer(admin.token)
    for body, field in (
        ({"name": "", "role": "viewer"}, "name"),
        ({"name": "bob", "role": "king"}, "role"),
        ({"name": admin.token, "role": "viewer"}, "name"),
        ({"name": "bob", "expires_at": "2020-01-01T00:00:00Z"}, "expires"),
        ({"name": "bob", "days": 3}, "days"),
    ):
        got = client.post("/api/v1/keys", json=body, headers=mine)
        assert got.status_code == 422, body
        assert any(field in one["field"] for one in got.json()["errors"]), got.text
    assert client.post("/api/v1/keys/nobody/revoke", headers=mine).status_code == 404
    assert client.post("/api/v1/keys/nobody/rotate", json={"overlap_hours": -1}, headers=mine).status_code == 422
    shown = client.post(f"/api/v1/keys/{admin.token}/revoke", headers=mine)
    assert shown.status_code == 422
    assert "revoke it by its id" in shown.json()["detail"]

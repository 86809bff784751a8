"""Push notifications over HTTP: everybody's own devices, and nobody else's."""

from collections.abc import Iterator

import pytest
from guarded import Clock, Doors, bearer
from starlette.testclient import TestClient

from notifications.push_twin import Browser
from onrecall.bootstrap.access import Access
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.web_push import VapidKey, WebPush
from onrecall.notifications.web_push.vapid import generate_key
from onrecall.storage import Storage

PUSH = "/api/v1/push"
SUBSCRIPTIONS = f"{PUSH}/subscriptions"
KEY = VapidKey.parse(generate_key(), "mailto:ops@example.com")


@pytest.fixture
def store() -> Iterator[Storage]:
    opened = Storage.open("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def doors(store: Storage) -> Doors:
    clock = Clock()
    channel = WebPush(store.push_subscriptions, EgressGuard.from_allowlist(()), KEY, clock)
    return Doors(store, Access(web_push=channel), clock)


def described(endpoint: str = "https://push.example/ann", **more: object) -> dict[str, object]:
    return {"endpoint": endpoint, **Browser().keys(), **more}


def test_a_person_adds_changes_and_removes_a_device(doors: Doors) -> None:
    client = doors.client()
    token = bearer(doors.keys.create("ann", "viewer").token)
    assert client.get(PUSH, headers=token).json() == {"public_key": KEY.public, "items": []}
    device = described(services=[" auth ", "auth", ""])
    first = client.put(SUBSCRIPTIONS, json=device, headers=token)
    assert first.status_code == 200, first.text
    assert (first.json()["services"], first.json()["host"]) == (["auth"], "push.example")
    again = client.put(SUBSCRIPTIONS, json=device | {"services": ["cart"]}, headers=token).json()
    assert (again["id"], again["services"]) == (first.json()["id"], ["cart"])
    (listed,) = client.get(PUSH, headers=token).json()["items"]
    assert "endpoint" not in listed
    assert client.delete(f"{SUBSCRIPTIONS}/{listed['id']}", headers=token).status_code == 204
    assert client.get(PUSH, headers=token).json()["items"] == []


def test_nobody_sees_or_removes_the_devices_of_others_but_an_admin(doors: Doors) -> None:
    client = doors.client()
    ann, bo, root = (
        bearer(doors.keys.create(name, role).token)
        for name, role in (("ann", "viewer"), ("bo", "responder"), ("root", "admin"))
    )
    device = client.put(SUBSCRIPTIONS, json=described(), headers=ann).json()["id"]
    assert client.get(PUSH, headers=bo).json()["items"] == []
    assert client.delete(f"{SUBSCRIPTIONS}/{device}", headers=bo).status_code == 404
    assert client.get(PUSH).status_code == 401
    assert client.delete(f"{SUBSCRIPTIONS}/{device}", headers=root).status_code == 204


def test_who_uses_the_browser_now_gets_its_notifications(doors: Doors) -> None:
    client = doors.client()
    ann, bo = (bearer(doors.keys.create(name, "viewer").token) for name in ("ann", "bo"))
    device = described()
    for person in (ann, bo):
        client.put(SUBSCRIPTIONS, json=device, headers=person)
    assert [len(client.get(PUSH, headers=person).json()["items"]) for person in (ann, bo)] == [0, 1]


@pytest.mark.parametrize("endpoint", ["http://push.example/x", "https://10.0.0.8:5432/x", "file:///etc/passwd", ""])
def test_an_address_that_is_no_push_service_is_refused_by_name(doors: Doors, endpoint: str) -> None:
    refused = doors.client().put(SUBSCRIPTIONS, json=described(endpoint))
    assert refused.status_code == 422
    assert "endpoint" in refused.text


def test_without_a_key_of_the_server_there_is_no_push(store: Storage) -> None:
    client: TestClient = Doors(store).client()
    assert client.get(PUSH).json() == {"public_key": None, "items": []}
    refused = client.put(SUBSCRIPTIONS, json=described())
    assert refused.status_code == 404
    assert "ONRECALL_WEB_PUSH_KEY" in refused.json()["detail"]
    assert store.push_subscriptions.all() == ()

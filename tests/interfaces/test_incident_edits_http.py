"""`PATCH /api/v1/incidents/{id}`: what may be changed, what answers it, and what is refused."""

import pytest


@pytest.fixture
def path(client):
    body = {"title": "Ledger export stalls", "service": "ledger", "labels": {"region": "eu", "team": "books"}}
    return f"/api/v1/incidents/{client.post('/api/v1/incidents', json=body).json()['id']}"


def test_a_patch_changes_what_it_names_and_answers_as_get_does(client, path):
    body = {
        "title": "Ledger export is down",
        "service": None,
        "severity": "high",
        "labels": {"region": "us", "team": None},
        "tags": ["month-end"],
        "assignee": "Noor",
    }
    answer = client.patch(path, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == client.get(path).json()
    assert answer.json() | body | {"labels": {"region": "us"}} == answer.json()
    assert client.patch(path, json={"assignee": None}).json()["assignee"] is None
    assert client.patch(path, json={}).json()["severity"] == "high"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": None}, "title"),
        ({"title": ""}, "title"),
        ({"severity": "dire"}, "severity"),
        ({"tags": None}, "tags"),
        ({"labels": {"region": 7}}, "labels.region"),
        ({"status": "resolved"}, "status"),
    ],
)
def test_what_can_not_be_set_so_is_refused_with_its_field(client, path, body, field):
    before = client.get(path).json()
    answer = client.patch(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert client.get(path).json() == before


def test_unknown_and_merged_incidents_are_not_edited(client, path):
    other = client.post("/api/v1/incidents", json={"title": "Ledger is read-only"}).json()["id"]
    client.post(f"{path}/merge", json={"into": other})
    assert client.patch(path, json={"title": "x"}).status_code == 409
    assert client.patch("/api/v1/incidents/NOPE", json={"title": "x"}).status_code == 404


def test_the_audit_and_the_timeline_name_who_edited(client, home, path):
    client.patch(path, json={"severity": "low", "by": "Dana"})
    (row,) = home.memory.store.audit.page(action="incident changed", who="Dana").items
    assert row.detail["events"] == {"edited": 1}
    event = client.get(f"{path}/timeline").json()["items"][-1]
    assert (event["type"], event["by"]) == ("edited", "Dana")
    assert event["detail"] == {"fields": ["severity"], "from": {"severity": "unknown"}, "to": {"severity": "low"}}

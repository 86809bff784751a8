"""People on an incident over HTTP: who takes it, what they write, and what the timeline and the audit say of it."""

import pytest


@pytest.fixture
def incident(client):
    answer = client.post("/api/v1/incidents", json={"title": "Ledger export stalls", "service": "ledger"})
    return answer.json()["id"]


def timeline(client, incident):
    items = client.get(f"/api/v1/incidents/{incident}/timeline").json()["items"]
    return [(event["type"], event["detail"]) for event in items if event["type"] in ("assigned", "noted")]


def assign(client, incident, name):
    return client.put(f"/api/v1/incidents/{incident}/assignee", json={"assignee": name})


def test_an_incident_is_assigned_once_and_given_back(client, incident):
    assert assign(client, incident, "  Dana   Reyes ").json()["assignee"] == "Dana Reyes"
    assert assign(client, incident, "Dana Reyes").status_code == 200
    assert client.get(f"/api/v1/incidents/{incident}").json()["assignee"] == "Dana Reyes"
    assert client.get("/api/v1/people").json()["items"] == ["Dana Reyes"]
    assert assign(client, incident, "").json()["assignee"] is None
    assert timeline(client, incident) == [
        ("assigned", {"assignee": "Dana Reyes"}),
        ("assigned", {"assignee": None}),
    ]


def test_a_secret_that_was_pasted_as_a_name_is_not_stored(client, incident):
    stored = assign(client, incident, "password=hunter2hunter2").json()["assignee"]
    assert "hunter2" not in stored


def test_now_says_who_works_on_an_incident(client, incident):
    assign(client, incident, "Noor")
    rows = client.get("/api/v1/now", params={"service": "ledger"}).json()["items"]
    assert [row["incident"]["assignee"] for row in rows] == ["Noor"]


def test_an_assignment_outlives_acknowledging_and_resolving(client, incident):
    assign(client, incident, "Noor")
    client.post(f"/api/v1/incidents/{incident}/acknowledge")
    resolved = client.post(f"/api/v1/incidents/{incident}/resolution", json={"root_cause": "A full spool disk"})
    assert resolved.json()["assignee"] == "Noor"


def test_a_note_is_written_once_redacted_and_read_with_the_notes_of_senders(client, incident):
    path = f"/api/v1/incidents/{incident}/notes"
    body = {"text": "  Drained the spool with password=hunter2hunter2 by hand  "}
    first, again = client.post(path, json=body), client.post(path, json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    (note,) = client.get(path).json()["items"]
    assert note["source"] == "onrecall"
    assert "hunter2" not in note["text"]
    assert note["text"].startswith("Drained the spool")
    assert [kind for kind, _ in timeline(client, incident)] == ["noted"]


@pytest.mark.parametrize("text", ["", "   \n "])
def test_an_empty_note_is_refused_with_its_field(client, incident, text):
    answer = client.post(f"/api/v1/incidents/{incident}/notes", json={"text": text})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "text"


def test_what_was_merged_away_takes_neither_a_note_nor_a_person(client, incident):
    other = client.post("/api/v1/incidents", json={"title": "Ledger is read-only", "service": "ledger"}).json()["id"]
    client.post(f"/api/v1/incidents/{incident}/merge", json={"into": other})
    assert assign(client, incident, "Noor").status_code == 409
    assert client.post(f"/api/v1/incidents/{incident}/notes", json={"text": "too late"}).status_code == 409


def test_an_unknown_incident_is_said_to_be_unknown(client):
    assert assign(client, "NOPE", "Noor").status_code == 404
    assert client.post("/api/v1/incidents/NOPE/notes", json={"text": "hello"}).status_code == 404


def test_the_audit_says_who_assigned_and_wrote(client, home, incident):
    client.put(f"/api/v1/incidents/{incident}/assignee", json={"assignee": "Noor", "by": "Dana"})
    client.post(f"/api/v1/incidents/{incident}/notes", json={"text": "Spool at 99 %", "by": "Dana"})
    rows = home.memory.store.audit.page(action="incident changed", who="Dana").items
    assert [row.detail["events"] for row in rows] == [{"noted": 1}, {"assigned": 1}]
    assert home.memory.store.audit.verify()[1] == ()


def test_holders_of_keys_that_may_respond_can_be_assigned(client):
    admin = client.post("/api/v1/keys", json={"name": "Amal", "role": "admin"}).json()["key"]
    headers = {"Authorization": f"Bearer {admin}"}
    for name, role in (("Bo", "responder"), ("wallboard", "viewer"), ("pager", "ingest")):
        made = client.post("/api/v1/keys", json={"name": name, "role": role}, headers=headers)
        assert made.status_code == 201, made.text
    assert client.get("/api/v1/people", headers=headers).json()["items"] == ["Amal", "Bo"]

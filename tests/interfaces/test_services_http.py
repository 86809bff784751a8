"""Services over HTTP: which there are, and what a service's page is made of."""

from datetime import UTC, datetime, timedelta

import pytest

NOW = datetime.now(UTC).replace(microsecond=0)


def open_incident(client, service, *, hours_ago, **fields):
    started = (NOW - timedelta(hours=hours_ago)).isoformat()
    body = {"title": f"{service} is slow", "service": service, "started_at": started, **fields}
    return client.post("/api/v1/incidents", json=body).json()["id"]


def resolve(client, incident, *, hours_ago, by=None):
    at = (NOW - timedelta(hours=hours_ago)).isoformat()
    body = {"root_cause": "A full disk", "at": at, "by": by}
    answer = client.post(f"/api/v1/incidents/{incident}/resolution", json=body)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def tollgate(client):
    """A service with one open incident, two that overlapped for an hour, a runbook, a change and an alert."""
    for start, end, by in ((30, 26, "Ife"), (27, 24, "Wen")):
        resolve(client, open_incident(client, "tollgate", hours_ago=start), hours_ago=end, by=by)
    open_incident(client, "tollgate", hours_ago=1, labels={"team": "roads", "zone": "b"})
    client.put(
        "/api/v1/documents/runbooks/tollgate.md", json={"title": "Barriers", "text": "Lift.", "service": "tollgate"}
    )
    change = {"summary": "tollgate 3.1", "timestamp": NOW.isoformat(), "source": "ci"}
    payload = change | {"custom_details": {"service": "tollgate"}}
    client.post("/v2/change/enqueue", json={"routing_key": "x", "payload": payload})
    alert = {
        "status": "firing", "fingerprint": "t1", "startsAt": NOW.isoformat(),
        "labels": {"alertname": "BarrierStuck", "service": "tollgate"},
    }  # fmt: skip
    client.post("/api/v1/alerts/alertmanager", json={"version": "4", "status": "firing", "alerts": [alert]})
    return "tollgate"


def test_a_service_page_holds_what_is_on_record(client, tollgate):
    page = client.get(f"/api/v1/services/{tollgate}").json()
    assert [incident["status"] for incident in page["resolved"]] == ["resolved", "resolved"]
    assert all(incident["status"] != "resolved" for incident in page["unresolved"])
    assert page["lost"]["hours"] == pytest.approx(6)
    assert page["median_minutes"] == pytest.approx(210)
    assert page["documents"] == [{"id": "runbooks/tollgate.md", "title": "Barriers", "kind": "runbook"}]
    assert [change["title"] for change in page["changes"]] == ["tollgate 3.1"]
    assert [(row["source"], row["alerts"], row["firing"]) for row in page["alert_sources"]] == [("alertmanager", 1, 1)]
    assert [(owner["name"], owner["label"]) for owner in page["owners"]] == [("roads", "team")]
    assert page["people"] == ["Wen", "Ife"]
    assert sum(month["count"] for month in page["months"]) == page["incidents_count"]


def test_an_old_open_incident_names_no_owner_of_today(client):
    open_incident(client, "ferry", hours_ago=90, labels={"team": "harbour"})
    resolve(client, open_incident(client, "ferry", hours_ago=9, labels={"team": "canals"}), hours_ago=8)
    page = client.get("/api/v1/services/ferry").json()
    assert [(owner["name"], owner["label"]) for owner in page["owners"]] == [("canals", "team")]


def test_what_nothing_names_is_not_found(client):
    answer = client.get("/api/v1/services/no-such-service")
    assert answer.status_code == 404
    assert "no-such-service" in answer.json()["detail"]


def test_a_service_that_only_a_runbook_names_has_a_page(client):
    client.put(
        "/api/v1/documents/runbooks/moat.md", json={"title": "Moat", "text": "Fill it.", "service": "moat/north"}
    )
    page = client.get("/api/v1/services/moat/north").json()
    assert (page["incidents_count"], page["median_minutes"]) == (0, None)
    listed = client.get("/api/v1/services", params={"q": "MOAT"}).json()["items"]
    assert listed == [{"name": "moat/north", "unresolved": 0, "incidents": 0, "last_started_at": None}]


def test_services_are_listed_most_unresolved_first_and_page_by_page(client):
    for n in range(3):
        open_incident(client, "quarry", hours_ago=n)
    open_incident(client, "sluice", hours_ago=1)
    whole = client.get("/api/v1/services", params={"limit": 200}).json()["items"]
    assert [row["name"] for row in whole[:2]] == ["quarry", "sluice"]
    assert len({row["name"] for row in whole}) == len(whole)
    pages, cursor = [], None
    while True:
        page = client.get("/api/v1/services", params={"limit": 5, **({"cursor": cursor} if cursor else {})}).json()
        pages += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert pages == whole


@pytest.mark.parametrize("cursor", ["%%", "WyIxIl0", "WyJhIiwiYiIsImMiXQ"])
def test_a_cursor_of_another_list_is_refused(client, cursor):
    answer = client.get("/api/v1/services", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    ("sort", "order", "services"),
    [
        ("severity", "desc", ["bay", "ark", "cove", "dam"]),
        ("severity", "asc", ["dam", "cove", "ark", "bay"]),
        ("service", "asc", ["ark", "bay", "cove", "dam"]),
        ("assignee", "desc", ["cove", "ark", "dam", "bay"]),
        ("assignee", "asc", ["ark", "cove", "dam", "bay"]),
        ("started_at", "asc", ["cove", "bay", "ark", "dam"]),
    ],
)
def test_now_is_listed_in_an_order_page_by_page(client, sort, order, services):
    fleet = (
        ("bay", "critical", 3, None),
        ("ark", "high", 2, "Ife"),
        ("dam", "unknown", 1, None),
        ("cove", "low", 4, "Wen"),
    )
    for service, severity, hours_ago, assignee in fleet:
        incident = open_incident(client, service, hours_ago=hours_ago, severity=severity, title=f"Zephyr {service}")
        client.put(f"/api/v1/incidents/{incident}/assignee", json={"assignee": assignee})
    listed, cursor = [], {}
    for _ in fleet:
        query = {"q": "zephyr", "sort": sort, "order": order, "limit": 1, **cursor}
        page = client.get("/api/v1/now", params=query).json()
        listed += [row["incident"]["service"] for row in page["items"]]
        cursor = {"cursor": page["next"]}
    assert (listed, page["next"]) == (services, None)


@pytest.mark.parametrize(
    "cursor", ["WyJ4IiwiMjAyNi0wMS0wMVQwMDowMDowMFoiLCJJIl0", "WyI5IiwiMjAyNi0wMS0wMVQwMDowMDowMFoiLCJJIl0"]
)
def test_a_place_in_another_order_is_refused(client, cursor):
    answer = client.get("/api/v1/now", params={"sort": "severity", "cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"

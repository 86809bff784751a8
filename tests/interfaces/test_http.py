"""The HTTP contract, over a real store, a real model and the example history."""

import json
import re

import pytest

PROBLEM = "application/problem+json"
OPEN = {"title": "auth service returning 503 errors, users can't log in", "service": "auth-service", "severity": "high"}
RESOLUTION = {
    "root_cause": "The session client leaked connections until the pool was empty.",
    "cause": "connection-pool-exhaustion",
    "steps": [
        {"text": "Restarted one pod", "outcome": "did_not_help"},
        {"text": "Raised the pool", "command": "kubectl set env deploy/auth-service POOL=40", "rollback": "POOL=20"},
    ],
}


def opened(client, **changes):
    answer = client.post("/api/v1/incidents", json=OPEN | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def answered(client, incident_id):
    answer = client.get(f"/api/v1/incidents/{incident_id}/recommendation", params={"wait": 20})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_incident_is_opened_answered_rated_resolved_and_learned(client):
    incident = opened(client)
    answer = answered(client, incident["id"])
    assert answer["evidence"][0]["id"] == "INC-001"
    assert answer["confidence"]["basis"] == "public"
    assert "not measured on your incidents yet" in answer["confidence_reason"]
    assert incident["id"] not in [one["id"] for one in answer["evidence"]]
    answered_by_id = {
        name: client.get(f"/api/v1/incidents/{name}").json()["answered"] for name in (incident["id"], "INC-001")
    }
    assert answered_by_id == {incident["id"]: True, "INC-001": False}

    steps = [{"n": answer["steps"][0]["n"], "outcome": "worked"}]
    rated = client.post(f"/api/v1/recommendations/{answer['id']}/outcome", json={"verdict": "helped", "steps": steps})
    assert rated.status_code == 200, rated.text

    resolved = client.post(f"/api/v1/incidents/{incident['id']}/resolution", json=RESOLUTION)
    assert resolved.status_code == 200, resolved.text
    assert resolved.json()["status"] == "resolved"
    assert resolved.json()["links"][0]["kind"] == "recurrence"

    found = client.post("/api/v1/recall", json={"text": OPEN["title"]}).json()["evidence"]
    family = {found[0]["id"], *found[0]["family"]}
    assert incident["id"] in family | {one["id"] for one in found}

    events = client.get(f"/api/v1/incidents/{incident['id']}/timeline").json()["items"]
    assert [event["type"] for event in events] == ["opened", "recommended", "rated", "resolved", "linked"]


def test_the_same_incident_twice_is_one_and_another_under_its_id_is_a_conflict(client):
    body = OPEN | {"id": "OPS-1", "started_at": "2026-11-01T03:00:00Z"}
    assert client.post("/api/v1/incidents", json=body).status_code == 201
    assert client.post("/api/v1/incidents", json=body).status_code == 200
    conflict = client.post("/api/v1/incidents", json=body | {"title": "something else"})
    assert conflict.status_code == 409
    assert conflict.headers["content-type"] == PROBLEM


def test_it_is_the_same_when_nobody_said_when_it_began(client):
    body = OPEN | {"id": "OPS-2"}
    first = client.post("/api/v1/incidents", json=body)
    again = client.post("/api/v1/incidents", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["started_at"] == first.json()["started_at"]
    assert client.post("/api/v1/incidents", json=body | {"title": "something else"}).status_code == 409
    assert client.post("/api/v1/incidents", json=body | {"started_at": "2026-11-01T03:00:00Z"}).status_code == 409


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\ufe0f", "\u00ad", "\n", "\x1b"])
def test_an_id_that_looks_like_another_is_refused(client, hidden: str):
    refused = client.post("/api/v1/incidents", json=OPEN | {"id": f"OPS{hidden}-3"})
    assert refused.status_code == 422
    assert "`id` contains" in refused.text
    assert client.post("/api/v1/incidents", json=OPEN | {"id": "OPS-3"}).status_code == 201


def test_what_is_no_json_is_said_where(client):
    refused = client.post("/api/v1/incidents", content=b'{"title": }', headers={"content-type": "application/json"})
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["field"]) == (422, "body")
    assert error["message"] == "this is not JSON: Expecting value at character 10"


def test_resolving_twice_is_fine_and_otherwise_a_new_version(client):
    incident = opened(client)
    path = f"/api/v1/incidents/{incident['id']}"
    first = client.post(f"{path}/resolution", json=RESOLUTION).json()
    assert client.post(f"{path}/resolution", json=RESOLUTION).json() == first
    client.post(f"{path}/resolution", json=RESOLUTION | {"root_cause": "It was DNS."})
    versions = client.get(f"{path}/resolutions").json()["items"]
    assert [one["root_cause"] for one in versions] == ["It was DNS.", RESOLUTION["root_cause"]]


def test_reopening_takes_the_text_and_the_credit_back(client):
    incident = opened(client, title="the flux capacitor of the zeppelin hums in B flat")
    path = f"/api/v1/incidents/{incident['id']}"
    client.post(
        f"{path}/resolution", json=RESOLUTION | {"root_cause": "A helium sparrow nested in the flux capacitor."}
    )
    asked = {"text": "zeppelin flux capacitor helium sparrow"}
    assert client.post("/api/v1/recall", json=asked).json()["evidence"][0]["resolution"] is not None
    assert client.post(f"{path}/reopen").json()["status"] == "open"
    assert client.post("/api/v1/recall", json=asked).json()["evidence"][0]["resolution"] is None


def test_asking_and_recalling_write_nothing(client):
    before = client.get("/api/v1/status").json()["counts"]
    ask = client.post("/api/v1/ask", json={"text": "kafka consumer lag grows on the orders topic"})
    assert ask.status_code == 200
    client.post("/api/v1/recall", json={"text": "kafka consumer lag grows"})
    assert client.get("/api/v1/status").json()["counts"] == before


def test_the_same_question_over_the_same_memory_has_the_same_answer(client):
    asked = {"text": "redis OOM command not allowed"}
    one, other = (client.post("/api/v1/ask", json=asked).json() for _ in range(2))
    assert one["id"] == other["id"]
    assert one["steps"] == other["steps"]


def test_as_of_sees_only_what_was_known(client):
    asked = {"text": "auth service returning 503 errors users cant login", "as_of": "2020-01-01T00:00:00Z"}
    found = client.post("/api/v1/recall", json=asked).json()["evidence"]
    assert all(one["kind"] == "document" for one in found)
    assert "INC-001" not in [one["id"] for one in found]


def test_only_filters(client):
    asked = {"text": "connection pool exhausted", "only": {"kind": "document"}}
    assert {one["kind"] for one in client.post("/api/v1/recall", json=asked).json()["evidence"]} == {"document"}
    asked = {"text": "connection pool exhausted", "only": {"service": "checkout", "kind": "incident"}}
    for one in client.post("/api/v1/recall", json=asked).json()["evidence"]:
        assert client.get(f"/api/v1/incidents/{one['id']}").json()["service"] == "checkout"


def test_lists_page_by_cursor(client):
    seen, cursor = [], None
    while True:
        page = client.get("/api/v1/incidents", params={"limit": 25, **({"cursor": cursor} if cursor else {})}).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == client.get("/api/v1/status").json()["counts"]["incidents"]


def test_documents_come_and_go(client):
    body = {
        "title": "Restart the zeppelin",
        "text": "# Restart\n\n1. Land.\n2. `zeppelinctl restart`\n",
        "kind": "runbook",
    }
    assert client.put("/api/v1/documents/team/zeppelin.md", json=body).status_code == 201
    assert client.put("/api/v1/documents/team/zeppelin.md", json=body).status_code == 200
    found = client.post(
        "/api/v1/recall", json={"text": "zeppelin must be restarted", "only": {"kind": "document"}}
    ).json()
    assert found["evidence"][0]["id"] == "team/zeppelin.md"
    assert client.delete("/api/v1/documents/team/zeppelin.md").status_code == 204
    assert client.get("/api/v1/documents/team/zeppelin.md").status_code == 404
    assert client.delete("/api/v1/documents/team/zeppelin.md").status_code == 404


def test_history_goes_in_once_and_the_bad_rows_are_listed(client):
    good = {"id": "H-1", "title": "mail queue stuck", "started_at": "2026-01-01T00:00:00Z"}
    bad = {"id": "H-2", "title": "no time"}
    first = client.post(
        "/api/v1/history", content=json.dumps([good, bad]), headers={"content-type": "application/json"}
    )
    assert first.status_code == 200, first.text
    assert (first.json()["created"], len(first.json()["rejected"])) == (1, 1)
    assert first.json()["rejected"][0]["field"] == "started_at"
    again = client.post("/api/v1/history", content=json.dumps([good]), headers={"content-type": "application/json"})
    assert (again.json()["created"], again.json()["unchanged"]) == (0, 1)


def test_an_import_says_what_the_incidents_lack(client):
    rows = [
        {"id": "Q-1", "title": "a", "started_at": "2026-01-01T00:00:00Z", "severity": "high"},
        {"id": "Q-2", "title": "b", "started_at": "2026-01-01T00:00:00Z", "service": "mail"},
    ]
    said = client.post("/api/v1/history", params={"dry_run": True}, content=json.dumps(rows)).json()["quality"]
    assert said["incidents"] == 2
    lacking = {one["name"]: (one["count"], one["examples"]) for one in said["findings"]}
    assert lacking["no_service"] == (1, ["Q-1"])
    assert lacking["no_severity"] == (1, ["Q-2"])


def test_now_is_what_is_not_resolved_with_its_answer_and_what_happened_last(client):
    opened = client.post(
        "/api/v1/incidents", json={"title": "auth service returning 503 errors", "service": "auth-service"}
    ).json()
    client.get(f"/api/v1/incidents/{opened['id']}/recommendation", params={"wait": 20})
    (row,) = client.get("/api/v1/now").json()["items"]
    assert row["incident"]["id"] == opened["id"]
    assert row["answer"]["verdict"] in ("known", "similar")
    assert row["answer"]["confidence"] or row["answer"]["confidence_reason"]
    assert (row["alerts"], row["last"]["type"]) == (0, "recommended")
    assert client.get("/api/v1/now", params={"service": "mail"}).json()["items"] == []
    resolved = client.get("/api/v1/now", params={"status": "resolved", "limit": 3}).json()
    assert {one["incident"]["status"] for one in resolved["items"]} == {"resolved"}
    assert resolved["next"]
    assert client.get("/api/v1/now", params={"status": "gone"}).status_code == 422


def test_a_dry_run_writes_nothing(client):
    body = "\n".join(
        json.dumps({"id": f"D-{n}", "title": "x y", "started_at": "2026-01-01T00:00:00Z"}) for n in range(3)
    )
    answer = client.post("/api/v1/history", params={"dry_run": True, "name": "d.jsonl"}, content=body)
    assert answer.json()["created"] == 3
    assert client.get("/api/v1/incidents/D-0").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("post", "/incidents", {}, 422, "title"),
        ("post", "/incidents", {"title": ""}, 422, "title"),
        ("post", "/incidents", {"title": "x", "severity": "SEV1"}, 422, "severity"),
        ("post", "/incidents", {"title": "x", "started_at": "yesterday"}, 422, "started_at"),
        ("post", "/incidents", {"title": "x", "started_at": "2026-01-01T00:00:00"}, 422, "started_at"),
        ("post", "/incidents", {"title": "x", "labels": ["a"]}, 422, "labels"),
        ("post", "/incidents", {"title": "x", "tittle": "y"}, 422, "tittle"),
        ("post", "/incidents", {"title": "a\u0000b"}, 422, "title"),
        ("post", "/recall", {"text": "   "}, 422, "text"),
        ("post", "/recall", {"text": "x", "limit": 0}, 422, "limit"),
        ("post", "/ask", {"text": "x", "as_of": "2026"}, 422, "as_of"),
        ("get", "/incidents?cursor=nonsense", None, 422, "cursor"),
        ("get", "/incidents?since=monday", None, 422, "query.since"),
        ("get", "/incidents/nope", None, 404, None),
        ("get", "/incidents/nope/recommendation", None, 404, None),
        ("get", "/recommendations/nope", None, 404, None),
        ("post", "/incidents/nope/resolution", {"root_cause": "x"}, 404, None),
        ("post", "/recommendations/nope/outcome", {"verdict": "helped"}, 404, None),
        ("get", "/nothing", None, 404, None),
        ("delete", "/incidents", None, 405, None),
    ],
)
def test_what_is_wrong_is_a_problem_that_names_the_field(client, method, path, body, status, field):
    answer = client.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert {"title", "status", "detail"} <= answer.json().keys()
    if field:
        assert answer.json()["errors"][0]["field"] == field


def test_a_resolution_before_the_start_is_refused(client):
    incident = opened(client, started_at="2026-11-01T03:00:00Z")
    body = RESOLUTION | {"at": "2026-10-31T03:00:00Z"}
    answer = client.post(f"/api/v1/incidents/{incident['id']}/resolution", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "at"


def test_an_outcome_for_a_step_that_is_not_there_is_refused(client):
    answer = answered(client, opened(client)["id"])
    body = {"verdict": "helped", "steps": [{"n": 99, "outcome": "worked"}]}
    refused = client.post(f"/api/v1/recommendations/{answer['id']}/outcome", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "steps.0.n"


def test_a_body_over_the_limit_is_refused_whatever_its_header_says(client):
    chunks = (b"x" * 1_000_000 for _ in range(4))
    assert (
        client.post("/api/v1/recall", content=chunks, headers={"content-type": "application/json"}).status_code == 413
    )
    assert client.post("/api/v1/recall", content=b"x" * 3_000_000).status_code == 413


def test_secrets_are_redacted_before_they_are_stored(client):
    secret = "gh" + "p_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    incident = opened(client, description=f"the log has token={secret} in it")
    stored = client.get(f"/api/v1/incidents/{incident['id']}").json()
    assert secret not in stored["description"]
    assert "redacted" in stored["description"]


def test_health_status_and_pages(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    status = client.get("/api/v1/status").json()
    assert {part["name"]: part["state"] for part in status["parts"]} == {
        "store": "ok",
        "meaning": "ok",
        "words": "ok",
        "worker": "ok",
    }
    page = client.get("/")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    files = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert any(path.endswith(".js") for path in files)
    for path in (*files, "/docs", "/docs/static/swagger-ui-bundle.js"):
        assert client.get(path).status_code == 200, path
    assert "https://" not in page.text


def test_each_console_page_has_a_nonce_of_its_own(client):
    one, other = client.get("/"), client.get("/")
    (nonce,) = re.findall(r"'nonce-([^']+)'", one.headers["content-security-policy"])
    assert f'nonce="{nonce}"' in one.text
    assert nonce not in other.text
    assert "__CSP_NONCE__" not in one.text


def test_a_citation_opens_its_numbered_page(client):
    answer = client.post("/api/v1/ask", json={"text": "auth service returning 503 errors users cant login"}).json()
    cited = answer["steps"][0]["citation"]
    opened = client.get(f"/api/v1/pages/{cited['id']}").json()
    assert cited["quote"] in opened["lines"][cited["line"] - 1]["text"]
    assert client.get("/api/v1/pages/nothing").status_code == 404


def test_the_description_is_complete(client):
    said = client.get("/openapi.json").json()
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            assert operation.get("summary"), f"{method} {path} has no summary"
            assert operation.get("description"), f"{method} {path} has no description"
            assert any(status.startswith("2") for status in operation["responses"])
    for name in ("IncidentIn", "SituationIn", "ResolutionIn"):
        assert "examples" in json.dumps(said["components"]["schemas"][name]), f"{name} has no example"


def test_a_postmortem_is_drafted_once_it_is_resolved(client):
    incident = opened(client, description="FATAL:  sorry, too many clients already")
    path = f"/api/v1/incidents/{incident['id']}"
    assert client.get(f"{path}/postmortem").status_code == 409
    client.post(f"{path}/resolution", json=RESOLUTION)
    draft = client.get(f"{path}/postmortem")
    assert draft.headers["content-type"].startswith("text/markdown")
    for words in (
        "## Root cause\n\nThe session client leaked",
        "1. Raised the pool",
        "1. Restarted one pod (did not help)",
    ):
        assert words in draft.text
    assert client.get("/api/v1/incidents/nope/postmortem").status_code == 404

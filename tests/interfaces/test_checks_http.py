"""Checks over HTTP, MCP and the command line: what to look at next, and what somebody found by looking."""

import json

import pytest

from onrecall.domain.situation import Situation
from onrecall.mcp import results

LAGS = {"title": "Order confirmation mails are hours late, consumer lag grows", "service": "notifications"}


@pytest.fixture
def incident(client):
    return client.post("/api/v1/incidents", json=LAGS).json()["id"]


@pytest.fixture
def answer(client, incident):
    return client.get(f"/api/v1/incidents/{incident}/recommendation", params={"wait": 30}).json()


def mark(client, answer, n, result="same"):
    return client.post(f"/api/v1/recommendations/{answer['id']}/checks/{n}", json={"result": result})


def test_a_check_that_was_made_is_on_the_timeline_and_no_longer_next(client, incident, answer):
    first = answer["next_check"]
    assert first["reason"]
    assert first["n"] in [check["n"] for check in answer["unchecked"]]
    assert {step["risk"] for step in answer["steps"] if step["n"] == first["n"]} == {"read_only"}
    marked = mark(client, answer, first["n"], "different").json()
    assert marked["next_check"]["n"] != first["n"]
    assert [check["result"] for check in marked["checks"] if check["n"] == first["n"]] == ["different"]
    now = client.get(f"/api/v1/incidents/{incident}/recommendation").json()
    assert [check["n"] for check in now["unchecked"]] == [check["n"] for check in marked["unchecked"]]
    events = client.get(f"/api/v1/incidents/{incident}/timeline").json()["items"]
    (checked,) = [event for event in events if event["type"] == "checked"]
    assert checked["detail"]["text"] == first["text"]
    assert not [event for event in events if event["type"] == "rated"], "a look rates no answer"


def test_a_step_that_was_marked_is_checked(client, incident, answer):
    n = answer["next_check"]["n"]
    body = {"verdict": "helped", "steps": [{"n": n, "outcome": "worked"}]}
    client.post(f"/api/v1/recommendations/{answer['id']}/outcome", json=body)
    now = client.get(f"/api/v1/incidents/{incident}/recommendation").json()
    assert n not in [check["n"] for check in now["unchecked"]]


def test_what_no_answer_has_can_t_be_marked(client, answer):
    refused = mark(client, answer, 99)
    assert (refused.status_code, "has no check 99" in refused.json()["detail"]) == (404, True)
    assert mark(client, {"id": "rec-none"}, 1).status_code == 404
    assert mark(client, answer, 1, "perhaps").status_code == 422


def test_a_question_is_answered_with_a_check_that_an_assistant_can_read(client, home):
    asked = client.post("/api/v1/ask", json={"text": LAGS["title"], "service": LAGS["service"]}).json()
    assert asked["next_check"]["citation"]["line"] > 0
    plain = results.answer(home.memory.ask(Situation(LAGS["title"], LAGS["service"])))
    assert plain["next_check"]["n"] == asked["next_check"]["n"]
    assert [check["n"] for check in plain["not_yet_checked"]] == [check["n"] for check in asked["unchecked"]]
    assert json.dumps(plain)

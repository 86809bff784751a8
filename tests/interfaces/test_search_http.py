"""Search by words as they are written: which page, which line, which command."""

import pytest

RUNBOOK = """# Spool disk runbook

Check the spool first.

1. Look at the usage:

    ```sh
    df -h /var/spool/ledger
    ```

2. Drain what is left over:

    ```sh
    spoolctl drain --queue ledger-export
    ```
"""


@pytest.fixture
def ledger(client):
    client.put(
        "/api/v1/documents/runbooks/spool.md", json={"title": "Spool disk", "text": RUNBOOK, "service": "ledger"}
    )
    body = {"id": "LED-7", "title": "Ledger export stalls", "description": "E4471 write failed: no space left"}
    client.post("/api/v1/incidents", json=body)
    step = {"text": "Drained the spool", "command": "spoolctl drain --queue ledger-nightly"}
    client.post("/api/v1/incidents/LED-7/resolution", json={"root_cause": "A full spool disk", "steps": [step]})
    return client


def search_results(client, words, kind):
    answer = client.get("/api/v1/search", params={"q": words})
    assert answer.status_code == 200, answer.text
    return [item for item in answer.json()["items"] if item["kind"] == kind]


def test_an_incident_is_found_by_a_piece_of_its_text_with_the_line(ledger):
    (match,) = search_results(ledger, "e4471 space", "incident")
    assert (match["id"], match["status"]) == ("LED-7", "resolved")
    assert match["text"] == "E4471 write failed: no space left"
    page = ledger.get("/api/v1/pages/LED-7").json()["lines"]
    assert page[match["line"] - 1]["text"] == match["text"]


def test_an_id_comes_first_in_any_case(ledger):
    ledger.post("/api/v1/incidents", json={"title": "Follow-up of led-7"})
    assert search_results(ledger, "led-7", "incident")[0]["id"] == "LED-7"


def test_a_document_is_found_by_words_in_any_order(ledger):
    (match,) = search_results(ledger, "spool drain what", "document")
    assert match["id"] == "runbooks/spool.md"


def test_commands_are_found_in_resolutions_and_in_runbooks(ledger):
    commands = {match["text"]: match for match in search_results(ledger, "spoolctl drain", "command")}
    assert set(commands) == {"spoolctl drain --queue ledger-nightly", "spoolctl drain --queue ledger-export"}
    match = commands["spoolctl drain --queue ledger-export"]
    assert (match["page"], match["id"]) == ("document", "runbooks/spool.md")
    page = ledger.get("/api/v1/pages/runbooks/spool.md").json()["lines"]
    assert match["text"] in page[match["line"] - 1]["text"]


def test_what_only_resembles_the_words_is_not_found(ledger):
    assert ledger.get("/api/v1/search", params={"q": "zebra ledger"}).json() == {"items": []}


def test_each_kind_is_bounded(ledger):
    for number in range(5):
        ledger.post("/api/v1/incidents", json={"title": f"Quokka outage number {number}"})
    answer = ledger.get("/api/v1/search", params={"q": "quokka", "limit": 2}).json()["items"]
    assert len(answer) == 2


@pytest.mark.parametrize("words", ["", "   ", "x" * 401])
def test_a_query_without_words_or_too_long_is_refused(client, words):
    assert client.get("/api/v1/search", params={"q": words}).status_code == 422


@pytest.mark.parametrize("words", ["%", "_", "\\", "'; drop table incidents; --", "‹x›", "\U0001f600"])
def test_hostile_queries_are_only_words(ledger, words):
    assert ledger.get("/api/v1/search", params={"q": words}).status_code == 200

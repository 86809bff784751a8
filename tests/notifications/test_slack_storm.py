"""A storm comes in through the HTTP door and the server is killed in the middle, again and again: one root message."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from .serving import Storm, a_minute_passes, killed_in_the_end, settings
from .slack_twin import Slack as Twin
from .slack_twin import workspace
from .twin import until

pytestmark = pytest.mark.process

ALERTS, SECONDS = 120, 6.0
LONG_AGO = (datetime.now(UTC) - timedelta(days=30)).isoformat()
SEEN = {
    "id": "OLD-1",
    "title": "HighLatency on shop-database, connection pool exhausted",
    "description": "HighErrorRate and QueueGrows on shop-orders, shop-cart, shop-payments: connection pool exhausted",
    "service": "shop-database",
    "started_at": LONG_AGO,
    "resolved_at": LONG_AGO,
    "resolution": {
        "root_cause": "A leak of connections in the nightly report",
        "steps": [{"text": "Counted sessions by state", "command": "kubectl logs deploy/report", "outcome": "worked"}],
    },
}


@pytest.fixture
def slack() -> Iterator[Twin]:
    with workspace() as opened:
        yield opened


def headline(slack: Twin) -> str:
    """What the newest root message begins with."""
    roots = slack.roots()
    return str(roots[-1]["blocks"][0]["text"]["text"]) if roots else ""


def storming(address: str) -> list[dict[str, Any]]:
    listed = httpx.get(f"{address}/api/v1/incidents", params={"limit": 50}, timeout=10).json()["items"]
    return [incident for incident in listed if incident["id"] != SEEN["id"]]


def all_sent(address: str) -> bool:
    items = httpx.get(f"{address}/api/v1/deliveries", params={"limit": 100}, timeout=10).json()["items"]
    return bool(items) and all(delivery["state"] in ("sent", "superseded") for delivery in items)


def test_killed_in_the_middle_of_a_storm_there_is_one_root_and_its_thread_is_right(
    slack: Twin, store_url: str, tmp_path: Path
) -> None:
    chosen, storm, kills = settings(tmp_path, store_url, slack), Storm(ALERTS, SECONDS), 0
    storm.start()
    try:
        with killed_in_the_end(chosen) as storm.address:
            until(lambda: storm.acknowledged > 0, 30)  # killed before anything was told
        kills += 1
        slack.hold_after = 0
        with killed_in_the_end(chosen) as storm.address:
            assert slack.held.wait(60), "nothing was posted"  # killed before it heard that its root is there
        kills += 1
        assert len(slack.roots()) == 1
        slack.freed.set()
        a_minute_passes(store_url)
        with killed_in_the_end(chosen) as storm.address:
            until(lambda: "Never seen" in json.dumps(slack.roots()) and all_sent(storm.address or ""), 60)
            slack.held.clear()
            slack.freed.clear()
            slack.hold_after = 0
            httpx.post(f"{storm.address}/api/v1/history", json=[SEEN], timeout=30).raise_for_status()
            storm.gone_on.set()
            assert slack.held.wait(60), "the other answer was not told in the thread"  # killed in the thread
        kills += 1
        slack.freed.set()
        a_minute_passes(store_url)
        with killed_in_the_end(chosen) as storm.address:
            storm.join(60)
            assert storm.acknowledged == ALERTS
            until(lambda: all_sent(storm.address or "") and "leak of connections" in json.dumps(slack.roots()), 60)
            storm.over()
            until(lambda: headline(slack) == "Resolved" and all_sent(storm.address or ""), 60)
            (incident,) = storming(storm.address)
    finally:
        storm.gone_on.set()
        storm.ending.set()
        slack.freed.set()
        storm.join(60)
    assert len(slack.roots()) == 1, "a second root message"
    (root,) = slack.roots()
    payloads = [message["metadata"]["event_payload"] for message in [root, *slack.thread(root["ts"])]]
    assert {payload["incident"] for payload in payloads} == {incident["id"]}
    parts = [payload["part"] for payload in payloads]
    assert len(set(parts)) == len(parts), "something stands in the thread twice"
    thread = [message["text"] for message in slack.thread(root["ts"])]
    assert [text.partition(":")[0] for text in thread if not text.startswith("Details")] == [
        "Answer changed",
        "Resolved",
    ]
    assert "A leak of connections in the nightly report" in json.dumps(slack.thread(root["ts"]))
    assert slack.refused == []
    print(f"{ALERTS} alerts, {kills} kills: 1 root, {len(thread)} replies, {len(slack.made('chat.update'))} updates")

"""`GET /metrics`: a real scrape, read by Prometheus's own parser and its own tool."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from guarded import Doors, bearer
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from onrecall import __version__
from onrecall.domain.incident import Incident
from onrecall.http.roles import ROUTES
from onrecall.sources import SOURCES, WebhookRequest
from onrecall.storage import ModelCall, ModelUsage, Storage
from onrecall.storage.outbox import PendingMessage
from onrecall.storage.usage import UsageLimits

REFERENCE = (Path(__file__).parents[2] / "docs/reference.md").read_text(encoding="utf-8")
ALERT = {
    "version": "4",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": f"Slow{n}", "service": "checkout", "severity": "critical"},
            "annotations": {"summary": "checkout is slow"},
            "startsAt": "2026-03-01T11:00:00Z",
        }
        for n in range(3)
    ],
}
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store)


@pytest.fixture
def client(doors: Doors) -> Iterator[TestClient]:
    with doors.client() as opened:
        yield opened


def scraped(client: TestClient, headers: Mapping[str, str] | None = None) -> Samples:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return samples(answer.text)


def samples(text: str) -> Samples:
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


def settled(client: TestClient, doors: Doors) -> None:
    """Wait until the worker has answered everything."""
    doors.clock.go(minutes=1)
    done = doors.app.state.worker.wait(
        lambda: not doors.store.alerts.waiting(9) and bool(doors.store.decisions.newest(9)[0]), 60
    )
    assert done


def test_alerts_requests_and_answers_are_counted_as_they_come(doors: Doors, client: TestClient) -> None:
    assert client.post("/api/v1/alerts/alertmanager", json=ALERT).status_code == 202
    assert client.post("/api/v1/alerts/alertmanager", json=ALERT).status_code == 202
    assert client.post("/api/v1/alerts/alertmanager", json={"version": "4", "alerts": [{}]}).status_code == 202
    assert client.post("/api/v1/alerts/alertmanager", json=[]).status_code == 422
    settled(client, doors)
    assert client.post("/api/v1/recall", json={"text": "checkout is slow"}).status_code == 200
    found = scraped(client)
    for result, count in {"accepted": 3, "duplicate": 3, "rejected": 2}.items():
        assert value(found, "onrecall_alerts_total", source="alertmanager", result=result) == count
    route = {"method": "POST", "route": "/api/v1/alerts/{source}"}
    assert value(found, "onrecall_http_requests_total", status="202", **route) == 3
    assert value(found, "onrecall_http_requests_total", status="422", **route) == 1
    assert value(found, "onrecall_http_request_duration_seconds_count", **route) == 4
    answers = doors.store.decisions.newest(9)[0]
    assert value(found, "onrecall_recommendations_total", verdict="never_seen", composer="extractive") == answers
    assert value(found, "onrecall_answer_duration_seconds_count", composer="extractive") == answers
    assert (value(found, "onrecall_recall_duration_seconds_count") or 0) >= answers + 1
    assert value(found, "onrecall_store_alerts_total") == 3
    assert value(found, "onrecall_store_answers_total") == answers
    assert value(found, "onrecall_sender_alerts", source="alertmanager") == 3
    assert value(found, "onrecall_open_incidents", severity="critical") == len(doors.store.incidents.page().items)
    assert value(found, "onrecall_worker_alive") == 1


def test_what_waits_is_read_from_the_store_whoever_works_on_it(doors: Doors, store: Storage) -> None:
    now = doors.clock.now
    doors.memory.receive(
        "alertmanager", [WebhookRequest(json.dumps(ALERT).encode(), {"content-type": "application/json"})]
    )
    for name in ("A", "B"):
        store.incidents.open(Incident(name, "auth is down", now, severity="high"), [], now)
    store.incidents.acknowledge("B", now)
    after = store.outbox.position("webhook")
    assert store.outbox.enqueue(
        "webhook", after, after + 1, [PendingMessage(n, 9, "opened", {}, {}) for n in ("A", "B")], now
    )
    first = store.outbox.start_attempt("webhook", "me", now, timedelta(seconds=2))
    assert first
    store.outbox.dead_letter(first, "gone")
    called = ModelCall("rec-1", "draft", "groq", "small", "5e88")
    for cost, state in ((0.25, "answered"), (None, "rejected")):
        number = store.usage.reserve(called, 1.0, UsageLimits(20, None), now)
        store.usage.answered(number, ModelUsage(100, 20, cost, 5.0))
        if state == "rejected":
            store.usage.rejected(number, ["no"])
    yesterday = store.usage.reserve(called, 1.0, UsageLimits(20, None), now - timedelta(days=1))
    store.usage.answered(yesterday, ModelUsage(7, 7, 7.0, 5.0))
    client = TestClient(doors.app, "http://127.0.0.1:8000", client=("127.0.0.1", 50000))  # no worker runs
    found = scraped(client)
    assert value(found, "onrecall_alerts_waiting") == 3
    assert value(found, "onrecall_incidents_due") == 2
    assert value(found, "onrecall_open_incidents", severity="high") == 2
    assert value(found, "onrecall_open_incidents", severity="low") == 0
    assert value(found, "onrecall_deliveries", channel="webhook", state="pending") == 1
    assert value(found, "onrecall_deliveries", channel="webhook", state="dead") == 1
    model = {"provider": "groq", "model": "small", "role": "draft"}
    assert value(found, "onrecall_model_calls_total", state="answered", **model) == 1
    assert value(found, "onrecall_model_calls_total", state="rejected", **model) == 1
    assert value(found, "onrecall_model_tokens_total", direction="input", **model) == 200
    assert value(found, "onrecall_model_tokens_total", direction="output", **model) == 40
    assert value(found, "onrecall_model_cost_usd_total", **model) == 0.25
    assert value(found, "onrecall_worker_alive") == 0
    assert (value(found, "onrecall_store_size_bytes") or 0) > 10_000
    assert value(found, "onrecall_part_state", part="store", state="ok") == 1
    assert value(found, "onrecall_part_state", part="store", state="down") == 0
    assert value(found, "onrecall_incidents") == 2


def test_labels_have_an_end_whatever_is_sent(doors: Doors, client: TestClient) -> None:
    for n in range(20):
        client.get(f"/api/v1/incidents/INC-{n}")
        client.get(f"/nowhere/{n}")
        client.request(f"X{n}", "/api/v1/incidents")
        client.post(f"/api/v1/alerts/sender-{n}", json={})
        client.post("/api/v1/incidents", json={"id": f"X-{n}", "title": "t", "service": f"s{n}", "severity": "low"})
    found = scraped(client)
    paths = {route.partition(" ")[2] for route in ROUTES} | {"other"}
    for name, labels in found:
        said = dict(labels)
        assert said.get("route", "other") in paths, (name, said)
        assert said.get("source", "alertmanager") in SOURCES, (name, said)
        assert said.get("method", "other") in {"GET", "POST", "other"}, (name, said)
        assert not any("INC-" in one or one.startswith("X-") for one in said.values()), (name, said)
    assert (
        value(
            found, "onrecall_http_requests_total", method="GET", route="/api/v1/incidents/{incident_id}", status="404"
        )
        == 20
    )
    assert value(found, "onrecall_http_requests_total", method="GET", route="other", status="404") == 20
    assert len(found) < 1000


def test_it_takes_a_viewers_key_and_each_application_counts_for_itself(doors: Doors, client: TestClient) -> None:
    assert scraped(client), "as long as there is no key, whoever is at this machine may"
    tokens = doors.tokens()
    doors.keys.refresh()
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=bearer(tokens["ingest"])).status_code == 403
    found = scraped(client, bearer(tokens["viewer"]))
    assert value(found, "onrecall_http_requests_total", method="GET", route="/metrics", status="401") == 1
    other = Doors(doors.store)
    with other.client() as second:
        fresh = scraped(second, bearer(tokens["viewer"]))
    assert value(fresh, "onrecall_http_requests_total", method="GET", route="/metrics", status="401") is None


def test_where_the_store_does_not_answer_the_scrape_fails(tmp_path: Path) -> None:
    store = Storage.open(f"sqlite:///{tmp_path / 'here' / 'onrecall.db'}")
    client = TestClient(Doors(store).app, "http://127.0.0.1:8000", client=("127.0.0.1", 50000))
    assert client.get("/metrics").status_code == 200
    store.close()
    (tmp_path / "here").rename(tmp_path / "there")
    assert client.get("/metrics").status_code == 503


def test_what_it_runs_on_is_told(doors: Doors, client: TestClient) -> None:
    found = {name: dict(labels) for name, labels in scraped(client)}
    assert found["onrecall_build_info"]["version"] == __version__
    assert found["onrecall_build_info"]["database"] == doors.store.dialect
    assert "process_resident_memory_bytes" in found


def test_openmetrics_for_whoever_asks(client: TestClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_every_metric_is_documented_and_no_other(client: TestClient) -> None:
    told = set(re.findall(r"^\| `(onrecall_\w+)", REFERENCE, re.MULTILINE))
    families = text_string_to_metric_families(client.get("/metrics").text)
    names = {one.name + "_total" * (one.type == "counter") for one in families if one.name.startswith("onrecall_")}
    assert {name for name in names if not name.endswith("_created")} == told


needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus's own tool is not installed")


def promtool(*arguments: str, said: str = "") -> None:
    done = subprocess.run(["promtool", *arguments], input=said, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_finds_nothing_to_say_against_it(doors: Doors, client: TestClient) -> None:
    client.post("/api/v1/alerts/alertmanager", json=ALERT)
    promtool("check", "metrics", said=client.get("/metrics").text)


@needs_promtool
def test_the_configuration_to_copy_is_right(tmp_path: Path, client: TestClient) -> None:
    blocks = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", REFERENCE, re.DOTALL))
    for name, text in blocks.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "onrecall.key").write_text("onr_x")
    promtool("check", "rules", str(tmp_path / "onrecall-rules.yml"))
    promtool("check", "config", "--syntax-only", str(tmp_path / "prometheus.yml"))
    told = {
        one.name + "_total" * (one.type == "counter")
        for one in text_string_to_metric_families(client.get("/metrics").text)
    }
    rules = yaml.safe_load(blocks["onrecall-rules.yml"])["groups"][0]["rules"]
    assert len(rules) >= 2
    for rule in rules:
        for name in re.findall(r"onrecall_\w+", rule["expr"]):
            assert name in told, f"{rule['alert']} looks at {name}, which nobody exports"

"""The doors that senders ring."""

import gzip
import json
import threading
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from onrecall.domain.alert import ChangeEvent
from onrecall.domain.errors import Forbidden, Unavailable
from onrecall.domain.incident import Incident, Resolution
from onrecall.http.sns_confirmation import SubscriptionConfirmer
from onrecall.sources import SubscriptionConfirmation
from onrecall.storage import IngestBatch
from onrecall.worker.ingest_queue import IngestQueue, QueueLimits

from .payloads import alert, body, event

ALERTMANAGER = "/api/v1/alerts/alertmanager"
SECRET = "gh" + "p_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


def test_alerts_are_taken_once(client):
    message = body(alert(1), alert(2))
    first = client.post(ALERTMANAGER, content=message)
    assert (first.status_code, first.json()) == (202, {"accepted": 2, "duplicate": 0, "rejected": []})
    assert client.post(ALERTMANAGER, content=message).json() == {"accepted": 0, "duplicate": 2, "rejected": []}


def test_an_unknown_source_is_told_which_are_alike_and_where_anything_else_goes(client):
    answer = client.post("/api/v1/alerts/nagoisx", content=b"{}")
    assert answer.status_code == 404
    assert "did you mean nagios" in answer.json()["detail"]
    assert "generic/NAME" in client.post("/api/v1/alerts/qqqq", content=b"{}").json()["detail"]


@pytest.mark.parametrize("spelled", ["uptime-kuma", "uptimekuma", "Uptime_Kuma", "kuma"])
def test_a_source_is_found_however_it_is_spelled(client, spelled):
    payload = {
        "heartbeat": {"status": 0, "time": "2026-03-01 12:00:00"},
        "monitor": {"id": 7, "name": "Desk"},
        "msg": "x",
    }
    assert client.post(f"/api/v1/alerts/{spelled}", json=payload).json()["accepted"] == 1
    alerts_by_sender = {sender["name"]: sender["alerts"] for sender in client.get("/api/v1/senders").json()["items"]}
    assert alerts_by_sender["uptime-kuma"] == 1


def test_prometheus_may_be_pointed_at_it(client):
    payload = [{name: value for name, value in alert(1).items() if name not in ("status", "fingerprint")}]
    answer = client.post("/api/v2/alerts", json=payload)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda plain: zlib.compress(plain)[2:-4]),
        ("gzip", lambda plain: gzip.compress(plain[:100]) + gzip.compress(plain[100:])),
        ("gzip, deflate", lambda plain: zlib.compress(gzip.compress(plain))),
        ("identity", bytes),
    ],
)
def test_compressed_bodies_are_read(client, encoding, packed):
    answer = client.post(ALERTMANAGER, content=packed(body(alert(1))), headers={"content-encoding": encoding})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


def bomb(megabytes: int) -> bytes:
    """So many blanks, packed without ever being in memory."""
    packing = zlib.compressobj(1, wbits=16 + zlib.MAX_WBITS)
    million = b" " * 1_000_000
    return b"".join([*(packing.compress(million) for _ in range(megabytes)), packing.flush()])


BROKEN = {
    "a bomb": ("gzip", lambda: bomb(300), 413),
    "a bomb in a bomb": ("gzip, gzip", lambda: gzip.compress(bomb(100)), 413),
    "three members that are too much together": ("gzip", lambda: bomb(3) * 3, 413),
    "too many members": ("gzip", lambda: gzip.compress(b"") * 10_000, 422),
    "cut off": ("gzip", lambda: gzip.compress(b"{}")[:-9], 422),
    "not packed": ("gzip", lambda: b"{}", 422),
    "no deflate": ("deflate", lambda: b"\xff\xff", 422),
    "unknown": ("br", lambda: b"{}", 415),
    "packed too often": ("gzip, gzip, gzip", lambda: b"", 415),
}


@pytest.mark.parametrize(("encoding", "packed", "status"), BROKEN.values(), ids=BROKEN)  # gzip's bytes hold the time
def test_bombs_and_broken_packing_are_refused(client, encoding, packed, status):
    answer = client.post(ALERTMANAGER, content=packed(), headers={"content-encoding": encoding})
    assert answer.status_code == status


def test_too_large_too_deep_and_no_json(client):
    assert client.post(ALERTMANAGER, content=b" " * 2_100_000).status_code == 413
    for wrong in (b"", b"{", b"\xff", b"[" * 100_000, b'{"alerts": ' + b"[" * 90 + b"]" * 90 + b"}", b"[]", b"1"):
        answer = client.post(ALERTMANAGER, content=wrong)
        assert answer.status_code == 422, wrong[:20]
        assert answer.json()["errors"][0]["field"]


def test_a_part_over_a_cap_is_named_and_the_rest_goes_in(client):
    many = alert(2, **{f"label_{n}": "x" for n in range(300)})
    receipt = client.post(ALERTMANAGER, content=body(alert(1), many, alert(3))).json()
    assert (receipt["accepted"], [(part["where"], part["field"]) for part in receipt["rejected"]]) == (
        2,
        [("alerts[1]", "labels")],
    )


def test_what_is_wrong_is_kept_redacted_and_goes_in_once_mended(client, memory):
    wrong = alert(1) | {"startsAt": "yesterday"}
    wrong["labels"] |= {"password": "hunter2-Xy9", "note": f"token={SECRET}"}
    for _ in range(3):
        assert client.post(ALERTMANAGER, content=body(wrong, alert(2))).json()["rejected"][0]["field"] == "startsAt"
    (rejected,) = client.get("/api/v1/rejected").json()["items"]
    assert SECRET not in json.dumps(rejected)
    assert "hunter2" not in json.dumps(rejected)
    retry = f"/api/v1/rejected/{rejected['id']}/retry"
    assert client.post(retry).status_code == 422
    mended = json.loads(rejected["raw"])
    mended["alerts"][0]["startsAt"] = "2026-03-01T12:00:00Z"
    assert client.post(retry, json=mended).json() == {"accepted": 1, "duplicate": 0, "rejected": [], "problems": []}
    assert client.get("/api/v1/rejected").json()["items"] == []
    assert client.post(retry, json=mended).status_code == 409
    assert client.post("/api/v1/rejected/99/retry").status_code == 404
    assert client.post(f"/api/v1/rejected/{10**30}/retry").status_code == 404


def test_secrets_are_redacted_before_they_are_stored(client, memory):
    sent_alert = alert(1, password="hunter2-Xy9")
    sent_alert["annotations"]["description"] = f"called with token={SECRET}"
    sent_alert["fingerprint"] = f"token={SECRET}"
    client.post(ALERTMANAGER, content=body(sent_alert, sent_alert | {"fingerprint": f"token={SECRET[:-1]}9"}))
    dumped = str(list(memory.store.archive.dump()))
    assert SECRET not in dumped
    assert "hunter2" not in dumped
    assert sum(row["table"] == "alerts" for row in memory.store.archive.dump()) == 2, "two keys stay two"


def test_pagerduty_is_answered_as_it_answers(client):
    response = client.post("/v2/enqueue", json=event(1))
    assert (response.status_code, response.json()) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "disk-1"},
    )
    without = event(2)
    del without["dedup_key"]
    minted = client.post("/v2/enqueue", json=without).json()["dedup_key"]
    assert minted == client.post("/v2/enqueue", json=without).json()["dedup_key"]
    del without["payload"]["summary"]
    for wrong in ({"json": without}, {"content": b"{"}, {"json": []}):
        refused = client.post("/v2/enqueue", **wrong)
        assert refused.status_code == 400
        assert refused.json()["status"] == "invalid event"
        assert refused.json()["errors"]
    change = {"routing_key": "0" * 32, "payload": {"summary": "Deployed api 1.4", "timestamp": "2026-03-01T11:54:00Z"}}
    answer = client.post("/v2/change/enqueue", json=change)
    assert (answer.status_code, answer.json()["status"]) == (202, "success")
    assert [listed_change["title"] for listed_change in client.get("/api/v1/changes").json()["items"]] == [
        "Deployed api 1.4"
    ]


def test_cloudevents_are_agreed_to(client):
    answer = client.options("/api/v1/alerts/grafana", headers={"WebHook-Request-Origin": "events.example"})
    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "events.example"
    assert "webhook-allowed-origin" not in client.options("/api/v1/alerts/grafana").headers
    assert client.options("/api/v1/alerts/nobody").status_code == 404


def test_many_at_once_are_each_answered_for_their_own(client, memory):
    def send(n: int) -> int:
        answer = client.post(ALERTMANAGER, content=body(*(alert(n * 10 + k) for k in range(n % 4 + 1))))
        assert answer.status_code == 202
        return answer.json()["accepted"]

    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(send, range(200)))
    assert receipts == [n % 4 + 1 for n in range(200)]
    assert sum(row["table"] == "alerts" for row in memory.store.archive.dump()) == sum(receipts)


def test_a_bad_message_among_many_is_the_only_one_refused(client):
    def send(n: int) -> int:
        return client.post(ALERTMANAGER, content=b"{" if n % 5 == 0 else body(alert(n))).status_code

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(send, range(60))) == [422 if n % 5 == 0 else 202 for n in range(60)]


def test_a_stuck_database_is_503_and_nothing_is_acknowledged(client, memory):
    intake = IngestQueue(memory, lambda: None, QueueLimits(patience=0.3))
    client.app.state.intake = intake
    intake.start()
    inside, leave = threading.Event(), threading.Event()

    def rows() -> object:
        yield from before
        inside.set()
        leave.wait(30)

    before = list(memory.store.archive.dump())
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(memory.store.archive.load, rows())
        assert inside.wait(30)
        answer = client.post(ALERTMANAGER, content=body(alert(1)))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        leave.set()
        loading.result()
    assert client.post(ALERTMANAGER, content=body(alert(1))).status_code == 202
    assert sum(row["table"] == "alerts" for row in memory.store.archive.dump()) == 1
    intake.stop()
    assert client.post(ALERTMANAGER, content=body(alert(2))).status_code == 503, "it has ended"


def test_when_too_much_waits_the_rest_is_told_to_come_again(client, memory):
    intake = IngestQueue(
        memory, lambda: None, QueueLimits(deliveries=3, patience=0.5)
    )  # it is not started, so all of it waits
    client.app.state.intake = intake
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: client.post(ALERTMANAGER, content=body(alert(n))), range(8)))
    assert {response.status_code for response in answers} == {503}
    reasons = Counter(answer.json()["detail"].split(";")[0] for answer in answers)
    assert reasons == {"too many messages are waiting": 5, "the database is busy": 3}


def test_a_change_is_told_beside_the_incident_that_came_soon_after(client, memory):
    started = datetime(2026, 3, 1, 12, tzinfo=UTC)
    change = ChangeEvent("ci", "d-1", "Deployed api 1.4", started - timedelta(minutes=6), "deployment", "api")
    memory.store.ingest.store([IngestBatch("ci", (change,))], started)
    opened, _ = memory.open(Incident("X-1", "api answers 503", started, service="api"))
    memory.recommend(opened.id)
    path = f"/api/v1/incidents/{opened.id}"
    for part in ("", "/timeline", "/recommendation"):
        (listed_change,) = client.get(path + part).json()["changes"]
        assert (listed_change["title"], listed_change["minutes_before"], listed_change["kind"]) == (
            "Deployed api 1.4",
            6,
            "deployment",
        )
    memory.resolve(opened.id, Resolution("a bad deploy", started + timedelta(hours=1)))
    assert "- 2026-03-01 11:54 UTC: deployed 6 min before: Deployed api 1.4" in client.get(f"{path}/postmortem").text


TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


def test_only_allowed_topics_are_confirmed_and_no_redirect_is_followed():
    requested = []

    def answer(request: httpx.Request) -> httpx.Response:
        requested.append(str(request.url))
        return httpx.Response(200 if len(requested) == 1 else 302, headers={"location": "http://169.254.169.254/"})

    confirm = SubscriptionConfirmer((TOPIC,), httpx.MockTransport(answer))
    url = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
    confirm(SubscriptionConfirmation(url, TOPIC))
    with pytest.raises(Unavailable, match="302"):
        confirm(SubscriptionConfirmation(url, TOPIC))
    assert requested == [url, url]
    with pytest.raises(Forbidden, match="ONRECALL_SNS_TOPICS"):
        confirm(SubscriptionConfirmation(url, TOPIC + "-other"))
    assert len(requested) == 2

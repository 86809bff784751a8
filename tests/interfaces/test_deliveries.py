"""Deliveries at the doors: settings that are refused, the whole way out over HTTP, the list, and sending again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from notifications.twin import Twin, twin, until
from onrecall.bootstrap.app import AppContext, open_app
from onrecall.cli import main as cli
from onrecall.domain.errors import Invalid
from onrecall.http import create
from onrecall.settings import Settings
from onrecall.worker.worker import Worker

LOOPBACK = "http://127.0.0.1:8000"
SECRET = "a-secret-of-some-length"


def chosen(folder: Path, **more: object) -> Settings:
    return Settings(data_dir=folder, group_wait_seconds=0, allow_private_hosts="127.0.0.1", **more)


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[AppContext, TestClient]]:
    with open_app(settings) as home:
        worker = Worker(home.memory)
        app = create(home.memory, worker, lambda: home.status(worker))
        with TestClient(app, LOOPBACK, client=("127.0.0.1", 50000)) as client:
            yield home, client


@pytest.fixture
def other() -> Iterator[Twin]:
    with twin() as made:
        yield made


def opened(client: TestClient, name: str) -> None:
    said = {"id": name, "title": "Pool exhausted", "started_at": datetime.now(UTC).isoformat()}
    assert client.post("/api/v1/incidents", json=said).status_code == 201


def deliveries(client: TestClient, **wanted: str) -> list[dict]:
    return client.get("/api/v1/deliveries", params=wanted).json()["items"]


def test_an_incident_is_told_from_end_to_end(tmp_path: Path, other: Twin) -> None:
    settings = chosen(
        tmp_path, webhook_url=f"{other.address}/hook", webhook_secret=SECRET, public_url="https://r.example"
    )
    with serving(settings) as (_, client):
        until(lambda: client.get("/api/v1/status").json()["parts"])
        opened(client, "X-1")
        until(lambda: deliveries(client, state="sent"))
        client.post("/api/v1/incidents/X-1/resolution", json={"root_cause": "A leak", "steps": [{"text": "Restart"}]})
        until(lambda: len(deliveries(client, state="sent")) == 2)
        part = next(one for one in client.get("/api/v1/status").json()["parts"] if one["name"] == "webhook")
    assert [json.loads(one.body)["type"] for one in other.asked] == ["incident.opened", "incident.resolved"]
    assert json.loads(other.asked[0].body)["incident"]["url"] == "https://r.example/incidents/X-1"
    assert (part["state"], part["detail"]) == ("ok", "all messages are sent")


def test_the_dead_are_listed_and_resent_over_http(tmp_path: Path, other: Twin) -> None:
    other.status = [410, 200]
    with serving(chosen(tmp_path, webhook_url=f"{other.address}/hook")) as (_, client):
        opened(client, "X-1")
        until(lambda: deliveries(client, state="dead"))
        (dead,) = deliveries(client, state="dead", channel="webhook")
        assert dead["last_error"].startswith("410 Gone")
        again = client.post(f"/api/v1/deliveries/{dead['id']}/resend")
        assert (again.status_code, again.json()["key"]) == (200, dead["key"])
        until(lambda: deliveries(client, state="sent"))
        assert client.post("/api/v1/deliveries/99/resend").status_code == 404
        assert client.get("/api/v1/deliveries", params={"state": "lost"}).status_code == 422
        assert client.get("/api/v1/deliveries", params={"cursor": "x"}).status_code == 422
    first, second = other.asked
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body


def test_a_channel_that_is_down_does_not_delay_an_answer_and_is_said_to_be_down(tmp_path: Path, other: Twin) -> None:
    other.hang = 30
    with serving(chosen(tmp_path, webhook_url=f"{other.address}/hook")) as (_, client):
        for name in ("X-1", "X-2", "X-3"):
            opened(client, name)
        until(lambda: other.asked)
        for name in ("X-1", "X-2", "X-3"):
            assert client.get(f"/api/v1/incidents/{name}/recommendation", params={"wait": 5}).status_code == 200
        other.over.set()


def test_the_command_line(
    tmp_path: Path, other: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    other.status = [500]
    with serving(chosen(tmp_path, webhook_url=f"{other.address}/hook")) as (_, client):
        opened(client, "X-1")
        until(lambda: any(one["last_error"] for one in deliveries(client)))
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(list(arguments))
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    code, out, _ = run("deliveries", "list")
    assert code == 0
    assert "pending" in out
    assert "500 Internal Server Error" in out
    (one,) = json.loads(run("deliveries", "list", "--state", "pending", "--json")[1])["items"]
    assert (one["channel"], one["incident"], one["kind"]) == ("webhook", "X-1", "opened")
    assert run("deliveries", "resend", str(one["id"])) == (0, f"{one['id']}: is queued again\n", "")
    assert run("deliveries", "resend", "99")[0] == 1
    code, out, err = run("deliveries", "resend", str(one["id"]), "99", "--json")
    assert (code, [item["error"] for item in json.loads(out)["items"]]) == (1, [None, "there is no delivery 99"])
    assert "1 of 2 could not be queued again" in err
    assert run("deliveries", "list", "--state", "lost")[0] == 2
    monkeypatch.setenv("ONRECALL_WEBHOOK_URL", f"{other.address}/hook?token=hunter2")
    monkeypatch.setenv("ONRECALL_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
    _, out, _ = run("doctor")
    assert "webhook" in out
    assert "1 waiting since" in out
    assert "hunter2" not in out


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("webhook_url", "ftp://example.com", "ONRECALL_WEBHOOK_URL: does not begin"),
        ("webhook_url", "https://user:hunter2@example.com", "ONRECALL_WEBHOOK_URL: contains a user"),
        ("webhook_url", "http://2130706433/", "ONRECALL_WEBHOOK_URL: '2130706433' is not a host"),
        ("teams_url", "https://example.com/x", "ONRECALL_TEAMS_URL: example.com is not a host of Teams"),
        ("allow_private_hosts", "http://x", "ONRECALL_ALLOW_PRIVATE_HOSTS: 'http://x' is not a host"),
        ("smtp_host", "127.1", "ONRECALL_SMTP_HOST: '127.1' is not a host"),
    ],
)
def test_what_can_not_be_meant_is_refused_at_the_start(tmp_path: Path, name: str, value: str, says: str) -> None:
    settings = {"webhook_url": "https://example.com"} | {name: value}
    with pytest.raises(Invalid, match=says) as refused, open_app(Settings(data_dir=tmp_path, **settings)):
        pass
    assert "hunter2" not in str(refused.value)


def test_mail_needs_its_addresses(tmp_path: Path) -> None:
    mail = {"data_dir": tmp_path, "smtp_host": "mail.example.com"}
    for more, says in (
        ({}, "ONRECALL_SMTP_FROM"),
        ({"smtp_from": "a@example.com"}, "ONRECALL_SMTP_TO"),
        ({"smtp_from": "a@example.com", "smtp_to": "b@example.com, x"}, "ONRECALL_SMTP_TO: 'x' is not a mail address"),
        ({"smtp_user": "ann", "smtp_security": "none"}, "ONRECALL_SMTP_SECURITY: a password is sent over TLS only"),
    ):
        with pytest.raises(Invalid, match=says), open_app(Settings(**mail, **more)):
            pass
    with open_app(Settings(**mail, smtp_from="a@example.com", smtp_to="b@example.com, c@example.com")) as home:
        assert [teller.name for teller in home.memory.dispatchers] == ["mail"]

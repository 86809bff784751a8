"""What the console's System page asks for: senders, the audit's check, and the download of all of memory."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from guarded import Doors, bearer
from sqlalchemy import Connection, create_engine, text
from starlette.testclient import TestClient

from onrecall.bootstrap.access import Access
from onrecall.domain.document import Document
from onrecall.export import archive
from onrecall.sources import SOURCES
from onrecall.storage import Storage

ALERT = {"key": "disk/db-1", "title": "Disk almost full on db-1", "service": "orders-db"}


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store, Access({"github": ("a secret",)}))


@pytest.fixture
def client(doors: Doors) -> Iterator[TestClient]:
    with doors.client() as opened:
        yield opened


@contextmanager
def changed(url: str) -> Iterator[Connection]:
    """The database itself, past everything that watches over it."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def sender(client: TestClient, name: str) -> dict:
    items = client.get("/api/v1/senders").json()["items"]
    return next(one for one in items if one["name"] == name)


def test_every_sender_is_told_with_its_address_and_what_it_has_to_show(client: TestClient) -> None:
    told = {one["name"]: one for one in client.get("/api/v1/senders").json()["items"]}
    assert told.keys() == SOURCES.keys()
    assert {one["heard_at"] for one in told.values()} == {None}
    shown = {name: (one["address"], one["shows"]) for name, one in told.items()}
    assert shown["alertmanager"] == ("/api/v1/alerts/alertmanager", "key")
    assert shown["prometheus"] == ("/api/v2/alerts", "key")
    assert shown["pagerduty-changes"] == ("/v2/change/enqueue", "routing key")
    assert shown["grafana"] == ("/api/v1/alerts/grafana", "signature or key")
    assert shown["github"] == ("/api/v1/alerts/github", "signature"), "it has a secret, so a key is not enough"


def test_a_sender_was_heard_when_it_sent_also_what_was_known(doors: Doors, client: TestClient) -> None:
    began = doors.clock()
    assert client.post("/api/v1/alerts/generic", json=ALERT).status_code == 202
    heard = sender(client, "generic")
    assert (heard["heard_at"], heard["alerts"]) == (began.isoformat().replace("+00:00", "Z"), 1)
    doors.clock.go(minutes=5)
    again = client.post("/api/v1/alerts/generic", json=ALERT).json()
    assert (again["accepted"], again["duplicate"]) == (0, 1)
    heard = sender(client, "generic")
    assert heard["heard_at"] == (began + timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
    assert heard["alerts"] == 1
    assert sender(client, "alertmanager")["heard_at"] is None


def test_what_could_not_be_read_is_counted_until_it_went_in(doors: Doors, client: TestClient) -> None:
    assert client.post("/api/v1/alerts/generic", json=[{"no": "title"}, ALERT]).status_code == 202
    assert sender(client, "generic")["rejected"] == 1
    (part,) = client.get("/api/v1/rejected").json()["items"]
    began = sender(client, "generic")["heard_at"]
    doors.clock.go(hours=1)
    retried = client.post(f"/api/v1/rejected/{part['id']}/retry", json={"title": "mended"})
    assert retried.status_code == 200
    heard = sender(client, "generic")
    assert (heard["rejected"], heard["alerts"]) == (0, 2)
    assert heard["heard_at"] == began, "somebody here tried again; the sender said nothing"


def test_the_audit_is_checked(doors: Doors, client: TestClient, store_url: str) -> None:
    client.post("/api/v1/alerts/generic", json=ALERT)
    checked = client.get("/api/v1/audit/verify").json()
    assert checked == {"rows": checked["rows"], "whole": True, "wrong": []}
    assert checked["rows"] >= 1
    with changed(store_url) as connection:
        connection.execute(text("update audit set who = 'nobody' where seq = 1"))
    checked = client.get("/api/v1/audit/verify").json()
    assert checked["whole"] is False
    assert checked["wrong"] == ["row 1 was changed"]


def test_all_of_memory_is_downloaded_and_read_back(doors: Doors, client: TestClient, tmp_path: Path) -> None:
    client.post("/api/v1/incidents", json={"id": "X-1", "title": "auth is down — schon wieder"})
    assert client.get("/api/v1/incidents/X-1/recommendation", params={"wait": 20}).status_code == 200
    doors.memory.put_document(Document(id="runbooks/restart.md", title="Restart", text="Restart it.", kind="runbook"))
    answer = client.get("/api/v1/export")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="onrecall-2026-03-01.zip"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
        packed.extractall(tmp_path)
    archive.write(doors.store, tmp_path / "written")
    folder = tmp_path / archive.FOLDER

    def files(under: Path) -> dict[str, bytes]:
        return {str(one.relative_to(under)): one.read_bytes() for one in under.rglob("*") if one.is_file()}

    assert files(folder) == files(tmp_path / "written")
    with closing(Storage.open("sqlite://")) as other:
        archive.read(other, folder)
        assert [*other.archive.dump()][2:] == [*doors.store.archive.dump()][2:]
    assert doors.store.audit.page("archive exported").items[0].detail["incidents"] == 1


def test_the_rows_of_an_export_are_redacted_when_they_come_in(doors: Doors, client: TestClient, tmp_path: Path) -> None:
    secret = "k3Pw" + "9ZtX7bQm"
    client.post("/api/v1/incidents", json={"id": "X-1", "title": "Disk full", "started_at": "2026-02-01T09:00:00Z"})
    client.post("/api/v1/alerts/generic", json={"title": "Disk", "id": "d1", "labels": {"pod": "a"}})
    client.post("/api/v1/incidents/X-1/resolution", json={"root_cause": "logs", "steps": [{"text": "cleaned up"}]})
    archive.write(doors.store, tmp_path / "out")
    rows = tmp_path / "out" / archive.ROWS
    text = rows.read_text(encoding="utf-8")
    for told in ("Disk full", "cleaned up", '"pod":"a"'):
        assert told in text
    text = text.replace("Disk full", f"login root / {secret}").replace("cleaned up", f"mysql -p{secret}")
    rows.write_text(text.replace('"pod":"a"', f'"db_password":"{secret}"'), encoding="utf-8")
    with closing(Storage.open("sqlite://")) as other:
        archive.read(other, tmp_path / "out")
        kept = json.dumps([*other.archive.dump()])
    assert secret not in kept
    assert kept.count("[redacted:password]") >= 3


def test_a_ticket_stands_for_a_key_at_the_export_once(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    ticket = client.post("/api/v1/live/ticket", headers=bearer(tokens["admin"])).json()["ticket"]
    assert client.get("/api/v1/export", params={"ticket": ticket}).status_code == 200
    assert client.get("/api/v1/export", params={"ticket": ticket}).status_code == 401
    small = client.post("/api/v1/live/ticket", headers=bearer(tokens["viewer"])).json()["ticket"]
    assert client.get("/api/v1/export", params={"ticket": small}).status_code == 403
    other = client.post("/api/v1/live/ticket", headers=bearer(tokens["admin"])).json()["ticket"]
    assert client.get("/api/v1/audit", params={"ticket": other}).status_code == 401, "nowhere else"

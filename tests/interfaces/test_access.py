"""Who gets in without a key: people at this machine, and senders who sign."""

import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from guarded import Doors, basic, bearer
from starlette.testclient import TestClient

from onrecall.bootstrap.access import Access, check_address, is_loopback
from onrecall.bootstrap.app import open_app
from onrecall.domain.errors import Invalid, Unauthorised
from onrecall.http.credentials import client_address
from onrecall.http.rate_limit import LIMIT, MOST_ADDRESSES, WINDOW_SECONDS, RateLimit
from onrecall.http.server import serve
from onrecall.pipeline.keys import Keys
from onrecall.settings import Settings, load
from onrecall.storage import Storage

SECRET = "a secret of PagerDuty's"
PING = json.dumps(
    {"event": {"id": "E1", "event_type": "pagey.ping", "occurred_at": "2026-03-01T11:59:00Z", "data": {}}}
)
OPEN = {"title": "auth is down"}


@pytest.fixture
def store() -> Iterator[Storage]:
    opened = Storage.open("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store)


@pytest.fixture
def client(doors: Doors) -> Iterator[TestClient]:
    with doors.client() as opened:
        yield opened


def signed(body: str, *secrets: str) -> dict[str, str]:
    made = [hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest() for secret in secrets]
    return {"X-PagerDuty-Signature": ",".join(f"v1={one}" for one in made)}


class TestThisMachine:
    def test_it_is_open_until_there_is_a_key_and_never_again(self, doors: Doors, client: TestClient) -> None:
        assert client.post("/api/v1/incidents", json=OPEN).status_code == 201
        assert client.post("/api/v1/alerts/alertmanager", json={"alerts": []}).status_code != 401
        key = doors.keys.create("ann", "admin", doors.clock().replace(hour=13)).key
        assert client.get("/api/v1/incidents").status_code == 401
        doors.clock.go(hours=2)
        assert client.get("/api/v1/incidents").status_code == 401, "a key that has expired opens nothing"
        doors.keys.revoke(key.id)
        assert client.get("/api/v1/incidents").status_code == 401

    @pytest.mark.parametrize(
        ("where", "base", "headers", "status"),
        [
            ("127.0.0.1", "http://localhost:8000", {}, 200),
            ("127.0.0.1", "http://LOCALHOST", {}, 200),
            ("::1", "http://[::1]:8000", {}, 200),
            ("::ffff:127.0.0.1", "http://127.0.0.1:8000", {}, 200),
            ("127.3.2.1", "http://127.0.0.1:8000", {}, 200),
            ("192.0.2.7", "http://127.0.0.1:8000", {}, 401),
            ("::ffff:192.0.2.7", "http://127.0.0.1:8000", {}, 401),
            ("testclient", "http://127.0.0.1:8000", {}, 401),
            ("127.0.0.1", "http://evil.example", {}, 403),
            ("127.0.0.1", "http://127.0.0.1.evil.example", {}, 403),
            ("127.0.0.1", "http://localhost.evil.example:8000", {}, 403),
            ("127.0.0.1", "http://192.168.1.5:8000", {}, 403),
            ("127.0.0.1", "http://0.0.0.0:8000", {}, 403),
            ("127.0.0.1", "http://127.0.0.1:8000", {"Host": ""}, 403),
            ("127.0.0.1", "http://127.0.0.1:8000", {"Host": "[::1"}, 403),
            ("127.0.0.1", "http://127.0.0.1:8000", {"Host": "evil.example@localhost"}, 403),
            ("127.0.0.1", "http://127.0.0.1:8000", {"X-Forwarded-For": "127.0.0.1"}, 401),
            ("127.0.0.1", "http://127.0.0.1:8000", {"Forwarded": "for=192.0.2.7"}, 401),
            ("127.0.0.1", "http://127.0.0.1:8000", {"X-Real-IP": "192.0.2.7"}, 401),
        ],
    )
    def test_only_who_is_at_this_machine_and_asks_for_it(
        self, doors: Doors, where: str, base: str, headers: dict[str, str], status: int
    ) -> None:
        with doors.client(where, base) as client:
            answer = client.get("/api/v1/incidents", headers=headers)
            assert answer.status_code == status, answer.text
            if status != 200:
                assert "onrecall keys create --role admin NAME" in answer.json()["detail"]
            assert client.get("/healthz", headers=headers).status_code == 200

    @pytest.mark.parametrize(
        ("headers", "lets"),
        [
            ({}, True),
            ({"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}, True),
            ({"Sec-Fetch-Site": "none"}, True),
            ({"Origin": "eventemitter.example.com"}, True),
            ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, False),
            ({"Origin": "https://evil.example"}, False),
            ({"Origin": "http://127.0.0.1:3000", "Sec-Fetch-Site": "same-site"}, False),
            ({"Origin": "http://127.0.0.1:3000"}, False),
            ({"Origin": "null"}, False),
            ({"Sec-Fetch-Site": "cross-site"}, False),
        ],
    )
    def test_no_other_sites_page_may_write(self, client: TestClient, headers: dict[str, str], lets: bool) -> None:
        plain = {"Content-Type": "text/plain"} | headers
        for path in ("/api/v1/incidents", "/api/v1/alerts/generic", "/api/v1/history", "/v2/enqueue"):
            status = client.post(path, content=json.dumps(OPEN), headers=plain).status_code
            assert (status != 403) == lets, (path, status)
        assert client.get("/api/v1/incidents", headers=headers).status_code == 200, "it can't read the answer"

    def test_a_password_that_a_browser_keeps_does_not_help_another_page(self, doors: Doors, client: TestClient) -> None:
        token = doors.keys.create("ann", "admin").token
        elsewhere = {"Origin": "https://evil.example"}
        assert client.post("/api/v1/incidents", json=OPEN, headers=basic(token) | elsewhere).status_code == 403
        assert client.post("/api/v1/incidents", json=OPEN, headers=basic(token)).status_code == 201
        assert client.post("/api/v1/incidents", json=OPEN, headers=bearer(token) | elsewhere).status_code == 201


class TestOtherPages:
    def test_none_may_ask_unless_it_is_named(self, store: Storage) -> None:
        asks = {"Origin": "https://wiki.example.com", "Access-Control-Request-Method": "GET"}
        for origins, status, allowed in (
            ((), 403, None),
            (("https://wiki.example.com",), 200, "https://wiki.example.com"),
        ):
            doors = Doors(store, Access(cors_origins=origins))
            with doors.client() as client:
                if not store.keys.all():
                    token = doors.keys.create("ann", "viewer").token
                preflight = client.options("/api/v1/incidents", headers=asks)
                assert preflight.status_code == status
                assert ("ONRECALL_CORS_ORIGINS" in preflight.text) == (status == 403)
                answer = client.get("/api/v1/incidents", headers={"Origin": asks["Origin"]} | bearer(token))
                assert answer.headers.get("access-control-allow-origin") == allowed
                assert "access-control-allow-credentials" not in answer.headers
                other = client.get("/api/v1/incidents", headers={"Origin": "https://evil.example"} | bearer(token))
                assert "access-control-allow-origin" not in other.headers


class TestSignatures:
    @pytest.fixture
    def doors(self, store: Storage) -> Doors:
        return Doors(store, Access({"pagerduty": ("the new one", SECRET), "alertmanager": ("it signs nothing",)}))

    def test_a_signed_message_needs_no_key(self, doors: Doors, client: TestClient) -> None:
        doors.keys.create("ann", "admin")
        answer = client.post("/api/v1/alerts/pagerduty", content=PING, headers=signed(PING, SECRET))
        assert answer.status_code == 202, answer.text
        both = signed(PING, "an old one that is gone", "the new one")
        assert client.post("/api/v1/alerts/pagerduty", content=PING, headers=both).status_code == 202

    @pytest.mark.parametrize("keys", [True, False])
    def test_without_a_valid_signature_nothing_is_taken_whatever_key_it_carries(
        self, doors: Doors, client: TestClient, keys: bool
    ) -> None:
        key = bearer(doors.keys.create("ann", "admin").token) if keys else {}
        for wrong in ({}, signed(PING, "guessed"), signed(PING + " ", SECRET), {"X-PagerDuty-Signature": "v1="}):
            answer = client.post("/api/v1/alerts/pagerduty", content=PING, headers=wrong | key)
            assert answer.status_code == 403, answer.text
            assert SECRET not in answer.text

    def test_a_message_that_is_signed_and_malformed_is_told_so(self, client: TestClient) -> None:
        answer = client.post("/api/v1/alerts/pagerduty", content="{", headers=signed("{", SECRET))
        assert answer.status_code in (400, 422)

    def test_a_signature_opens_its_own_address_alone(self, doors: Doors, client: TestClient) -> None:
        doors.keys.create("ann", "admin")
        for path in ("/api/v1/alerts/generic", "/api/v1/incidents", "/api/v2/alerts"):
            assert client.post(path, content=PING, headers=signed(PING, SECRET)).status_code == 401

    def test_a_secret_of_a_sender_that_signs_nothing_closes_it(self, doors: Doors, client: TestClient) -> None:
        key = bearer(doors.keys.create("ann", "admin").token)
        assert client.post("/api/v1/alerts/alertmanager", json={}, headers=key).status_code == 403

    def test_a_body_that_is_too_large_is_not_read_to_its_end(self, client: TestClient) -> None:
        chunks = (b"x" * 1_000_000 for _ in range(4))
        assert client.post("/api/v1/alerts/pagerduty", content=chunks).status_code == 413


class TestSettings:
    @pytest.fixture(autouse=True)
    def bare(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))

    @pytest.mark.parametrize(
        ("value", "says"),
        [
            ("{", "is not JSON at line 1, column 2"),
            ('["hush-hush"]', "give each sender a list of secrets"),
            ('{"pagerduty": "hush-hush"}', "pagerduty: give a list with at least one secret"),
            ('{"pagerduty": []}', "pagerduty: give a list with at least one secret"),
            ('{"pagerduty": [""]}', "each secret must be a non-empty string"),
            ('{"pagerduty": ["hush-hush "]}', "without surrounding blanks"),
            ('{"pagerduty": [7]}', "each secret must be a non-empty string"),
            ('{"pagerduty": ["hush-hush"], "pagerduty": ["b"]}', "pagerduty appears twice"),
        ],
    )
    def test_a_wrong_secret_setting_is_a_sentence_that_tells_no_secret(
        self, monkeypatch: pytest.MonkeyPatch, value: str, says: str
    ) -> None:
        monkeypatch.setenv("ONRECALL_WEBHOOK_SECRETS", value)
        with pytest.raises(Invalid, match=re.escape(says)) as refused:
            load()
        assert "ONRECALL_WEBHOOK_SECRETS" in str(refused.value)
        assert "hush" not in str(refused.value) + repr(refused.value.__cause__)

    @pytest.mark.parametrize(("sender", "says"), [("pagerdooty", "is not a sender"), ("alertmanager", "signs nothing")])
    def test_a_sender_that_can_not_sign_is_refused_at_start(self, sender: str, says: str) -> None:
        with (
            pytest.raises(Invalid, match=says),
            open_app(Settings(webhook_secrets=json.dumps({sender: ["hush-hush"]}))),
        ):
            pass

    def test_secrets_may_stand_in_a_file_and_are_shown_to_nobody(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "secrets.json").write_text('{\n  "pagerduty": ["hush-hush", "b"]\n}\n', encoding="utf-8")
        monkeypatch.setenv("ONRECALL_WEBHOOK_SECRETS_FILE", str(tmp_path / "secrets.json"))
        settings = load()
        assert settings.webhook_secrets_by_source == {"pagerduty": ("hush-hush", "b")}
        assert "hush" not in f"{settings.effective_values()}{settings!r}"
        with open_app(settings) as home:
            assert home.access.webhook_secrets == {"pagerduty": ("hush-hush", "b")}

    @pytest.mark.parametrize(
        "value",
        ["*", "wiki.example.com", "https://wiki.example.com/", "https://a.example,*", "ftp://a.example", "https://"],
    )
    def test_what_is_no_origin_is_refused(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("ONRECALL_CORS_ORIGINS", value)
        with pytest.raises(Invalid, match=r"ONRECALL_CORS_ORIGINS: .* is not an origin"):
            load()

    def test_origins_are_separated_by_commas(self) -> None:
        settings = Settings(cors_origins="https://a.example, http://b.example:3000")
        assert settings.allowed_origins == ("https://a.example", "http://b.example:3000")


class TestStart:
    def test_other_addresses_take_a_key_that_opens(self, doors: Doors) -> None:
        for host in ("127.0.0.1", "localhost", "::1"):
            check_address(host, doors.keys)
        others = ("0.0.0.0", "::", "192.168.1.5", "onrecall.example.com", "")
        for host in others:
            with pytest.raises(Unauthorised, match="onrecall keys create --role admin NAME"):
                check_address(host, doors.keys)
        doors.keys.create("ann", "viewer", doors.clock().replace(hour=13))
        for host in others:
            check_address(host, doors.keys)
        doors.clock.go(hours=2)
        with pytest.raises(Unauthorised):
            check_address("0.0.0.0", doors.keys)

    def test_serve_refuses_and_serves(self, tmp_path: Path) -> None:
        with open_app(Settings(data_dir=tmp_path)) as home:
            with pytest.raises(Unauthorised, match=r"other machines can reach OnRecall at 0\.0\.0\.0"):
                serve(home, "0.0.0.0", 0, lambda *_: None)
            token = Keys(home.memory.store, home.memory.now).create("ann", "viewer").token
            told: list[object] = []
            arrived = threading.Event()

            def ready(server: object, _worker: object, at: str) -> None:
                told.extend((server, at))
                arrived.set()

            serving = threading.Thread(target=serve, args=(home, "0.0.0.0", 0, ready))
            serving.start()
            assert arrived.wait(60)
            at = str(told[1]).replace("0.0.0.0", "127.0.0.1")
            for _ in range(100):
                try:
                    httpx.get(f"{at}/healthz")
                    break
                except httpx.ConnectError:
                    time.sleep(0.1)
            assert httpx.get(f"{at}/api/v1/incidents").status_code == 401
            assert httpx.get(f"{at}/api/v1/incidents", headers=bearer(token)).status_code == 200
            told[0].should_exit = True  # type: ignore[attr-defined]
            serving.join(20)


def test_which_addresses_mean_this_machine() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost", "LocalHost", "::ffff:127.0.0.1")))
    assert not any(
        map(is_loopback, ("", "0.0.0.0", "::", "10.0.0.1", "example.com", "127.1", "0x7f.0.0.1", "localhost."))
    )


def test_a_network_of_ipv6_is_one_address() -> None:
    assert (
        client_address(("2001:db8:1:2:3::9", 1))
        == client_address(("2001:db8:1:2:ffff::1", 1))
        != client_address(("2001:db8:1:3::1", 1))
    )
    assert client_address(("::ffff:192.0.2.7", 1)) == client_address(("192.0.2.7", 1)) == "192.0.2.7"
    assert client_address(None) == ""
    assert client_address(("unix", 0)) == "unix"


class TestBrake:
    def test_it_holds_for_a_minute(self) -> None:
        now = 0.0
        brake = RateLimit(lambda: now)
        assert [brake.failed("a") for _ in range(LIMIT)] == [None] * LIMIT
        assert brake.failed("a") == WINDOW_SECONDS
        now = 20.0
        assert brake.failed("a") == WINDOW_SECONDS - 20
        assert brake.failed("b") is None
        now = 200.0
        assert [brake.failed("a") for _ in range(LIMIT)] == [None] * LIMIT
        assert brake.failed("a") is not None

    def test_it_does_not_grow_without_bound(self) -> None:
        brake = RateLimit(lambda: 0.0)
        for n in range(MOST_ADDRESSES + 100):
            brake.failed(str(n))
        assert len(brake._failures) == MOST_ADDRESSES


def test_a_cause_is_confirmed_under_the_name_of_the_key(doors: Doors) -> None:
    with doors.client() as client:
        lamps = [
            {"id": f"L-{n}", "title": f"lamp {n}", "started_at": f"2026-05-0{n}T08:00:00Z", "source": "paper",
             "resolution": {"root_cause": "The ballast overheated", "at": f"2026-05-0{n}T09:00:00Z", "steps": []}}
            for n in (1, 2)
        ]  # fmt: skip
        assert client.post("/api/v1/history", json=lamps).status_code == 200
        doors.keys.create("root", "admin")
        dana = bearer(doors.keys.create("dana", "responder").token)
        (family,) = client.get("/api/v1/causes", headers=dana).json()["proposed"]
        body = {"families": [{"id": family["id"]}]}
        foreign = client.post("/api/v1/causes/confirm", json=body | {"by": "kim"}, headers=dana)
        assert foreign.status_code == 403
        assert client.post("/api/v1/causes/confirm", json=body, headers=dana).json() == {"changed": 2}
        (confirmed,) = client.get("/api/v1/causes", headers=dana).json()["confirmed"]
        assert confirmed["by"] == "dana"

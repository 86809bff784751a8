"""Web push: what a browser gets of a new incident, and to which devices nothing is sent any more."""

import json

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from onrecall.bootstrap.web_push import vapid_key
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.domain.push_subscription import PushSubscription
from onrecall.notifications import Message, PermanentDeliveryError
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.web_push import VapidKey, WebPush
from onrecall.notifications.web_push.encryption import MAX_PLAINTEXT_BYTES, encrypt
from onrecall.notifications.web_push.vapid import generate_key
from onrecall.settings import Settings
from onrecall.storage import Storage

from .given import HOSTILE, NOON, answer, incident, news
from .push_twin import Browser, decode, encode
from .twin import HERE, Twin, twin

KEY = VapidKey.parse(generate_key(), "mailto:ops@example.com")
NO_INTERNAL = EgressGuard.from_allowlist(())


@pytest.fixture
def store():
    opened = Storage.open("sqlite://")
    yield opened
    opened.close()


def channel(store: Storage, guard: EgressGuard = HERE) -> WebPush:
    return WebPush(store.push_subscriptions, guard, KEY, lambda: NOON)


def device(browser: Browser, endpoint: str, *services: str, **more: object) -> PushSubscription:
    described = {"id": endpoint.rpartition("/")[2], "endpoint": endpoint, "services": services, "created_at": NOON}
    return PushSubscription(**described | browser.keys() | more)


def message(key: str = "key-1", **more: object) -> Message:
    rendered = channel(Storage.open("sqlite://")).render(incident(**more), answer(), news(), {})
    assert rendered
    return Message(json.loads(json.dumps(rendered.body)), key)


def paths(server: Twin) -> list[str]:
    return [request.path for request in server.asked]


def test_the_example_of_the_standard_comes_out_byte_for_byte() -> None:
    """RFC 8291, appendix A."""
    private = int.from_bytes(decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        decode("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        decode("BTBZMqHH6r4Tts7J_aSIgg"),
        salt=decode("DGv6ra1nlYgDCS1FRnbzlw"),
        sender=ec.derive_private_key(private, ec.SECP256R1()),
    )
    assert encode(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_new_incident_reaches_the_devices_that_want_its_service(store: Storage) -> None:
    browsers = {name: Browser() for name in ("all", "auth", "cart")}
    with twin(status=[201]) as server:
        for name, browser in browsers.items():
            services = () if name == "all" else (name.upper(),)
            store.push_subscriptions.put(device(browser, f"{server.address}/{name}", *services))
        channel(store).send(message(), {})
        assert sorted(paths(server)) == ["/all", "/auth"]
        for request in server.asked:
            notification = browsers[request.path[1:]].notification(request, server.address)
            assert notification == {
                "incident": "INC-1",
                "title": "Pool exhausted",
                "body": "high, auth · Known · likely cause: Leak in the pool",
            }


def test_an_incident_without_a_service_goes_to_those_who_want_all(store: Storage) -> None:
    with twin(status=[201]) as server:
        for name, services in (("all", ()), ("auth", ("auth",))):
            store.push_subscriptions.put(device(Browser(), f"{server.address}/{name}", *services))
        channel(store).send(message(service=None), {})
    assert paths(server) == ["/all"]


@pytest.mark.parametrize("kind", ["changed", "resolved", "reopened", "merged"])
def test_only_a_new_incident_is_pushed(store: Storage, kind: str) -> None:
    assert channel(store).render(incident(), answer(), news(kind), {}) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_one_short_line_that_fits(store: Storage, text: str) -> None:
    rendered = channel(store).render(incident(title=text, service=text), answer(cause=text), news(), {})
    assert rendered
    for part in ("title", "body"):
        assert len(rendered.body[part]) <= 160
        assert rendered.body[part].isprintable()
    browser = Browser()
    plaintext = json.dumps(dict(rendered.body)).encode()[:MAX_PLAINTEXT_BYTES]
    assert browser.decrypt(encrypt(plaintext, browser.public, browser.auth)) == plaintext


def test_an_incident_named_and_told_in_emoji_fits(store: Storage) -> None:
    smileys = "\N{GRINNING FACE}" * 200
    browser = Browser()
    with twin(status=[201]) as server:
        store.push_subscriptions.put(device(browser, f"{server.address}/all"))
        channel(store).send(message(id=smileys, title=smileys, service=smileys), {})
        assert browser.notification(server.asked[0], server.address)["incident"] == smileys


def test_a_retry_calls_only_the_devices_that_are_left(store: Storage) -> None:
    with twin(status=[503, 201]) as server:
        for name in ("first", "second"):
            store.push_subscriptions.put(device(Browser(), f"{server.address}/{name}"))
        with pytest.raises(Unavailable, match="1 device was"):
            channel(store).send(message(), {})
        channel(store).send(message(), {})
        assert paths(server) == ["/first", "/second", "/first"]
        channel(store).send(message("key-2"), {})
        assert len(server.asked) == 5, "another incident is another message"


def test_a_retry_repeats_nothing_although_another_incident_came_between(store: Storage) -> None:
    with twin(status=[201, 503, 201, 201, 201]) as server:
        for name in ("first", "second"):
            store.push_subscriptions.put(device(Browser(), f"{server.address}/{name}"))
        with pytest.raises(Unavailable):
            channel(store).send(message("key-1"), {})
        channel(store).send(message("key-2"), {})
        channel(store).send(message("key-1"), {})
    assert paths(server) == ["/first", "/second", "/first", "/second", "/second"]


@pytest.mark.parametrize("count", [0, 3])
def test_certificates_are_read_once_for_all_devices(
    store: Storage, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    contexts = []
    make_context = httpx.create_ssl_context
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: contexts.append(make_context()) or contexts[-1])
    with twin(status=[201]) as server:
        for number in range(count):
            store.push_subscriptions.put(device(Browser(), f"{server.address}/{number}"))
        channel(store).send(message(), {})
    assert (len(server.asked), len(contexts)) == (count, min(count, 1))


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_its_push_service_no_longer_knows_is_removed(store: Storage, status: int) -> None:
    with twin(status=[status, 201]) as server:
        for name in ("gone", "here"):
            store.push_subscriptions.put(device(Browser(), f"{server.address}/{name}"))
        channel(store).send(message(), {})
        assert [left.id for left in store.push_subscriptions.all()] == ["here"]


def test_what_every_push_service_refuses_is_given_up(store: Storage) -> None:
    with twin(status=[403], says=b"wrong key") as server:
        store.push_subscriptions.put(device(Browser(), f"{server.address}/device"))
        with pytest.raises(PermanentDeliveryError, match="wrong key"):
            channel(store).send(message(), {})
        assert store.push_subscriptions.all(), "a refusal says nothing about the device"


def test_an_address_that_became_internal_is_never_called(store: Storage) -> None:
    with twin(status=[201]) as server:
        store.push_subscriptions.put(device(Browser(), f"{server.address}/inside"))
        channel(store, NO_INTERNAL).send(message(), {})
        store.push_subscriptions.put(device(Browser(), f"https://127.0.0.1:{server.port}/inside"))
        with pytest.raises(PermanentDeliveryError):
            channel(store, NO_INTERNAL).send(message(), {})
    assert server.asked == []


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("endpoint", {"endpoint": "http://push.example/x"}),
        ("endpoint", {"endpoint": "ftp://push.example/x"}),
        ("endpoint", {"endpoint": "https://me:secret@push.example/x"}),
        ("endpoint", {"endpoint": "https://push.example:6379/x"}),
        ("endpoint", {"endpoint": "https://2130706433/x"}),
        ("endpoint", {"endpoint": "https://10.1.2.3/x"}),
        ("endpoint", {"endpoint": "https://[::1]/x"}),
        ("endpoint", {"endpoint": "https://169.254.169.254/latest"}),
        ("endpoint", {"endpoint": "https://push.example/" + "x" * 1000}),
        ("p256dh", {"p256dh": "not base64!"}),
        ("p256dh", {"p256dh": encode(b"\x04" + b"\x01" * 64)}),
        ("auth", {"auth": encode(b"short")}),
    ],
)
def test_a_device_that_nothing_can_be_sent_to_is_refused(store: Storage, field: str, more: dict[str, str]) -> None:
    described = device(Browser(), "https://push.example/x")
    channel(store, NO_INTERNAL).check(described)
    with pytest.raises(Invalid) as refused:
        channel(store, NO_INTERNAL).check(device(Browser(), **{"endpoint": described.endpoint} | more))
    assert refused.value.field == field


def test_it_is_configured_by_a_key_and_a_contact() -> None:
    assert vapid_key(Settings()) is None
    with pytest.raises(Invalid, match="WEB_PUSH_CONTACT"):
        vapid_key(Settings(web_push_key=generate_key()))
    with pytest.raises(Invalid, match="WEB_PUSH_KEY"):
        vapid_key(Settings(web_push_key="no key", web_push_contact="mailto:ops@example.com"))
    secret = generate_key()
    key = vapid_key(Settings(web_push_key=secret, web_push_contact="mailto:ops@example.com"))
    assert key
    assert len(decode(key.public)) == 65
    assert secret not in repr(key)

"""Devices that receive push notifications: stored once, and removed with the access of their people."""

from datetime import UTC, datetime, timedelta

from onrecall.domain.access import Key
from onrecall.domain.push_subscription import PushSubscription
from onrecall.domain.session import Session
from onrecall.storage import Storage

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def device(endpoint: str, **more: object) -> PushSubscription:
    described = {"id": endpoint.rpartition("/")[2], "endpoint": endpoint, "p256dh": "p", "auth": "a", "services": ()}
    return PushSubscription(**{"created_at": NOON} | described | more)


def test_a_device_is_stored_once_and_keeps_what_it_has(store: Storage) -> None:
    first = device("https://push.example/phone", services=("auth", "cart"))
    store.push_subscriptions.put(first)
    store.push_subscriptions.delivered("phone", "key-1")
    store.push_subscriptions.put(
        device("https://push.example/phone", services=("mail",), created_at=NOON + timedelta(1))
    )
    (stored,) = store.push_subscriptions.all()
    assert (stored.services, stored.delivered_keys, stored.created_at) == (("mail",), ("key-1",), NOON)
    assert store.push_subscriptions.remove("phone", "unsubscribed")
    assert not store.push_subscriptions.remove("phone", "unsubscribed")


def test_the_last_messages_of_a_device_are_known_each_once(store: Storage) -> None:
    store.push_subscriptions.put(device("https://push.example/phone"))
    for number in (*range(25), 24, 20):
        store.push_subscriptions.delivered("phone", f"key-{number}")
    store.push_subscriptions.delivered("gone", "key-1")
    (stored,) = store.push_subscriptions.all()
    assert stored.delivered_keys == tuple(f"key-{number}" for number in range(5, 25))


def test_devices_of_people_who_may_no_longer_see_incidents_are_removed(store: Storage) -> None:
    def session(session_id: str, **more: object) -> Session:
        until = {"created_at": NOON, "last_used_at": NOON, "expires_at": NOON - timedelta(hours=1)}
        return Session(**{"id": session_id, "hash": session_id, "name": "ann", "role": "viewer"} | until | more)

    devices = {
        "nobody": {},
        "expired": {"name": "ann", "session_id": "s-expired"},
        "ended": {"name": "ann", "session_id": "s-ended"},
        "unknown": {"name": "ann", "session_id": "s-unknown"},
        "key": {"name": "bo", "key_id": "k-good"},
        "revoked": {"name": "bo", "key_id": "k-revoked"},
    }
    assert store.push_subscriptions.entitled(NOON) == ()
    store.push_subscriptions.put(device("https://push.example/nobody"))
    assert len(store.push_subscriptions.entitled(NOON)) == 1, "no key is needed yet"
    for key_id in ("k-good", "k-revoked"):
        store.keys.add(Key(key_id, key_id, key_id, "viewer", NOON))
    store.keys.revoke("k-revoked", NOON)
    for session_id in ("s-expired", "s-ended"):
        store.sessions.add(session(session_id))
    store.sessions.end(["s-ended"], NOON)
    for name, owner in devices.items():
        store.push_subscriptions.put(device(f"https://push.example/{name}", **owner))
    assert [left.id for left in store.push_subscriptions.entitled(NOON)] == ["expired", "key"]
    assert [left.id for left in store.push_subscriptions.all()] == ["expired", "key"]

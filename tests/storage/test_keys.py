"""Keys are kept as hashes, ended, replaced and never deleted, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from onrecall.domain.access import Key, generate_key, hash_key, parse_key_id
from onrecall.domain.errors import Conflict, NotFound
from onrecall.storage import Storage

from .given import NOON, at


def new_key(name: str = "ann", **more: object) -> tuple[str, Key]:
    token = generate_key()
    return token, Key(
        **{"id": parse_key_id(token), "name": name, "hash": hash_key(token), "role": "admin", "created_at": NOON} | more
    )


def only(store: Storage, key_id: str) -> Key:
    return next(key for key in store.keys.all() if key.id == key_id)


def test_a_key_comes_back_as_it_went_in_and_is_not_in_the_store_itself(store: Storage) -> None:
    token, key = new_key(expires_at=at(60))
    store.keys.add(key)
    assert store.keys.all() == (key,)
    assert key.matches(token)
    assert not key.matches(generate_key())
    with store._database.read() as connection:
        stored_rows = repr(connection.execute(text("select * from api_keys")).all())
    assert token not in stored_rows
    assert token.rpartition("_")[2] not in stored_rows


def test_a_name_has_one_working_key(store: Storage) -> None:
    _, first = new_key(expires_at=at(60))
    store.keys.add(first)
    with pytest.raises(Conflict, match="ann already has a key"):
        store.keys.add(new_key(created_at=at(59))[1])
    store.keys.add(new_key(created_at=at(60))[1])
    _, bob = new_key("bob")
    store.keys.add(bob)
    store.keys.revoke(bob.id, NOON)
    store.keys.add(new_key("bob")[1])


def test_revoking_twice_changes_nothing(store: Storage) -> None:
    _, key = new_key()
    store.keys.add(key)
    assert store.keys.revoke(key.id, at(1)).state(at(1)) == "revoked"
    assert store.keys.revoke(key.id, at(2)).revoked_at == at(1)
    for unknown in ("nobody", "no\0body"):
        with pytest.raises(NotFound):
            store.keys.revoke(unknown, at(2))


def test_a_replaced_key_opens_until_the_overlap_ends(store: Storage) -> None:
    _, old = new_key()
    _, new = new_key(created_at=at(10))
    store.keys.add(old)
    store.keys.replace(old.id, new, at(70))
    stored = only(store, old.id)
    assert stored.replaced_by == new.id
    assert (stored.state(at(69)), stored.state(at(70)), only(store, new.id).state(at(70))) == (
        "active",
        "expired",
        "active",
    )
    with pytest.raises(Conflict, match=f"already replaced by {new.id}"):
        store.keys.replace(old.id, new_key()[1], at(70))


def test_an_overlap_never_prolongs_a_key(store: Storage) -> None:
    _, old = new_key(expires_at=at(20))
    store.keys.add(old)
    store.keys.replace(old.id, new_key()[1], at(70))
    assert only(store, old.id).expires_at == at(20)


def test_a_revoked_key_is_not_replaced(store: Storage) -> None:
    _, old = new_key()
    store.keys.add(old)
    store.keys.revoke(old.id, NOON)
    with pytest.raises(Conflict, match="revoked"):
        store.keys.replace(old.id, new_key()[1], at(70))


def test_its_last_use_is_written_once_a_minute(store: Storage) -> None:
    _, key = new_key()
    store.keys.add(key)
    uses = []
    for seconds in (0, 59, 60, 61, 120):
        store.keys.used(key.id, NOON + timedelta(seconds=seconds))
        used = only(store, key.id).last_used_at
        assert used is not None
        uses.append((used - NOON).total_seconds())
    assert uses == [0, 0, 60, 60, 120]


def test_keys_stay_at_home(store: Storage) -> None:
    token, key = new_key()
    store.keys.add(key)
    exported = repr(list(store.archive.dump()))
    assert key.hash not in exported
    assert token not in exported
    assert key.id not in exported

"""Six hundred bodies that are hostile or mangled, over all sources: none breaks the server, none is lost without a trace."""

import json
import random
from collections import Counter
from urllib.parse import quote, urlencode

from sqlalchemy import text

from onrecall.sources import SOURCES
from sources.golden import bodies

HOW_MANY = 600
TABLES = ("alerts", "rejected", "notes", "changes")
PLAIN = b'{"title": "Door is open", "status": "open", "id": 4}'
ODD = ("", " ", "\0", "null", "\u202e", "${jndi:ldap://x}", "{{7*7}}", "'; drop table alerts; --", "<script>alert(1)</script>", "9" * 400, "-1", "NaN",
       "0000-00-00", "\ud800", "a" * 5_000, "=cmd|' /C calc'!A0", "../../etc/passwd", True, False, None, 0, -1, 1e308, 10**30, [], {}, [[]], {"": ""}, [None], {"$ref": "#"})  # fmt: skip


def places(value, path=()):
    """Every place of a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places(inner, (*path, name))


def replaced(value, path, new):
    """The document with another value at a place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def as_other_letters(dice, body, document):
    encoding = dice.choice(("utf-16", "latin-1"))
    return json.dumps(document).replace(": ", ":\n\t").encode(encoding, "replace")


def as_form(dice, body, document):
    return urlencode({dice.choice(("payload", "data", "x")): json.dumps(document)}).encode()


def wrapped(dice, body, document):
    inner = dice.choice((json.dumps(document), document, [document] * 3))
    return json.dumps({dice.choice(("alert", "data", "events", "message")): inner}).encode()


def with_odd_values(dice, body, document):
    for _ in range(dice.randrange(1, 4)):
        document = replaced(document, dice.choice(list(places(document))), dice.choice(ODD))
    return json.dumps(document).encode(errors="surrogatepass")


WAYS = (
    lambda dice, body, document: body[: dice.randrange(len(body) + 1)],
    lambda dice, body, document: bytes(byte ^ (dice.random() < 0.01) * dice.randrange(256) for byte in body),
    lambda dice, body, document: b"[" * dice.randrange(1, 200) + body + b"]" * dice.randrange(1, 200),
    lambda dice, body, document: (body + dice.choice((b"\n", b",", b"}", b"{", b"\0"))) * dice.randrange(1, 4),
    lambda dice, body, document: quote(json.dumps(document)).encode(),
    as_other_letters,
    as_form,
    wrapped,
    with_odd_values,
    with_odd_values,
    with_odd_values,
)


def mangled(dice, body):
    """A body with something wrong with it."""
    try:
        document = json.loads(body)
    except ValueError:
        document = {"text": body.decode("latin-1")}
    return dice.choice(WAYS)(dice, body, document)


def rows(memory):
    with memory.store._database.read() as connection:
        return {name: connection.execute(text(f"select count(*) from {name}")).scalar() for name in TABLES}


def test_none_breaks_the_server_and_none_is_lost_without_a_trace(client, memory):
    dice = random.Random(20260407)
    names = sorted(SOURCES)
    refused, answers = set(), Counter()
    for number in range(HOW_MANY):
        source = names[number % len(names)]
        body = mangled(dice, dice.choice(bodies(source) or [PLAIN]))
        address = f"/api/v1/alerts/{source}"
        kind = dice.choice(("application/json", "text/plain", "application/x-www-form-urlencoded", ""))
        before = rows(memory)
        answer = client.post(address, content=body, headers={"content-type": kind})
        after, context = rows(memory), (source, body[:400], answer.text[:400])
        assert answer.status_code in (202, 422), context
        answers[answer.status_code] += 1
        if answer.status_code == 422:
            assert after["rejected"] > before["rejected"] or (source, body) in refused, context
            refused.add((source, body))
            continue
        reply = answer.json()
        if reply["accepted"] + reply["duplicate"] + len(reply["rejected"]):
            assert reply["accepted"] <= after["alerts"] + after["notes"] + after["changes"], context
            assert len(reply["rejected"]) <= after["rejected"], context
        else:  # a handshake, an event of no alert, an empty list
            answers["says nothing"] += 1
            assert source in memory.store.source_activity.all(), context
    assert answers[202] > 200, answers
    assert answers[422] > 50, answers
    assert answers["says nothing"] < HOW_MANY / 20, answers
    memory.work()

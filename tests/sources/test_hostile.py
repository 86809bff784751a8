"""Whatever comes, a parser says what it read or Invalid, and what it read can be stored; for every sender there is."""

import contextlib
import copy
import json
from datetime import UTC, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from example_counts import example_count
from onrecall.domain.alert import Acknowledgement, Alert, ChangeEvent, Note
from onrecall.domain.errors import Forbidden, Invalid
from onrecall.sources import SOURCES, WebhookRequest
from onrecall.sources.webhook import DEEPEST
from onrecall.storage.ingest import prepare
from onrecall.storage.ingest_results import IngestBatch
from sources.golden import NOW, bodies

LATER = NOW + timedelta(days=2)
TEXT = st.text(st.characters(codec=None))
EDGES = st.sampled_from(
    ["", " ", "\0", "\ud800", "x" * 3_000, "0001-01-01T00:00:00Z", "2026-11-21T09:00:00Z", "9999-12-31T23:59:59Z", 0, -1,
     10**30, 1e308, float("nan"), float("inf"), True, None, [], {}, [[]], [{}], {"": ""}, {"a": {"b": []}}]
)  # fmt: skip
JSON = st.recursive(
    EDGES | st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "ce-id", "ce-source", "ce-type", "ce-specversion", "ce-time", "x-github-event",
                     "sentry-hook-resource", "x-amz-sns-message-type", "x-grafana-alerting-signature",
                     "x-grafana-alerting-timestamp", "x-pagerduty-signature", "x-hub-signature-256", "x-rootly-signature",
                     "sentry-hook-signature", "sentry-hook-timestamp"]),
    TEXT | st.sampled_from(["application/cloudevents+json", "application/cloudevents-batch+json", "1.0", "issues", "issue",
                            "event_alert", "Notification", "v1=00", "t=1,v1=00", "sha256=00"]),
    max_size=5,
)  # fmt: skip
unhurried = settings(deadline=None, max_examples=example_count(40))
everyone = pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))


def paths(value, at=()):
    """Every place in a payload."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield from paths(inner, (*at, name))


MUTATIONS = st.tuples(
    st.integers(0, 999),
    st.lists(st.tuples(st.integers(0, 99_999), st.sampled_from(["change", "change", "remove", "double"]), JSON), min_size=1, max_size=4),
)  # fmt: skip
"""Which payload, and at which places what happens with what; both are counted round, so that it is for any sender."""
CUTS = st.tuples(st.integers(0, 999), st.integers(0, 99_999), st.binary(max_size=3))


def payload_of(source, number):
    """A payload of the sender's own documentation."""
    known = bodies(source.name) or [b"{}"]
    return known[number % len(known)]


def mutate(source, mutations):
    """A payload of the sender's own documentation with a few places changed, removed or doubled."""
    number, changes = mutations
    payload = json.loads(payload_of(source, number))
    for where, what, value in changes:
        places = [at for at in paths(payload) if at]
        if not places:
            break
        *above, last = places[where % len(places)]
        holder = payload
        for name in above:
            holder = holder[name]
        if what == "remove":
            del holder[last]
        elif what == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        else:
            holder[last] = copy.deepcopy(value)  # the same object in two places could hold itself
    return json.dumps(payload).encode()


def survey_all(delivery_to):
    """Let every sender say it: drawing an example takes longer than reading it."""
    for source in SOURCES.values():
        try:
            survey(source, delivery_to(source))
        except Exception as error:
            error.add_note(f"the source is {source.name}")
            raise


def survey(source, delivery):
    """Read it, and hold it to everything that is promised of what a parser says."""
    try:
        parsed = source.parse(delivery, NOW)
    except Invalid:
        return
    assert source.parse(delivery, NOW) == parsed
    for signal in parsed.signals:
        assert isinstance(signal, Alert | ChangeEvent | Note | Acknowledgement)
        assert signal.source == source.name
        assert signal.key
    assert prepare([IngestBatch(source.name, parsed.signals)]).rejected_parts == []
    for document in parsed.documents:
        assert document.id
        assert document.text
    for part in parsed.malformed:
        assert part.where
        assert part.message
        part.raw.encode()
        with contextlib.suppress(Invalid):
            source.parse(WebhookRequest(part.raw.encode()), NOW)
    invents_no_time(parsed, source.parse(delivery, LATER))


def invents_no_time(now, later):
    """What is said to be known does not depend on when we heard of it."""
    alerts = [[one for one in parsed.signals if isinstance(one, Alert)] for parsed in (now, later)]
    for early, late in zip(*alerts, strict=True):
        assert early.starts_at.tzinfo is UTC
        assert early.starts_known == late.starts_known
        if early.starts_known:
            assert early.starts_at == late.starts_at
        assert early.told_at == late.told_at
        if early.status == late.status:
            assert early.ends_at == late.ends_at


@unhurried
@given(body=st.binary(), headers=HEADERS)
def test_any_bytes(body, headers):
    survey_all(lambda _: WebhookRequest(body, headers))


@unhurried
@given(value=JSON, headers=HEADERS)
def test_any_json(value, headers):
    body = json.dumps(value).encode()
    survey_all(lambda _: WebhookRequest(body, headers))


@unhurried
@given(mutations=MUTATIONS, headers=HEADERS)
def test_mutated_payloads(mutations, headers):
    survey_all(lambda source: WebhookRequest(mutate(source, mutations), headers))


@unhurried
@given(cut=CUTS)
def test_torn_payloads(cut):
    number, where, instead = cut

    def torn(source):
        body = payload_of(source, number)
        at = where % (len(body) + 1)
        return WebhookRequest(body[:at] + instead + body[at + 1 :])

    survey_all(torn)


@everyone
def test_payloads_of_the_documentation(source):
    for body in bodies(source.name):
        survey(source, WebhookRequest(body))


@everyone
@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
                                  b"1" * 5_000, b'"\\ud800"', b"NaN", b'{"alerts":' + b"9" * 5000 + b"}"])  # fmt: skip
def test_bodies_that_break_readers(source, body):
    survey(source, WebhookRequest(body))


@pytest.mark.parametrize("source", [one for one in SOURCES.values() if one.verify], ids=lambda one: one.name)
@unhurried
@given(body=st.binary(), headers=HEADERS, secrets=st.lists(TEXT, max_size=3))
def test_a_signature_is_right_or_forbidden(source, body, headers, secrets):
    with pytest.raises(Forbidden):
        source.verify(WebhookRequest(body, headers), secrets, NOW)

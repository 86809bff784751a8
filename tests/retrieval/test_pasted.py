"""What people paste: the headline, the prose, the errors, the labels; at a bounded cost, whatever the text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth import grows_at_most
from onrecall.domain.situation import Situation
from onrecall.retrieval.query import MAX_WORDS, parse_situation
from onrecall.retrieval.situation_parser import MAX_LOG_LINES, parse_text

JAVA = "\n".join(
    [
        "2024-05-01 12:00:00.123 ERROR 1 --- [nio-8080-exec-7] c.a.CheckoutController : payment failed for order 4711",
        "org.springframework.dao.DataAccessResourceFailureException: Unable to acquire JDBC Connection",
        *[f"\tat org.springframework.orm.Layer{n}.invoke(Layer{n}.java:{n})" for n in range(240)],
        "Caused by: org.hibernate.exception.JDBCConnectionException: Unable to acquire JDBC Connection",
        *[f"\tat org.hibernate.Layer{n}.invoke(Layer{n}.java:{n})" for n in range(240)],
        "Caused by: java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available",
        "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)",
        *[f"\tat com.zaxxer.hikari.Layer{n}.get(Layer{n}.java:{n})" for n in range(30)],
        "\t... 42 more",
    ]
)
PYTHON = """Traceback (most recent call last):
  File "/app/worker.py", line 12, in run
    self.pool.acquire(secret_argument)
  File "/app/pool.py", line 99, in acquire
    raise PoolTimeout(waited)
app.pool.PoolTimeoutError: waited 30 s for a connection
"""
ALERTMANAGER = {
    "status": "firing",
    "commonLabels": {"severity": "critical"},
    "alerts": [
        {
            "labels": {"alertname": "KubePodCrashLooping", "namespace": "shop", "service": "checkout"},
            "annotations": {
                "summary": "Pod is crash looping.",
                "description": "Pod shop/checkout-7d9f8b6c5-x2x4z is in waiting state (reason: CrashLoopBackOff).",
                "runbook_url": "https://runbooks.example.org/KubePodCrashLooping",
            },
            "startsAt": "2024-05-01T12:00:00Z",
            "fingerprint": "0123456789abcdef",
        }
    ],
}


def test_a_bare_alert_name_is_its_own_headline() -> None:
    query = parse_situation(Situation("KubePodCrashLooping"))
    assert query.headline == "KubePodCrashLooping"
    assert query.meaning == ("Kube Pod Crash Looping",)


def test_of_a_long_trace_the_deepest_cause_leads() -> None:
    query = parse_situation(Situation(JAVA))
    assert query.headline.startswith("java.sql.SQLTransientConnectionException: HikariPool-1")
    assert "HikariPool.createTimeoutException" in query.text
    assert len(query.text.split()) < 150
    assert "SQLTransientConnectionException" in " ".join(query.codes.values())


def test_prose_above_a_trace_is_the_headline_and_the_cause_follows() -> None:
    query = parse_situation(Situation(f"Checkout fails for all customers since 14:02\n\n{JAVA}"))
    assert query.headline == "Checkout fails for all customers since 14:02"
    assert query.meaning[1:] == (query.headline,)
    assert "SQLTransientConnectionException" in query.text


def test_a_python_traceback_keeps_what_was_raised_and_drops_source_lines() -> None:
    pasted = parse_text(PYTHON)
    assert any("PoolTimeoutError" in line for line in pasted.errors)
    assert not any("secret_argument" in line for line in (*pasted.errors, *pasted.prose))


def test_a_json_alert_gives_headline_labels_and_service() -> None:
    query = parse_situation(Situation(json.dumps(ALERTMANAGER)))
    assert query.headline == "KubePodCrashLooping Pod is crash looping."
    assert query.service == "checkout"
    assert query.labels["namespace"] == "shop"
    assert query.labels["severity"] == "critical"
    assert "CrashLoopBackOff" in query.text
    assert "runbooks.example.org" not in query.text
    assert "0123456789abcdef" not in query.text


def test_json_within_prose_is_taken_out_of_it() -> None:
    query = parse_situation(Situation(f"Please look at this:\n{json.dumps(ALERTMANAGER, indent=2)}\nIt began at noon."))
    assert query.service == "checkout"
    assert "It began at noon." in query.text
    assert "{" not in query.text


def test_structured_log_records_are_log_lines() -> None:
    rows = [
        json.dumps({"ts": f"2024-05-01T12:00:{n:02}Z", "level": "error", "msg": f"dial tcp 10.0.0.{n}: refused"})
        for n in range(30)
    ]
    pasted = parse_text("\n".join(rows))
    assert pasted.errors == ["ERROR: dial tcp 10.0.0.0: refused"]


def test_what_is_given_beside_the_text_wins() -> None:
    query = parse_situation(Situation(json.dumps(ALERTMANAGER), service="cart", labels={"namespace": "prod"}))
    assert (query.service, query.labels["namespace"]) == ("cart", "prod")


def test_a_thousand_log_lines_become_their_kinds_errors_first() -> None:
    rows = [f"2024-05-01 12:00:00 INFO request {n} served in {n} ms" for n in range(1000)]
    rows.insert(500, "2024-05-01 12:00:07 ERROR ORA-00600: internal error code, arguments: [17]")
    pasted = parse_text("\n".join(rows))
    assert pasted.errors[0].endswith("ORA-00600: internal error code, arguments: [17]")
    assert len(pasted.errors) == 2


@pytest.mark.parametrize("text", ["", " \n\t ", "{", "[]", "{}", "[[[[", "null", "\x00", "…", '{"a": 1}'])
def test_next_to_nothing_is_no_error(text: str) -> None:
    parse_situation(Situation(text))


@given(st.text(max_size=400))
def test_any_text_is_understood(text: str) -> None:
    query = parse_situation(Situation(text))
    assert len(query.text.split()) <= MAX_WORDS
    assert set(query.spelled).union(*(part.terms for part in query.other_names)) == set(query.weights)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["title", "labels", "message", "service", "tags", "x"]), inner, max_size=4
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_understood(value: object) -> None:
    parse_situation(Situation(json.dumps(value)))


@pytest.mark.growth
@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a ",
        "{",
        "[1,",
        '{"a":',
        "ERROR 1 x\n",
        "Caused by: x\n",
        "\tat a.b(c)\n",
        "データ",
        '{"level":"error","msg":"x"}\n',
    ],
)
def test_fifty_megabytes_cost_bounded_time(unit: str) -> None:
    short, most, long, huge = (unit * (size // len(unit)) for size in (20_000, 200_000, 5_000_000, 50_000_000))
    assert grows_at_most(40, lambda text: parse_situation(Situation(text)), short, most)
    assert grows_at_most(3, lambda text: parse_situation(Situation(text)), long, huge)
    assert len(parse_situation(Situation(huge)).text.split()) <= MAX_WORDS


def test_log_lines_are_bounded() -> None:
    rows = [f"2024-05-01 12:00:00 ERROR {chr(97 + n % 26)}{chr(97 + n // 26)}x failed" for n in range(300)]
    assert len(parse_text("\n".join(rows)).errors) == MAX_LOG_LINES


EVENTS = "\n".join(
    f"{n}m  Normal  {reason}  pod/{app}-7f9c{n:04x}-x2{n:03d}  {text}"
    for n, (reason, app, text) in enumerate(
        [("Pulled", "cart", "Container image already present on machine"), ("Created", "cart", "Created container app")]
        * 9
    )
)
TELLING = (
    "41m  Warning  FailedMount  pod/ledger-0  MountVolume.SetUp failed for volume keys: secret ledger-keys not found"
)


def test_in_a_list_of_events_what_stands_out_comes_first_and_counts_most() -> None:
    rows = EVENTS.splitlines()
    text = "\n".join(["Ledger pods do not start", *rows[:11], TELLING, *rows[11:]])
    parsed = parse_text(text)
    assert len(parsed.listing) < 6
    assert TELLING in [*parsed.prose, *parsed.errors]
    query = parse_situation(Situation(text))
    assert query.text.splitlines()[1] == TELLING
    weight = {word: query.weights[number] for number, word in query.spelled.items()}
    assert weight["keys"] >= 1
    assert weight["machine"] < 0.5
    assert "secret" in query.meaning[0]


def test_a_list_pasted_twice_weighs_no_more_than_once() -> None:
    once, twice = (
        parse_situation(Situation(f"Ledger pods do not start\n{chr(10).join([EVENTS] * n)}")).weights for n in (1, 2)
    )
    assert once == twice


def test_prose_in_many_lines_is_no_list() -> None:
    prose = (
        "The checkout of the shop was slow from noon on.\nCustomers saw a spinner and many gave up.\n"
        "We looked at the database first and found nothing.\nThen the cache was flushed by mistake.\n"
        "After that each page asked the database again.\nIts processors were busy until the evening.\n"
        "An index was missing on the table of vouchers.\nSomebody had dropped it in the morning.\n"
        "We made it anew while traffic was low.\nResponse times fell within minutes.\n"
        "The cache warmed up during the night.\nNobody was paged again before Monday.\n"
    )
    assert parse_text(prose).listing == []

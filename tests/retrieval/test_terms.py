"""The tokenizer: what must survive, what must be split, what must be masked, and what must stay fast."""

import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from growth import grows_at_most
from onrecall.retrieval import log_templates, tokenizer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KubePodCrashLooping", {"kubepodcrashlooping", "kube", "pod", "crash", "loop"}),
        ("etcdHighNumberOfFailedGRPCRequests", {"etcd", "high", "fail", "grpc", "request"}),
        ("kube_pod_status", {"kubepodstatus", "kube", "pod", "status"}),
        ("payment-service", {"paymentservice", "payment", "servic"}),
        ("org.apache.kafka.Broker", {"orgapachekafkabroker", "org", "apach", "kafka", "broker"}),
        ("/var/log/nginx/error.log", {"varlognginxerrorlog", "nginx", "error"}),
        ("ORA-00600", {"ora00600", "ora", "00600"}),
        ("deadlock (40P01)", {"40p01"}),
        ("E11000 duplicate key", {"e11000"}),
        ("connect ECONNREFUSED", {"econnrefus"}),
        ("got HTTP 503", {"http503", "503"}),
        ("status code: 404", {"http404"}),
        ("exited with code 137", {"exit137"}),
        ("Exit Code: 1", {"exit1"}),
        ("upgraded to v1.29.3", {"1.29.3", "1.29"}),
        ("worker3", {"worker3", "worker"}),
        ("数据库连接", {"数据", "据库", "库连", "连接"}),
        ("база данных", {"база", "данных"}),
        ("Größe", {"grösse"}),
        ("नमस्ते दुनिया", {"नमस्ते", "दुनिया"}),
        ("ＥＲＲＯＲ １２", {"error", "12"}),
    ],
)
def test_what_must_be_found(text: str, expected: set[str]) -> None:
    assert expected <= set(tokenizer.tokenize(text))


def test_a_name_and_its_spelled_out_form_share_all_its_words() -> None:
    assert set(tokenizer.tokenize("pods crash looping in kube")) <= {*tokenizer.tokenize("KubePodCrashLooping"), "in"}


def test_prose_keeps_its_numbers_and_versions() -> None:
    text = "Since 2.53.2 it takes 3 seconds on 5 of 7 hosts."
    assert log_templates.mask_variables(text) == text
    assert {"2.53.2", "3", "5", "7"} <= set(tokenizer.tokenize(text))


def test_one_long_number_makes_no_log_line() -> None:
    agent = "User Agent: Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60.0 SeaMonkey/2.53.2"
    assert not log_templates.is_log_line(agent)
    assert log_templates.is_log_line("received block blk_-1608999687919862906 from /10.251.91.84")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "2024-05-01T12:00:00.123Z ERROR Request 12345 from 10.0.0.1:8080 took 123ms",
            "2025-11-30T01:02:03.004Z ERROR Request 99 from 192.168.7.9:443 took 7ms",
        ),
        (
            "081109 203615 148 INFO dfs.DataNode: PacketResponder 1 for block blk_38865049064139660 terminating",
            "081110 000001 22 INFO dfs.DataNode: PacketResponder 0 for block blk_-6952295868487656571 terminating",
        ),
        (
            "E0501 12:00:00.123456   12345 reflector.go:126] Failed to list *v1.Pod: Unauthorized",
            "E1130 01:02:03.000004       7 reflector.go:201] Failed to list *v1.Pod: Unauthorized",
        ),
        ("\tat com.foo.Bar.baz(Bar.java:12)", "\tat com.foo.Bar.baz(Bar.java:999)"),
        ("pod api-7d9f8b6c5-x2x4z was evicted", "pod api-5c6b8f9d7-99abc was evicted"),
    ],
)
def test_the_same_log_line_at_another_time_has_the_same_terms(first: str, second: str) -> None:
    assert log_templates.is_log_line(first)
    assert tokenizer.count_terms(first) == tokenizer.count_terms(second)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2024-05-01 12:00:00 ERROR ORA-00600: internal error code 17", {"ora00600", "17"}),
        ('10.0.0.1 - - [01/May/2024:12:00:00 +0000] "GET /users/123 HTTP/1.1" 503 1234', {"503", "http503"}),
        ("2024-05-01 12:00:00 ERROR SQLSTATE[40P01] deadlock", {"40p01"}),
        ("2024-05-01 12:00:00 INFO running nginx 1.25.3", {"1.25.3"}),
        ("[ERROR] 1045 rows, MySQL error 1045 (28000)", {"28000", "1045"}),
    ],
)
def test_log_lines_keep_codes_and_versions(line: str, expected: set[str]) -> None:
    assert expected <= set(tokenizer.tokenize(line))


@given(st.text(max_size=300))
def test_any_text_packs_and_unpacks_to_its_counts(text: str) -> None:
    counted = tokenizer.count_terms(text)
    packed = tokenizer.pack(counted)
    numbers, counts = tokenizer.unpack(packed)
    assert len(packed) == 5 * len(counted)
    assert np.all(np.diff(numbers.astype(np.int64)) > 0)
    assert dict(zip(numbers.tolist(), counts.tolist(), strict=True)) == {
        term: min(n, 255) for term, n in counted.items()
    }


SAID = "KubePodCrashLooping status: 404, exit code 137; kube-proxy kube-proxy v1.2.3 2024-05-01 ERROR " + "long/" * 30


@given(st.lists(st.sampled_from(SAID.split(" ")) | st.text(max_size=20), max_size=40).map(" ".join))
def test_counts_are_how_often_each_term_stands(text: str) -> None:
    assert tokenizer.count_terms(text) == {
        tokenizer.term_id(term): n for term, n in Counter(tokenizer.tokenize(text)).items()
    }


@given(st.text(max_size=200), st.text(max_size=200))
def test_lines_are_read_one_by_one(first: str, second: str) -> None:
    lines = tokenizer.Counter(tokenizer.tokenize(first)) + tokenizer.Counter(tokenizer.tokenize(second))
    assert tokenizer.Counter(tokenizer.tokenize(f"{first}\n\n{second}")) == lines


@given(st.from_regex(r"[a-z]{2,9}(_[a-z]{2,9}){1,3}", fullmatch=True))
def test_one_name_in_three_spellings_shares_its_terms(snake: str) -> None:
    camel = "".join(part.capitalize() for part in snake.split("_"))
    assert (
        set(tokenizer.tokenize(snake))
        == set(tokenizer.tokenize(snake.replace("_", "-")))
        == set(tokenizer.tokenize(camel))
    )


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=40))
def test_no_written_word_is_lost(word: str) -> None:
    assume(log_templates.mask_variables(word, " ").strip())  # a bare id is masked, as in a log line
    assert tokenizer.tokenize(word) or unicodedata.normalize("NFKC", word).lower() in tokenizer.STOP_WORDS


def test_words_that_say_nothing_are_left_out() -> None:
    assert tokenizer.tokenize("The pod is not in the cluster") == ["pod", "cluster"]
    assert "of" not in tokenizer.tokenize("HighNumberOfFailures")


@given(st.text(max_size=300))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert log_templates.mask_variables(log_templates.mask_variables(text, " "), " ") == log_templates.mask_variables(
        text, " "
    )


def test_numbers_are_stable() -> None:
    assert tokenizer.term_id("deadlock") == 3_789_314_826


def test_counts_are_capped() -> None:
    _, counts = tokenizer.unpack(tokenizer.pack({1: 1000, 2: 3}))
    assert counts.tolist() == [255, 3]


def test_names_are_split_for_the_model() -> None:
    assert tokenizer.split_names("KubePodCrashLooping on GRPCServer") == "Kube Pod Crash Looping on GRPC Server"
    assert tokenizer.split_names("plain words, IPv4, OK") == "plain words, IPv4, OK"


@pytest.mark.growth
@pytest.mark.parametrize("unit", ["a", "a-", "1.2", "foo bar ", "[ ", "ERROR 1:", "データ", "\x00\ud800", "a1b2:"])
def test_fifty_megabytes_on_one_line_cost_bounded_time(unit: str) -> None:
    short, most, long, huge = (unit * (size // len(unit)) for size in (20_000, 200_000, 5_000_000, 50_000_000))
    assert grows_at_most(40, tokenizer.count_terms, short, most)
    assert grows_at_most(3, tokenizer.count_terms, long, huge)

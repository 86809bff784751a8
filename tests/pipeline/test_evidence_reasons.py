"""Reasons of evidence: what both say, and what the record does not, never the same word in both."""

import re
from datetime import UTC, datetime

import pytest

from onrecall.domain.incident import Incident
from onrecall.domain.situation import make_situation
from onrecall.pipeline import IncidentService
from onrecall.retrieval import tokenizer

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)
QUESTIONS = (
    "RedisMemoryHigh on cache-eu-1",
    "KubePodCrashLooping: payments-api restarts",
    "checkout_db.orders is locked",
    "TLSHandshakeFailed at edge-proxy v2.31.4",
    "java.lang.OutOfMemoryError: Java heap space",
    "etcdInsufficientMembers, etcd-0 lost",
    "node_filesystem_avail_bytes of /var/lib/docker is 0",
    "Redis memory: RedisMemoryHigh",
)
RECORDS = (
    "Redis memory above 90 percent on the cache",
    "Pods of payments crash and loop after the deploy",
    "The table orders of the checkout db was locked by a migration",
    "edge proxy 2.31 refused the handshake, TLS failed",
    "Out of memory: the heap of the Java process was too small",
    "insufficient etcd members after a reboot",
    "No bytes left on the filesystem of the node with docker",
    "high load",
)


def reasons(memory: IncidentService, question: str) -> dict[str, tuple[str, ...]]:
    return {item.id: item.why for item in memory.recall(make_situation(question), limit=20)}


def words(why: tuple[str, ...], sentence: str) -> set[str]:
    listed = next((reason.removeprefix(f"{sentence}: ") for reason in why if reason.startswith(f"{sentence}: ")), "")
    return set(re.split(", ", listed.casefold())) - {""}


@pytest.fixture
def filled(memory: IncidentService) -> IncidentService:
    memory.import_history(
        [Incident(f"REC-{n}", text, NOW, source="paper", source_id=f"REC-{n}") for n, text in enumerate(RECORDS)]
    )
    return memory


def test_no_word_is_both_mentioned_and_not_mentioned(filled: IncidentService) -> None:
    shown = [(question, why) for question in QUESTIONS for why in reasons(filled, question).values()]
    assert sum(bool(words(why, "both mention")) for _, why in shown) >= len(QUESTIONS)
    for question, why in shown:
        assert not words(why, "both mention") & words(why, "not mentioned"), (question, why)


def test_of_a_name_whose_parts_a_record_has_the_parts_are_shared_and_the_name_is_not(filled: IncidentService) -> None:
    why = reasons(filled, "RedisMemoryHigh")["REC-0"]
    assert words(why, "both mention") == {"redis", "memory"}
    assert words(why, "not mentioned") == {"redismemoryhigh"}


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("RedisMemoryHigh", ["RedisMemoryHigh", "Redis", "Memory", "High"]),
        ("payments_db.orders", ["payments_db.orders", "payments", "db", "orders"]),
        ("timeout", ["timeout"]),
        ("v2.31.4", ["v2.31.4", "v2.31.4"]),  # no part of a version is written alone
    ],
)
def test_each_term_of_a_word_is_shown_as_the_part_it_was_written_as(word: str, parts: list[str]) -> None:
    terms = [term for term, _ in tokenizer.tokens_with_source(word)]
    assert [tokenizer.written_part(word, tokenizer.term_id(term)) for term in terms] == parts

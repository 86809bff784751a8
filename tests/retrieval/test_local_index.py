"""The local index against the plainest search that can be written, through every kind of change."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from passage_log import MODEL, Log, passage, vector

from onrecall.domain.situation import Filter, Situation
from onrecall.retrieval import tokenizer
from onrecall.retrieval.index import VisibilityFilter
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.postings import MAX_ROWS, Postings, pack_keys
from onrecall.retrieval.segment import K1, USUAL_LENGTH, B, Segment

START = datetime(2024, 1, 1, tzinfo=UTC)
WORDS = ["disk", "full", "timeout", "pool", "certificate", "oomkilled", "checkout", "kafka"]
EVERYTHING = 10_000


def term_weights(text: str) -> Mapping[int, float]:
    return dict.fromkeys(tokenizer.count_terms(text), 1.0)


def caught_up(log: Log) -> LocalIndex:
    index = LocalIndex(log, MODEL)
    index.refresh()
    return index


def test_a_change_is_found_by_the_next_question() -> None:
    log = Log()
    index = caught_up(log)
    assert index.words(term_weights("disk"), VisibilityFilter(), 5) == []
    assert index.meaning(vector("disk"), VisibilityFilter(), 5) == []
    number = log.add(passage("a", "disk full on node-1"))
    index.refresh()
    assert index.words(term_weights("disk"), VisibilityFilter(), 5) == [number]
    assert index.meaning(vector("disk"), VisibilityFilter(), 5) == [number]
    log.remove(number)
    index.refresh()
    assert index.words(term_weights("disk"), VisibilityFilter(), 5) == []
    assert index.meaning(vector("disk"), VisibilityFilter(), 5) == []


def test_rare_terms_count_most_and_lengthy_passages_less() -> None:
    log = Log()
    for n in range(20):
        log.add(passage(f"common-{n}", "timeout of the pool in checkout"))
    long = log.add(passage("long", "certificate expired " + "and so it went on and on " * 40))
    short = log.add(passage("short", "certificate expired"))
    assert caught_up(log).words(term_weights("certificate timeout"), VisibilityFilter(), 3)[:2] == [short, long]


def test_a_term_counts_as_much_as_the_question_says() -> None:
    log = Log()
    disk, pool = log.add(passage("a", "disk")), log.add(passage("b", "pool"))
    index = caught_up(log)
    disk_term, pool_term = tokenizer.term_id("disk"), tokenizer.term_id("pool")
    assert index.words({disk_term: 2.0, pool_term: 1.0}, VisibilityFilter(), 2) == [disk, pool]
    assert index.words({disk_term: 1.0, pool_term: 2.0}, VisibilityFilter(), 2) == [pool, disk]


def test_scores_are_those_of_bm25() -> None:
    random = np.random.default_rng(7)
    log = Log()
    texts = [" ".join(random.choice(WORDS, random.integers(1, 60))) for _ in range(300)]
    for n, text in enumerate(texts):
        log.add(passage(str(n), text))
    (segment,) = caught_up(log)._state.segments
    term_ids = np.array(sorted(term_weights("disk pool kafka")), np.uint64)
    importance = np.array([1.0, 2.0, 0.5], np.float32)
    expected = np.zeros(len(texts))
    for row, text in enumerate(texts):
        counted = tokenizer.count_terms(text)
        scale = K1 * (1 - B + B * sum(counted.values()) / USUAL_LENGTH)
        for term, factor in zip(term_ids.tolist(), importance, strict=True):
            count = counted.get(term, 0)
            expected[row] += factor * 255 * count / (count + scale)
    scores = segment.scores(term_ids, importance, VisibilityFilter())
    np.testing.assert_allclose(scores, expected, atol=0.5 * importance.sum() + 1e-3)
    np.testing.assert_array_equal(scores > 0, expected > 0)


def test_the_nearest_by_meaning_come_first() -> None:
    random = np.random.default_rng(3)
    log = Log()
    texts = [" ".join(random.choice(WORDS, 3)) for _ in range(500)]
    for n, text in enumerate(texts):
        log.add(passage(str(n), text))
    index = caught_up(log)
    vectors = np.array([vector(text) for text in texts])
    for question in ("disk full pool", "kafka timeout", "oomkilled"):
        best = set((np.argsort(-(vectors @ vector(question)), kind="stable")[:10] + 1).tolist())
        assert best <= set(index.meaning(vector(question), VisibilityFilter(), 60))


def test_vectors_of_another_model_are_not_compared() -> None:
    log = Log()
    other_model, none = log.add(passage("a", "disk full", model="other")), log.add(passage("b", "disk", model=None))
    index = caught_up(log)
    assert index.meaning(vector("disk"), VisibilityFilter(), 5) == []
    assert set(index.words(term_weights("disk"), VisibilityFilter(), 5)) == {other_model, none}
    same_model = log.add(passage("c", "disk"))
    index.refresh()
    assert index.meaning(vector("disk"), VisibilityFilter(), 5) == [same_model]
    assert index.meaning(np.ones(384, np.float32), VisibilityFilter(), 5) == []


def test_a_vector_of_another_length_is_none() -> None:
    log = Log()
    fine = log.add(passage("a", "disk full"))
    log.add(replace(passage("b", "disk full"), vector=b"\x00\x3c" * 7))
    log.add(replace(passage("c", "disk full"), vector=b""))
    index = caught_up(log)
    assert index.meaning(vector("disk"), VisibilityFilter(), 5) == [fine]
    assert len(index.words(term_weights("disk"), VisibilityFilter(), 5)) == 3


def test_without_a_model_there_are_words() -> None:
    log = Log()
    number = log.add(passage("a", "disk full"))
    index = LocalIndex(log, None)
    index.refresh()
    assert index.words(term_weights("disk"), VisibilityFilter(), 5) == [number]
    assert index.meaning(vector("disk"), VisibilityFilter(), 5) == []


def test_what_a_situation_may_see() -> None:
    only = Filter("document", "checkout", {"env": "prod"})
    situation = Situation("disk", only=only, as_of=START, exclude=frozenset({"a"}))
    assert VisibilityFilter.for_situation(situation) == VisibilityFilter(
        "document", "checkout", {"env": "prod"}, START, frozenset({"a"})
    )


def test_known_from_counts_to_the_microsecond() -> None:
    log = Log()
    moment = datetime(2024, 3, 4, 5, 6, 7, 890_123, tzinfo=UTC)
    number, always = log.add(passage("a", "disk", known_from=moment)), log.add(passage("b", "disk"))
    index = caught_up(log)
    just_before = VisibilityFilter(as_of=moment - timedelta(microseconds=1))
    assert set(index.words(term_weights("disk"), VisibilityFilter(as_of=moment), 5)) == {number, always}
    assert index.words(term_weights("disk"), just_before, 5) == [always]
    assert index.meaning(vector("disk"), just_before, 5) == [always]


def test_many_passages_fill_several_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onrecall.retrieval.local_index.MAX_ROWS", 500)
    monkeypatch.setattr("onrecall.retrieval.local_index.CHANGES_PER_READ", 64)
    log = Log()
    for n in range(1_200):
        log.add(passage(str(n // 3), "certificate" if n in (7, 1_100) else f"disk full {n % 3}"))
    index = caught_up(log)
    segments = index._state.segments
    assert sum(map(len, segments)) == 1_200
    assert max(map(len, segments)) <= 500
    assert len(segments) < 8
    assert index.words(term_weights("certificate"), VisibilityFilter(), 5) == [8, 1_101]
    assert set(index.meaning(vector("certificate"), VisibilityFilter(), 2)) == {8, 1_101}
    assert len(index.words(term_weights("disk"), VisibilityFilter(), 300)) == 300


def test_the_last_row_of_a_full_segment_is_found() -> None:
    rows = np.arange(MAX_ROWS)
    term = np.full(MAX_ROWS, 7, np.uint64)
    term[-1] = 2**39
    words = Postings.of(pack_keys(term, rows, np.full(MAX_ROWS, 255)), MAX_ROWS)
    assert words.having(2**39).nonzero()[0].tolist() == [MAX_ROWS - 1]
    assert words.counts(np.array([7, 8, 2**39], np.uint64)).tolist() == [MAX_ROWS - 1, 0, 1]
    assert words.scores(np.array([7], np.uint64), np.ones(1, np.float32))[-2:].tolist() == [255, 0]


def test_segments_stay_few_and_the_dead_are_left_out() -> None:
    log = Log()
    index = caught_up(log)
    numbers = []
    for n in range(700):
        numbers.append(log.add(passage(str(n), f"disk {n}")))
        index.refresh()
        assert len(index._state.segments) <= 10
    for number in numbers[:650]:
        log.remove(number)
    index.refresh()
    assert sum(map(len, index._state.segments)) < 200
    assert sorted(index.words(term_weights("disk"), VisibilityFilter(), EVERYTHING)) == numbers[650:]


OWNERS = ["a", "b", "c"]
SERVICES = [None, "checkout", "search"]
MOMENTS = [None, START, START + timedelta(days=1)]
LABELS: list[dict[str, str]] = [{}, {"env": "prod"}, {"env": "dev", "team": "x"}, {"env": "prod", "team": "x"}]
ADDED = st.tuples(
    st.sampled_from(OWNERS),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.sampled_from(["incident", "document"]),
    st.sampled_from(MOMENTS),
    st.sampled_from(SERVICES),
    st.sampled_from(LABELS),
    st.sampled_from([MODEL, None]),
)
STEPS = st.lists(st.one_of(ADDED, st.integers(1, 30), st.none()), max_size=60)
VISIBLE = st.builds(
    VisibilityFilter,
    st.sampled_from([None, "incident", "document"]),
    st.sampled_from(SERVICES),
    st.sampled_from(LABELS),
    st.sampled_from([*MOMENTS, START - timedelta(days=1)]),
    st.frozensets(st.sampled_from(OWNERS), max_size=2),
)


@given(STEPS, st.lists(VISIBLE, min_size=1, max_size=4), st.sampled_from(WORDS))
def test_whatever_happens_it_finds_what_there_is(steps: list[object], views: list[VisibilityFilter], word: str) -> None:
    log = Log()
    index = caught_up(log)
    for step in [*steps, None]:
        if isinstance(step, tuple):
            owner, text, kind, known_from, service, labels, model = step
            log.add(passage(owner, text, kind, known_from, model), service, labels)
        elif isinstance(step, int):
            log.remove(step)
        else:
            index.refresh()
    stored = {entry.id: entry.passage for entry in log.entries if entry.passage}
    for visible in views:
        visible_ids = log.visible(visible)
        by_words = index.words(term_weights(word), visible, EVERYTHING)
        assert set(by_words) == {number for number in visible_ids if word in stored[number].text}
        by_meaning = index.meaning(vector(word), visible, EVERYTHING)
        assert set(by_meaning) == {number for number in visible_ids if stored[number].model}
        assert len(by_words) == len(set(by_words))
        assert len(by_meaning) == len(set(by_meaning))


def test_many_threads_ask_while_one_writes() -> None:
    log = Log()
    index = caught_up(log)
    problems: list[str] = []
    finished = threading.Event()

    def ask() -> None:
        while not finished.is_set():
            newest = log.last_seq()
            index.refresh()
            ids = index.words(term_weights("disk"), VisibilityFilter(), EVERYTHING)
            if len(ids) < newest or len(set(ids)) != len(ids):
                problems.append(f"{len(ids)} found after {newest} were written")
            index.meaning(vector("disk"), VisibilityFilter(), 10)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(300):
        log.add(passage(str(n), f"disk {n}"))
    finished.set()
    for thread in threads:
        thread.join()
    assert problems == []


def test_a_database_set_back_is_noticed() -> None:
    log = Log()
    for n in range(5):
        log.add(passage(str(n), "disk"))
    index = caught_up(log)
    log.entries = log.entries[:2]
    index.refresh()
    assert sorted(index.words(term_weights("disk"), VisibilityFilter(), 10)) == [1, 2]


def test_merging_keeps_every_number() -> None:
    log = Log()
    for n in range(50):
        log.add(passage(str(n), f"disk {WORDS[n % 8]} {n}"))
    unsplit = Segment.of(log.entries, MODEL)
    parts = [Segment.of(log.entries[start : start + 7], MODEL) for start in range(0, 50, 7)]
    merged = Segment.merged(parts)
    assert (merged.first, merged.last) == (unsplit.first, unsplit.last)
    for name in ("ids", "known", "checks", "bits", "meant", "dead"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(unsplit, name))
    np.testing.assert_array_equal(np.sort(merged.words.keys()), np.sort(unsplit.words.keys()))


def test_only_what_is_named_goes() -> None:
    log = Log()
    for n in range(10):
        log.add(passage(str(n), "disk"))
    index = caught_up(log)
    for number in (99, 4, 5, 6, 7, 8, 9):
        log.remove(number)
    index.refresh()
    for number in (5, 98):
        log.remove(number)
    index.refresh()
    assert sorted(index.words(term_weights("disk"), VisibilityFilter(), 10)) == [1, 2, 3, 10]

"""Decisions: one list of all answers, with figures; clearing it hides and destroys nothing."""

from dataclasses import replace

import pytest

from onrecall.domain.errors import NotFound
from onrecall.domain.recommendation import Confidence, Latency
from onrecall.storage import Storage

from .given import NOON, at, incident, recommendation


def decide(store: Storage, name: str, kind: str | None = None, minutes: float = 5, about: str | None = None) -> None:
    context = {"error_type": kind} if kind else {}
    answer = replace(recommendation(name, about, minutes), asked=f"{kind}?", asked_context=context)
    store.recommendations.save(answer, [])


def names(store: Storage, *args: object) -> tuple[int, list[str]]:
    total, page = store.decisions.newest(*args)  # type: ignore[arg-type]
    return total, [answer.id for answer in page]


def test_a_list_is_newest_first_and_what_is_decided_again_is_the_newest(store: Storage) -> None:
    for name in ("rec-1", "rec-2", "rec-3", "rec-1"):
        decide(store, name, "dns_failure")
    assert names(store, 2) == (3, ["rec-1", "rec-3"])
    assert names(store, 2, 2) == (3, ["rec-2"])


def test_decisions_are_found_by_the_kind_of_fault_that_was_asked_or_that_the_incident_names(store: Storage) -> None:
    store.incidents.open(incident("A-1", labels={"error_type": "memory_leak"}), (), NOON)
    decide(store, "rec-1", "dns_failure")
    decide(store, "rec-2", about="A-1")
    decide(store, "rec-3", "memory_leak")
    decide(store, "rec-4")
    assert names(store, 9, 0, "memory_leak") == (2, ["rec-3", "rec-2"])
    assert names(store, 9, 0, "nothing of the kind") == (0, [])
    stats = store.decisions.stats()
    assert stats.by_error_type == {"dns_failure": 1, "memory_leak": 2, "unknown": 1}


def test_figures_are_of_all_decisions(store: Storage) -> None:
    sure = Confidence(0.8, 8, 10, 0.5, 0.9, "public")
    for name, confidence, took in (("rec-1", sure, 10.0), ("rec-2", replace(sure, probability=0.4), 20.0)):
        store.recommendations.save(
            replace(recommendation(name), confidence=confidence, latency_ms=Latency(1, 1, took)), []
        )
    unmeasured = replace(recommendation("rec-3", minutes=9), confidence=None, verdict="never_seen")
    store.recommendations.save(replace(unmeasured, latency_ms=Latency(1, 1, 60.0)), [])
    stats = store.decisions.stats()
    assert (stats.total, stats.with_confidence, stats.by_verdict) == (3, 2, {"known": 2, "never_seen": 1})
    assert (stats.average_confidence, stats.average_latency_ms) == (pytest.approx(0.6), pytest.approx(30))
    assert stats.newest_at == at(9)


def test_figures_of_nothing_are_numbers(store: Storage) -> None:
    stats = store.decisions.stats()
    assert (stats.total, stats.average_confidence, stats.average_latency_ms, stats.newest_at) == (0, 0.0, 0.0, None)
    assert isinstance(stats.average_confidence, float)


def test_clearing_hides_what_was_decided_and_destroys_nothing(store: Storage) -> None:
    for name in ("rec-1", "rec-2"):
        decide(store, name, "dns_failure")
    assert (store.decisions.clear(), store.decisions.clear()) == (2, 0)
    assert names(store, 9) == (0, [])
    with pytest.raises(NotFound):
        store.decisions.get("rec-1")
    assert store.recommendations.get("rec-1").id == "rec-1"
    decide(store, "rec-1", "dns_failure")
    decide(store, "rec-3", "dns_failure")
    assert names(store, 9) == (2, ["rec-3", "rec-1"])
    assert store.decisions.get("rec-1").id == "rec-1"
    assert [row.what for row in store.audit.page().items].count("decisions cleared") == 1

"""Several workers in one storm, and what comes while they work; on both databases."""

import random
from dataclasses import replace

import pytest
from storming import answers, ended, grouped, house, later, only, tell
from stormy import alert, storm

from onrecall.pipeline import GroupingTimers, IncidentService
from onrecall.storage import IncidentAlertCache, IncidentAlerts, Storage
from onrecall.storage.answer_leases import LEASE


@pytest.fixture
def memory(store: Storage, clock) -> IncidentService:
    return house(store, clock)


def test_whoever_was_slower_looks_again(memory, clock, store):
    other = house(store, clock)
    tell(memory, alert("a", "shop-database"))
    seen = store.grouping.take_snapshot(clock(), 10, IncidentAlertCache())
    work = other.grouping._plan_write(seen, clock())
    assert memory.grouping.run() == 1
    assert store.grouping.apply(work, clock(), GroupingTimers().group_wait) is None
    assert other.grouping.run() == 0
    assert len(store.alerts.of_incident(only(memory).id)) == 1


def test_news_that_comes_while_grouping_stays_on_the_queue(memory, clock, store):
    a = alert("a", "shop-database")
    tell(memory, a)
    seen = store.grouping.take_snapshot(clock(), 10, IncidentAlertCache())
    tell(memory, ended(a, clock()))
    assert store.grouping.apply(memory.grouping._plan_write(seen, clock()), clock(), GroupingTimers().group_wait)
    assert [one.alert.status for one in store.alerts.waiting(10)] == ["resolved"]
    later(memory, clock, minutes=1)
    later(memory, clock, minutes=6)
    assert only(memory).status == "resolved"


@pytest.mark.parametrize("sizes", [(10, 300, 300, 5), (401, 1, 399), (450, 450)])
def test_what_an_incident_holds_grows_as_it_would_be_read(memory, clock, store, sizes):
    known, told = {}, storm(sum(sizes))
    random.Random(sum(sizes)).shuffle(told)
    for size in sizes:
        some, told = told[:size], told[size:]
        tell(memory, *some, *(ended(one, clock()) for one in some[:3]))
        waiting = store.grouping.take_snapshot(clock(), 10_000, IncidentAlertCache()).waiting
        grouped(memory)
        tell(memory, *(ended(one, clock()) for one in some[3:6]))  # news of those that are in already
        waiting += store.grouping.take_snapshot(clock(), 10_000, IncidentAlertCache()).waiting
        grouped(memory)
        _, read = store.grouping.alerts_by_incident([one.id for one in memory.store.incidents.page(limit=200).items])
        for name, held in read.items():
            of_it = {one.id: one for one in store.alerts.of_incident(name)}
            ours = known.get(name, IncidentAlerts()).with_added(name, [one for one in waiting if one.id in of_it])
            assert ours.count == held.count
            assert [replace(one, joined=None) for one in held.alerts] == [
                replace(one, joined=None) for one in ours.alerts
            ]
            known[name] = ours
        clock.forward(seconds=1)
    assert any(not held.is_complete for held in known.values())


def test_a_claim_is_one_workers_until_it_runs_out(memory, clock, store):
    tell(memory, alert("a", "shop-database"))
    grouped(memory)
    clock.forward(seconds=3)
    name = only(memory).id
    assert store.answer_leases.acquire("one", clock()) == name
    assert store.answer_leases.acquire("two", clock()) is None
    clock.at += LEASE * 0.6
    assert store.answer_leases.renew("one", name, clock())
    clock.at += LEASE * 0.6
    assert store.answer_leases.acquire("two", clock()) is None
    clock.at += LEASE * 0.6
    assert store.answer_leases.acquire("two", clock()) == name
    assert not store.answer_leases.renew("one", name, clock())
    answer, keys = memory._recommender.recommend(store.incidents.get(name))
    assert store.answer_leases.complete("one", name, answer, keys, clock(), GroupingTimers().group_interval) is None
    assert store.answer_leases.complete("two", name, answer, keys, clock(), GroupingTimers().group_interval)
    assert len(answers(memory, name)) == 1
    assert store.answer_leases.acquire("two", clock()) is None


def test_what_comes_while_it_is_answered_is_not_lost(memory, clock, store):
    tell(memory, alert("a", "shop-database"))
    grouped(memory)
    clock.forward(seconds=3)
    name = store.answer_leases.acquire("slow", clock())
    answer, keys = memory._recommender.recommend(store.incidents.get(name))
    tell(memory, alert("b", "shop-orders"))
    grouped(memory)
    clock.forward(seconds=5)
    assert store.answer_leases.acquire("another", clock()) is None
    store.answer_leases.complete("slow", name, answer, keys, clock(), GroupingTimers().group_interval)
    later(memory, clock, seconds=59)
    assert len(answers(memory, name)) == 1
    later(memory, clock, seconds=10)
    assert len(answers(memory, name)) == 2

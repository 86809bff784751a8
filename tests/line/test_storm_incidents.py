"""Storms end to end: alerts as senders tell them go in, incidents and answers come out, on both databases."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from stormy import NEEDS, START, alert, storm

from onrecall.alert import Acknowledgement, Alert, ChangeEvent, Note
from onrecall.errors import Conflict, Invalid, NotFound
from onrecall.grouping import Topology
from onrecall.incident import Incident, Resolution
from onrecall.line import Memory, Pace, Parts
from onrecall.line.memory import situation
from onrecall.line.settle import suggestion
from onrecall.recall import Recall
from onrecall.recall.local import LocalIndex
from onrecall.store import Arrival, Held, Holdings, Store


@pytest.fixture
def memory(store: Store, clock) -> Memory:
    return house(store, clock)


def house(store: Store, clock) -> Memory:
    recall = Recall(store, None, LocalIndex(store, None))
    return Memory(Parts(store, recall, clock, topology=Topology.of(NEEDS)))


def tell(memory: Memory, *signals: object) -> None:
    memory.store.receive([Arrival("alertmanager", tuple(signals))], memory.now())


def play(memory: Memory, clock, deliveries: list[list[Alert]], seconds: float) -> None:
    """Deliveries spread over a time, the worker going its round after each."""
    for delivery in deliveries:
        tell(memory, *delivery)
        memory.work()
        clock.forward(seconds=seconds / len(deliveries))


def incidents(memory: Memory) -> tuple[Incident, ...]:
    return memory.store.incidents(limit=200).items


def grouped(memory: Memory) -> None:
    """All that waits finds its incident; one round takes so many at most."""
    while memory.grouping.run():
        pass


def only(memory: Memory) -> Incident:
    (found,) = incidents(memory)
    return found


def later(memory: Memory, clock, **by: float) -> None:
    clock.forward(**by)
    while memory.work():
        pass


def answers(memory: Memory, incident: str) -> list[str]:
    return [event.type for event in memory.store.timeline(incident) if event.type == "recommended"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_is_one_incident_with_one_answer(memory, clock, seed):
    told = storm() * 3
    order = random.Random(seed)
    minutes: list[list[Alert]] = []
    for third in range(3):
        part = told[third * 500 : (third + 1) * 500]
        if third:
            order.shuffle(part)
        minutes += [part[n : n + 25] for n in range(0, 500, 25)]
    play(memory, clock, minutes[:20], 60)
    play(memory, clock, minutes[20:], 60)
    later(memory, clock, minutes=3)
    found = only(memory)
    assert len(memory.store.alerts_of(found.id)) == 500
    assert 1 <= len(answers(memory, found.id)) <= 4
    assert found.severity == "high"
    assert found.labels == {"cluster": "eu-1"}
    assert found.environment == "production"
    assert found.service is None
    assert found.title == "HighLatency on shop-database"
    assert found.description.count("\n- ") == 20
    assert memory.store.waiting_alerts(10) == ()
    assert memory.store.check() == ()


def test_two_unrelated_outages_are_two_incidents(memory, clock):
    ours = storm(60)
    theirs = [
        alert(f"b{i}", f"warehouse-{i % 3}", name="BatchLate", environment="lab", labels={"alertname": "BatchLate", "team": "bi"})
        for i in range(3)
    ]  # fmt: skip
    mixed = [*ours, *theirs]
    random.Random(3).shuffle(mixed)
    play(memory, clock, [mixed[n : n + 20] for n in range(0, len(mixed), 20)], 30)
    later(memory, clock, seconds=10)
    outages = {frozenset(one.alert.key[0] for one in memory.store.alerts_of(found.id)) for found in incidents(memory)}
    assert frozenset("a") in outages
    assert frozenset("ab") not in outages
    assert len([found for found in incidents(memory) if found.environment == "production"]) == 1


def test_the_first_answer_waits_until_the_burst_is_in(memory, clock):
    tell(memory, alert("a", "shop-database"))
    memory.work()
    found = only(memory)
    clock.forward(seconds=2)
    tell(memory, alert("b", "shop-orders", at=START + timedelta(seconds=2)))
    memory.work()
    assert answers(memory, found.id) == []
    clock.forward(seconds=1)
    memory.work()
    assert len(answers(memory, found.id)) == 1
    assert "HighLatency on shop-orders" in only(memory).description


def test_an_answer_is_refreshed_only_for_something_new_and_not_too_often(memory, clock):
    tell(memory, alert("a", "shop-database"))
    later(memory, clock, seconds=0)
    later(memory, clock, seconds=3)
    found = only(memory)

    def told(*alerts: Alert, after: float) -> int:
        clock.forward(seconds=after)
        tell(memory, *alerts)
        memory.work()
        later(memory, clock, seconds=3)
        return len(answers(memory, found.id))

    assert told(alert("a2", "shop-database", at=clock()), after=60) == 1  # the same kind
    assert told(alert("b", "shop-orders", at=clock()), after=1) == 2
    assert told(alert("c", "shop-cart", at=clock()), after=1) == 2  # too soon
    later(memory, clock, seconds=60)
    assert len(answers(memory, found.id)) == 3
    worse = alert("a", "shop-database", severity="critical")
    assert told(worse, after=60) >= 3
    assert only(memory).severity == "critical"


def test_a_change_shortly_before_is_told_with_it(memory, clock):
    tell(memory, alert("a", "shop-database"))
    memory.work()
    later(memory, clock, seconds=3)
    found = only(memory)
    first = memory.store.newest_recommendation(found.id)
    at = START - timedelta(minutes=6)
    tell(memory, ChangeEvent("github", "d1", "database 4.2 to production", at, "deployment", "shop-database"))
    tell(memory, ChangeEvent("github", "d2", "mail 1.1", at, "deployment", "elsewhere"))
    later(memory, clock, seconds=60)
    later(memory, clock, seconds=3)
    second = memory.store.newest_recommendation(found.id)
    assert first.id != second.id
    later(memory, clock, seconds=90)
    assert memory.store.newest_recommendation(found.id).id == second.id


def ended(one: Alert, at: datetime) -> Alert:
    return replace(one, status="resolved", ends_at=at, told_at=at)


def test_an_incident_ends_with_its_alerts_and_waits_for_a_cause(memory, clock):
    a, b = alert("a", "shop-database"), alert("b", "shop-orders")
    tell(memory, a, b)
    later(memory, clock, seconds=10)
    over = clock.forward(minutes=10)
    tell(memory, ended(a, over))
    later(memory, clock, minutes=30)
    assert only(memory).status == "open"
    last = clock()
    tell(memory, ended(b, last))
    later(memory, clock, seconds=0)
    later(memory, clock, seconds=299)
    assert only(memory).status == "open"
    later(memory, clock, seconds=1)
    found = only(memory)
    assert (found.status, found.resolved_at, found.resolution) == ("resolved", last, None)
    resolved = memory.resolve(found.id, Resolution("the disk was full", clock()))
    assert resolved.resolution


def test_flapping_reopens_the_incident_and_opens_no_other(memory, clock):
    a = alert("a", "shop-database")
    tell(memory, a)
    later(memory, clock, seconds=5)
    for _ in range(3):
        over = clock.forward(minutes=1)
        tell(memory, ended(a, over))
        later(memory, clock, seconds=0)
        later(memory, clock, minutes=6)
        assert only(memory).status == "resolved"
        a = alert("a", "shop-database", at=clock.forward(minutes=3), told_at=clock())
        tell(memory, a)
        later(memory, clock, seconds=1)
        assert only(memory).status == "open"
    types = [event.type for event in memory.store.timeline(only(memory).id)]
    assert types.count("reopened") == 3
    assert len(memory.store.alerts_of(only(memory).id)) == 4


def test_what_a_person_resolved_is_not_reopened_by_an_alert(memory, clock):
    a = alert("a", "shop-database")
    tell(memory, a)
    later(memory, clock, seconds=5)
    found = only(memory)
    memory.resolve(found.id, Resolution("the disk was full", clock.forward(minutes=1)))
    tell(memory, ended(a, clock()))
    later(memory, clock, seconds=5)
    tell(memory, alert("a", "shop-database", at=clock.forward(minutes=2)))
    later(memory, clock, seconds=5)
    assert len(incidents(memory)) == 2
    assert memory.store.incident(found.id).resolution


def test_resolved_before_firing_ends_right(memory, clock):
    a = alert("a", "shop-database", told_at=START)
    tell(memory, ended(a, START + timedelta(seconds=30)))
    later(memory, clock, seconds=1)
    tell(memory, a)
    later(memory, clock, minutes=10)
    assert all(found.status == "resolved" for found in incidents(memory))
    assert all(
        one.alert.status == "resolved" for found in incidents(memory) for one in memory.store.alerts_of(found.id)
    )


def test_what_fired_and_ended_while_no_worker_ran_is_an_incident_that_is_over(memory, clock):
    a = alert("a", "shop-database")
    tell(memory, a)
    tell(memory, ended(a, clock.forward(minutes=2)))
    later(memory, clock, seconds=0)
    later(memory, clock, minutes=5)
    assert only(memory).status == "resolved"
    assert len(answers(memory, only(memory).id)) == 1


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_wrong_makes_no_incident_of_the_future(memory, clock, hours):
    off = START + timedelta(hours=hours)
    a = alert("a", "shop-database", at=off)
    tell(memory, a)
    later(memory, clock, seconds=5)
    found = only(memory)
    assert found.started_at == min(off, START)
    tell(memory, ended(a, off + timedelta(minutes=1)))
    later(memory, clock, seconds=0)
    later(memory, clock, minutes=5)
    over = only(memory)
    assert over.status == "resolved"
    assert found.started_at <= over.resolved_at <= clock()
    memory.resolve(found.id, Resolution("the clock was wrong", clock()))


def test_what_a_person_opened_keeps_its_words_and_its_end(memory, clock):
    memory.open(Incident("MINE", "Checkout fails", START, service="shop-database", environment="production"))
    later(memory, clock, seconds=1)
    a = alert("a", "shop-database", at=clock())
    tell(memory, a)
    later(memory, clock, seconds=5)
    found = only(memory)
    assert (found.id, found.title, found.description) == ("MINE", "Checkout fails", "")
    assert len(answers(memory, "MINE")) == 1
    later(memory, clock, seconds=60)
    assert len(answers(memory, "MINE")) == 2
    tell(memory, ended(a, clock()))
    later(memory, clock, seconds=0)
    later(memory, clock, minutes=30)
    assert only(memory).status == "open"
    _, created = memory.open(
        Incident("MINE", "Checkout fails", START, service="shop-database", environment="production")
    )
    assert not created


# people at senders


def test_acknowledgements_and_notes_reach_the_incident_once(memory, clock):
    a = alert("a", "shop-database")
    note = Note("alertmanager", "a", "n1", "looking at the disk", START, "ada")
    tell(memory, Acknowledgement("alertmanager", "a", START, "ada"), note)
    later(memory, clock, seconds=1)
    tell(memory, a)
    later(memory, clock, seconds=5)
    tell(memory, Acknowledgement("alertmanager", "a", START, "ada"), note)
    later(memory, clock, seconds=5)
    found = only(memory)
    assert (found.status, found.acknowledged_at) == ("acknowledged", START)
    events = [(event.type, event.by) for event in memory.store.timeline(found.id)]
    assert events.count(("acknowledged", "ada")) == 1
    assert events.count(("noted", "ada")) == 1
    told = next(one for one in memory.store.notes_of(found.id) if one.type == "note")
    memory.store.storms.tell_note(told, found.id, clock())  # another worker, a little later
    assert len(memory.store.timeline(found.id)) == len(events)


@pytest.mark.parametrize("after_the_end", [False, True])
def test_a_note_that_states_the_fix_is_learned_as_its_authors(memory, clock, after_the_end):
    a = alert("a", "shop-database")
    tell(memory, a)
    later(memory, clock, seconds=5)
    tell(memory, ended(a, clock.forward(minutes=5)))
    later(memory, clock, seconds=1)
    text = (
        "Root cause: disk filled by logs, token=ghp_0123456789abcdefghijABCDEFGHIJ012345\nResolution: Deleted old logs"
    )
    note = Note("alertmanager", "a", "n1", text, clock(), "ada")
    if after_the_end:
        later(memory, clock, minutes=6)
        assert only(memory).resolution is None
    tell(memory, note)
    later(memory, clock, minutes=6)
    found = only(memory)
    said = found.resolution
    assert (found.status, said.provenance, said.by) == ("resolved", "imported", "ada")
    assert said.root_cause.startswith("disk filled by logs")
    assert "ghp_" not in said.root_cause
    assert [step.text for step in said.steps] == ["Deleted old logs"]
    assert memory.recall(situation("shop-database HighLatency disk filled by logs"))[0].resolution == said


@pytest.mark.parametrize(
    "text",
    [
        "is it the deploy?",
        "Restarted the pods, did not help",
        "Not resolved yet, restarted orders",
        "we should have rolled back",
        "ticket OPS-12",
        "Trying a restart",
        "Restarted orders, not fixed yet",
        "Rolled back the deploy, is it resolved?",
    ],
)
def test_a_note_that_does_not_state_it_is_only_suggested(memory, clock, text):
    a = alert("a", "shop-database")
    tell(memory, a)
    later(memory, clock, seconds=5)
    tell(memory, ended(a, clock()), Note("alertmanager", "a", "n1", text, clock(), "ada"))
    later(memory, clock, seconds=1)
    assert suggestion(only(memory), memory.store.notes_of(only(memory).id)) is None  # it is not over yet
    later(memory, clock, minutes=6)
    found = only(memory)
    assert (found.status, found.resolution) == ("resolved", None)
    assert suggestion(found, memory.store.notes_of(found.id)).text == text


# by hand


def apart(memory: Memory, clock, day: int = 0) -> tuple[Incident, Incident]:
    """Two incidents that nothing ties to each other."""
    at = START + timedelta(days=day)
    clock.at = at
    tell(memory, alert(f"a{day}", "shop-database", at=at))
    tell(memory, alert(f"z{day}", "billing", name="JobLate", at=at, labels={"alertname": "JobLate"}))
    later(memory, clock, seconds=5)
    found = sorted((one for one in incidents(memory) if one.started_at >= at), key=lambda one: one.title)
    first, second = found
    return first, second


def test_a_merge_is_done_shown_and_remembered(memory, clock):
    shop, job = apart(memory, clock)
    merged = memory.by_hand.merge(job.id, shop.id, "ada")
    assert merged.id == shop.id
    assert {one.alert.key for one in memory.store.alerts_of(shop.id)} == {"a0", "z0"}
    gone = memory.store.incident(job.id)
    assert gone.status == "resolved"
    assert [(link.kind, link.incident) for link in gone.links] == [("merged", shop.id)]
    assert "JobLate on billing" in merged.description
    memory.by_hand.merge(job.id, shop.id, "ada")  # twice changes nothing
    assert [(e.type, e.by) for e in memory.store.timeline(job.id)].count(("merged", "ada")) == 1
    with pytest.raises(Conflict, match="merged into"):
        memory.resolve(job.id, Resolution("x", clock()))
    with pytest.raises(Conflict, match="merged into"):
        memory.reopen(job.id)
    clock.at = START + timedelta(days=9)
    tell(memory, alert("a9", "shop-database", at=clock()))
    tell(memory, alert("z9", "billing", name="JobLate", at=clock(), labels={"alertname": "JobLate"}))
    later(memory, clock, seconds=5)
    (next_storm,) = (one for one in incidents(memory) if one.started_at >= START + timedelta(days=9))
    assert len(memory.store.alerts_of(next_storm.id)) == 2
    assert memory.store.check() == ()


def test_a_split_is_remembered_and_the_last_word_counts(memory, clock):
    tell(memory, alert("a", "shop-database"), alert("b", "shop-orders"))
    later(memory, clock, seconds=5)
    found = only(memory)
    numbers = {one.alert.key: one.id for one in memory.store.alerts_of(found.id)}
    part = memory.by_hand.split(found.id, [numbers["b"]], "ada")
    assert part.title == "HighLatency on shop-orders"
    assert "shop-orders" not in memory.store.incident(found.id).description
    assert [one.alert.key for one in memory.store.alerts_of(part.id)] == ["b"]
    clock.at = START + timedelta(days=9)
    tell(memory, alert("a", "shop-database", at=clock()), alert("b", "shop-orders", at=clock()))
    later(memory, clock, seconds=5)
    recent = [one for one in incidents(memory) if one.started_at >= clock() - timedelta(hours=1)]
    old = {one.id for one in (found, part)}
    kept_apart = recent or [one for one in incidents(memory) if one.id in old]
    assert len(kept_apart) == 2
    one, two = sorted(kept_apart, key=lambda one: one.id)
    memory.by_hand.merge(two.id, one.id, "ada")
    clock.at = START + timedelta(days=20)
    for name in {one.id for one in incidents(memory) if one.status != "resolved"}:
        memory.resolve(name, Resolution("over", clock()))
    tell(memory, alert("a7", "shop-database", at=clock()), alert("b7", "shop-orders", at=clock()))
    later(memory, clock, seconds=5)
    assert len([one for one in incidents(memory) if one.started_at >= clock() - timedelta(hours=1)]) == 1


def test_a_merge_can_be_undone(memory, clock):
    shop, job = apart(memory, clock)
    memory.by_hand.merge(job.id, shop.id)
    back = memory.by_hand.unmerge(shop.id, job.id)
    assert (back.id, back.status, back.links) == (job.id, "open", ())
    assert back.title == job.title
    assert [one.alert.key for one in memory.store.alerts_of(job.id)] == ["z0"]
    assert [one.alert.key for one in memory.store.alerts_of(shop.id)] == ["a0"]
    assert memory.store.incident(shop.id).description == shop.description
    with pytest.raises(Invalid, match="not merged"):
        memory.by_hand.unmerge(shop.id, job.id)


@pytest.mark.parametrize(
    ("do", "error"),
    [
        (lambda hands, one, two: hands.merge(one, one), Invalid),
        (lambda hands, one, two: hands.split(one, []), Invalid),
        (lambda hands, one, two: hands.split(one, [987]), Invalid),
        (lambda hands, one, two: hands.unmerge(one, two), Invalid),
        (lambda hands, one, two: hands.merge("INC-99", two), NotFound),
    ],
)
def test_what_makes_no_sense_is_refused(memory, clock, do, error):
    one, two = apart(memory, clock)
    with pytest.raises(error):
        do(memory.by_hand, one.id, two.id)
    (whole,) = memory.store.alerts_of(one.id)
    with pytest.raises(Invalid, match="leave at least one"):
        memory.by_hand.split(one.id, [whole.id])


# several at work


def test_whoever_was_slower_looks_again(memory, clock, store):
    other = house(store, clock)
    tell(memory, alert("a", "shop-database"))
    seen = store.storms.look(clock(), 10, Holdings())
    work = other.grouping._work(seen, clock())
    assert memory.grouping.run() == 1
    assert store.storms.write(work, clock(), Pace().settle) is None
    assert other.grouping.run() == 0
    assert len(store.alerts_of(only(memory).id)) == 1


def test_news_that_comes_while_grouping_stays_on_the_queue(memory, clock, store):
    a = alert("a", "shop-database")
    tell(memory, a)
    seen = store.storms.look(clock(), 10, Holdings())
    tell(memory, ended(a, clock()))
    assert store.storms.write(memory.grouping._work(seen, clock()), clock(), Pace().settle)
    assert [one.alert.status for one in store.waiting_alerts(10)] == ["resolved"]
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
        waiting = store.storms.look(clock(), 10_000, Holdings()).waiting
        grouped(memory)
        tell(memory, *(ended(one, clock()) for one in some[3:6]))  # news of those that are in already
        waiting += store.storms.look(clock(), 10_000, Holdings()).waiting
        grouped(memory)
        _, read = store.storms.held([one.id for one in memory.store.incidents(limit=200).items])
        for name, held in read.items():
            of_it = {one.id: one for one in store.alerts_of(name)}
            ours = known.get(name, Held()).with_more(name, [one for one in waiting if one.id in of_it])
            assert ours.count == held.count
            assert [replace(one, joined=None) for one in held.alerts] == [
                replace(one, joined=None) for one in ours.alerts
            ]
            known[name] = ours
        clock.forward(seconds=1)
    assert any(not held.whole for held in known.values())


def test_a_claim_is_one_workers_until_it_runs_out(memory, clock, store):
    tell(memory, alert("a", "shop-database"))
    grouped(memory)
    clock.forward(seconds=3)
    name = only(memory).id
    assert store.claims.take("one", clock()) == name
    assert store.claims.take("two", clock()) is None
    clock.forward(seconds=20)
    assert store.claims.renew("one", name, clock())
    clock.forward(seconds=20)
    assert store.claims.take("two", clock()) is None
    clock.forward(seconds=10)
    assert store.claims.take("two", clock()) == name
    assert not store.claims.renew("one", name, clock())
    answer, keys = memory._advisor.made(store.incident(name))
    assert store.claims.finish("one", name, answer, keys, clock(), Pace().refresh) is None
    assert store.claims.finish("two", name, answer, keys, clock(), Pace().refresh)
    assert len(answers(memory, name)) == 1
    assert store.claims.take("two", clock()) is None


def test_what_comes_while_it_is_answered_is_not_lost(memory, clock, store):
    tell(memory, alert("a", "shop-database"))
    grouped(memory)
    clock.forward(seconds=3)
    name = store.claims.take("slow", clock())
    answer, keys = memory._advisor.made(store.incident(name))
    tell(memory, alert("b", "shop-orders"))
    grouped(memory)
    clock.forward(seconds=5)
    assert store.claims.take("another", clock()) is None
    store.claims.finish("slow", name, answer, keys, clock(), Pace().refresh)
    later(memory, clock, seconds=59)
    assert len(answers(memory, name)) == 1
    later(memory, clock, seconds=10)
    assert len(answers(memory, name)) == 2

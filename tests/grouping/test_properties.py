"""Whatever the alerts: order changes nothing, doing it again changes nothing, nothing is lost, and time grows with the alerts."""

import itertools
import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from example_counts import example_count
from growth import grows_at_most
from onrecall.domain.alert import Alert
from onrecall.grouping import GroupingPlan, ManualPairings, ServiceGraph, kind_of

from .board import Board, StoredIncident, episode, partition, plan_grouping
from .labelled import NOON
from .storm import DEPENDS, storm

SERVICES = ("web", "cart", "db", "mail", None)
TOPOLOGY = ServiceGraph.of({"web": ["cart"], "cart": ["db"], "mail": []})

alerts = st.builds(
    lambda n, name, service, at, over, env, group, text, known: Alert(
        "alertmanager",
        f"{name}{service}{n}",
        name,
        NOON + timedelta(seconds=at),
        status="firing" if over is None else "resolved",
        ends_at=None if over is None else NOON + timedelta(seconds=at + over),
        description=text,
        service=service,
        environment=env,
        labels={"alertname": name, "cluster": "eu-1", "node": f"n{n}"},
        group=group,
        starts_known=known,
    ),
    st.integers(0, 2),
    st.sampled_from(("HighErrorRate", "DiskFull", "Latency")),
    st.sampled_from(SERVICES),
    st.integers(-200, 4000),
    st.none() | st.integers(0, 900),
    st.sampled_from((None, "production", "staging")),
    st.sampled_from((None, "P1", '{}:{cluster="eu-1"}')),
    st.sampled_from(("", "cart cannot reach db", "no such host", "\x00 ‹›")) | st.text(max_size=20),
    st.booleans(),
)
batches = st.lists(alerts, max_size=14, unique_by=episode)


def board(before: list[Alert]) -> Board:
    """Some incidents that are there already."""
    made = Board(
        TOPOLOGY,
        ManualPairings({frozenset((kind_of(a), kind_of(b))): a.key < b.key for a, b in itertools.pairwise(before)}),
    )
    for n, one in enumerate(before):
        kept = made.incidents.setdefault(f"OLD-{n % 3}", StoredIncident(f"OLD-{n % 3}"))
        kept.alerts[episode(one)] = one
    return made


def placed(made: GroupingPlan, given_: list[Alert]) -> dict[tuple[str, str, object], object]:
    found: dict[tuple[str, str, object], object] = {}
    for join in made.joins:
        found[episode(given_[join.alert_id])] = (
            join.incident_id,
            join.joined_by,
            join.score,
            join.reasons,
            join.reopens,
        )
    for opening in made.opens:
        members = frozenset(episode(given_[n]) for n in opening.alert_ids)
        for one in opening.members:
            found[episode(given_[one.alert_id])] = (members, one.joined_by, one.score, one.reasons)
    for quiet in made.quiet:
        found[episode(given_[quiet.alert_id])] = quiet.reasons
    return found


@settings(max_examples=example_count(50), deadline=None)
@given(batches, batches, st.randoms(use_true_random=False))
def test_order_within_a_batch_changes_nothing(before: list[Alert], batch: list[Alert], chance: random.Random) -> None:
    held = board(before)
    one = plan_grouping(batch, held.open(), held.topology, held.pairings)
    shuffled, incidents = chance.sample(batch, len(batch)), chance.sample(held.open(), len(held.incidents))
    other = plan_grouping(shuffled, incidents, held.topology, held.pairings)
    assert placed(one, batch) == placed(other, shuffled)
    assert one.merges == other.merges


@settings(max_examples=example_count(50), deadline=None)
@given(batches, batches)
def test_no_alert_is_lost_and_each_has_one_place(before: list[Alert], batch: list[Alert]) -> None:
    held = board(before)
    made = plan_grouping(batch, held.open(), held.topology, held.pairings)
    places = [one.alert_id for one in (*made.joins, *made.quiet)]
    places += [n for opening in made.opens for n in opening.alert_ids]
    assert sorted(places) == list(range(len(batch)))
    gone = {merge.from_id for merge in made.merges}
    assert all(join.incident_id in held.incidents.keys() - gone for join in made.joins)
    assert all(merge.into_id not in gone for merge in made.merges)
    assert all(why for opening in made.opens for why in opening.reasons)


@settings(max_examples=example_count(50), deadline=None)
@given(batches, batches)
def test_planning_again_after_carrying_out_changes_nothing(before: list[Alert], batch: list[Alert]) -> None:
    held = board(before)
    held.carry_out(plan_grouping(batch, held.open(), held.topology, held.pairings), batch)
    groups = held.groups()
    grouped = [one for one in batch if episode(one) in groups]
    again = plan_grouping(grouped, held.open(), held.topology, held.pairings)
    assert not again.opens
    assert not again.merges
    assert not again.quiet


@settings(max_examples=example_count(40), deadline=None)
@given(batches)
def test_the_same_message_three_times_is_one_alert(batch: list[Alert]) -> None:
    once, thrice = Board(TOPOLOGY), Board(TOPOLOGY)
    once.carry_out(plan_grouping(batch, [], TOPOLOGY), batch)
    thrice.carry_out(plan_grouping(batch * 3, [], TOPOLOGY), batch * 3)
    assert partition(once.groups()) == partition(thrice.groups())


def test_time_grows_with_the_alerts_and_no_faster() -> None:
    made = [
        replace(one, key=f"{one.key}/{n}", starts_at=one.starts_at + timedelta(seconds=n))
        for n in range(5)
        for one in storm(n)
    ]
    held = Board(ServiceGraph.of(DEPENDS))
    for n, one in enumerate(storm(99)):
        kept = held.incidents.setdefault(f"OLD-{n % 50}", StoredIncident(f"OLD-{n % 50}", by_hand=True))
        kept.alerts[episode(one)] = one
    assert grows_at_most(25, lambda batch: plan_grouping(batch, held.open(), held.topology), made[::8], made)

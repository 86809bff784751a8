"""Families from packed days are the same as those from the incidents themselves."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from example_counts import example_count
from onrecall.recurrences.clustering import SimilarCauses, root_cause
from onrecall.recurrences.components import SimilarRows, connected_components
from onrecall.recurrences.day_facts import NEVER, OpenedIncident, pack_day, to_datetime, to_microseconds
from onrecall.recurrences.incident_table import join_days
from onrecall.recurrences.ranked_families import rank_families
from onrecall.recurrences.recurrence import find_families

from .resolved_incidents import START, incident

NOW = datetime(2026, 5, 1, tzinfo=UTC)
"""Some of the incidents begin later."""
QUEUE = "Consumers of the billing queue stopped after a rebalance took too long"
QUEUE_AGAIN = "A rebalance that took too long stopped all consumers of the billing queue"
OPENING = "Messages pile up in the billing queue and invoices are late"
NAMES = [f"N{n}" for n in range(10)]
INCIDENTS = st.tuples(
    *(
        st.builds(
            incident,
            st.just(name),
            st.integers(0, 300),
            st.sampled_from([None, None, "rebalance", "Rebalance ", "quota"]),
            st.sampled_from(["", "", QUEUE, QUEUE_AGAIN, "unknown"]),
            title=st.sampled_from(["", OPENING]),
            service=st.sampled_from([None, "billing"]),
            hours=st.sampled_from([None, 1.0, -2.0, 48.0, 2000.0]),
            links=st.lists(st.sampled_from([*NAMES, "gone", "lost"]), max_size=2, unique=True),
            by_whom=st.sampled_from(["human", "imported", "model"]),
        )
        for name in NAMES
    )
)
PAIRS = st.lists(
    st.builds(SimilarCauses, st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from([0.9, 0.95])), max_size=5
)


def to_facts(stored):
    confirmed = stored.resolution if stored.resolution and stored.resolution.confirmed else None
    return OpenedIncident(
        stored.id,
        stored.text,
        stored.service,
        stored.started_at,
        stored.resolved_at,
        stored.status == "resolved",
        confirmed.cause if confirmed else None,
        confirmed.root_cause if confirmed else None,
        is_explained=False,
        links=[(link.kind, link.incident) for link in stored.links],
    )


def pack(incidents):
    days: dict[str, list[OpenedIncident]] = {}
    for stored in incidents:
        days.setdefault(stored.started_at.date().isoformat(), []).append(to_facts(stored))
    return join_days(pack_day(day, facts) for day, facts in days.items())


def describe_all(incidents, pairs, most=1000):
    by_id = {stored.id: stored for stored in incidents}
    row = {name: n for n, name in enumerate(sorted(by_id, key=lambda name: (by_id[name].started_at, name)))}
    ranked = rank_families(
        pack(incidents), [SimilarRows(row[pair.incident], row[pair.to], pair.score) for pair in pairs], NOW
    )
    families = []
    for number in ranked.select(2, None):
        rows = ranked.listed_rows(number, most)
        families.append(ranked.describe(number, rows, [by_id[name] for name in ranked.table.ids(rows)]))
    return tuple(families)


@given(INCIDENTS, PAIRS)
@settings(max_examples=example_count(150), deadline=None)
def test_packed_days_give_the_same_families(incidents, pairs):
    by_id = {stored.id: stored for stored in incidents}
    pairs = [pair for pair in pairs if root_cause(by_id[pair.incident]) and root_cause(by_id[pair.to])]
    assert describe_all(incidents, pairs) == find_families(incidents, pairs, now=NOW)


def test_a_large_family_lists_its_oldest_and_its_newest_and_counts_all():
    (family,) = describe_all([incident(f"C{n}", n, "quota", hours=2.0) for n in range(9)], (), most=3)
    assert (family.count, family.incidents, family.lost.hours) == (9, ("C0", "C7", "C8"), 18.0)
    assert [tie.to for tie in family.ties] == ["C1", "C0", "C0"]
    assert family.why == "9 share the cause `quota`"


def test_families_of_a_service_are_selected_by_any_of_their_incidents():
    incidents = [
        incident("A", 0, "quota", service="billing"),
        incident("B", 1, "quota", service="mail"),
        incident("C", 2, "leak", service="mail"),
        incident("D", 3, "leak", service="mail"),
    ]
    ranked = rank_families(pack(incidents), (), NOW)
    assert [len(ranked.select(2, name)) for name in (None, "mail", "billing", "nobody")] == [2, 2, 1, 0]
    assert ranked.select(3, None) == []


@pytest.mark.parametrize(
    ("edges", "roots"), [([], [0, 1, 2, 3]), ([(3, 1)], [0, 1, 2, 1]), ([(0, 1), (3, 1)], [0, 0, 2, 0])]
)
def test_connected_nodes_have_the_smallest_of_them_as_root(edges, roots):
    left, right = (np.array([edge[side] for edge in edges], int) for side in (0, 1))
    assert connected_components(4, left, right).tolist() == roots


def test_times_are_packed_to_the_microsecond():
    at = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert to_datetime(to_microseconds(at)) == at
    (facts,) = pack([incident("A", 0, hours=None)]).facts
    assert (facts["started"], facts["ended"]) == (to_microseconds(START), NEVER)

"""Families: why they hold together, when they came, what they cost, and what was done against them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from example_counts import example_count
from growth import grows_at_most
from onrecall.domain.cause_label import normalized_cause
from onrecall.domain.incident import Incident
from onrecall.recurrences.clustering import SimilarCauses, comparable_text, group_incidents
from onrecall.recurrences.occurrences import compute_downtime, compute_trend, count_by_month
from onrecall.recurrences.recurrence import find_families

from .resolved_incidents import LEAK, START, incident

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LEAK_AGAIN = "Connections leaked by the rehash job emptied the pool in the end"
OPENING = "Disk of the orders database fills up quickly and writes fail"


def members(incidents, similar_pairs=()):
    return [{incident.id for incident in group.members} for group in group_incidents(incidents, similar_pairs)]


class TestWhy:
    def test_a_label_ties_however_it_is_written(self):
        (group,) = group_incidents(
            [incident("A", 0, "Disk_Full"), incident("B", 1, "disk-full"), incident("C", 2, "disk-full")]
        )
        assert group.why == "3 share the cause `disk-full`"
        assert [tie.to for tie in group.ties] == ["B", "A", "A"]

    def test_what_a_model_wrote_ties_nothing(self):
        written = [incident(name, n, "disk-full", LEAK, by_whom="model") for n, name in enumerate("AB")]
        assert group_incidents(written) == ()

    def test_a_link_ties_what_has_no_label_and_says_so_on_both_sides(self):
        (group,) = group_incidents([incident("A"), incident("B", 1, links=["A"])])
        assert [tie.because for tie in group.ties] == [
            "B is linked as a recurrence of it",
            "is linked as a recurrence of A",
        ]
        assert group.why == "2 are tied by links"

    def test_two_that_are_linked_to_a_third_that_is_gone_are_tied(self):
        (group,) = group_incidents([incident("A", links=["gone"]), incident("B", 1, links=["gone"])])
        assert "gone, which is not in memory" in group.ties[0].because

    def test_a_link_to_itself_ties_nothing(self):
        assert group_incidents([incident("A", links=["A"])]) == ()

    def test_words_bring_an_unlabelled_one_to_the_label(self):
        labelled = [incident(f"A{n}", n, "leak", LEAK_AGAIN) for n in range(4)]
        new = [incident("L", 6, links=["A1"]), incident("W", 7, root=LEAK)]
        (group,) = group_incidents([*labelled, *new], [SimilarCauses("W", "A0", 0.95)])
        assert group.why == "4 share the cause `leak`, 1 is tied by a link, 1 has the same root cause in other words"
        assert group.ties[-1].because == "has the same root cause in other words as A0 (0.95 alike)"

    def test_words_never_bring_two_labels_together_nor_choose_between_them(self):
        said_alike = [incident("A", 0, "leak", LEAK), incident("B", 1, "spike", LEAK), incident("C", 2, root=LEAK)]
        assert members(said_alike, [SimilarCauses("B", "A", 1.0), SimilarCauses("C", "A", 1.0)]) == []

    def test_the_same_root_cause_word_for_word_is_a_family_without_a_label(self):
        (group,) = group_incidents([incident("A", 0, root=LEAK), incident("B", 9, root=LEAK.upper() + ".")])
        assert group.cause is None
        assert group.why == "2 have the same root cause word for word"

    @pytest.mark.parametrize(
        "text", ["unknown", "Disk full", "Root cause is still under investigation by the team", ""]
    )
    def test_a_root_cause_that_says_nothing_ties_nothing(self, text):
        assert comparable_text(text) is None
        assert members([incident("A", root=text or "?"), incident("B", 1, root=text or "?")]) == []

    def test_the_same_opening_ties_where_no_cause_is_written_and_the_service_is_the_same(self):
        first, again = incident("A", title=OPENING, service="db"), incident("B", 1, title=OPENING, service="db")
        elsewhere = incident("C", 2, title=OPENING, service="other")
        assert members([first, again, elsewhere]) == [{"A", "B"}]

    def test_the_same_opening_with_two_root_causes_is_no_family(self):
        pair = [
            incident("A", title=OPENING, root=LEAK),
            incident("B", 1, title=OPENING, root="An index of the table was dropped by hand"),
        ]
        unknown = incident("C", 2, title=OPENING)
        assert members([*pair, unknown]) == []
        assert members([pair[0], unknown]) == [{"A", "C"}]

    def test_times_and_passing_ids_do_not_make_a_text_another_but_short_numbers_do(self):
        line = "pod checkout failed with status {} at {} in the request {}"
        one = comparable_text(line.format(503, "2026-01-01T10:00:00Z", "8f3a9c2e11"))
        assert one == comparable_text(line.format(503, "2026-02-03T11:30:00Z", "77e0aa01bc"))
        assert one != comparable_text(line.format(504, "2026-01-01T10:00:00Z", "8f3a9c2e11"))

    def test_an_id_may_begin_with_many_letters(self):
        line = "pod checkout failed and was started again as {} by hand"
        assert comparable_text(line.format("deadbeef-cafe-babe-1234")) == comparable_text(line.format("12345678"))
        assert "deadbeef-cafe" in comparable_text(line.format("deadbeef-cafe"))

    @pytest.mark.growth
    @pytest.mark.parametrize("unit", ["a-", "facade-", "-", "1-a-", "12:34:", "still investigat"])
    def test_a_hostile_description_is_compared_in_linear_time(self, unit):
        short, long = (unit * (size // len(unit)) for size in (2_500, 20_000))
        assert grows_at_most(20, comparable_text, short, long)


NAMES = [f"I{n}" for n in range(8)]
INCIDENTS = st.tuples(
    *(
        st.builds(
            incident,
            st.just(name),
            st.integers(0, 300),
            st.sampled_from([None, None, "a", "A ", "b"]),
            st.sampled_from(["", "", LEAK, LEAK_AGAIN, "unknown"]),
            title=st.sampled_from(["", OPENING]),
            hours=st.sampled_from([None, 1.0, -2.0, 48.0, 2000.0]),
            links=st.lists(st.sampled_from([*NAMES, "gone"]), max_size=1),
            by_whom=st.sampled_from(["human", "imported", "model"]),
        )
        for name in NAMES
    )
)
ALIKE = st.lists(
    st.builds(SimilarCauses, st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from([0.9, 0.95])), max_size=5
)


class TestLaws:
    @given(INCIDENTS, ALIKE, st.randoms())
    @settings(max_examples=example_count(60), deadline=None)
    def test_the_order_changes_nothing(self, incidents, alike, order):
        mixed, mixed_alike = list(incidents), list(alike)
        order.shuffle(mixed)
        order.shuffle(mixed_alike)
        assert find_families(mixed, mixed_alike, now=NOW) == find_families(incidents, alike, now=NOW)

    @given(INCIDENTS, ALIKE)
    @settings(max_examples=example_count(60), deadline=None)
    def test_every_member_has_a_reason_that_is_true_and_is_in_one_family_only(self, incidents, alike):
        by_id = {incident.id: incident for incident in incidents}
        families = find_families(incidents, alike, now=NOW)
        assert len({name for one in families for name in one.incidents}) == sum(one.count for one in families)
        for family in families:
            assert [tie.incident for tie in family.ties] == list(family.incidents)
            for tie in family.ties:
                one, other = by_id[tie.incident], by_id[tie.to]
                assert tie.to in set(family.incidents) - {tie.incident}
                one_names, other_names = ({link.incident for link in x.links} for x in (one, other))
                match tie.kind:
                    case "cause":
                        assert normalized_cause(one) == normalized_cause(other) != ""
                    case "link":
                        assert other.id in one_names or one.id in other_names or one_names & other_names - by_id.keys()
                    case "same_root_cause":
                        assert comparable_text(one.resolution.root_cause) == comparable_text(
                            other.resolution.root_cause
                        )
                    case "like_root_cause":
                        pairs = {(a.incident, a.to) for a in alike}
                        assert (one.id, other.id) in pairs or (other.id, one.id) in pairs
                    case "same_opening":
                        assert comparable_text(one.text) == comparable_text(other.text)

    @given(INCIDENTS, ALIKE)
    @settings(max_examples=example_count(60), deadline=None)
    def test_words_leave_what_labels_and_links_made_as_it_is(self, incidents, alike):
        """Splitting: without the words each family falls into at most one group that labels or links made."""
        plain = [one if normalized_cause(one) or one.links else incident(one.id, title=one.id) for one in incidents]
        bare = [
            incident(
                one.id,
                cause=one.resolution and normalized_cause(one) and one.resolution.cause,
                title=one.id,
                links=[x.incident for x in one.links],
            )
            for one in plain
        ]
        firm = members(bare)
        for together in members(incidents, alike):
            inside = [one for one in firm if one & together]
            assert len(inside) <= 1
            assert all(one <= together for one in inside)

    @given(INCIDENTS, ALIKE, st.sampled_from(NAMES), st.sampled_from(NAMES))
    @settings(max_examples=example_count(60), deadline=None)
    def test_a_link_merges_and_merges_nothing_else(self, incidents, alike, one, other):
        if one == other:
            return
        bare = [
            incident(
                x.id,
                cause=x.resolution.cause if x.resolution and normalized_cause(x) else None,
                title=x.id,
                links=[y.incident for y in x.links],
            )
            for x in incidents
        ]
        before = members(bare)
        at = NAMES.index(one)
        linked = [*bare]
        linked[at] = incident(
            one,
            cause=bare[at].resolution and bare[at].resolution.cause,
            title=one,
            links=[*(x.incident for x in bare[at].links), other],
        )
        first = next((x for x in before if one in x), {one})
        second = next((x for x in before if other in x), {other})
        expected = [x for x in before if x not in (first, second)] + [first | second]
        assert sorted(map(sorted, members(linked))) == sorted(map(sorted, expected))

    @given(INCIDENTS)
    @settings(max_examples=example_count(60), deadline=None)
    def test_hours_count_once_and_are_never_more_than_the_sum(self, incidents):
        downtime = compute_downtime(incidents, NOW)
        spans = [
            (x.started_at, x.resolved_at) for x in incidents if x.resolved_at and x.started_at <= x.resolved_at <= NOW
        ]
        alone = sum((end - start) / timedelta(hours=1) for start, end in spans)
        longest = max(((end - start) / timedelta(hours=1) for start, end in spans), default=0)
        assert longest - 1e-6 <= downtime.hours <= alone + 1e-6
        assert downtime.of + downtime.open + downtime.untimed + downtime.contradictory == len(incidents)
        assert compute_downtime([*incidents, *incidents], NOW).hours == pytest.approx(downtime.hours)


class TestOccurrences:
    def test_hours_that_overlap_count_once_and_what_is_not_counted_is_said(self):
        said_lost = compute_downtime(
            [
                incident("A", 0, hours=4),
                incident("B", 1 / 12, hours=4),
                incident("C", 3, hours=None),
                incident("D", 4, hours=-1),
                Incident("E", "no end", START, status="resolved"),
            ],
            NOW,
        )
        assert (said_lost.hours, said_lost.of) == (6.0, 2)
        assert (said_lost.open, said_lost.contradictory, said_lost.untimed) == (1, 1, 1)

    def test_what_ends_later_than_now_is_open_now(self):
        assert compute_downtime([incident("A", 0, hours=24)], START + timedelta(hours=5)).open == 1

    def test_months_without_any_are_counted_too(self):
        months = count_by_month([incident("A", 0), incident("B", 40), incident("C", 41)], START + timedelta(days=95))
        assert [(month.month, month.count) for month in months] == [
            ("2026-01", 1),
            ("2026-02", 2),
            ("2026-03", 0),
            ("2026-04", 0),
        ]

    @pytest.mark.parametrize(
        ("recent", "before", "direction"),
        [
            (4, 0, "rising"),
            (3, 0, "rising"),
            (2, 2, "steady"),
            (3, 1, "steady"),
            (3, 2, "steady"),
            (0, 3, "falling"),
            (60, 55, "steady"),
            (1, 1, None),
            (2, 0, None),
        ],
    )
    def test_the_trend_follows_its_rule(self, recent, before, direction):
        now = START + timedelta(days=400)
        incidents = [incident(f"R{n}", 399 - n) for n in range(recent)] + [
            incident(f"B{n}", 200 - n) for n in range(before)
        ]
        trend = compute_trend(incidents, START, now)
        assert (trend.direction, trend.recent, trend.before) == (direction, recent, before)

    def test_no_trend_is_claimed_for_a_time_that_memory_does_not_reach(self):
        incidents = [incident(f"R{n}", 100 + n) for n in range(9)]
        trend = compute_trend(incidents, START, START + timedelta(days=200))
        assert trend.direction is None
        assert "memory reaches back 200 days, 360 are needed" in trend.reason


class TestFamilies:
    def test_ranked_by_the_hours_a_permanent_fix_would_have_saved(self):
        old = [incident(f"O{n}", n, "old", hours=100) for n in range(3)]
        new = [incident(f"N{n}", 300 + n, "new", hours=2) for n in range(2)]
        first, second = find_families([*old, *new], now=NOW)
        assert (first.cause, second.cause) == ("new", "old")
        assert first.saving.hours_per_month == pytest.approx(4 / (180 / (365.25 / 12)))
        assert (first.saving.lost.of, second.saving.hours_per_month) == (2, 0)
        assert second.lost.hours == pytest.approx(148.0)

    def test_only_the_part_of_an_outage_within_the_last_days_is_counted_as_saved(self):
        now = START + timedelta(days=200)
        incidents = [incident("A", 19, "x", hours=48), incident("B", 21, "x", hours=1)]
        (family,) = find_families(incidents, now=now)
        assert family.saving.lost.hours == pytest.approx(24.0 + 1.0)

    def test_nothing_of_later_than_now_is_counted(self):
        incidents = [incident(f"A{n}", n * 10, "x", service="db") for n in range(5)]
        (family,) = find_families(incidents, now=START + timedelta(days=21))
        assert family.incidents == ("A0", "A1", "A2")
        assert family.days_between == pytest.approx(10)
        assert [(service.name, service.count) for service in family.services] == [("db", 3)]
        assert family.last_seen == START + timedelta(days=20)

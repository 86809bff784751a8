"""What becomes of an alert: by key, sender, hand and score; late, flapping, out of order; merges and their limits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from grouping.board import plan_grouping
from onrecall.domain.alert import Alert
from onrecall.grouping import ManualPairings, OpenIncident, ServiceGraph, kind_of, manual_pairs

from .labelled import NOON

MINUTE = timedelta(minutes=1)
SHOP = ServiceGraph.of({"checkout": ["payments"]})


def alert(name: str = "HighErrorRate", service: str | None = "checkout", at: float = 0, **more: Any) -> Alert:
    labels = {"alertname": name, "cluster": "eu-1", **more.pop("labels", {})}
    key = more.pop("key", f"{name}/{service}")
    return Alert("alertmanager", key, name, NOON + timedelta(seconds=at), service=service, labels=labels, **more)


def incident(*alerts: Alert, id: str = "INC-1", **more: Any) -> OpenIncident:  # noqa: A002
    begun = [one.starts_at for one in alerts]
    keys = frozenset((one.source, one.key) for one in alerts)
    return OpenIncident(id, min(begun), max(begun), alerts, **{"alert_keys": keys, **more})


def resolved(*alerts: Alert, at: datetime, **more: Any) -> OpenIncident:
    return incident(*alerts, status="resolved", resolved_at=at, **more)


def test_the_same_alert_joins_its_incident_however_long_it_has_been_open() -> None:
    made = plan_grouping([alert(at=9000)], [incident(alert())])
    (join,) = made.joins
    assert (join.incident_id, join.joined_by, join.score, join.reopens) == ("INC-1", "key", None, False)
    assert join.reasons == ("the incident already has the same alert",)
    assert not made.opens


def test_reasons_are_plain_words() -> None:
    (join,) = plan_grouping([alert(at=40)], [incident(alert("PoolTimeouts", "payments"))], SHOP).joins
    assert join.joined_by == "score"
    assert join.score
    assert 0.5 <= join.score <= 1
    assert join.reasons == (
        "with 'PoolTimeouts' of payments",
        "checkout depends on payments",
        "same cluster eu-1",
        "40 s apart",
    )


def test_a_senders_incident_holds_what_nothing_else_ties() -> None:
    one, other = alert("A", "mail", group="P1"), alert("B", "phone", 30, group="P1")
    ((first, second),) = [opening.members for opening in plan_grouping([other, one], []).opens]
    assert (first.alert_id, first.joined_by, second.joined_by) == (1, "opened", "sender")
    assert "its sender groups them" in second.reasons


def test_a_senders_route_is_a_hint_and_no_command() -> None:
    route = '{}:{namespace="prod"}'
    assert len(plan_grouping([alert("A", "mail", group=route), alert("B", "phone", 30, group=route)], []).opens) == 2


def test_environments_are_never_mixed() -> None:
    staging, production = alert(environment="stage"), alert(at=5, key="p", environment="prod")
    nowhere = alert("Latency", at=8)
    openings = plan_grouping([staging, production, nowhere], []).opens
    assert sorted(len(one.members) for one in openings) == [1, 2]


def test_people_put_together_what_nothing_ties_and_take_apart_what_is_tied() -> None:
    mail, phone, errors, latency = alert("A", "mail"), alert("B", "phone"), alert(), alert("Latency")
    together = ManualPairings(dict.fromkeys(manual_pairs([mail], [phone]), True))
    ((_, second),) = [one.members for one in plan_grouping([mail, phone], [], pairings=together).opens]
    assert second.joined_by == "paired"
    assert "people grouped such alerts before" in second.reasons
    assert len(plan_grouping([errors, latency], []).opens) == 1
    apart = ManualPairings(dict.fromkeys(manual_pairs([errors], [latency]), False))
    assert len(plan_grouping([errors, latency], [], pairings=apart).opens) == 2
    bridge = alert("Restarts", at=5)
    found = plan_grouping([errors, latency, bridge], [], pairings=apart).opens
    assert sorted(len(one.members) for one in found) == [1, 2]


def test_nothing_is_remembered_of_a_kind_that_is_on_both_sides() -> None:
    one, other = alert(labels={"pod": "a"}), alert(key="2", labels={"pod": "b"})
    assert kind_of(one) == kind_of(other)
    assert manual_pairs([one], [other]) == frozenset()


def test_flapping_reopens_what_its_alerts_alone_resolved() -> None:
    over = NOON + 10 * MINUTE
    (join,) = plan_grouping([alert(at=1200)], [resolved(alert(), at=over)]).joins
    assert (join.joined_by, join.reopens) == ("flapping", True)
    assert len(plan_grouping([alert(at=1200)], [resolved(alert(), at=over, by_hand=True)]).opens) == 1
    assert len(plan_grouping([alert(at=9000)], [resolved(alert(), at=over)]).opens) == 1


def test_an_alert_that_fires_resolves_and_fires_is_one_incident() -> None:
    flapping = [alert(at=n * 300, status="resolved", ends_at=NOON + timedelta(seconds=n * 300 + 60)) for n in range(5)]
    (opening,) = plan_grouping(flapping, []).opens
    assert [one.joined_by for one in opening.members] == ["opened", "key", "key", "key", "key"]


def test_late_alerts_join_an_incident_that_is_over_without_reopening_it() -> None:
    late = alert("Latency", at=60, status="resolved", ends_at=NOON + 5 * MINUTE)
    (join,) = plan_grouping([late], [resolved(alert(), at=NOON + 20 * MINUTE)]).joins
    assert (join.incident_id, join.reopens) == ("INC-1", False)
    still = plan_grouping([replace(late, status="firing", ends_at=None)], [resolved(alert(), at=NOON + 20 * MINUTE)])
    assert still.joins[0].reopens
    by_hand = plan_grouping([replace(late, status="firing")], [resolved(alert(), at=NOON + 20 * MINUTE, by_hand=True)])
    assert not by_hand.joins[0].reopens


def test_an_alert_that_begins_after_an_incident_was_over_does_not_join_it() -> None:
    assert plan_grouping([alert("Latency", at=1500)], [resolved(alert(at=900), at=NOON + 20 * MINUTE)]).opens


def test_clocks_may_differ_by_minutes() -> None:
    ahead = replace(alert("PoolTimeouts", "payments", at=290, key="x"), source="datadog")
    assert len(plan_grouping([alert(), ahead], [], SHOP).opens) == 1
    assert plan_grouping([alert("Latency", at=1300)], [resolved(alert(at=900), at=NOON + 20 * MINUTE)]).joins


def test_an_end_without_a_beginning_opens_nothing() -> None:
    end = alert(status="resolved", starts_known=False, at=60)
    made = plan_grouping([end], [])
    assert [one.alert_id for one in made.quiet] == [0]
    assert not made.opens
    assert plan_grouping([end], [incident(alert())]).joins[0].joined_by == "key"
    assert plan_grouping([alert(at=50), end], []).opens[0].alert_ids == (0, 1)


def test_news_of_an_outage_that_is_over_opens_an_incident() -> None:
    late = alert(status="resolved", ends_at=NOON + 8 * MINUTE)
    assert plan_grouping([late], []).opens


def test_young_incidents_are_merged_by_an_alert_that_ties_them_and_the_older_remains() -> None:
    chain = ServiceGraph.of({"web": ["api-gw"], "api-gw": ["ledger"]})
    old, young = incident(alert("A", "web")), incident(alert("B", "ledger", 300), id="INC-2")
    made = plan_grouping([alert("C", "api-gw", 150)], [young, old], chain)
    (merge,) = made.merges
    assert (merge.from_id, merge.into_id) == ("INC-2", "INC-1")
    assert merge.reasons[0] == "'C' links both"
    assert "api-gw depends on ledger" in merge.reasons
    assert made.joins[0].incident_id == "INC-1"


def test_incidents_that_are_old_touched_or_over_are_not_merged() -> None:
    chain = ServiceGraph.of({"web": ["api-gw"], "api-gw": ["ledger"]})
    first, bridge = alert("A", "web"), alert("C", "api-gw", 60)
    for other in (
        incident(alert("B", "ledger", 90), id="INC-2", by_hand=True),
        incident(alert("B", "ledger", 90), id="INC-2", status="acknowledged"),
        incident(alert("B", "ledger", -1200), id="INC-2"),
    ):
        made = plan_grouping([bridge], [incident(first), other], chain)
        assert not made.merges
        assert len(made.joins) == 1


def test_an_incident_spreads_to_other_services_only_while_it_is_young() -> None:
    long = incident(alert("A", "payments"), alert("A2", "payments", 3000), id="INC-1")
    assert plan_grouping([alert("B", "checkout", 3060)], [long], SHOP).opens
    assert plan_grouping([alert("B", "payments", 3060)], [long], SHOP).joins


def test_what_measures_is_no_service() -> None:
    full = [alert("DiskFull", "node-exporter", at, key=str(at), labels={"instance": f"h{at}:9100"}) for at in (0, 60)]
    assert len(plan_grouping(full, []).opens) == 2


def test_a_caller_of_two_broken_services_does_not_make_one_outage_of_them() -> None:
    front = ServiceGraph.of({"front": ["orders", "media"], "orders": ["mysql"], "media": ["minio"]})
    broken = [
        alert("MysqlDown", "mysql"),
        alert("OrdersFail", "orders", 20),
        alert("MinioDown", "minio", 5),
        alert("UploadsFail", "media", 30),
    ]
    made = plan_grouping([*broken, alert("FrontErrors", "front", 40)], [], front)
    assert sorted(len(one.members) for one in made.opens) == [2, 3]


def test_the_strongest_tie_decides() -> None:
    older = incident(alert("PoolTimeouts", "payments"), by_hand=True)
    same_service = incident(alert("Latency", "checkout", 30), id="INC-2", by_hand=True)
    (join,) = plan_grouping([alert(at=35)], [older, same_service], SHOP).joins
    assert join.incident_id == "INC-2"


def test_times_at_the_ends_of_the_calendar_and_endless_titles_do_no_harm() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    odd = [replace(alert(key=str(n)), starts_at=at, title="a-" * 50_000 + "1") for n, at in enumerate((first, last))]
    ended = [replace(one, status="resolved", ends_at=one.starts_at) for one in odd]
    for one in (*odd, *ended):
        made = plan_grouping([*odd, *ended], [incident(one), resolved(one, at=one.starts_at, id="INC-2")])
        assert len(made.joins) + sum(len(opening.members) for opening in made.opens) == 4

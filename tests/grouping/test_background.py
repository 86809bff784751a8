"""What is learned from alerts before, and what labels, versions, spellings and words are worth."""

from datetime import UTC, datetime, timedelta

import pytest

from grouping.board import plan_grouping
from onrecall.domain.alert import Alert
from onrecall.domain.service_names import canonical_service
from onrecall.grouping import Background, OpenIncident, PastAlert, extract_features
from onrecall.grouping.labels import comparable_labels
from onrecall.grouping.words import called_terms, extract_terms

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def lamp(service="", at=0.0, title="Lamp is off", status="firing", source="zabbix", **labels):
    starts_at = NOON + timedelta(seconds=at)
    ends_at = starts_at + timedelta(seconds=30) if status == "resolved" else None
    return Alert(
        source, f"{service}{labels}", title, starts_at, status, service=service or None, labels=labels, ends_at=ends_at
    )


def before(count, incidents=True, **labels):
    return [
        PastAlert(extract_features(lamp(f"s{n}", **labels)), f"INC-{n}" if incidents else "INC-1") for n in range(count)
    ]


def test_a_label_that_unrelated_alerts_share_tells_nothing():
    background = Background([*before(6, hall="east"), *before(12)])
    assert background.label("hall", "east") < 0.2
    assert background.label("hall", "west") == 1.0
    assert Background(before(12, hall="east")).label("hall", "east") == 0.0


def test_one_storm_is_not_many_unrelated_alerts():
    storm = [PastAlert(extract_features(lamp(f"t{n}", upstream_cache="c1")), "INC-99") for n in range(12)]
    assert Background([*before(12), *storm]).label("upstream_cache", "c1") == 1.0


def test_alerts_that_say_only_what_unrelated_ones_say_are_grouped_all_the_same():
    background = Background(before(12))
    made = plan_grouping([lamp("quay", at=5), lamp("mole", at=9)], [], background=background)
    assert len(made.opens) == 2
    assert background.term("lamp") == 0.0


def test_nothing_is_learned_from_a_few_alerts():
    assert Background(before(7, hall="east")).label("hall", "east") == 1.0


def test_machines_fade_later_than_other_labels():
    some = [*before(4, node="n1", hall="east"), *before(12)]
    background = Background(some)
    assert background.label("node", "n1") > background.label("hall", "east") > 0


def test_a_word_that_unrelated_alerts_have_tells_nothing():
    background = Background(
        PastAlert(extract_features(lamp(f"s{n}", title="ask janitor")), f"INC-{n}") for n in range(9)
    )
    assert background.term("janitor") == 0.0
    assert background.term("lantern") == 1.0


@pytest.mark.parametrize(
    "label",
    [
        {"helm_sh_chart": "lamp-1"}, {"image": "registry/lamp"}, {"release": "v3.4.1"}, {"build": "9fceb02d0ae5"},
        {"git_commit": "x"}, {"job": "kubernetes-pods"}, {"job": "node-exporter"}, {"reason": "Evicted"},
    ],
)  # fmt: skip
def test_what_says_which_build_runs_or_who_scraped_is_not_compared(label):
    assert comparable_labels(label) == {}


@pytest.mark.parametrize("label", [{"node": "10.2.3"}, {"topic": "rides.v3"}, {"job": "lamp-control"}, {"floor": "3"}])
def test_what_says_where_is_compared(label):
    assert comparable_labels(label) == label


def test_versions_in_texts_are_no_words():
    assert extract_terms("lamp v2.11.0 at 9fceb02d0ae5 flickers") == {"lamp", "flickers"}


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("Lamp Control", "lamp-control"), ("lamp__control", "lamp-control"), ("lampControl", "lamp-control"),
        ("LAMPControl", "lamp-control"), ("lamp-control.hall.svc.cluster.local", "lamp-control"), ("S3", "s3"),
        ("lamp.example.org", "lamp.example.org"),
    ],
)  # fmt: skip
def test_a_service_has_one_spelling(spelled, name):
    assert canonical_service(spelled) == name


def test_what_is_called_or_needed_in_a_text():
    assert called_terms("timeout calling the billing service") >= {"billing"}
    assert "billing" not in called_terms("address in billing form may be odd")


def opened(alert, number, after):
    start = NOON + timedelta(hours=after)
    end = start + timedelta(minutes=2)
    key = frozenset({(alert.source, alert.key)})
    return OpenIncident(f"INC-{number}", start, start, (), "resolved", end, alert_keys=key)


def test_an_alert_that_flaps_slowly_joins_its_last_incident_from_the_third_time_on():
    again = lamp(at=4 * 3600, host="h1")
    once = plan_grouping([again], [opened(again, 1, 2)])
    assert len(once.opens) == 1
    twice = plan_grouping([again], [opened(again, 1, 0), opened(again, 2, 2)])
    (join,) = twice.joins
    assert (join.incident_id, join.joined_by, join.reopens) == ("INC-2", "flapping", True)


def test_one_that_was_long_quiet_or_resolved_by_a_person_opens_anew():
    again = lamp(at=20 * 3600, host="h1")
    assert plan_grouping([again], [opened(again, 1, 0), opened(again, 2, 2)]).opens
    soon = lamp(at=4 * 3600, host="h1")
    by_hand = OpenIncident(
        **{**{name: getattr(opened(soon, 2, 2), name) for name in OpenIncident.__dataclass_fields__}, "by_hand": True}
    )
    assert plan_grouping([soon], [opened(soon, 1, 0), by_hand]).opens

"""A storm of 500 alerts becomes one incident, and two outages at once stay two."""

from dataclasses import replace
from datetime import timedelta

import pytest

from onrecall.domain.alert import Alert
from onrecall.grouping import ServiceGraph

from .board import Board
from .labelled import NOON
from .storm import DEPENDS, SERVICES, Shows, deliveries, storm

DECLARED = ServiceGraph.of(DEPENDS)
NOTHING = ServiceGraph()


def board_of_storm(topology: ServiceGraph, seed: int, *, shows: Shows = "nothing", own_names: bool = False) -> Board:
    board = Board(topology)
    for batch in deliveries(storm(seed, shows=shows, own_names=own_names), seed):
        board.hear(batch, NOON + timedelta(seconds=61))
    assert len(board.groups()) == 500
    return board


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("own_names", [False, True])
def test_with_declared_dependencies_one_incident(seed: int, own_names: bool) -> None:
    assert len(board_of_storm(DECLARED, seed, own_names=own_names).incidents) == 1


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("own_names", [False, True])
def test_with_dependencies_in_labels_one_incident(seed: int, own_names: bool) -> None:
    assert len(board_of_storm(NOTHING, seed, shows="upstream label", own_names=own_names).incidents) == 1


@pytest.mark.parametrize("seed", range(2))
def test_with_nothing_declared_services_that_fire_the_same_alerts_are_a_crowd(seed: int) -> None:
    assert len(board_of_storm(NOTHING, seed).incidents) == 1


def test_with_nothing_declared_and_nothing_in_common_each_service_is_an_incident() -> None:
    assert len(board_of_storm(NOTHING, 0, own_names=True).incidents) == len(SERVICES)


@pytest.mark.parametrize("seed", range(2))
def test_two_outages_at_once_stay_two(seed: int) -> None:
    """Two databases of the same cluster fail in the same minute, each with services of its own."""
    depends = {"front": ["a1", "b1"], "a1": ["a2"], "a2": ["a-db"], "b1": ["b2"], "b2": ["b-db"]}
    services = ("a1", "a2", "a-db", "b1", "b2", "b-db")
    alerts = [_of(one, services[n % 6]) for n, one in enumerate(storm(seed)[:300])]
    board = Board(ServiceGraph.of(depends))
    for batch in deliveries(alerts, seed):
        board.hear(batch, NOON + timedelta(seconds=61))
    services = [{one.service for one in kept.alerts.values()} for kept in board.incidents.values()]
    assert sorted(sorted(those) for those in services if those) == [["a-db", "a1", "a2"], ["b-db", "b1", "b2"]]


def _of(alert: Alert, service: str) -> Alert:
    name = {"a": "Ledger", "b": "Media"}[service[0]] + alert.title
    labels = {**alert.labels, "service": service, "alertname": name, "pod": f"{service}-{alert.labels['pod']}"}
    return replace(alert, service=service, title=name, description=f"{name} in {service}", labels=labels)

"""Records the figures of backtests: of the example history, of parts of it, and of flawed copies of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from onrecall.backtest.chronology import History
from onrecall.backtest.report_json import report_to_json
from onrecall.backtest.run import backtest
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident

from .knowledge import history

LEFT_OUT = {"seconds", "by_service", "by_month", "by_length", "by_severity"}
"""A measured time, and the same figures in slices."""
SHOP = {"checkout", "orders", "payments", "catalog", "web-frontend"}
Thing = Incident | Document


def record_figures() -> dict[str, Any]:
    """Returns the figures of every backtest."""
    return {name: _figures(select()) for name, select in SELECTIONS.items()}


def _figures(things: Sequence[Thing]) -> dict[str, Any]:
    report = report_to_json(backtest(History.of(things), None))
    return {name: value for name, value in report.items() if name not in LEFT_OUT}


def _examples(keep: Callable[[Incident], bool]) -> tuple[Incident, ...]:
    """The incidents of the example history that are kept, in the order of time."""
    incidents = (thing for thing in history("examples") if isinstance(thing, Incident) and keep(thing))
    return tuple(sorted(incidents, key=lambda incident: (incident.started_at, incident.id)))


def _shop() -> tuple[Incident, ...]:
    """The incidents of the services that shoppers see."""
    return _examples(lambda incident: incident.service in SHOP)


def _shop_changed(change: Callable[[Incident, int], Incident]) -> tuple[Incident, ...]:
    """The same incidents, each changed; the number is its place in time."""
    return tuple(change(incident, number) for number, incident in enumerate(_shop()))


def _without_label(incident: Incident, _: int) -> Incident:
    return replace(incident, resolution=incident.resolution and replace(incident.resolution, cause=None))


def _title_only(incident: Incident, _: int) -> Incident:
    return replace(incident, description="", labels={})


def _unresolved(incident: Incident, number: int) -> Incident:
    """Every third without a resolution."""
    if number % 3:
        return incident
    return replace(incident, resolution=None, status="open", resolved_at=None, links=())


def _without_steps(incident: Incident, _: int) -> Incident:
    return replace(incident, resolution=incident.resolution and replace(incident.resolution, steps=()))


SELECTIONS: Mapping[str, Callable[[], Sequence[Thing]]] = {
    "examples": lambda: history("examples"),
    "recurring-only": lambda: _examples(lambda incident: incident.id.startswith("INC-1")),
    "databases": lambda: _examples(lambda incident: (incident.service or "").endswith("-db")),
    "delivery-pipeline": lambda: _examples(lambda incident: incident.service == "ci"),
    "sign-in": lambda: _examples(lambda incident: incident.service in {"auth-service", "users-db", "session-cache"}),
    "shop": _shop,
    "shop-without-cause-labels": lambda: _shop_changed(_without_label),
    "shop-titles-only": lambda: _shop_changed(_title_only),
    "shop-every-third-unresolved": lambda: _shop_changed(_unresolved),
    "shop-without-steps": lambda: _shop_changed(_without_steps),
    "harbour": lambda: history("harbour"),
    "harbour-incidents-only": lambda: tuple(thing for thing in history("harbour") if isinstance(thing, Incident)),
    "nothing": lambda: (),
}
"""What each backtest replays."""

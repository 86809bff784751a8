"""Labelled scenarios: alerts, and the incidents that a person on call would want of them."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from onrecall.domain.alert import Alert
from onrecall.grouping import ServiceGraph

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
OWN = {"at", "ends", "heard", "name", "title", "text", "service", "env", "source", "key", "group", "each", "every"}


@dataclass(frozen=True)
class LabelledAlert:
    """An alert of a scenario, when it was first heard of, and the group it should end in."""

    alert: Alert
    at: datetime
    group: str


@dataclass(frozen=True)
class Scenario:
    name: str
    topology: ServiceGraph
    heard: tuple[LabelledAlert, ...]
    history: tuple[Alert, ...] = ()
    """Alerts that were heard before, each on its own."""


def scenarios(half: str) -> tuple[Scenario, ...]:
    """`tuning`, `held_out`, `undeclared` or `undeclared_held_out`."""
    read = yaml.safe_load((Path(__file__).parent / "scenarios" / f"{half}.yaml").read_text(encoding="utf-8"))
    return tuple(_scenario(one) for one in read)


def _scenario(told: Mapping[str, Any]) -> Scenario:
    shared = told.get("all", {})
    groups = {name: list(_labelled_alert(rows, name, shared)) for name, rows in told.get("groups", {}).items()}
    alone = (_labelled_alert([row], "", shared) for row in told.get("alone", ()))
    for n, one in enumerate(itertools.chain.from_iterable(alone)):
        groups[f"alone {n}"] = [LabelledAlert(one.alert, one.at, f"alone {n}")]
    heard = sorted((one for those in groups.values() for one in those), key=lambda one: (one.at, one.alert.key))
    return Scenario(told["name"], ServiceGraph.of(told.get("topology")), tuple(heard), _history(told.get("history")))


def _history(told: Mapping[str, Any] | None) -> tuple[Alert, ...]:
    if told is None:
        return ()
    rows = ({**told["labels"], "service": service, "text": told["text"]} for service in told["services"])
    return tuple(_alert({"name": "Before", "at": -90_000 + n * 4_000, **row}) for n, row in enumerate(rows))


def _labelled_alert(rows: list[Mapping[str, Any]], group: str, shared: Mapping[str, Any]) -> Iterator[LabelledAlert]:
    for row in rows:
        for one in _each({**shared, **row}):
            at = NOON + timedelta(seconds=one.get("heard", one["at"] + 1))
            yield LabelledAlert(_alert(one), at, group)


def _each(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    each = row.pop("each", None)
    if not each:
        yield row
        return
    ((name, values),) = each.items()
    for n, value in enumerate(range(values) if isinstance(values, int) else values):
        filled = {
            key: text.replace(f"{{{name}}}", str(value)) if isinstance(text, str) else text for key, text in row.items()
        }
        yield {**filled, "at": row["at"] + n * row["every"]}


def _alert(row: Mapping[str, Any]) -> Alert:
    labels = {key: str(value) for key, value in row.items() if key not in OWN}
    labels |= {
        name: row[key] for name, key in (("alertname", "name"), ("service", "service"), ("env", "env")) if key in row
    }
    ends = NOON + timedelta(seconds=row["ends"]) if "ends" in row else None
    return Alert(
        source=row.get("source", "alertmanager"),
        key=row.get("key") or "/".join(f"{key}={labels[key]}" for key in sorted(labels)),
        title=row.get("title", row["name"]),
        description=row["text"],
        starts_at=NOON + timedelta(seconds=row["at"]),
        ends_at=ends,
        service=row.get("service"),
        environment=row.get("env"),
        labels=labels,
        group=row.get("group"),
    )

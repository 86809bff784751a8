"""Records the plan of every grouping scenario: what joins, opens and merges, how, with which score and reasons."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from grouping.board import Board
from onrecall.domain.alert import Alert
from onrecall.grouping import GroupingPlan, ManualPairings, ServiceGraph, extract_features
from onrecall.grouping.background import Background, PastAlert
from onrecall.sources import SOURCES, WebhookRequest

from .knowledge import NOW
from .records import read_inputs


def record_plans() -> dict[str, Any]:
    """Returns the plans of every scenario, in the order of its deliveries."""
    return {scenario["name"]: list(_plans(scenario)) for scenario in read_inputs("grouping_plans")}


def _plans(scenario: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    people = scenario.get("people", {})
    board = Board(
        ServiceGraph.of(scenario.get("topology")),
        ManualPairings(
            {frozenset(pair): True for pair in people.get("join", ())}
            | {frozenset(pair): False for pair in people.get("part", ())}
        ),
    )
    board.background = _background(scenario.get("before"))
    for delivery in scenario["deliveries"]:
        now = _moment(delivery["at"])
        alerts = alerts_of(delivery)
        board.pass_time(now)
        for incident in delivery.get("touched", ()):
            board.incidents[incident].by_hand = True
        known = [alert for alert in alerts if (alert.source, alert.key, alert.starts_at) in board.groups()]
        yield {
            "at": delivery["at"],
            **_described(board.hear(alerts, now), [alert for alert in alerts if alert not in known]),
        }


def alerts_of(delivery: Mapping[str, Any]) -> list[Alert]:
    """Returns the alerts of a delivery, read by its source; rows are put into an Alertmanager webhook."""
    source = delivery.get("source", "alertmanager")
    body = delivery["payload"] if "payload" in delivery else json.dumps(alertmanager_webhook(delivery))
    signals = SOURCES[source].parse(WebhookRequest(body.encode()), _moment(delivery["at"])).signals
    return [signal for signal in signals if isinstance(signal, Alert)]


def alertmanager_webhook(delivery: Mapping[str, Any], start: datetime = NOW) -> dict[str, Any]:
    """Returns the webhook that Alertmanager posts for rows of `begin`, `end` (seconds), `labels` and annotations."""
    alerts = [_webhook_alert(row, delivery.get("labels", {}), start) for row in delivery["alerts"]]
    return {
        "version": "4",
        "groupKey": delivery.get("group", "{}:{}"),
        "status": "firing",
        "receiver": "onrecall",
        "alerts": alerts,
    }


def _webhook_alert(row: Mapping[str, Any], labels: Mapping[str, str], start: datetime) -> dict[str, Any]:
    end = row.get("end")
    begin = start + timedelta(seconds=row["begin"])
    return {
        "status": "resolved" if end is not None else "firing",
        "labels": {**labels, **row["labels"]},
        "annotations": {name: row[name] for name in ("summary", "description") if name in row},
        "startsAt": begin.isoformat(),
        "endsAt": (start + timedelta(seconds=end)).isoformat() if end is not None else "0001-01-01T00:00:00Z",
        **({"fingerprint": row["fingerprint"]} if "fingerprint" in row else {}),
    }


def _background(before: Mapping[str, Any] | None) -> Background:
    """What alerts before had in common: one a service, each in an incident of its own."""
    if before is None:
        return Background()
    rows = [
        {
            "begin": -90_000 + 4_000 * number,
            "labels": {**before["labels"], "service": service},
            "description": before["description"],
        }
        for number, service in enumerate(before["services"])
    ]
    alerts = alerts_of({"at": 0, "alerts": rows})
    return Background(PastAlert(extract_features(alert), f"OLD-{number}") for number, alert in enumerate(alerts))


def _described(plan: GroupingPlan, alerts: Sequence[Alert]) -> dict[str, Any]:
    """The plan by names: alerts by title, service and start, in place of their numbers in the batch."""
    return {
        "joins": [
            {"incident": join.incident_id, "reopens": join.reopens, **_placement(join, alerts)} for join in plan.joins
        ],
        "opens": [[_placement(member, alerts) for member in opening.members] for opening in plan.opens],
        "merges": [
            {"gone": merge.from_id, "into": merge.into_id, "score": merge.score, "reasons": merge.reasons}
            for merge in plan.merges
        ],
        "set_aside": [{"alert": _name(alerts[quiet.alert_id]), "reasons": quiet.reasons} for quiet in plan.quiet],
    }


def _placement(member: Any, alerts: Sequence[Alert]) -> dict[str, Any]:
    return {
        "alert": _name(alerts[member.alert_id]),
        "how": member.joined_by,
        "score": member.score,
        "reasons": member.reasons,
    }


def _name(alert: Alert) -> str:
    return f"{alert.title} | {alert.service or '-'} | {alert.starts_at:%d %H:%M:%S}"


def _moment(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)

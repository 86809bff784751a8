"""Manual decisions: which kinds of alerts people merged, and which they split."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from onrecall.domain.alert import Alert

_VARYING_PART = re.compile(r"\d+(?:[.,:]\d+)*|\b(?=[0-9a-f-]*\d)[0-9a-f-]{6,}\b", re.IGNORECASE)
_NAMES = ("alertname", "alert_name", "monitor", "rule", "error_type")
LONGEST = 300
"""Longest name that is compared, in characters."""

Kinds = frozenset[str]
"""Two kinds of alerts, in no order."""


def kind_of(alert: Alert) -> str:
    """Return the kind of an alert regardless of the instance: source, name, service, environment."""
    return "|".join((alert.source, alert_name(alert), (alert.service or "").casefold(), environment_of(alert)))


def alert_name(alert: Alert) -> str:
    """Return the alert's name: that of its rule, else its title without varying parts."""
    for label in _NAMES:
        if rule_name := alert.labels.get(label, "").strip():
            return rule_name[:LONGEST]
    return " ".join(_VARYING_PART.sub("·", alert.title[:LONGEST]).split()).casefold()


def environment_of(alert: Alert) -> str:
    """Return the canonical environment; empty if unknown."""
    return canonical_environment(alert.environment)


def canonical_environment(environment: str | None) -> str:
    """Return the canonical name of an environment; empty if unknown."""
    name = (environment or "").strip().casefold()
    return _ENVIRONMENT_ALIASES.get(name, name)


_ENVIRONMENT_ALIASES = {
    "prod": "production",
    "prd": "production",
    "live": "production",
    "stage": "staging",
    "stg": "staging",
}


@dataclass(frozen=True, slots=True)
class ManualPairings:
    """Pairs of kinds, and whether they belong together."""

    together: Mapping[Kinds, bool] = field(default_factory=dict)

    def decision(self, kind: str, other_kind: str) -> bool | None:
        """Return whether people merged these kinds (True) or split them (False); None if they never decided."""
        return self.together.get(frozenset((kind, other_kind)))


def manual_pairs(alerts: Iterable[Alert], other_alerts: Iterable[Alert]) -> frozenset[Kinds]:
    """Return the pairs to remember when people merge or split two sets of alerts.

    Kinds on both sides do not distinguish the sets, so they are left out.
    """
    kinds, other_kinds = {kind_of(alert) for alert in alerts}, {kind_of(alert) for alert in other_alerts}
    shared_kinds = kinds & other_kinds
    return frozenset(
        frozenset((kind, other_kind)) for kind in kinds - shared_kinds for other_kind in other_kinds - shared_kinds
    )

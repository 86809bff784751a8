"""What people did by hand: which kinds of alerts they put together, and which they took apart."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from onrecall.domain.alert import Alert

_VARYING_PART = re.compile(r"\d+(?:[.,:]\d+)*|\b(?=[0-9a-f-]*\d)[0-9a-f-]{6,}\b", re.IGNORECASE)
_NAMES = ("alertname", "alert_name", "monitor", "rule", "error_type")
LONGEST = 300
"""Characters of a name that are compared."""

Kinds = frozenset[str]
"""Two kinds of alerts, in no order."""


def kind_of(alert: Alert) -> str:
    """What kind of alert it is whatever instance it is about: sender, name, service, environment."""
    return "|".join((alert.source, alert_name(alert), (alert.service or "").casefold(), environment_of(alert)))


def alert_name(alert: Alert) -> str:
    """The alert's name: its rule's where the sender says it, else its title without what changes from time to time."""
    for label in _NAMES:
        if rule_name := alert.labels.get(label, "").strip():
            return rule_name[:LONGEST]
    return " ".join(_VARYING_PART.sub("·", alert.title[:LONGEST]).split()).casefold()


def environment_of(alert: Alert) -> str:
    """The environment as it is compared, empty where it is not known."""
    return canonical_environment(alert.environment)


def canonical_environment(environment: str | None) -> str:
    """Returns an environment as environments are compared, empty where it is not known."""
    name = (environment or "").strip().casefold()
    return _ENVIRONMENT_ALIASES.get(name, name)


_ENVIRONMENT_ALIASES = {"prod": "production", "prd": "production", "live": "production", "stage": "staging", "stg": "staging"}


@dataclass(frozen=True, slots=True)
class ManualPairings:
    """Pairs of kinds, and whether they belong together."""

    together: Mapping[Kinds, bool] = field(default_factory=dict)

    def decision(self, kind: str, other_kind: str) -> bool | None:
        """Whether people put these kinds together (True) or took them apart (False); None: they never said."""
        return self.together.get(frozenset((kind, other_kind)))


def manual_pairs(alerts: Iterable[Alert], other_alerts: Iterable[Alert]) -> frozenset[Kinds]:
    """The pairs to remember when people merge two sets of alerts, or take them apart.

    A kind that is on both sides tells neither from the other, so nothing is remembered of it.
    """
    kinds, other_kinds = {kind_of(alert) for alert in alerts}, {kind_of(alert) for alert in other_alerts}
    shared_kinds = kinds & other_kinds
    return frozenset(frozenset((kind, other_kind)) for kind in kinds - shared_kinds for other_kind in other_kinds - shared_kinds)

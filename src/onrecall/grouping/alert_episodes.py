"""Natural keys: the incident that an alert is already in, and the episodes of one alert."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from onrecall.domain.alert import Alert
from onrecall.grouping.plan import AlertId, How, OpenIncident
from onrecall.grouping.rules import GroupingRules

Key = tuple[str, str]
SLOW_FLAPS = 2
"""Number of own incidents after which an alert counts as slowly flapping."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert with its ids in the batch: the same message may occur several times."""

    alert: Alert
    alert_ids: tuple[AlertId, ...]


@dataclass(frozen=True, slots=True)
class ExistingIncident:
    """The incident that an alert belongs to by its key."""

    incident: OpenIncident
    joined_by: How
    reason: str


@dataclass(frozen=True, slots=True)
class AlertEpisodes:
    """Consecutive episodes of one alert, and the incidents they are in, if any."""

    episodes: tuple[Episode, ...]
    incidents: tuple[ExistingIncident | None, ...]

    @property
    def incident(self) -> ExistingIncident | None:
        """The first incident that any of them is in."""
        return next((home for home in self.incidents if home), None)

    @property
    def has_no_start(self) -> bool:
        """Whether it consists of ends only, whose start was never reported."""
        return all(episode.alert.status == "resolved" and not episode.alert.starts_known for episode in self.episodes)


def end_time(alert: Alert) -> datetime:
    """Return the latest time at which the alert is known to have been active."""
    return max(alert.starts_at, alert.ends_at or alert.starts_at)


def split_by_flap(
    alerts: Mapping[AlertId, Alert], incidents: Iterable[OpenIncident], rules: GroupingRules
) -> Iterator[AlertEpisodes]:
    """Split the alerts of each key where an alert was quiet for longer than the flap interval."""
    keyed: dict[Key, list[OpenIncident]] = defaultdict(list)
    for incident in incidents:
        for key in incident.alert_keys | {(sample_alert.source, sample_alert.key) for sample_alert in incident.alerts}:
            keyed[key].append(incident)
    for key, episodes in sorted(_episodes(alerts).items()):
        yield from _split_run(episodes, keyed.get(key, ()), rules)


def _episodes(alerts: Mapping[AlertId, Alert]) -> Mapping[Key, list[Episode]]:
    """Return each episode once, by the latest message about it."""
    messages: dict[tuple[str, str, datetime], list[AlertId]] = defaultdict(list)
    for alert_id, alert in alerts.items():
        messages[alert.source, alert.key, alert.starts_at].append(alert_id)
    episodes: dict[Key, list[Episode]] = defaultdict(list)
    for (source, key, _), alert_ids in sorted(messages.items()):
        latest = max((alerts[alert_id] for alert_id in alert_ids), key=_report_order)
        episodes[source, key].append(Episode(latest, tuple(alert_ids)))
    return episodes


def _report_order(alert: Alert) -> tuple[float, bool, str]:
    return alert.told_at.timestamp() if alert.told_at else 0.0, alert.status == "resolved", repr(alert)


def _split_run(
    episodes: Sequence[Episode], incidents: Sequence[OpenIncident], rules: GroupingRules
) -> Iterator[AlertEpisodes]:
    """Split at long pauses; an alert split repeatedly within a short time flaps slowly, and is not split again."""
    run: list[Episode] = []
    homes: list[ExistingIncident | None] = []
    until: datetime | None = None
    chains_so_far = 1
    for episode in episodes:
        home = _existing_incident(episode.alert, incidents, rules)
        known_home = next((earlier_home for earlier_home in homes if earlier_home), None)
        quiet = rules.slow_flap if chains_so_far >= SLOW_FLAPS else rules.flap
        far = until is not None and episode.alert.starts_at - until > quiet
        if run and (far or (home and known_home and home.incident is not known_home.incident)):
            yield AlertEpisodes(tuple(run), tuple(homes))
            near = until is not None and episode.alert.starts_at - until <= rules.slow_flap
            chains_so_far = chains_so_far + 1 if near else 1
            run, homes = [], []
        run.append(episode)
        homes.append(home)
        until = max(end_time(episode.alert), until) if until else end_time(episode.alert)
    if run:
        yield AlertEpisodes(tuple(run), tuple(homes))


def _existing_incident(
    alert: Alert, incidents: Sequence[OpenIncident], rules: GroupingRules
) -> ExistingIncident | None:
    """Return the newest open incident with the alert, else the newest that was resolved shortly before."""
    homes = [home for incident in incidents if (home := _fits(alert, incident, rules))]
    if not homes and (flapping_home := _slow_flap(alert, incidents, rules)):
        return flapping_home
    return max(
        homes,
        key=lambda home: (home.incident.status != "resolved", home.incident.started_at, home.incident.id),
        default=None,
    )


def _slow_flap(alert: Alert, incidents: Sequence[OpenIncident], rules: GroupingRules) -> ExistingIncident | None:
    """Return the newest incident of an alert that began and ended several times by itself within a short time.

    It opens two incidents; from the third time on it is known to flap, and joins the second.
    """
    over_before = [
        incident
        for incident in incidents
        if incident.resolved_at and not incident.by_hand and incident.resolved_at < alert.starts_at
    ]
    ordered = sorted(over_before, key=lambda incident: (incident.started_at, incident.id))
    if alert.status != "firing" or len(ordered) < SLOW_FLAPS or len(ordered) != len(incidents):
        return None
    starts = [*(incident.started_at for incident in ordered[-SLOW_FLAPS + 1 :]), alert.starts_at]
    ends = [incident.resolved_at for incident in ordered[-SLOW_FLAPS:] if incident.resolved_at]
    if any(start - end > rules.slow_flap for start, end in zip(starts, ends, strict=True)):
        return None
    return ExistingIncident(ordered[-1], "flapping", f"the same alert has begun and ended {len(ordered)} times before")


def _fits(alert: Alert, incident: OpenIncident, rules: GroupingRules) -> ExistingIncident | None:
    if alert.status == "resolved" and incident.started_at - end_time(alert) > rules.flap:
        return None
    if incident.status != "resolved":
        return ExistingIncident(incident, "key", "the incident already has the same alert")
    if incident.resolved_at is None:
        return None
    if alert.starts_at <= incident.resolved_at:
        return ExistingIncident(
            incident, "key", "the incident has the same alert, and this one began before the incident ended"
        )
    if not incident.by_hand and alert.starts_at - incident.resolved_at <= rules.flap:
        return ExistingIncident(incident, "flapping", "the same alert fires again shortly after its end")
    return None

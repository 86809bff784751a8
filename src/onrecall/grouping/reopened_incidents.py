"""When an alert that fires again reopens its incident: if its alerts alone resolved it, however long ago that was.

Which incident is its own, and for how long a flapping alert stays in it, is decided in `alert_episodes.py`.
"""

from onrecall.domain.alert import Alert
from onrecall.grouping.alert_episodes import AlertEpisodes
from onrecall.grouping.plan import OpenIncident


def reopens(run: AlertEpisodes) -> bool:
    """Return whether an episode of an alert reopens the incident that the alert is in."""
    return any(
        home is not None and is_reopened_by(episode.alert, home.incident)
        for episode, home in zip(run.episodes, run.incidents, strict=True)
    )


def is_reopened_by(alert: Alert, incident: OpenIncident) -> bool:
    """Return whether an alert reopens an incident that was resolved by its alerts alone."""
    return incident.status == "resolved" and not incident.by_hand and alert.status == "firing"

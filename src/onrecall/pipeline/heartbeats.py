"""The dead man's switch: a missing heartbeat raises an alert, which is resolved when the heartbeat is back."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from onrecall.domain.alert import Alert, InboundEvent
from onrecall.sources.purposes import is_constant
from onrecall.storage import IngestBatch, Storage
from onrecall.storage.heartbeats import Heartbeat

SOURCE = "onrecall"
"""Source of the alerts that OnRecall raises itself."""
UNKNOWN_RHYTHM_PATIENCE = timedelta(hours=12)
"""Patience while the rhythm is not known yet: Alertmanager repeats every four hours by default."""
MIN_BEATS = 3
"""Number of beats from which the rhythm is considered known."""
MISSED_GAPS = 3
"""A heartbeat is missing after this many times its usual gap."""
MIN_PATIENCE = timedelta(minutes=5)


class DeadMansSwitch:
    """Watches heartbeats. Absence counts from startup at the earliest, as a stopped OnRecall receives nothing."""

    def __init__(self, store: Storage, clock: Callable[[], datetime], patience: Mapping[str, timedelta]) -> None:
        self._store = store
        self._clock = clock
        self._patience = patience
        self._watching_since = clock()

    def record_beats(self, signals: Iterable[InboundEvent]) -> None:
        """Record the heartbeats among the received events, in a separate transaction: a lost beat comes again."""
        beats = [signal for signal in signals if isinstance(signal, Alert) and is_constant(signal)]
        if beats:
            self._store.heartbeats.hear(beats, self._clock())

    def run(self) -> int:
        """Raise alerts for missing heartbeats and resolve those that are back; returns how many changed."""
        now, changed = self._clock(), 0
        for heartbeat in self._store.heartbeats.all():
            if heartbeat.missing_since is None and self._is_missing(heartbeat, now):
                self._receive(self._alert(heartbeat, heartbeat.last_at, now), now)
                self._store.heartbeats.mark_missing(heartbeat)
                changed += 1
            elif heartbeat.missing_since is not None and _is_back(heartbeat):
                self._end(heartbeat, heartbeat.missing_since, now, "the heartbeat arrived again")
                self._store.heartbeats.mark_back(heartbeat)
                changed += 1
        return changed

    def due_after(self, heartbeat: Heartbeat) -> timedelta | None:
        """Return how long it may stay away; None if the operator disabled the check."""
        chosen = self._patience.get(heartbeat.source, self._patience.get("default"))
        if chosen is not None:
            return chosen or None
        if heartbeat.beats < MIN_BEATS:
            return UNKNOWN_RHYTHM_PATIENCE
        return max(MIN_PATIENCE, MISSED_GAPS * heartbeat.usual)

    def forget(self, source: str, key: str) -> Heartbeat:
        """Stop expecting a heartbeat until it is received again, and resolve its alert. Raises NotFound."""
        heartbeat = self._store.heartbeats.forget(source, key)
        if heartbeat.missing_since is not None:
            self._end(heartbeat, heartbeat.missing_since, self._clock(), "a person no longer expects this heartbeat")
        return heartbeat

    def _is_missing(self, heartbeat: Heartbeat, now: datetime) -> bool:
        patience = self.due_after(heartbeat)
        if patience is None:
            return False
        return heartbeat.ended or now - max(heartbeat.last_at, self._watching_since) > patience

    def _end(self, heartbeat: Heartbeat, since: datetime, now: datetime, reason: str) -> None:
        self._receive(self._alert(heartbeat, since, now, reason), now)

    def _alert(self, heartbeat: Heartbeat, since: datetime, now: datetime, over: str | None = None) -> Alert:
        title = f"{heartbeat.title} of {heartbeat.source} is silent: alerts may not get through"
        cause = "its source reported its end" if heartbeat.ended else f"it last arrived at {_format_time(since)}"
        return Alert(
            source=SOURCE,
            key=f"heartbeat:{heartbeat.source}:{heartbeat.key}"[:500],
            title=title[:300],
            description=f"The heartbeat {heartbeat.title!r} fires as long as alerting works, and {cause}.",
            starts_at=since,
            status="resolved" if over else "firing",
            ends_at=now if over else None,
            service=heartbeat.service,
            environment=heartbeat.environment,
            severity="critical",
            labels=heartbeat.labels | {"alertname": "HeartbeatMissing", "severity": "critical"},
            told_at=now,
            end_reason=over or "",
        )

    def _receive(self, alert: Alert, now: datetime) -> None:
        self._store.ingest.store([IngestBatch(SOURCE, (alert,), is_retry=True)], now)


def _is_back(heartbeat: Heartbeat) -> bool:
    assert heartbeat.missing_since is not None
    return not heartbeat.ended and heartbeat.last_at > heartbeat.missing_since


def _format_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"

"""What sources send: alerts, changes, notes, acknowledgements. Nothing here knows a source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from onrecall.domain.incident import Severity

AlertStatus = Literal["firing", "resolved"]
ChangeKind = Literal["deployment", "configuration", "other"]
Purpose = Literal["incident", "test", "heartbeat", "planned", "informational"]
"""What an alert is sent for. Only `incident` opens one: a test of the sender, a signal that is always there, planned
work and good news are kept and listed, and nobody is notified of them."""
AlertLinkKind = Literal["runbook", "dashboard", "generator", "silence", "source"]
"""What a link of an alert leads to; `source` is the alert itself at its sender, and whatever is not known better."""


@dataclass(frozen=True, slots=True)
class AlertLink:
    """Where people can look, as an alert's sender says."""

    url: str
    """Only http and https."""
    kind: AlertLinkKind = "source"


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode of one alert, from when it began to fire until it ends. Its natural key: source, key, starts_at."""

    source: str
    """Who sent it: `alertmanager`, `grafana`, `pagerduty`, …"""
    key: str
    """What the sender knows the alert by, the same for every episode: a fingerprint, a dedup key, an issue's number."""
    title: str
    starts_at: datetime
    status: AlertStatus = "firing"
    description: str = ""
    service: str | None = None
    environment: str | None = None
    severity: Severity = "unknown"
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    ends_at: datetime | None = None
    """When it ended; None while it fires, and where the sender did not say."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Measured numbers by name, such as `baseline`, `current`, `spike_percent`, in the sender's units."""
    links: tuple[str, ...] = ()
    """Where people can look: dashboards, runbooks, the alert itself. Only http and https."""
    group: str | None = None
    """What the sender itself groups by (Alertmanager's groupKey, an incident's id); a hint, never a command."""
    told_at: datetime | None = None
    """When the sender said this, where it says so: of two messages about one episode the later one counts."""
    starts_known: bool = True
    """False where the sender gave no start of the episode: `starts_at` is then that of this message, or when we heard
    of it, and an episode that is open stays the same one until it is resolved."""
    link_kinds: Mapping[str, AlertLinkKind] = field(default_factory=dict)
    """What the links lead to, by the link; one that is absent is a `source`."""
    purpose: Purpose = "incident"
    purpose_reason: str = ""
    """Why it is no incident, in words for people."""
    identity: str | None = None
    """A digest of what it is about (host and check, monitor, rule), for a sender whose key is another at the end."""
    expires_after: timedelta | None = None
    """For a sender that never says when an alert is over: it is, once nothing was heard of it for so long."""
    end_reason: str = ""
    """Why it is over where its sender did not say so."""
    end_description: str = ""
    """What the sender wrote when it ended, where that differs from the description, which is of when it fired."""
    described_at: datetime | None = None
    """When the message was sent whose title, description, severity and purpose an ended alert keeps: the newest one
    that fires."""
    continues: str | None = None
    """The incident that a person resolved while the alert went on firing: this episode goes on after it."""
    problems: tuple[str, ...] = ()
    """What of the message could not be read, each naming its field."""
    one_at_a_time: bool = False
    """Whether its sender has at most one alert of a key at a time, as Alertmanager has of a fingerprint: a later start
    means that the episode before is over. True only of a message; not stored."""

    @property
    def text(self) -> str:
        """The title, then the description."""
        return f"{self.title}\n{self.description}".strip()

    @property
    def was_firing(self) -> bool:
        """Whether it was heard of while it fired; otherwise only its end was, and its text is of the end."""
        return self.status == "firing" or self.described_at is not None


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """Something was changed on purpose, such as a deployment; shown beside an incident that began soon after it."""

    source: str
    key: str
    title: str
    at: datetime
    kind: ChangeKind = "other"
    service: str | None = None
    environment: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """What a person wrote about an alert or an incident at its sender."""

    source: str
    key: str
    """The key of the alert that it is about."""
    id: str
    """The sender's own id of the note, so that it is kept once."""
    text: str
    at: datetime
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody at the sender looks at an alert."""

    source: str
    key: str
    at: datetime
    by: str | None = None


InboundEvent = Alert | ChangeEvent | Note | Acknowledgement
"""One event parsed from a webhook: an alert, a change, a note or an acknowledgement."""

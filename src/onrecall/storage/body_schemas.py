"""Schemas of the JSON bodies of alerts, reports and changes, checked when an archive is loaded."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, ConfigDict

from onrecall.domain.alert import AlertLinkKind, ChangeKind
from onrecall.domain.incident import ActionItem, Severity, TimelineEntry

NO_EXTRA_FIELDS = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class AlertBody:
    """Alert fields without a column; empty ones are left out."""

    __pydantic_config__: ClassVar[Any] = NO_EXTRA_FIELDS
    title: str
    severity: Severity
    description: str = ""
    environment: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    ends_at: AwareDatetime | None = None
    values: dict[str, float] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    group: str | None = None
    starts_known: Literal[False] = False
    link_kinds: dict[str, AlertLinkKind] = field(default_factory=dict)
    purpose_reason: str = ""
    end_reason: str = ""
    end_description: str = ""
    described_at: AwareDatetime | None = None
    continues: str | None = None
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class IncidentReportBody:
    """Postmortem fields of an incident without a column."""

    __pydantic_config__: ClassVar[Any] = NO_EXTRA_FIELDS
    impact: str | None = None
    detection: str | None = None
    trigger: str | None = None
    contributing_factors: str | None = None
    timeline: list[TimelineEntry] = field(default_factory=list)
    action_items: list[ActionItem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ChangeBody:
    """Change fields without a column."""

    __pydantic_config__: ClassVar[Any] = NO_EXTRA_FIELDS
    title: str
    kind: ChangeKind
    environment: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

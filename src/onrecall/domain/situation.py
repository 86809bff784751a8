"""What a person asks about, put as a situation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import EvidenceKind


@dataclass(frozen=True, slots=True)
class Filter:
    """Recall only what fits all that is given here."""

    kind: EvidenceKind | None = None
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is going on now, as far as somebody or something told us.

    Service and labels are signals: the same fault in another service is worth knowing. `only` filters.
    """

    text: str
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    only: Filter = Filter()
    as_of: datetime | None = None
    """Use only what was known at this time."""
    exclude: frozenset[str] = frozenset()
    """Ids that must not be recalled: the incident itself, to begin with."""
    began_at: datetime | None = None
    """When it began; only what began earlier is a precedent. None: now."""


def make_situation(
    text: str,
    service: str | None = None,
    labels: dict[str, str] | None = None,
    only: Filter | None = None,
    as_of: datetime | None = None,
) -> Situation:
    """Return what a person describes as a situation. Raises Invalid if the text is empty."""
    if not text.strip():
        raise Invalid("the text is empty; describe the problem, or paste an alert or log lines", "text")
    return Situation(text=text, service=service, labels=labels or {}, only=only or Filter(), as_of=as_of)

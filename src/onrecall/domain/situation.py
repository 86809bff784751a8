"""What a person asks about, put as a situation."""

from datetime import datetime

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Filter, Situation


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

"""Options that several commands share, and how their values are read."""

import re
from datetime import datetime, timedelta
from typing import Annotated

import typer

from onrecall.cli.arguments import text_of
from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.situation import Filter, Situation, make_situation

SPAN = re.compile(r"(\d{1,6})([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST_SPAN = timedelta(days=36_500)
EXAMPLE_TIME = "2026-03-01T08:00:00Z"
Service = Annotated[str | None, typer.Option(help="Affected service; a signal, not a filter.")]
Labels = Annotated[list[str] | None, typer.Option("--label", help="A label as name=value; may be repeated.")]
OnlyKind = Annotated[EvidenceKind | None, typer.Option(help="Recall only incidents, or only documents.")]
OnlyService = Annotated[str | None, typer.Option(help="Recall only evidence of this service.")]
AsOf = Annotated[str | None, typer.Option(help="Use only what was known at this time, such as 2026-03-01T08:00:00Z.")]
Limit = Annotated[int, typer.Option(min=1, max=50, help="Maximum amount of evidence.")]
Text = Annotated[str, typer.Argument(help="A description, an alert, or log lines; - reads standard input.")]


def situation_from(
    text: str,
    service: str | None,
    labels: list[str] | None,
    kind: EvidenceKind | None,
    only_service: str | None,
    as_of: str | None,
) -> Situation:
    only = Filter(kind=kind, service=only_service)
    return make_situation(text_of(text), service, parse_labels(labels), only, parse_time(as_of, "as-of"))


def parse_span(text: str, option: str) -> timedelta:
    """Return the span that a text such as 24h names, at most a hundred years. Raises Invalid."""
    match = SPAN.fullmatch(text)
    if match is None:
        raise Invalid(f"--{option} {text}: give a span such as 30m, 24h, 90d or 12w", option)
    span = timedelta(**{UNITS[match[2]]: int(match[1])})
    if span > LONGEST_SPAN:
        raise Invalid(f"--{option} {text}: give a span of at most a hundred years", option)
    return span


def parse_end(text: str, option: str, start: datetime) -> datetime:
    """Return the moment that an option names: a time with a zone, or a span after the start. Raises Invalid."""
    return start + parse_span(text, option) if SPAN.fullmatch(text) else _parse_time_beside_span(text, option)


def since_of(text: str | None, now: datetime) -> datetime | None:
    """Return the moment that `--since` names: a time with a zone, or a span before now. Raises Invalid."""
    if text is None:
        return None
    return now - parse_span(text, "since") if SPAN.fullmatch(text) else _parse_time_beside_span(text, "since")


def parse_labels(texts: list[str] | None) -> dict[str, str]:
    labels = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (equals and name):
            raise Invalid(f"--label {text}: give it as name=value", "label")
        labels[name] = value
    return labels


def parse_time(text: str | None, option: str) -> datetime | None:
    """Return the time with a zone that an option names, None without one. Raises Invalid."""
    return None if text is None else _parse_time(text, option, f"give a time such as {EXAMPLE_TIME}")


def _parse_time_beside_span(text: str, option: str) -> datetime:
    return _parse_time(text, option, f"give a time such as {EXAMPLE_TIME}, or a span such as 24h")


def _parse_time(text: str, option: str, fix: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"--{option} {text}: {fix}", option) from error
    if at.tzinfo is None:
        raise Invalid(f"--{option} {text}: add a time zone, such as {text}Z", option)
    return at

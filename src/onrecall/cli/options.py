"""Options that several commands share, and how their values are read."""

from datetime import datetime
from typing import Annotated

import typer

from onrecall.cli.arguments import text_of
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import EvidenceKind, Filter, Situation
from onrecall.pipeline.service import situation

Service = Annotated[str | None, typer.Option(help="Affected service; a signal, not a filter.")]
Labels = Annotated[list[str] | None, typer.Option("--label", help="A label as name=value; may be repeated.")]
OnlyKind = Annotated[EvidenceKind | None, typer.Option(help="Recall only incidents, or only documents.")]
OnlyService = Annotated[str | None, typer.Option(help="Recall only evidence of this service.")]
AsOf = Annotated[str | None, typer.Option(help="Use only what was known then, such as 2026-03-01T08:00:00Z.")]
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
    return situation(text_of(text), service, labels_of(labels), only, time_of(as_of, "as-of"))


def labels_of(given: list[str] | None) -> dict[str, str]:
    labels = {}
    for one in given or ():
        name, equals, value = one.partition("=")
        if not (equals and name):
            raise Invalid(f"--label {one}: give it as name=value", "label")
        labels[name] = value
    return labels


def time_of(given: str | None, option: str) -> datetime | None:
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise Invalid(f"--{option} {given}: give a time such as 2026-03-01T08:00:00Z", option) from error
    if at.tzinfo is None:
        raise Invalid(f"--{option} {given}: add a time zone, such as {given}Z", option)
    return at

"""`onrecall usage`: what models were used for."""

from typing import Annotated

import typer
from rich.table import Table

from onrecall.bootstrap.app import open_app
from onrecall.cli.arguments import Json
from onrecall.cli.console import out, print_line
from onrecall.cli.output import print_json
from onrecall.domain.control_characters import strip_control_characters
from onrecall.domain.count_noun import count_noun
from onrecall.schemas.usage import UsageOut


def usage(
    days: Annotated[int, typer.Option(min=1, max=366, help="Number of days to look back.")] = 30, as_json: Json = False
) -> None:
    """Show the use of models: calls, tokens, cost, rejected drafts and skipped providers."""
    with open_app() as context:
        report = UsageOut.of(context.memory.refiner.usage(days))
    if as_json:
        print_json(report.to_json())
        return
    _print_usage(report)


def _print_usage(report: UsageOut) -> None:
    models = ", ".join(f"{model.role} {model.model}" for model in report.models)
    print_line(models or "no model is configured: answers are made without one")
    budget = "without a daily budget" if report.daily_budget_usd is None else f"of {report.daily_budget_usd:g} a day"
    print_line(
        f"dollars today: {_format_dollars(report.spent_today_usd)} {budget}; "
        f"at most {count_noun(report.calls_per_minute, 'call')} a minute"
    )
    for breaker in report.breakers:
        until = f" until {breaker.until:%H:%M:%S} UTC" if breaker.until and breaker.state == "open" else ""
        print_line(f"{breaker.provider}: {breaker.state.replace('_', ' ')}{until}")
    if not report.days:
        return
    table = Table("day", "model", "calls", "accepted", "rejected", "failed", "tokens in", "out", "dollars", "ms")
    for use in report.days:
        counts = (use.calls, use.accepted, use.rejected, use.failed, use.input_tokens, use.output_tokens)
        latency = "" if use.mean_latency_ms is None else f"{use.mean_latency_ms:.0f}"
        name = strip_control_characters(f"{use.provider}:{use.model}")
        table.add_row(use.day, name, *map(str, counts), _format_dollars(use.cost_usd), latency)
    out.print(table)


def _format_dollars(cost: float | None) -> str:
    return "not known" if cost is None else f"{cost:.6f}"

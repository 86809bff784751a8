"""`onrecall usage`: what models were used for."""

import json
from typing import Annotated

import typer
from rich.table import Table

from onrecall.bootstrap.app import open_app
from onrecall.cli.arguments import Json
from onrecall.cli.console import out, say
from onrecall.cli.terminal import inert
from onrecall.schemas.usage import UsageOut


def usage(
    days: Annotated[int, typer.Option(min=1, max=366, help="Number of days to look back.")] = 30, as_json: Json = False
) -> None:
    """Show the use of models: calls, tokens, cost, rejected drafts and skipped providers."""
    with open_app() as home:
        found = UsageOut.of(home.memory.refining.usage(days))
    if as_json:
        typer.echo(json.dumps(found.plain(), ensure_ascii=False, indent=2))
        return
    _show(found)


def _show(found: UsageOut) -> None:
    named = ", ".join(f"{one.role} {one.model}" for one in found.models)
    say(named or "no model is configured: answers are made without one")
    budget = "no daily budget" if found.daily_budget_usd is None else f"of {found.daily_budget_usd:g} dollars a day"
    say(f"today {_dollars(found.spent_today_usd)} {budget}, at most {found.calls_per_minute} calls a minute")
    for breaker in found.breakers:
        until = f" until {breaker.until:%H:%M:%S} UTC" if breaker.until and breaker.state == "open" else ""
        say(f"{breaker.provider}: {breaker.state.replace('_', ' ')}{until}")
    if not found.days:
        return
    table = Table("day", "model", "calls", "accepted", "rejected", "failed", "tokens in", "out", "dollars", "ms")
    for one in found.days:
        counts = (one.calls, one.accepted, one.rejected, one.failed, one.input_tokens, one.output_tokens)
        latency = "" if one.mean_latency_ms is None else f"{one.mean_latency_ms:.0f}"
        name = inert(f"{one.provider}:{one.model}")
        table.add_row(one.day, name, *map(str, counts), _dollars(one.cost_usd), latency)
    out.print(table)


def _dollars(cost: float | None) -> str:
    return "not known" if cost is None else f"{cost:.6f}"

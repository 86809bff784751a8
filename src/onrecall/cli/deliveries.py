"""`onrecall deliveries`: what was told on which channel, what waits, and what was given up."""

import json
from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.domain.errors import Conflict, OnRecallError
from onrecall.schemas.deliveries import DeliveryOut

app = typer.Typer(help="List deliveries to channels, and resend them.", no_args_is_help=True)
STYLE = {"pending": "yellow", "sent": "green", "dead": "bold red", "superseded": "dim"}


@app.command(name="list")
def list_(
    state: Annotated[str | None, typer.Option(help="Only: pending, sent, dead or superseded.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only on this channel, such as webhook.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the last list ended.")] = None,
    as_json: Json = False,
) -> None:
    """List deliveries, newest first, each with its state."""
    with open_app() as context:
        page = context.memory.store.outbox.page(state, channel, cursor, limit)
    items = [DeliveryOut.model_validate(delivery) for delivery in page.items]
    if as_json:
        plain = {"items": [delivery.plain() for delivery in items], "next": page.next_cursor}
        typer.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    for delivery in items:
        _print_delivery(delivery)
    if not items:
        console.print_line("no deliveries")
    if page.next_cursor:
        console.print_line(("more: --cursor ", "dim"), page.next_cursor)


@app.command()
def resend(
    numbers: Annotated[list[int], typer.Argument(help="Numbers, as shown by `deliveries list`.", metavar="ID…")],
    as_json: Json = False,
) -> None:
    """Make `serve` or `worker` send deliveries again, under the same keys."""
    results: list[dict[str, object]] = []
    with open_app() as context:
        for number in numbers:
            try:
                delivery = context.memory.store.outbox.resend(number, context.memory.now())
                results.append(DeliveryOut.model_validate(delivery).plain() | {"error": None})
            except OnRecallError as error:
                if len(numbers) == 1:
                    raise
                results.append({"id": number, "error": str(error)})
    if as_json:
        typer.echo(json.dumps({"items": results}, ensure_ascii=False, indent=2))
    else:
        for result in results:
            console.print_line(f"{result['id']}: ", str(result["error"] or "is queued again"))
    if failed := [result["id"] for result in results if result["error"]]:
        raise Conflict(f"{len(failed)} of {len(results)} could not be queued again")


def _print_delivery(delivery: DeliveryOut) -> None:
    tries = f"{delivery.attempts} {'attempt' if delivery.attempts == 1 else 'attempts'}"
    due = f", next {delivery.next_at:%H:%M:%S} UTC" if delivery.state == "pending" else ""
    console.print_line(
        f"{delivery.id:>6}  ",
        (f"{delivery.state:<10}", STYLE[delivery.state]),
        f"  {delivery.channel:<8} {delivery.incident or delivery.notice}  {delivery.kind}",
        (f"  {delivery.created_at:%Y-%m-%d %H:%M} UTC, {tries}{due}", "dim"),
    )
    if delivery.last_error:
        console.print_line((delivery.last_error, "dim"), indent=20)

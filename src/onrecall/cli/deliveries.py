"""`onrecall deliveries`: what was told on which channel, what waits, and what was given up."""

from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.list_page import print_page
from onrecall.cli.output import print_json
from onrecall.domain.errors import Conflict, OnRecallError
from onrecall.pipeline import IncidentService
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
    print_page(items, page.next_cursor, as_json, _print_delivery, "no deliveries")


@app.command()
def resend(
    numbers: Annotated[list[int], typer.Argument(help="Numbers, as shown by `deliveries list`.", metavar="ID…")],
    as_json: Json = False,
) -> None:
    """Make `serve` or `worker` send deliveries again, under the same keys."""
    with open_app() as context:
        results = [_resend(context.memory, number, is_only=len(numbers) == 1) for number in numbers]
    if as_json:
        print_json({"items": results})
    else:
        for result in results:
            console.print_line(f"{result['id']}: ", str(result["error"] or "is queued again"))
    if failed := [result["id"] for result in results if result["error"]]:
        raise Conflict(f"{len(failed)} of {len(results)} could not be queued again")


def _resend(memory: IncidentService, number: int, *, is_only: bool) -> dict[str, object]:
    try:
        delivery = memory.store.outbox.resend(number, memory.now())
    except OnRecallError as error:
        if is_only:
            raise
        return {"id": number, "error": str(error)}
    return DeliveryOut.model_validate(delivery).to_json() | {"error": None}


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

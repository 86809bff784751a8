"""`onrecall deliveries`: what was told on which channel, what waits, and what was given up."""

import json
from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console as printing
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
    with open_app() as home:
        page = home.memory.store.outbox.page(state, channel, cursor, limit)
    said = [DeliveryOut.model_validate(one) for one in page.items]
    if as_json:
        plain = {"items": [one.plain() for one in said], "next": page.next_cursor}
        typer.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    for one in said:
        _show(one)
    if not said:
        printing.say("no deliveries")
    if page.next_cursor:
        printing.say(("more: --cursor ", "dim"), page.next_cursor)


@app.command()
def resend(
    numbers: Annotated[list[int], typer.Argument(help="Numbers, as shown by `deliveries list`.", metavar="ID…")],
    as_json: Json = False,
) -> None:
    """Make `serve` or `worker` send deliveries again, under the same keys."""
    done: list[dict[str, object]] = []
    with open_app() as home:
        for number in numbers:
            try:
                found = home.memory.store.outbox.resend(number, home.memory.now())
                done.append(DeliveryOut.model_validate(found).plain() | {"error": None})
            except OnRecallError as error:
                if len(numbers) == 1:
                    raise
                done.append({"id": number, "error": str(error)})
    if as_json:
        typer.echo(json.dumps({"items": done}, ensure_ascii=False, indent=2))
    else:
        for one in done:
            printing.say(f"{one['id']}: ", str(one["error"] or "is due again"))
    if failed := [one["id"] for one in done if one["error"]]:
        raise Conflict(f"{len(failed)} of {len(done)} are not sent again")


def _show(one: DeliveryOut) -> None:
    tries = f"{one.attempts} {'try' if one.attempts == 1 else 'tries'}"
    due = f", next {one.next_at:%H:%M:%S} UTC" if one.state == "pending" else ""
    printing.say(
        f"{one.id:>6}  ",
        (f"{one.state:<10}", STYLE[one.state]),
        f"  {one.channel:<8} {one.incident or one.notice}  {one.kind}",
        (f"  {one.created_at:%Y-%m-%d %H:%M} UTC, {tries}{due}", "dim"),
    )
    if one.last_error:
        printing.say((one.last_error, "dim"), indent=20)

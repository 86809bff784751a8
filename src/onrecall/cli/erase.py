"""`onrecall erase`: takes a person or an incident out of the store, and prints a receipt."""

from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import Json, confirm_loss
from onrecall.cli.output import print_result
from onrecall.schemas.erasure import ErasureOut

app = typer.Typer(help="Erase a person or an incident, and print a receipt.", no_args_is_help=True)
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before erasing.")]
By = Annotated[str | None, typer.Option(help="Name under which the erasure is recorded.")]


@app.command()
def person(
    name: Annotated[str, typer.Argument(help="Name or address of the person.", metavar="NAME")],
    also: Annotated[list[str] | None, typer.Option(help="Another form of the name; may be repeated.")] = None,
    by: By = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Put a pseudonym in place of a person's names everywhere, and revoke their keys. A repetition changes nothing."""
    names = [name, *(also or ())]
    confirm_loss("erase", ", ".join(names), yes=yes)
    with open_app() as context:
        receipt = ErasureOut.of(context.memory.erasure.erase_person(names, by))
    print_result(receipt.to_json(), as_json, lambda: _print_receipt(receipt))


@app.command()
def incident(
    incident_id: Annotated[str, typer.Argument(help="Id of the incident.", metavar="ID")],
    by: By = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Delete an incident with everything that belongs to it, also where others repeat it."""
    confirm_loss("erase", incident_id, yes=yes)
    with open_app() as context:
        receipt = ErasureOut.of(context.memory.erasure.erase_incident(incident_id, by))
    print_result(receipt.to_json(), as_json, lambda: _print_receipt(receipt))


def _print_receipt(receipt: ErasureOut) -> None:
    if receipt.id is None:
        console.print_line("nothing was found, and nothing was changed")
        return
    now_reads = f", now {receipt.about}" if receipt.kind == "person" else f" {receipt.about}"
    console.print_line("erased ", (f"{receipt.kind}{now_reads}", "bold"), f" at {receipt.at:%Y-%m-%d %H:%M:%S %Z}")
    console.print_line(("receipt    ", "dim"), f"{receipt.id}, recorded in the audit")
    console.print_line(("by         ", "dim"), receipt.by or "somebody at this machine")
    for table, number in receipt.rows.items():
        console.print_line(f"{number:>10,}  {table}")
    if receipt.remaining:
        named = ", ".join(f"{number:,} of {table}" for table, number in receipt.remaining.items())
        console.print_line(("remaining  ", "yellow"), f"identifiers that contain it: {named}")
    console.print_line((receipt.out_of_reach, "dim"))

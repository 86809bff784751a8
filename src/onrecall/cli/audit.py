"""`onrecall audit`: who changed what, and whether that account of it is whole."""

import json
import re
from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.list_page import print_page
from onrecall.cli.output import print_json
from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Invalid
from onrecall.schemas.audit import AuditedOut

app = typer.Typer(help="List who changed what, and verify the audit chain.", no_args_is_help=True)


@app.command(name="list")
def list_(
    what: Annotated[str | None, typer.Option(help="Only rows of this kind, such as 'key created'.")] = None,
    who: Annotated[str | None, typer.Option(help="Only actions under this name.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the last list ended.")] = None,
    as_json: Json = False,
) -> None:
    """List audit rows, newest first."""
    with open_app() as context:
        page = context.memory.store.audit.page(what, who, cursor, limit)
    entries = [AuditedOut.model_validate(entry) for entry in page.items]
    print_page(entries, page.next_cursor, as_json, _print_entry, "the audit is empty")


def _print_entry(entry: AuditedOut) -> None:
    detail = json.dumps(entry.detail, ensure_ascii=False)
    console.print_line(
        f"{entry.seq:>6}  {entry.at:%Y-%m-%d %H:%M:%S}  ", (entry.what, "bold"), f"  {entry.about or ''}"
    )
    console.print_line((f"{entry.who or 'onrecall'}  {detail}", "dim"), indent=8)


@app.command()
def verify(
    known: Annotated[
        str | None, typer.Option(help="A row recorded elsewhere, as SEQ:HASH.", metavar="SEQ:HASH")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify that no row was changed, removed or moved; otherwise name it and exit with 1."""
    known_row = _parse_known_row(known) if known is not None else None
    with open_app() as context:
        count, wrong = context.memory.store.audit.verify(known_row)
    if as_json:
        print_json({"rows": count, "wrong": list(wrong)})
    else:
        for problem in wrong:
            console.print_line((problem, "bold red"))
        console.print_line(f"{count_noun(count, 'row')}, {'not ' if wrong else ''}all present and unchanged")
    if wrong:
        raise typer.Exit(1)


def _parse_known_row(text: str) -> tuple[int, str]:
    number, _, digest = text.strip().partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19 and re.fullmatch(r"[0-9a-f]{64}", digest)):
        raise Invalid("--known takes the `seq` and `hash` of a row, as 4711:9f86d0…", "known")
    return int(number), digest

"""`onrecall rejected`: parts of senders' messages that could not be taken in."""

from pathlib import Path
from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.list_page import print_page
from onrecall.cli.output import print_json
from onrecall.domain.errors import Conflict, Invalid, OnRecallError
from onrecall.pipeline import IncidentService
from onrecall.schemas.alerts import ReceiptOut, StoredRejectedPartOut

app = typer.Typer(help="List unreadable parts of messages, and retry them.", no_args_is_help=True)


@app.command(name="list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the last list ended.")] = None,
    as_json: Json = False,
) -> None:
    """List rejected parts, newest first, each with the reason."""
    with open_app() as context:
        page = context.memory.store.rejected.page(cursor, limit)
    items = [StoredRejectedPartOut.model_validate(part) for part in page.items]
    print_page(items, page.next_cursor, as_json, _print_part, "nothing: all that came is in")


def _print_part(part: StoredRejectedPartOut) -> None:
    received_at = f"  {part.received_at:%Y-%m-%d %H:%M} UTC"
    console.print_line(f"{part.id:>5}  {part.source}  {part.where}  ", part.message, (received_at, "dim"))


@app.command()
def retry(
    numbers: Annotated[list[int], typer.Argument(help="Numbers, as shown by `rejected list`.", metavar="ID…")],
    file: Annotated[
        Path | None, typer.Option(help="JSON file with the corrected part; only with a single number.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Retry rejected parts; those that are accepted leave the list."""
    if file is not None and len(numbers) != 1:
        raise Invalid("--file corrects one part; give one number", "file")
    corrected = _read_file(file) if file else None
    with open_app() as context:
        results = [_retry(context.memory, number, corrected, is_only=len(numbers) == 1) for number in numbers]
    if as_json:
        print_json({"items": results})
    else:
        for result in results:
            console.print_line(f"{result['id']}: ", str(result["error"] or "is in"))
    if failed := [result["id"] for result in results if result["error"]]:
        raise Conflict(f"{len(failed)} of {len(results)} did not go in")


def _retry(memory: IncidentService, number: int, corrected: bytes | None, *, is_only: bool) -> dict[str, object]:
    """Retry one part; returns its receipt, or its error unless it is the only one."""
    try:
        receipt = memory.ingester.retry(number, corrected)
    except OnRecallError as error:
        if is_only:
            raise
        return {"id": number, "error": str(error)}
    return {"id": number} | ReceiptOut.model_validate(receipt).to_json() | {"error": None}


def _read_file(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file} can't be read: {error.strerror}", "file") from error

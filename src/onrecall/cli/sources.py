"""`onrecall sources`: the tools that can send alerts here, how each is set up, and what would come of a payload."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from onrecall.bootstrap.app import open_app, settings
from onrecall.bootstrap.sources import source_catalog
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_json, print_result
from onrecall.domain.errors import Invalid
from onrecall.schemas.sources import RehearsalOut
from onrecall.sources import SourceCatalog, WebhookRequest, definition, reference
from onrecall.sources.rehearsal import PayloadRehearsal, RehearsedPart

app = typer.Typer(help="Show the tools that can send alerts here, and try payloads.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A tool, such as zabbix; or generic/NAME.")]
BASE_URL = "https://onrecall.example"


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List every tool with its address."""
    sources = source_catalog(settings())
    if as_json:
        items = [_summary(sources, name) for name in sources]
        print_json({"items": items})
        return
    for name in sources:
        summary = _summary(sources, name)
        address = str(summary["address"])
        console.print_line(f"{name:<22}", f"{summary['tool']:<40}", (address, "dim"))


@app.command()
def show(
    name: Name,
    url: Annotated[str, typer.Option(help="Address of your OnRecall, for the configuration.")] = BASE_URL,
    as_json: Json = False,
) -> None:
    """Show configuration to paste for a tool, and where each field of its payloads is."""
    sources = source_catalog(settings())
    detail = _details(sources, sources.find(name).name, url)
    print_result(detail, as_json, lambda: _print_details(detail))


def _details(sources: SourceCatalog, name: str, url: str) -> dict[str, Any]:
    """Return how a tool is set up, and where each field of its payloads is."""
    described = sources.definition(name)
    reads = reference.describe_fields(sources.defined(name)) if described else {}
    setup, notes = reference.setup_instructions(name, described, url), described.notes if described else ""
    return _summary(sources, name) | {"setup": setup, "notes": notes, "reads": reads}


def _print_details(detail: Mapping[str, Any]) -> None:
    console.print_line((str(detail["tool"]), "bold"), f"  {detail['address']}")
    console.print_line()
    console.print_line(detail["setup"])
    console.print_line()
    for field, places in detail["reads"].items():
        console.print_line((f"{field:<10}", "dim"), places)
    if detail["notes"]:
        console.print_line()
        console.print_line(detail["notes"])


@app.command(name="try")
def try_(
    name: Name,
    file: Annotated[Path | None, typer.Argument(help="File with the payload; by default standard input.")] = None,
    content_type: Annotated[str, typer.Option(help="Content type of the payload, for forms.")] = "",
    as_json: Json = False,
) -> None:
    """Show what a payload would become, field by field, and a source file to start from. Stores nothing."""
    body = _read_payload(file) if file else sys.stdin.buffer.read()
    headers = {"content-type": content_type} if content_type else {}
    with open_app() as context:
        rehearsal = context.memory.ingester.rehearse(name, WebhookRequest(body, headers))
    if as_json:
        print_json(RehearsalOut.model_validate(rehearsal).to_json())
    else:
        _print_rehearsal(rehearsal)
    if rehearsal.refusal or (rehearsal.rejected and not rehearsal.parts):
        raise typer.Exit(2)


@app.command()
def schema() -> None:
    """Print the JSON schema of a source file, for an editor."""
    print_json(definition.json_schema())


@app.command()
def docs(
    page: Annotated[Path, typer.Argument(help="docs/sources.md; regenerates the part between its marks.")],
) -> None:
    """Write the table and the sections of all tools into a page of the documentation."""
    text = _read_payload(page).decode()
    if reference.BEGIN not in text or reference.END not in text:
        raise Invalid(f"{page} has no marks {reference.BEGIN} and {reference.END}", "page")
    page.write_text(reference.update_page(text, SourceCatalog()), encoding="utf-8")


def _summary(sources: SourceCatalog, name: str) -> dict[str, object]:
    described = sources.definition(name)
    return {
        "name": name,
        "tool": described.tool if described else reference.GENERIC_TITLE,
        "address": reference.webhook_path(name, described),
        "sends_end": reference.sends_end(described) if described else True,
    }


def _read_payload(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file} can't be read: {error.strerror}", "file") from error


def _print_rehearsal(rehearsal: PayloadRehearsal) -> None:
    if rehearsal.refusal:
        console.print_line(("it can't be read: ", "bold"), rehearsal.refusal)
        return
    by = rehearsal.known_as or "the common names of fields"
    console.print_line(("stored as ", "dim"), rehearsal.source, (", read by ", "dim"), by)
    for part in rehearsal.parts:
        _print_part(part)
    for rejected in rehearsal.rejected:
        console.print_line(("rejected ", "bold"), f"{rejected.where}: {rejected.message}")
    if not rehearsal.parts and not rehearsal.rejected:
        console.print_line("the payload contains nothing to store; it is accepted without effect")
    if rehearsal.definition:
        console.print_line()
        console.print_line(rehearsal.definition)


def _print_part(part: RehearsedPart) -> None:
    console.print_line()
    console.print_line((part.kind, "bold"))
    for field in part.fields:
        place = (f"  ← {field.place}", "dim") if field.place else ""
        console.print_line((f"  {field.name:<15}", "dim"), field.value if field.value is not None else "–", place)
    for problem in part.problems:
        console.print_line(("  problem        ", "bold"), problem)

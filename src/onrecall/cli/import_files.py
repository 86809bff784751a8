"""`onrecall import`: the command; what it reads and prints is in `import_history`."""

from pathlib import Path
from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import import_history as importing
from onrecall.cli import import_report
from onrecall.cli.arguments import Json
from onrecall.cli.exit_codes import REJECTED
from onrecall.cli.options import parse_time
from onrecall.cli.output import print_result

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files or folders (JSON, JSONL, CSV, Markdown), an export, chroma:FOLDER[#collection]."),
]
Timezone = Annotated[str | None, typer.Option(help="Zone of times without one, such as Europe/Berlin.")]
MappingFile = Annotated[Path | None, typer.Option(help="YAML or JSON file that maps our fields to your columns.")]
SuggestMapping = Annotated[
    bool, typer.Option("--suggest-mapping", help="Write a mapping file for one file, and import nothing.")
]
Extract = Annotated[
    bool,
    typer.Option(
        "--extract", help="Let the configured model propose causes and steps that the rules do not find in postmortems."
    ),
]


def import_files(
    paths: Paths = None,
    example: Annotated[bool, typer.Option("--example", help="Import the example history.")] = False,
    form: Annotated[str | None, typer.Option("--format", help="Force a format instead of detecting it.")] = None,
    mapping: MappingFile = None,
    timezone: Timezone = None,
    undated: Annotated[str | None, typer.Option(help="Start time for incidents that have none.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the files, such as shift_jis.")] = None,
    suggest_mapping: SuggestMapping = False,
    extract: Extract = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would happen.")] = False,
    as_json: Json = False,
) -> None:
    """Import earlier incidents and documents. Lists bad records and imports the rest; a repetition changes nothing.

    Exits with 3 if some records were rejected, and with 2 if all of them were.
    """
    source = importing.ImportLocation(
        tuple(paths or ()), example, form, mapping, timezone, parse_time(undated, "undated"), encoding
    )
    if suggest_mapping:
        suggested = importing.suggest_mapping(source)
        print_result(importing.mapping_as_json(suggested), as_json, lambda: import_report.print_mapping_file(suggested))
        return
    with open_app() as context:
        brought = importing.import_paths(context.memory, source, dry_run=dry_run)
        if extract:
            brought.notes.append(importing.extract_resolutions(context.memory, brought, dry_run=dry_run))
    print_result(
        importing.report_to_json(brought), as_json, lambda: import_report.print_import_report(brought, dry_run=dry_run)
    )
    if brought.rejected:
        raise typer.Exit(REJECTED if brought.created or brought.updated or brought.unchanged else 2)

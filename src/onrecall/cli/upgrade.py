"""`onrecall upgrade`: brings the store's schema up to this version, or says what that would do."""

from typing import Annotated, Any

import typer

from onrecall import __version__
from onrecall.bootstrap.app import open_storage, settings
from onrecall.cli import console as printing
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.domain.errors import Invalid
from onrecall.storage.migrations import newer_store_message
from onrecall.storage.schema_status import SchemaStatus, read_schema_status

EXIT_OUTDATED = 1
EXIT_REFUSED = 2


def upgrade(
    check: Annotated[bool, typer.Option("--check", help="Only report what would be done; changes nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the store up to this version's schema; --check only reports what that would do."""
    chosen = settings()
    status = read_schema_status(chosen.database)
    if check:
        print_result(_report(status), as_json, lambda: _show_check(status))
        raise typer.Exit({"outdated": EXIT_OUTDATED, "newer": EXIT_REFUSED}.get(status.state, 0))
    if status.state == "newer":
        raise Invalid(_refusal(status), "database_url")
    with open_storage(chosen):
        after = read_schema_status(chosen.database)
    print_result(_report(after) | {"taken": list(status.pending)}, as_json, lambda: _show_taken(status, after))


def _report(status: SchemaStatus) -> dict[str, Any]:
    """Return the status as JSON for scripts."""
    return {
        "version": __version__,
        "database": status.database,
        "schema": status.schema,
        "supported_schema": status.supported,
        "release": status.release,
        "state": status.state,
        "pending": list(status.pending),
    }


def _refusal(status: SchemaStatus) -> str:
    return newer_store_message(status.schema, status.supported, status.release)


def _show_check(status: SchemaStatus) -> None:
    printing.print_line(("store     ", "dim"), _store(status))
    printing.print_line(("this      ", "dim"), f"OnRecall {__version__} works with schema {status.supported}")
    if status.state == "newer":
        printing.print_line(("refused   ", "bold red"), _refusal(status))
        return
    action = {
        "blank": "the first start creates it",
        "current": "nothing to do",
        "outdated": f"the next start takes {_count(status)}, all or none; make a backup first (`onrecall backup`)",
    }
    printing.print_line(("upgrade   ", "dim"), action[status.state])
    for name in status.pending if status.state == "outdated" else ():
        printing.print_line(name, indent=10)


def _show_taken(before: SchemaStatus, after: SchemaStatus) -> None:
    if before.pending:
        printing.print_line(f"took {_count(before)}: {_store(after)}")
    else:
        printing.print_line(f"nothing to do: {_store(after)}")


def _store(status: SchemaStatus) -> str:
    if status.state == "blank":
        return f"{status.database}, no store yet"
    maker = f"made by OnRecall {status.release}" if status.release else "made by an OnRecall that recorded no version"
    return f"{status.database}, schema {status.schema}, {maker}"


def _count(status: SchemaStatus) -> str:
    return f"{len(status.pending)} migration{'' if len(status.pending) == 1 else 's'}"

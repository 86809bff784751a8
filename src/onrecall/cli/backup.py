"""`onrecall backup` and `onrecall restore`: the whole store into one file, and back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from onrecall.bootstrap.app import open_storage
from onrecall.cli import console
from onrecall.cli.arguments import Json, confirm_loss
from onrecall.cli.output import print_json, print_result
from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Conflict
from onrecall.export import backup as backups
from onrecall.storage import Storage

File = Annotated[Path, typer.Argument(help="The file.", metavar="FILE")]


def backup(
    file: File,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    as_json: Json = False,
) -> None:
    """Write the complete store at one moment to one file, while OnRecall serves."""
    with open_storage() as store, console.progress_bar("backing up", None) as advance:
        manifest = backups.write(store, file, advance, force=force)
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": size} | manifest.to_json())
        return
    console.print_line("wrote ", (str(file), "bold"), f": {count_noun(manifest.total, 'row')}, {size:,} bytes")
    console.print_line((f"SHA-256 of the rows {manifest.sha256}", "dim"))


def restore(
    file: File,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the store; everything in it is lost.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before replacing.")] = False,
    as_json: Json = False,
) -> None:
    """Load a backup, all or nothing. Checks the file before and verifies the store after."""
    with console.progress_bar("checking", None) as advance:
        manifest = backups.check(file, advance)
    with open_storage() as store:
        _confirm_overwrite(store, replace=replace, yes=yes)
        with console.progress_bar("restoring", manifest.total) as advance:
            restored = backups.restore(store, file, manifest, advance, replace=replace)
    wrong = [problem for problem in restored.problems if problem.startswith("audit: ")]
    result = {"file": str(file)} | _restored_to_json(restored, wrong) | manifest.to_json()
    print_result(result, as_json, lambda: _print_restored(manifest, restored, is_audit_whole=not wrong))
    if restored.problems:
        raise typer.Exit(1)


def _restored_to_json(restored: backups.Restored, wrong: list[str]) -> dict[str, Any]:
    audit_result = {"rows": restored.audit_rows, "wrong": wrong}
    return {"replaced": restored.replaced, "audit": audit_result, "problems": list(restored.problems)}


def _print_restored(manifest: backups.Manifest, restored: backups.Restored, *, is_audit_whole: bool) -> None:
    written_at = f" as of {manifest.written_at:%Y-%m-%d %H:%M:%S %Z}"
    console.print_line("restored ", (count_noun(manifest.total, "row"), "bold"), written_at)
    for problem in restored.problems:
        console.print_line((problem, "bold red"))
    share = "all" if is_audit_whole else "not all"
    console.print_line(f"{count_noun(restored.audit_rows, 'audit row')}, {share} present and unchanged")


def _confirm_overwrite(store: Storage, *, replace: bool, yes: bool) -> None:
    """Ask before anything is lost."""
    if store.backups.empty():
        return
    counts = store.health.counts()
    incidents, documents, events = (count_noun(counts[f"{noun}s"], noun) for noun in ("incident", "document", "event"))
    contents = f"{incidents}, {documents} and {events}"
    if not replace:
        raise Conflict(
            f"the store is not empty ({contents}); restore into an empty one, or overwrite it with --replace"
        )
    confirm_loss("replace", contents, yes=yes)

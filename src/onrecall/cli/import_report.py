"""The report of an import, as people read it on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from onrecall.cli.console import print_line
from onrecall.cli.terminal import print_error
from onrecall.domain.count_noun import count_noun

if TYPE_CHECKING:
    from onrecall.cli.import_history import MappingFile
    from onrecall.pipeline.import_history import ImportReport

REJECTED_SHOWN = 20


def print_import_report(report: "ImportReport", *, dry_run: bool = False) -> None:
    """Print the report of an import."""
    counts = (report.created, report.updated, report.unchanged, len(report.rejected))
    words = "would create {}, update {}, leave {} unchanged, reject {}"
    print_line((words if dry_run else "created {}, updated {}, unchanged {}, rejected {}").format(*counts))
    unused = [str(fields) for fields in report.unused]
    _print_notes(unused)
    _print_notes([note for note in report.notes if note not in unused])
    for flaw in report.quality.findings:
        share = f"{flaw.count} of {count_noun(report.quality.incidents, 'incident')}"
        print_line((f"quality: {share}: {flaw.meaning} ({', '.join(flaw.examples)})", "dim"), indent=2)
    for part in report.rejected[:REJECTED_SHOWN]:
        print_error(f"  {part.where}: {part.field + ': ' if part.field else ''}{part.message}")
    if len(report.rejected) > REJECTED_SHOWN:
        print_error(f"  … and {len(report.rejected) - REJECTED_SHOWN} more; --json lists them all")


def print_mapping_file(file: "MappingFile") -> None:
    """Print a suggested mapping file, and how to use it."""
    print_line(file.suggestion.text.rstrip("\n"))
    if file.written:
        print_error(f"written to {file.path}; review it, then import with --mapping {file.path}")
    else:
        print_error(f"{file.path} already exists and was not changed")


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes[:REJECTED_SHOWN]:
        print_line((f"note: {note}", "dim"), indent=2)
    if len(notes) > REJECTED_SHOWN:
        print_line(
            (f"… and {count_noun(len(notes) - REJECTED_SHOWN, 'more note')}; --json lists them all", "dim"), indent=2
        )

"""Re-index from the command line: every passage made anew for the model that is configured."""

from typing import Any

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.pipeline import IncidentService


def run_reindex(memory: IncidentService) -> dict[str, Any]:
    """Re-index passages of other models, with a progress bar on a terminal; return the result for scripts."""
    with console.progress_bar("re-indexing", memory.reindex.begin()) as advance:
        changed = memory.reindex.run(advance)
    now = memory.reindex.progress()
    return {
        "model": now.make.model,
        "terms_version": now.make.terms_version,
        "passages": now.passages,
        "reindexed": changed,
    }


def print_reindex(result: dict[str, Any]) -> None:
    """Print the result."""
    of = f"of {result['model']}" if result["model"] else "by words alone"
    if result["reindexed"]:
        console.print_line(f"re-indexed {result['reindexed']:,} passages; all {result['passages']:,} are now {of}")
    else:
        console.print_line(f"nothing to do: all {result['passages']:,} passages are {of} already")


def reindex(as_json: Json = False) -> None:
    """Rebuild all passages for the configured model; the old ones serve until all are ready."""
    with open_app() as context:
        result = run_reindex(context.memory)
    print_result(result, as_json, lambda: print_reindex(result))

"""Re-index from the command line: every passage made anew for the model that is configured."""

from typing import Any

from onrecall.bootstrap.app import open_app
from onrecall.cli import console as printing
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.pipeline import IncidentService


def run(memory: IncidentService) -> dict[str, Any]:
    """Make anew what is of another model, with a progress bar on a terminal; what became of it, for scripts."""
    with printing.progress("re-indexing", memory.reindex.begin()) as advance:
        changed = memory.reindex.run(advance)
    now = memory.reindex.standing()
    return {
        "model": now.make.model,
        "terms_version": now.make.terms_version,
        "passages": now.passages,
        "reindexed": changed,
    }


def show(done: dict[str, Any]) -> None:
    """What became of it, for people."""
    of = f"of {done['model']}" if done["model"] else "by words alone"
    if done["reindexed"]:
        printing.say(f"re-indexed {done['reindexed']:,} passages; all {done['passages']:,} are now {of}")
    else:
        printing.say(f"nothing to do: all {done['passages']:,} passages are {of} already")


def reindex(as_json: Json = False) -> None:
    """Rebuild all passages for the configured model; the old ones serve until all are ready."""
    with open_app() as home:
        done = run(home.memory)
    print_result(done, as_json, lambda: show(done))

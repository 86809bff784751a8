"""Re-index from the command line: every passage made anew for the model that is configured."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from onrecall.bootstrap.app import AppContext, open_app
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.domain.errors import Invalid
from onrecall.pipeline import IncidentService

if TYPE_CHECKING:
    from onrecall.retrieval.opensearch import OpenSearchIndex


def run_reindex(memory: IncidentService) -> dict[str, Any]:
    """Re-index passages of other models, with a progress bar on a terminal; return the result for scripts."""
    with console.progress_bar("re-indexing", memory.reindex.begin()) as advance:
        changed = memory.reindex.run(advance)
    now = memory.reindex.progress()
    return {
        "model": now.target.model,
        "terms_version": now.target.terms_version,
        "passages": now.passages,
        "reindexed": changed,
    }


def fill_search_index(index: "OpenSearchIndex") -> int:
    """Bring the index in OpenSearch up to date, with a progress bar; return its number of passages."""
    with console.progress_bar("filling OpenSearch", index.backlog()) as advance:
        return index.catch_up(advance)


def rebuild_search_index(context: AppContext) -> dict[str, Any]:
    """Make the index in OpenSearch anew while the old one answers, with a progress bar; return the result."""
    index = context.recall.search_index
    if index is None:
        raise Invalid("ONRECALL_OPENSEARCH_URL is not set, so there is no index to rebuild", "opensearch_url")
    with console.progress_bar("rebuilding the index", context.memory.reindex.progress().passages) as advance:
        return {"search_index": index.rebuild(advance)}


def print_reindex(result: dict[str, Any]) -> None:
    """Print the result."""
    if "search_index" in result:
        console.print_line(f"OpenSearch holds {result['search_index']:,} passages and is up to date")
    if "passages" not in result:
        return
    of = f"of {result['model']}" if result["model"] else "by words alone"
    if result["reindexed"]:
        console.print_line(f"re-indexed {result['reindexed']:,} passages; all {result['passages']:,} are now {of}")
    else:
        console.print_line(f"nothing to do: all {result['passages']:,} passages are {of} already")


def reindex(
    search_index: Annotated[
        bool,
        typer.Option("--search-index", help="Only rebuild the index in OpenSearch, from the passages as they are."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Rebuild all passages for the configured model; the old ones serve until all are ready."""
    with open_app() as context:
        if search_index:
            result = rebuild_search_index(context)
        else:
            result = run_reindex(context.memory)
            if context.recall.search_index:
                result["search_index"] = fill_search_index(context.recall.search_index)
    print_result(result, as_json, lambda: print_reindex(result))

"""The command `mcp`: the memory as tools for an assistant that starts this process."""

from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.mcp import server


def mcp(
    write: Annotated[bool, typer.Option("--write", help="Also let it report outcomes and resolve incidents.")] = False,
    by: Annotated[str | None, typer.Option(help="Name under which its changes are recorded.")] = None,
) -> None:
    """Serve MCP on standard input and output, for an AI assistant; read-only without --write."""
    with open_app() as context:
        server.serve(context.memory, write=write, by=by)

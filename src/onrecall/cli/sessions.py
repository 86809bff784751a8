"""`onrecall sessions`: who is signed in to the console."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from onrecall.bootstrap.app import settings
from onrecall.bootstrap.identity import session_limits
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_json
from onrecall.domain.errors import Invalid
from onrecall.domain.session import Session
from onrecall.pipeline.keys import Keys
from onrecall.pipeline.sessions import ANY_ISSUER, Sessions
from onrecall.schemas.sessions import SessionOut
from onrecall.storage import Storage

app = typer.Typer(
    help="List the sessions of people who are signed in to the console, and end them.", no_args_is_help=True
)


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List the sessions that are active, newest first."""
    with _sessions() as sessions:
        active = sessions.all_active()
    if as_json:
        _print_sessions(active)
        return
    for session in active:
        console.print_line(
            f"{session.id}  {session.name}  ",
            (session.role, "bold"),
            (f"  {session.issuer or f'key {session.key_id}'}", "dim"),
            (f"  since {_format(session.created_at)}, last used {_format(session.last_used_at)}", "dim"),
            (f", until {_format(session.expires_at)}", "dim"),
            (f"  {session.client}" if session.client else "", "dim"),
        )
    if not active:
        console.print_line("nobody is signed in")


@app.command()
def end(
    which: Annotated[
        str | None, typer.Argument(help="The session: its id, or a name for all of that person's.", metavar="SESSION")
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="End every session.")] = False,
    as_json: Json = False,
) -> None:
    """Sign people out: end one session, all of one person's, or all. A running server notices within a second."""
    if (which is None) != everybody:
        raise Invalid("name a session or a person, or give --all to end every session", "SESSION")
    with _sessions() as sessions:
        ended = sessions.end_matching(which)
    if as_json:
        _print_sessions(ended)
        return
    for session in ended:
        console.print_line(f"session {session.id} of {session.name} is ended")
    if not ended:
        console.print_line("nobody is signed in")


@contextmanager
def _sessions() -> Iterator[Sessions]:
    chosen = settings()
    with closing(Storage.open(chosen.database)) as store:
        keys = Keys(store, lambda: datetime.now(UTC))
        yield Sessions(store, keys, lambda: datetime.now(UTC), session_limits(chosen), chosen.oidc_issuer or ANY_ISSUER)


def _print_sessions(sessions: Sequence[Session]) -> None:
    items: list[dict[str, Any]] = [SessionOut.of(session).model_dump(mode="json") for session in sessions]
    print_json({"items": items})


def _format(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")

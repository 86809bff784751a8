"""Run the HTTP server; a port in use is reported as a one-line error."""

import errno
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from onrecall.bootstrap.access import check_address
from onrecall.bootstrap.app import AppContext
from onrecall.bootstrap.teams import team_names
from onrecall.domain.errors import Invalid
from onrecall.http import create
from onrecall.http.header_limits import BoundedHead
from onrecall.http.teams import TeamDispatcher
from onrecall.pipeline.keys import Keys
from onrecall.worker.backtest_runner import BacktestRunner
from onrecall.worker.process import create_workers
from onrecall.worker.worker import WorkerHandle

GRACE_SECONDS = 5
Ready = Callable[[uvicorn.Server, WorkerHandle, str], None]
"""Called with the server, the worker and the address once the port is open."""


def serve(
    context: AppContext,
    host: str,
    port: int,
    ready: Ready,
    rehearsals: BacktestRunner | None = None,
    teams: Sequence[AppContext] = (),
) -> None:
    """Serve one memory until it is stopped; `ready` is called before the first request.

    `teams` are served as well, each to its own credentials. Raises KeyboardInterrupt after Ctrl-C.
    """
    check_address(host, context.access.keys or Keys(context.memory.store, context.memory.now), context.access.oidc)
    _allow_connections()
    with _listen(host, port) as listener:
        workers = create_workers([context, *teams])
        server = uvicorn.Server(_config(_application([context, *teams], workers, rehearsals)))
        address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        ready(server, workers[0], address)
        server.run(sockets=[listener])


def _application(
    contexts: Sequence[AppContext], workers: Sequence[WorkerHandle], rehearsals: BacktestRunner | None
) -> ASGIApp:
    """Return the application of the first memory, which dispatches to those of the others if there are any."""
    (context, *teams), (worker, *team_workers) = contexts, workers
    app = _create_app(context, worker, rehearsals)
    if not teams:
        return app
    team_apps = {
        str(team.settings.team): _create_app(team, team_worker)
        for team, team_worker in zip(teams, team_workers, strict=True)
    }
    return TeamDispatcher(app, team_apps, partial(team_names, context.settings))


def _create_app(context: AppContext, worker: WorkerHandle, rehearsals: BacktestRunner | None = None) -> FastAPI:
    backtests = rehearsals or BacktestRunner(context.memory.store, context.settings, context.memory.now)
    return create(context.memory, worker, lambda: context.status(worker), context.access, backtests, context.hindsight)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        http=BoundedHead,
        ws_per_message_deflate=False,  # a hint has 60 bytes, and there are many who hear it
    )


def _allow_connections() -> None:
    """Raise the limit of open sockets to what the system allows; many begin with 1,024, and browsers stay connected."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not there on Windows

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        busy = error.errno == errno.EADDRINUSE
        why = "is in use; stop the program that uses it, or" if busy else f"cannot be opened: {error.strerror};"
        raise Invalid(f"port {port} at {host} {why} choose another with --host and --port", "port") from error
    return listener

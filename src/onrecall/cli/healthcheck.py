"""`onrecall healthcheck`: asks the server of this machine whether it is ready, for containers and service managers."""

import json
import urllib.request
from typing import Annotated
from urllib.error import HTTPError

import typer

from onrecall.cli.exit_codes import UNAVAILABLE
from onrecall.cli.terminal import print_error
from onrecall.settings import Settings, load

TIMEOUT_SECONDS = 5.0
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared, not listened on


def healthcheck(
    url: Annotated[
        str | None, typer.Option(help="Base URL of the server; by default the configured port here.")
    ] = None,
) -> None:
    """Ask a running `serve` whether it is ready; exit code 0 if so, 75 if not. Needs no key."""
    address = f"{(url or local_address(load())).rstrip('/')}/readyz"
    problem = _problem(address)
    if problem:
        print_error(f"{address}: {problem}")
        raise typer.Exit(UNAVAILABLE)
    typer.echo("ready")


def local_address(settings: Settings) -> str:
    """Return the base URL at which this machine reaches the `serve` of these settings."""
    host = EVERY_ADDRESS.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _problem(address: str) -> str | None:
    """Why the server is not ready, in words; None where it is. No proxy is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=TIMEOUT_SECONDS):
            return None
    except HTTPError as error:
        return f"not ready ({_state(error.read(1000)) or error.code})"
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return f"does not answer: {getattr(reason, 'strerror', None) or reason}; is `onrecall serve` running?"


def _state(body: bytes) -> str | None:
    try:
        state = json.loads(body)["status"]
    except (ValueError, KeyError, TypeError):
        return None
    return state if isinstance(state, str) else None

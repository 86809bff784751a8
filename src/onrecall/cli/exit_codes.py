"""What the command line exits with; 0 is fine."""

import sys
from collections.abc import Mapping, Sequence

import typer

from onrecall.cli.terminal import print_error
from onrecall.domain.errors import Conflict, Forbidden, Invalid, NotFound, OnRecallError, Unauthorised, Unavailable

REJECTED = 3
"""Some records of an import were rejected; the others are in memory."""
UNAVAILABLE = 75
EXIT_CODES: Mapping[type[OnRecallError], int] = {
    Invalid: 2,
    NotFound: 1,
    Conflict: 1,
    Unauthorised: 77,
    Forbidden: 77,
    Unavailable: UNAVAILABLE,
}


def run_command(app: typer.Typer, arguments: Sequence[str] | None) -> None:
    """Run a command; a known error becomes a sentence and an exit code, anything else a traceback."""
    try:
        app(arguments)
    except OnRecallError as error:
        print_error(f"{error.title}: {error}")
        sys.exit(EXIT_CODES[type(error)])

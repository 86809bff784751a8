"""Where the command line begins. It loads what the command needs, and nothing for `--version`."""

import gc
import sys

from onrecall import __version__


def main() -> None:
    """Run the command that the process was started with."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"onrecall {__version__}\n")
        return
    gc.disable()  # what imports make lives on; looking through it meanwhile takes a fifth of the start
    from onrecall.cli.main import main as run_command  # noqa: PLC0415 - the parser costs more than the version

    run_command()

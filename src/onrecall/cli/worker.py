"""`onrecall worker`: groups alerts and answers incidents, in a process of its own."""

from onrecall.bootstrap.app import open_app
from onrecall.cli import console as printing
from onrecall.worker.worker import run_until_stopped


def worker() -> None:
    """Group alerts and answer incidents, next to other workers or `serve`, until stopped."""
    with open_app() as context:
        printing.print_line("the worker is at work  (Ctrl-C ends it)")
        run_until_stopped(context.memory)
    printing.print_line("stopped")

"""`onrecall worker`: groups alerts and answers incidents, in a process of its own."""

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.worker.worker import run_until_stopped


def worker() -> None:
    """Group alerts and answer incidents, next to other workers or `serve`, until stopped."""
    with open_app() as context:
        console.print_line("the worker is at work  (press Ctrl-C to stop)")
        run_until_stopped(context.memory)
    console.print_line("stopped")

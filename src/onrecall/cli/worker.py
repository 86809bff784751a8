"""`onrecall worker`: groups alerts and answers incidents, in a process of its own."""

from onrecall.bootstrap.app import settings
from onrecall.bootstrap.team_apps import open_apps
from onrecall.cli import console
from onrecall.worker.worker import run_until_stopped


def worker() -> None:
    """Group alerts and answer incidents, next to other workers or `serve`, until stopped."""
    with open_apps(settings()) as contexts:
        console.print_line("the worker is at work  (press Ctrl-C to stop)")
        run_until_stopped(*(context.memory for context in contexts))
    console.print_line("stopped")

"""Processes that begin in a moment: forked from one that has loaded what they run."""

import multiprocessing

CONTEXT = multiprocessing.get_context("forkserver")
# One list for all, for a worker of the tests has one such server.
CONTEXT.set_forkserver_preload(
    ["pytest", "slack_sdk", "onrecall.http.server", "onrecall.cli.main", "intake.serving", "notifications.test_slack"]
)

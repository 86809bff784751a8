"""What the command line loads: nothing of the product to list its commands, and each command only its own."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from onrecall.cli.command_table import COMMANDS, DeferredCommand
from onrecall.cli.main import app

pytestmark = pytest.mark.process

HEAVY = (
    "sqlalchemy", "psycopg", "fastapi", "starlette", "uvicorn", "mcp", "httpx", "numpy", "onnx", "onnxruntime",
    "tokenizers", "slack_sdk", "onrecall.settings", "onrecall.storage", "onrecall.pipeline", "onrecall.http",
)  # fmt: skip
"""Of a database, a web framework, a model, or the product itself. The parser of arguments brings pydantic."""


def modules_after(*arguments: str, data: Path | None = None) -> set[str]:
    """The modules that a run of the command line has loaded when it ends."""
    code = (
        "import sys, onrecall.cli.entry as entry\n"
        "sys.argv = ['onrecall', *sys.argv[1:]]\n"
        "try: entry.main()\n"
        "except SystemExit: pass\n"
        "print('\\nloaded:', *sys.modules)"
    )
    environment = os.environ | ({"ONRECALL_DATA_DIR": str(data)} if data else {})
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return set(done.stdout.rpartition("loaded:")[2].split())


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], [], ["no-such-command"], ["--show-completion"]])
def test_listing_the_commands_loads_neither_database_nor_web_framework_nor_model(arguments):
    assert modules_after(*arguments).isdisjoint(HEAVY)


def test_the_version_loads_not_even_the_parser():
    assert modules_after("--version").isdisjoint({*HEAVY, "typer", "click", "rich"})


def test_a_command_loads_no_other_command():
    loaded = modules_after("keys", "--help")
    assert "onrecall.cli.keys" in loaded
    assert loaded.isdisjoint({"onrecall.cli.demo", "onrecall.cli.backtest", "fastapi", "uvicorn"})


@pytest.mark.parametrize("command", ["ask", "recall"])
def test_the_help_of_asking_loads_nothing_that_answers(command):
    assert modules_after(command, "--help").isdisjoint(HEAVY)


def test_asking_loads_only_what_answers_a_question(tmp_path):
    loaded = modules_after("ask", "disk full", data=tmp_path)
    assert "onrecall.pipeline.recommend" in loaded
    assert loaded.isdisjoint({"fastapi", "uvicorn", "mcp", "bs4", "slack_sdk", "sqlglot", "cryptography", "yaml"})
    product = ("benchmarks", "sources", "importers", "grouping", "notifications", "schemas", "pipeline.service", "http")
    assert loaded.isdisjoint({f"onrecall.{name}" for name in product})


def test_the_garbage_collector_works_again_once_the_command_is_loaded():
    gc.disable()
    try:
        typer.main.get_command(app)(["risk", "--help"], standalone_mode=False)
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_the_list_tells_of_each_command_what_the_command_tells_of_itself(entry):
    command = DeferredCommand(entry).load()
    assert command.name == entry.name
    paragraph = (command.help or "").replace("\n\n", "\0").partition("\0")[0]
    assert " ".join(paragraph.split()) == entry.help


def test_the_same_command_is_listed_once():
    names = [entry.name for entry in COMMANDS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("onrecall po", ["postmortem"]),
        ("onrecall incidents as", ["assign"]),
        ("onrecall incidents list --status un", ["unresolved"]),
    ],
)
def test_a_shell_completes_commands_options_and_values(typed, completed):
    variables = {
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
        "_ONRECALL_COMPLETE": "complete_bash",
    }
    done = CliRunner().invoke(app, [], prog_name="onrecall", env=variables)
    assert done.stdout.split() == completed

"""Tables of commands in runbooks: each row is a step or two, with what it is for."""

import pytest

from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence
from onrecall.domain.situation import Situation
from onrecall.recommendation.actions import extract_actions, select_fitting_cases
from onrecall.recommendation.runbook import extract_instructions


def steps(table: str, heading: str = "") -> list[tuple[str, str | None, str | None]]:
    text = f"# Runbook: bottling line\n\n{heading}{table}"
    return [(step.text, step.command, step.rollback) for step in extract_instructions(text)]


def test_a_row_for_each_symptom_gives_the_check_and_the_fix_with_their_commands():
    table = """\
| Symptom | Check | Command | Fix |
|---|---|---|---|
| Bottles jam | Look at the belt | `plcctl belt status --line 3` | Restart it: `plcctl belt restart --line 3` |
| Caps missing | Count the caps | `plcctl caps count` | Refill by hand |
"""
    assert steps(table) == [
        ("Bottles jam: Look at the belt", "plcctl belt status --line 3", None),
        ("Bottles jam: Restart it: `plcctl belt restart --line 3`", "plcctl belt restart --line 3", None),
        ("Caps missing: Count the caps", "plcctl caps count", None),
        ("Caps missing: Refill by hand", None, None),
    ]


def test_a_numbered_procedure_has_its_rollbacks():
    table = """\
| # | Action | Command | Rollback |
|:-:|--------|---------|----------|
| 1 | Slow the line | `plcctl speed set 40` | `plcctl speed set 80` |
| 2 | Tell the shift lead | - | n/a |
"""
    assert steps(table) == [
        ("Slow the line", "plcctl speed set 40", "plcctl speed set 80"),
        ("Tell the shift lead", None, None),
    ]


@pytest.mark.parametrize("header", ["Command | Description", "Befehl | Beschreibung", "Comando | Descripción"])
def test_a_list_of_commands_gives_each_with_what_it_does(header):
    table = f"| {header} |\n|---|---|\n| `systemctl status filler` | Show the filler |\n"
    assert steps(table) == [("Show the filler", "systemctl status filler", None)]


def test_a_command_without_marks_counts_in_a_column_of_commands():
    table = "| If | Run |\n|---|---|\n| pressure is low | systemctl restart compressor |\n"
    assert steps(table) == [("pressure is low", "systemctl restart compressor", None)]


@pytest.mark.parametrize(
    "table",
    [
        "| Name | Phone |\n|---|---|\n| Jo | 12 |\n",
        "| Metric | Meaning |\n|---|---|\n| `up == 0` | it is down |\n",
        "| Severity | Action |\n|---|---|\n| 1 | Page |\n",
    ],
)
def test_other_tables_give_no_step(table):
    assert steps(table) == []


def test_the_lines_are_those_of_the_rows():
    text = "# Runbook\n\n## Commands\n\n| Command | Purpose |\n|---|---|\n| `df -h` | disk |\n| `free -m` | memory |\n"
    assert [step.line for step in extract_instructions(text)] == [7, 8]


SYMPTOMS = """\
# Runbook: bottling line

| Symptom | Command |
|---|---|
| Bottles jam at the belt | `plcctl belt restart` |
| Caps missing at the belt | `plcctl caps refill` |
"""


@pytest.mark.parametrize(
    ("situation", "commands"),
    [
        ("no caps on bottles since noon", ["plcctl belt restart", "plcctl caps refill"]),
        ("caps gone", ["plcctl caps refill"]),
        ("the belt is loud", ["plcctl belt restart", "plcctl caps refill"]),
    ],
)
def test_rows_of_other_symptoms_are_left_out_where_the_situation_names_one(situation, commands):
    document = Document("RB-1", "bottling", SYMPTOMS)
    actions = extract_actions(Evidence("RB-1", "document", "bottling", 0.9, document=document))
    fitting = select_fitting_cases(actions, Situation(situation))
    assert [action.command for action in fitting] == commands

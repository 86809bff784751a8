"""The labelled commands and the traps; `-s` prints the tables that the docs state."""

import pytest
from judged import confusion, labelled, wrong

SETS = ["commands.tsv", "commands_held_out.tsv"]


@pytest.mark.parametrize("name", SETS)
def test_labels_agree(name):
    found = wrong(name)
    print(f"\n{name}: {1 - len(found) / len(labelled(name)):.1%} of {len(labelled(name))} right\n{confusion(name)}")
    assert len(found) <= 0.03 * len(labelled(name)), found


@pytest.mark.parametrize("name", SETS)
def test_nothing_destructive_is_called_harmless(name):
    assert not [row for row in wrong(name) if row[0] == "destructive" and row[1] in ("read_only", "reversible")]

"""Postmortems are incidents: how much of each field is read, in the templates and habits of many authors."""

import pytest

from importers.postmortems.generator import TEMPLATES, corpus
from importers.postmortems.handwritten import texts
from importers.postmortems.scoring import score, table

PRECISION, RECALL, COMMANDS = 0.97, 0.90, 0.99


def all_fields(found):
    return [name for name in found if name != "commands"]


@pytest.mark.parametrize("seed", [7, 8])
def test_generated_postmortems_are_read_field_by_field(seed):
    written = corpus(seed)
    assert len(written) >= 120
    assert len({one.template for one in written}) == len(TEMPLATES) >= 20
    found = score(written)
    assert [name for name in all_fields(found) if found[name].precision < PRECISION] == [], table(found)
    assert [name for name in all_fields(found) if found[name].recall < RECALL] == [], table(found)
    assert min(found["commands"].precision, found["commands"].recall) >= COMMANDS, found["commands"].wrong


@pytest.mark.parametrize("name", ["by_hand", "held_back"])
def test_handwritten_postmortems_are_read_field_by_field(name):
    found = score(texts(name))
    read, there, right = (sum(getattr(one, part) for one in found.values()) for part in ("read", "there", "right"))
    assert right / read >= PRECISION, [wrong for one in found.values() for wrong in one.wrong]
    assert right / there >= RECALL, [wrong for one in found.values() for wrong in one.wrong]
    assert found["lines"].precision == 1.0, found["lines"].wrong

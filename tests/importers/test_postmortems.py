"""Postmortems are incidents: how much of each field is read, in the templates and habits of many authors."""

import pytest

from importers.postmortems.generator import TEMPLATES, corpus
from importers.postmortems.handwritten import texts
from importers.postmortems.scoring import score, table

PRECISION, RECALL, COMMANDS = 0.97, 0.90, 0.99


def all_fields(scores):
    return [name for name in scores if name != "commands"]


@pytest.mark.parametrize("seed", [7, 8])
def test_generated_postmortems_are_read_field_by_field(seed):
    written = corpus(seed)
    assert len(written) >= 120
    assert len({labelled.template for labelled in written}) == len(TEMPLATES) >= 20
    scores = score(written)
    assert [name for name in all_fields(scores) if scores[name].precision < PRECISION] == [], table(scores)
    assert [name for name in all_fields(scores) if scores[name].recall < RECALL] == [], table(scores)
    assert min(scores["commands"].precision, scores["commands"].recall) >= COMMANDS, scores["commands"].wrong


@pytest.mark.parametrize(
    "name",
    [
        "by_hand",
        "held_back",
        "worldwide",
        "worldwide_held_back",
        "tired",
        "tired_held_back",
        "many_hands",
        "many_hands_held_back",
        "more_hands",
        "other_houses",
        "other_houses_held_back",
    ],
)
def test_handwritten_postmortems_are_read_field_by_field(name):
    scores = score(texts(name))
    read, expected, right = (
        sum(getattr(score, part) for score in scores.values()) for part in ("read", "there", "right")
    )
    assert right / read >= PRECISION, [wrong for score in scores.values() for wrong in score.wrong]
    assert right / expected >= RECALL, [wrong for score in scores.values() for wrong in score.wrong]
    assert scores["lines"].precision == 1.0, scores["lines"].wrong

"""One thing is in the singular."""

from onrecall.domain.count_noun import count_noun


def test_a_noun_agrees_with_its_count():
    counts = [count_noun(n, "row") for n in (0, 1, 2, 1204)]
    assert counts == ["0 rows", "1 row", "2 rows", "1,204 rows"]
    assert count_noun(1, "family is", "families are") == "1 family is"
    assert count_noun(3, "family is", "families are") == "3 families are"

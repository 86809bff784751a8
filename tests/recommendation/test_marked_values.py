"""What stands in a command as ‹value›, and what kind of value it is."""

import pytest

from onrecall.domain.situation import Situation
from onrecall.recommendation.instance_values import find_marked_values, mark_source_values


def test_each_value_comes_once_with_its_kind():
    command = "kubectl delete pod cart-6f7d8b9c4d-x2k9q && ping 10.4.7.9 && ping 10.4.7.9"
    text, _ = mark_source_values(command, None, Situation(""))
    assert [(value.value, value.kind) for value in find_marked_values(text)] == [
        ("cart-6f7d8b9c4d-x2k9q", "pod"),
        ("10.4.7.9", "ip"),
    ]


def test_its_place_is_that_in_the_text_without_quotes():
    (value,) = find_marked_values("ssh ‹db-17› uptime")
    assert "ssh db-17 uptime"[value.start : value.end] == "db-17"


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("ssh ‹atlas› uptime", "host"),
        ("mysql --host=‹atlas› -e 'show processlist'", "host"),
        ("kubectl drain ‹atlas›", "host"),
        ("kubectl -n prod exec ‹atlas› -- df -h", "pod"),
        ("kubectl describe pod/‹atlas›", "pod"),
        ("releasectl promote ‹atlas›", "value"),
        ("‹atlas›", "value"),
    ],
)
def test_what_no_pattern_knows_is_what_the_word_before_it_says(command, kind):
    assert [value.kind for value in find_marked_values(command)] == [kind]


def test_a_text_without_marks_has_none():
    assert find_marked_values("uptime") == ()
    assert find_marked_values("a ‹› b ‹c") == ()

"""Values of one incident: found in a labelled set, marked, masked; what stays the same everywhere is left alone."""

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from example_counts import example_count
from growth import grows_at_most
from onrecall.domain.incident import Incident
from onrecall.domain.situation import Situation
from onrecall.recommendation.instance_values import (
    InstanceValue,
    find_instance_values,
    mark_source_values,
    mask_instance_values,
)

with (Path(__file__).parent / "values.tsv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def _intended(row: list[str]) -> set[tuple[str, str]]:
    pairs = row[1].split("; ") if len(row) > 1 and row[1] else []
    return {(kind, value) for kind, _, value in (pair.partition("=") for pair in pairs)}


def test_the_labelled_values_are_found():
    rows = [
        (row[0], _intended(row), {(value.kind, value.value) for value in find_instance_values(row[0])}) for row in ROWS
    ]
    correct = sum(len(expected & actual) for _, expected, actual in rows)
    expected_count = sum(len(expected) for _, expected, _ in rows)
    actual_count = sum(len(actual) for _, _, actual in rows)
    differing = [(text, expected ^ actual) for text, expected, actual in rows if expected != actual]
    sys.stdout.write(
        f"\nvalues: precision {correct / actual_count:.1%}, recall {correct / expected_count:.1%}"
        f" of {expected_count} in {len(rows)} texts\n"
    )
    assert correct >= 0.97 * expected_count, differing
    assert correct >= 0.97 * actual_count, differing


def test_a_particular_says_where_it_stands():
    text = "ssh web-03 'kill -9 4711'"
    assert find_instance_values(text) == (InstanceValue("web-03", 4, 10, "host"), InstanceValue("4711", 20, 24, "pid"))
    assert all(text[p.start : p.end] == p.value for p in find_instance_values(text))


def test_what_is_known_now_is_not_marked():
    text = "kubectl delete pod payments-7d9f8b6c5-x2x9z on node-7"
    assert mark_source_values(text, None, Situation("node-7 is not ready")) == (
        "kubectl delete pod ‹payments-7d9f8b6c5-x2x9z› on node-7",
        ("payments-7d9f8b6c5-x2x9z",),
    )
    assert mark_source_values(text, None, Situation("node-71 is not ready"))[1] == (
        "payments-7d9f8b6c5-x2x9z",
        "node-7",
    )


def test_each_old_value_is_named_once():
    assert mark_source_values("web-03, web-03 and web-04", None, Situation(""))[1] == ("web-03", "web-04")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("kubectl delete pod payments-7d9f8b6c5-x2x9z", "kubectl delete pod payments-84c9d7f6b5-k4vqz"),
        ("ssh web-03 uptime", "ssh web-17 uptime"),
        ("kill -9 4711", "kill -9 31337"),
        (
            "aws ec2 reboot-instances --instance-ids i-0abc123def4567890",
            "aws ec2 reboot-instances --instance-ids i-0ffff23def4567890",
        ),
        ("select pg_terminate_backend(18233)", "select pg_terminate_backend(7)"),
        ("curl http://10.0.12.7:9200/_cat/indices", "curl http://10.0.99.1:9200/_cat/indices"),
    ],
)
def test_the_same_action_on_another_host_masks_alike(first, second):
    assert mask_instance_values(first) == mask_instance_values(second) != first
    assert mask_instance_values(mark_source_values(first, None, Situation(""))[0]) == mask_instance_values(first)


@pytest.mark.parametrize(
    ("first", "second"),
    [("kubectl delete pvc a", "kubectl delete pod a"), ("systemctl restart nginx", "systemctl restart kubelet")],
)
def test_another_action_masks_differently(first, second):
    assert mask_instance_values(first) != mask_instance_values(second)


AT = datetime(2026, 3, 12, tzinfo=UTC)


def test_a_host_label_of_the_source_is_an_old_value_too():
    source = Incident("INC-1", "disk full", AT, labels={"host": "sirius9", "team": "blue"})
    text, old = mark_source_values("log in to sirius9 for blue", source, Situation("disk full"))
    assert (text, old) == ("log in to ‹sirius9› for blue", ("sirius9",))
    assert mark_source_values("log in to sirius9", source, Situation("disk full", labels={"host": "sirius9"}))[1] == ()


@given(st.text(max_size=80), st.sampled_from([row[0] for row in ROWS]))
@settings(max_examples=example_count(100), deadline=None)
def test_marking_and_masking_twice_changes_nothing(text, row):
    combined = f"{text} {row}".replace("‹", "").replace("›", "")
    marked, old = mark_source_values(combined, None, Situation(""))
    assert mark_source_values(marked, None, Situation("")) == (marked, old)
    assert marked.replace("‹", "").replace("›", "") == combined
    assert mask_instance_values(marked) == mask_instance_values(combined)


@pytest.mark.growth
@pytest.mark.parametrize(
    "unit", ["web", "a-", "a1-", "a.", "1:", "kill 12 ", "docker ", "ssh -a b ", "strace a ", "user=", "1-1-"]
)
def test_long_hostile_text_is_quick(unit):
    short, long = (unit * (size // len(unit)) for size in (5_000, 40_000))
    assert grows_at_most(25, mask_instance_values, short, long)

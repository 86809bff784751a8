"""Words for a state, and titles without them."""

import pytest

from onrecall.sources.states import is_resolved_word, split_state, subject_of


@pytest.mark.parametrize(
    "word",
    ["OK", "Resolved", "incident.resolved", "RECOVERY", "back to normal", "state_recovered", "AlertClosed", "up", "HEALTHY",
     "critical -> ok", "PROBLEM to OK", "ResolvedCritical", "service_restored", "cleared"],
)  # fmt: skip
def test_these_say_that_it_is_over(word):
    assert is_resolved_word(word) is True


@pytest.mark.parametrize(
    "word",
    ["firing", "PROBLEM", "not ok", "unresolved", "Down", "open", "re-opened", "CRITICAL", "ok -> critical", "acknowledged",
     "new issue", "degraded", "alert", "warn", "still not resolved"],
)  # fmt: skip
def test_these_say_that_it_is_not(word):
    assert is_resolved_word(word) is False


@pytest.mark.parametrize("word", ["", "blue", None, 5, ["ok"], "x" * 5_000, "P1"])
def test_these_say_nothing(word):
    assert is_resolved_word(word) is None


@pytest.mark.parametrize(
    ("title", "rest", "over"),
    [
        ("[RESOLVED] Queue is stuck", "Queue is stuck", True),
        ("[FIRING:3] Queue is stuck", "Queue is stuck", False),
        ("✅ RECOVERED: Queue is stuck", "Queue is stuck", True),
        ("🔥 [Triggered] Queue is stuck", "Queue is stuck", False),
        ("OK: Queue is stuck", "Queue is stuck", True),
        ("DOWN | shop.example", "shop.example", False),
        ("*PROBLEM*: Queue is stuck", "Queue is stuck", False),
    ],
)
def test_the_state_in_front_of_a_title_is_no_part_of_it(title, rest, over):
    found, state = split_state(title)
    assert found == rest
    assert is_resolved_word(state) is over


@pytest.mark.parametrize(
    "title", ["Up to 5 queues are stuck", "Open file limit reached", "OK", "[db-1] is slow", "New York is slow"]
)
def test_a_title_that_only_begins_with_such_a_word_stays(title):
    assert split_state(title) == (title, None)


def test_titles_about_the_same_have_one_subject():
    titles = [
        "Disk 91% full on nas-2",
        "[RESOLVED] Disk 40% full on nas-2",
        "Disk 91.5 % full on nas-2 is OK",
        "Disk 7% full on nas-2 has recovered",
    ]
    assert len({subject_of(title) for title in titles}) == 1
    assert subject_of("Disk 91% full on nas-3") != subject_of(titles[0])
    assert subject_of("is down") == "is down"

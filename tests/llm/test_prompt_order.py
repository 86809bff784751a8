"""Prompts begin alike for as long as they can, so that a server reads only once what they have in common."""

import pytest
from seen_before import DESCRIPTION

from onrecall.domain.situation import make_situation

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def test_two_questions_about_the_same_evidence_differ_only_after_it(house_with, twin):
    memory = house_with("good")
    for more in ("since 08:00", "again, and the queue of logins grows"):
        assert memory.ask(make_situation(f"{DESCRIPTION}\n{more}", "auth-service"), refine=True).composer == "llm"
    first, second = twin.prompts
    assert twin.requests[0]["messages"][0] == twin.requests[1]["messages"][0], "the rules are the same"
    evidence_and_causes = first[: first.index("[MATCHES")]
    assert second.startswith(evidence_and_causes)
    assert first.index("[EVIDENCE E1") < first.index("[CAUSE C1") < first.index("[MATCHES") < first.index("[SITUATION")
    assert first.rstrip().splitlines()[-1].startswith("SITUATION")


def test_a_second_try_begins_with_all_of_the_first(house_with, twin):
    memory = house_with("broken", "good")
    assert memory.ask(make_situation(DESCRIPTION, "auth-service"), refine=True).composer == "llm"
    first, second = twin.prompts
    assert second.startswith(first)

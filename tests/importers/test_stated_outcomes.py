"""What a page says of an attempt, an owner or a why is taken as it says it: no good outcome is called a failure."""

import pytest

from importers.reports import report
from onrecall.domain.incident import ResolutionStep
from onrecall.importers.postmortem import repeated_steps
from onrecall.importers.postmortem.outcomes import detect_outcome, states_failure

PAGE = """# Postmortem: Resizer down in Lyon

**Start:** 2026-03-30 16:20 UTC
**End:** 2026-03-30 17:05 UTC
**Service:** gateway-api

The site in Lyon was out.

{sections}
"""


@pytest.mark.parametrize(
    "sentence",
    [
        "Rolled back to 4.2, still green after an hour",
        "Rollback auf 4.2, weiterhin stabil",
        "Failover auf Knoten B, ohne Datenverlust",
        "Cambiamos al proveedor secundario, sin incidencias",
        "Retour au certificat précédent, toujours stable",
        "Rolled back; data loss: none",
        "Added two nodes; load stayed below 40 %",
        "Doubled the workers, queue kept draining",
        "Replaced the fuse, the alarm did not fire again",
        "Rolled back to 4.2, errors did not return",
        "Switched to the standby, customers did not notice",
        "We brought a few nodes back online",
        "Restarted the database, it came back.",
        "Rolled back: 5xx → zero",
        "Failed over to B; we only lost three orders",
        "Repeated on node 2, same procedure",
        "Flushed Redis, which did not make it worse",
    ],
)
def test_a_healthy_state_behind_a_deed_is_no_failure(sentence: str) -> None:
    assert not states_failure(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Restarted the pods, errors came right back",
        "Flushed the cache, same error",
        "Raised the timeout, still failing",
        "Warmed the cache, success rate no better, still failing",
        "Rebooted the switch; temperature remained high",
        "Neustart, weiterhin Fehler",
        "Purgé le cache, toujours lent",
        "Restarted the node: the service did not come back",
    ],
)
def test_what_stays_broken_behind_a_deed_is_a_failure(sentence: str) -> None:
    assert detect_outcome(sentence) == "did_not_help"


def test_a_step_among_attempts_that_says_that_it_helped_did() -> None:
    page = PAGE.format(
        sections="## Ce que nous avons essayé\n- Redémarrage du proxy : sans effet\n"
        "- Retour à l'ancien certificat : a rétabli le service\n- Cache coupé pendant une heure: helped\n"
    )
    steps = report("lyon.md", page).incident().resolution.steps
    assert {step.outcome for step in steps if "Redémarrage" in step.text} == {"did_not_help"}
    assert [step.outcome for step in steps if "Redémarrage" not in step.text] == ["worked", "worked"]


def test_what_was_not_tried_is_no_step() -> None:
    page = PAGE.format(
        sections="## Timeline\n- 16:20 Alert\n- 16:25 PagerDuty: `gateway 5xx > 5%`\n- 17:05 Over\n\n"
        "## What we did not try\n- Rolling back the database\n"
    )
    incident = report("lyon.md", page).incident()
    assert incident.resolution is None or incident.resolution.steps == ()


def test_no_word_that_a_page_uses_otherwise_owns_an_action_item() -> None:
    page = PAGE.format(
        sections="## Action items\n- Gateway adds a header to every call\n- Browser tests in CI\n- Ivo adds a check for the pool\n"
        "- Petra to raise the limit\n- Gateway to reduce the timeout\n- Read the report - Friday\n"
    )
    owners = {item.text: item.owner for item in report("lyon.md", page).incident().action_items}
    assert {owner for owner in owners.values() if owner} == {"Ivo", "Petra"}
    assert {"Gateway adds a header to every call", "Gateway to reduce the timeout", "Browser tests in CI"} <= {*owners}


def test_only_people_and_teams_promise_something() -> None:
    page = PAGE.format(
        sections="## Summary\nPetra will ask the vendor. Lyon will send fewer requests. Gateway will add a header. "
        "The network team is going to add a check.\n"
    )
    items = report("lyon.md", page).incident().action_items
    assert [item.owner for item in items] == ["Petra", "network team"]


@pytest.mark.parametrize(
    ("sections", "root", "factors"),
    [
        (
            "## なぜなぜ分析\n1. なぜ切れたか → 古いIPを返した\n2. なぜ古いIPか → 手順に変更がなかった\n",
            "手順に変更がなかった",
            ["なぜ切れたか → 古いIPを返した"],
        ),
        (
            "## Analysis\nWhy zero? Empty column.\nWhy accepted? Zero was allowed.\n\n## Contributing causes\nThe restore was slow.\n",
            "Zero was allowed.",
            ["Why zero? Empty column.", "The restore was slow."],
        ),
    ],
)
def test_the_root_cause_is_an_answer_and_no_question(sections: str, root: str, factors: list[str]) -> None:
    incident = report("lyon.md", PAGE.format(sections=sections)).incident()
    assert incident.resolution.root_cause == root
    assert incident.contributing_factors.splitlines() == factors


def test_each_of_many_attempts_is_compared_with_few_others(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    same = repeated_steps.describes_same_attempt
    monkeypatch.setattr(repeated_steps, "describes_same_attempt", lambda *pair: compared.append(pair) or same(*pair))
    attempts = [ResolutionStep(f"node{n} host{n} was rebooted{n}", None, "did_not_help") for n in range(1_000)]
    assert repeated_steps.without_repetitions(attempts, known=()) == attempts
    assert len(compared) <= repeated_steps.MOST_COMPARED * len(attempts)

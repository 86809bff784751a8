"""A chain of whys: the last answer is the root cause, and the earlier ones are kept as what led to it."""

import pytest

from importers.reports import report

PAGE = """# Postmortem: Suggestions stale

**Start:** 2026-01-22 07:45 UTC
**End:** 2026-01-22 12:20 UTC
**Service:** suggest-api

## {heading}
{chain}

## Resolution
1. Granted access: `gsutil iam ch serviceAccount:b@acme.iam:objectAdmin gs://suggest-idx`
"""
ROOT = "The new node pool runs under another account."
FORMS = {
    "numbered": "1. Why stale? No new index.\n2. Why none? The builder saw no change.\n3. Why not? " + ROOT,
    "bold": "1. **Why?** No new index.\n2. **Why?** The builder saw no change.\n3. **Why?** " + ROOT,
    "labelled": "**Why 1:** Why stale? No new index.\n**Why 2:** Why none? The builder saw no change.\n**Why 3:** Why not? "
    + ROOT,
    "arrows": "* Stale. **Why?** No new index.\n* **Why** none? → The builder saw no change.\n* **Why** not? → " + ROOT,
    "questions apart": "Q1: Why stale?\nA: No new index.\nQ2: Why none?\nA: The builder saw no change.\nQ3: Why not?\nA: "
    + ROOT,
    "table": "| # | Question | Answer |\n|---|---|---|\n| 1 | Why stale? | No new index. |\n"
    f"| 2 | Why none? | The builder saw no change. |\n| 3 | Why not? | {ROOT} |",
}


@pytest.mark.parametrize("heading", ["Five whys", "5 Why's", "5-Whys", "Root cause analysis (5 whys)"])
@pytest.mark.parametrize("form", FORMS)
def test_all_answers_are_kept_and_the_last_is_the_root_cause(form, heading):
    incident = report("stale.md", PAGE.format(heading=heading, chain=FORMS[form])).incident()
    assert incident.resolution.root_cause == ROOT
    factors = incident.contributing_factors.splitlines()
    assert [line for line in factors if "No new index" in line or "saw no change" in line] == factors[-2:]
    assert ROOT not in incident.contributing_factors
    assert incident.lines["contributing_factors"] < incident.resolution.root_cause_line


@pytest.mark.parametrize(
    ("heading", "chain", "root"),
    [
        ("5 Warum", "1. Warum veraltet? Kein Index.\n2. Warum keiner? Der Zugriff fehlte.", "Der Zugriff fehlte."),
        ("Los 5 porqués", "1. ¿Por qué? No hay índice.\n2. ¿Por qué? Falta el acceso.", "Falta el acceso."),
        ("5 pourquoi", "1. Pourquoi ? Pas d'index.\n2. Pourquoi ? Accès refusé.", "Accès refusé."),
        ("なぜなぜ分析", "1. なぜ古い?→ 索引がない\n2. なぜない?→ 権限がない", "権限がない"),
    ],
)
def test_chains_in_other_languages_are_read_the_same(heading, chain, root):
    incident = report("stale.md", PAGE.format(heading=heading, chain=chain)).incident()
    assert incident.resolution.root_cause == root
    assert len(incident.contributing_factors.splitlines()) == 1


def test_a_stated_root_cause_goes_before_the_chain_and_contributing_factors_are_kept():
    page = PAGE.format(heading="Five whys", chain=FORMS["numbered"]) + (
        "\n## Root cause\nA permission error was swallowed.\n\n## Contributing factors\n- No alert on the age of the index.\n"
    )
    incident = report("stale.md", page).incident()
    assert incident.resolution.root_cause == "A permission error was swallowed."
    assert len(incident.contributing_factors.splitlines()) == 4
    assert incident.contributing_factors.splitlines()[-1] == "No alert on the age of the index."


def test_contributing_factors_alone_are_the_cause_and_not_told_twice():
    page = PAGE.format(heading="Contributing factors", chain="- The bucket was closed to the new account.")
    incident = report("stale.md", page).incident()
    assert incident.resolution.root_cause == "The bucket was closed to the new account."
    assert incident.contributing_factors is None

"""Headings and scoped labels that teams write in postmortems."""

import pytest

from importers.reports import report

PAGE = """# Postmortem: Kiln controller stops

| Field | Value |
|---|---|
| Start Time (UTC) | 2026-07-03 04:00 |
| Severity | ~severity::2 |
| Service | ~Service::Kiln |

## Root cause
The watchdog was off.

## {heading}
- Power cycle of the kiln

## Resolution
1. Switched the watchdog on
"""


@pytest.mark.parametrize(
    "heading", ["Did not work", "Didn't work", "What did we try first?", "試したが効果がなかったこと"]
)
def test_what_was_tried_in_vain_and_scoped_labels_are_read(heading):
    incident = report("kiln.md", PAGE.format(heading=heading)).incident()
    assert (incident.service, incident.severity) == ("Kiln", "high")
    outcomes = [(step.text, step.outcome) for step in incident.resolution.steps]
    assert ("Power cycle of the kiln", "did_not_help") in outcomes
    assert ("Switched the watchdog on", "worked") in outcomes


@pytest.mark.parametrize(
    ("tried", "fixed"),
    [
        (
            "At first Noor wiped the ferry cache, which did nothing but slow the booking down.",
            "What helped in the end was to renew the harbour certificate.",
        ),
        ("We tried draining the node, which achieved nothing.", "What fixed it was to remove the stale route."),
        ("I restarted the queue, but it got us nowhere.", "The real fix was reverting the tariff release."),
        ("Recreating the volume was pointless.", "The solution was to raise the inode limit."),
    ],
)
def test_a_story_says_in_its_own_words_what_was_in_vain_and_what_fixed_it(tried, fixed):
    story = f"On 3 May 2026 the ferry booking answered 502. The cause was a bad route table. {tried} {fixed}"
    resolution = report("ferry.md", f"# Ferry booking down\n\n{story}\n").incident().resolution
    assert [(step.text, step.outcome) for step in resolution.steps] == [(tried, "did_not_help"), (fixed, "worked")]


@pytest.mark.parametrize(
    "line", ["sev: 1 | svc: sso | env: prod", "svc: sso | sev: 1", "sev: 1 · svc: sso · env: prod"]
)
def test_bars_and_dots_between_terse_facts_belong_to_none_of_them(line):
    page = (
        f"# INC-88 nobody can log in\n\nwhen: 2026-03-03 06:55 - 07:40 UTC\n{line}\nroot cause: the password rotated\n"
    )
    incident = report("inc-88.md", page).incident()
    assert (incident.service, incident.severity) == ("sso", "critical")


@pytest.mark.parametrize("done", ["unlinked the import keys", "unmuted the sensor", "repinned the base image"])
def test_more_of_what_people_do_to_mend_things_is_a_step(done):
    story = f"### July 2 2026 11:20 UTC (lasting 35 minutes)\nBaskets were empty because redis was full. We {done}."
    other = (
        "### July 9 2026 10:00 UTC (lasting 5 minutes)\nLogins failed because the key had expired. We renewed the key."
    )
    first = report("q3.md", f"# Incidents in July\n\n{story}\n\n{other}\n").incidents[0]
    assert [(step.text, step.outcome) for step in first.resolution.steps] == [(f"We {done}.", "worked")]
